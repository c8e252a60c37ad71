"""Where a run finds its pair set, and that what travels says nothing of home."""

import shutil
from pathlib import Path

import pytest

import nekogao
from nekogao.config.plain import read_toml
from nekogao.errors import ResumeError, RunError
from nekogao.reasons.subject import Subject
from nekogao.report.run import build_report
from nekogao.runs.events import Finished, Interrupted
from nekogao.runs.folder import Run
from nekogao.runs.places import Places, portable


@pytest.fixture
def project(finished, pair_set, tmp_path):
    """A project's folder with a pair set and a run that was interrupted."""
    shutil.copytree(pair_set, tmp_path / "project" / "set")
    config = Run(finished).config()
    asked = iter([False, True])
    events = nekogao.train(
        tmp_path / "project" / "runs" / "cats",
        tmp_path / "project" / "set",
        config,
        stop=lambda: next(asked),
    )
    assert list(events)[-1] == Interrupted(2)
    return tmp_path / "project"


def test_a_run_that_moved_with_its_pair_set_finds_it(project, finished, tmp_path):
    moved = tmp_path / "elsewhere" / "project"
    moved.parent.mkdir()
    project.rename(moved)
    run = moved / "runs" / "cats"
    (run / "local.toml").unlink()  # as it comes from somebody else
    assert list(nekogao.train(run))[-1] == Finished(12, False)
    assert Run(run).model.read_bytes() == Run(finished).model.read_bytes()
    list(nekogao.switch(run, moved / "runs" / "more", ["gray:1"]))
    assert Run(moved / "runs" / "more").about().pairs.path == "../../set"
    assert Run(moved / "runs" / "more").about().origin.run == "../cats"
    assert Subject.load(run).faces.note == ""
    assert 'alt="' in build_report(run).read_text() and Run(run).open_pairs().folder.exists()


def test_a_run_alone_finds_the_pair_set_where_it_was_on_this_machine(project, tmp_path):
    run = tmp_path / "far" / "away" / "cats"
    run.parent.mkdir(parents=True)
    (project / "runs" / "cats").rename(run)
    assert Run(run).open_pairs().folder == project / "set"


@pytest.mark.parametrize("way", ["train", "switch", "explain", "report"])
def test_a_pair_set_that_is_named_is_remembered(project, finished, tmp_path, way):
    run, other = tmp_path / "cats", tmp_path / "other"
    shutil.copytree(finished if way == "switch" else project / "runs" / "cats", run)
    (project / "set").rename(other)
    for name in ("local.toml", "run.toml"):  # `finished` still has its own set
        text = (run / name).read_text()
        lines = [line for line in text.splitlines() if not line.startswith(("path", "pairs"))]
        (run / name).write_text("\n".join(lines).replace("[pairs]", '[pairs]\npath = "set"'))
    with pytest.raises(RunError, match="its pair set set is no longer where it was.*--pairs"):
        list(nekogao.train(run))
    if way == "train":
        next(nekogao.train(run, other))
    elif way == "switch":
        list(nekogao.switch(run, tmp_path / "new", ["gray:1"], other))
        assert Run(tmp_path / "new").about().pairs.path == "../other"
        run = tmp_path / "new"
    elif way == "explain":
        Subject.load(run, pairs=other)
    else:
        build_report(run, pairs=other)
    assert Run(run).open_pairs().folder.resolve() == other.resolve()


def test_a_pair_set_that_has_changed_is_not_remembered(project, faces, tmp_path):
    nekogao.build_pairs(faces, tmp_path / "other", nekogao.PairConfig(size=32, low=50))
    run = project / "runs" / "cats"
    before = (run / "local.toml").read_bytes()
    with pytest.raises(ResumeError, match="another pair set"):
        next(nekogao.train(run, tmp_path / "other"))
    Subject.load(run, pairs=tmp_path / "other")
    assert (run / "local.toml").read_bytes() == before


def test_a_run_of_an_earlier_version_goes_on(project, finished, tmp_path):
    """Its run.toml has absolute paths, and there is no local.toml."""
    run = project / "runs" / "cats"
    text = (run / "run.toml").read_text()
    assert 'path = "../../set"' in text
    (run / "run.toml").write_text(text.replace("../../set", str(project / "set")))
    (run / "local.toml").unlink()
    assert list(nekogao.train(run))[-1] == Finished(12, False)
    assert Run(run).model.read_bytes() == Run(finished).model.read_bytes()
    assert not (run / "local.toml").exists(), "nothing is new"
    list(nekogao.switch(run, project / "runs" / "more", ["gray:1"]))
    assert Run(project / "runs" / "more").about().pairs.path == "../../set"
    assert str(project) not in build_report(run).read_text()


def test_first_weights_are_found_after_a_move(finished, pair_set, tmp_path, tiny):
    shutil.copytree(finished, tmp_path / "a" / "first")
    run = tmp_path / "a" / "run"
    next(nekogao.train(run, pair_set, tiny, init_from=tmp_path / "a" / "first"))
    (tmp_path / "a").rename(tmp_path / "b")
    run = tmp_path / "b" / "run"
    assert read_toml(run / "run.toml")["continued"]["init_from"] == "../first/model.safetensors"
    origin = Run(run).first_weights()
    assert origin.init_from == str(tmp_path / "b" / "first" / "model.safetensors")


@pytest.mark.parametrize(
    ("path", "folder", "shown"),
    [
        ("/data/set", "/data/runs/cats", "../../set"),
        ("/home/kim/set", "/home/kim/runs/cats", "../../set"),
        ("/home/kim/set", "/srv/cats", "set"),
        ("/home/kim/set", "/home/lee/cats", "set"),
        ("/home/kim/a/set", "/home/lee/cats", "set"),
        ("/data/kim/set", "/data/lee/cats", "set"),
        ("/home", "/home/kim/cats", "home"),
    ],
)
def test_a_path_that_travels_does_not_name_the_user(monkeypatch, path, folder, shown):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/kim"))
    assert portable(path, Path(folder)) == shown


def test_what_travels_says_nothing_of_home(finished, pair_set, tmp_path, monkeypatch):
    """Every byte of a run but local.toml, whose user's home is above both run and pair set."""
    home = tmp_path / "homes" / "kimberly"
    monkeypatch.setattr(Path, "home", lambda: home)
    shutil.copytree(pair_set, home / "pictures" / "set")
    shutil.copytree(finished, home / "first")
    run, config = tmp_path / "mounted" / "cats", Run(finished).config()
    list(nekogao.train(run, home / "pictures" / "set", config, init_from=home / "first"))
    list(nekogao.switch(run, home / "runs" / "more", ["gray:1"]))
    for folder in (run, home / "runs" / "more"):
        files = [p for p in folder.rglob("*") if p.is_file() and p.name != "local.toml"]
        assert {"run.toml", "metrics.jsonl", "model.safetensors"} <= {p.name for p in files}
        for path in files:
            data = path.read_bytes()
            assert not any(word in data for word in (b"kimberly", bytes(tmp_path)))
        assert str(home / "pictures" / "set") in (folder / "local.toml").read_text()


@pytest.mark.parametrize("text", ["", "pairs = 3", "[[", "\0", "more = 'x'"])
def test_a_damaged_local_toml_is_as_none(tmp_path, text):
    (tmp_path / "local.toml").write_text(text)
    assert Places.read(tmp_path) == Places()
