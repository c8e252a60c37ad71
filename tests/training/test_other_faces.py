"""A network goes on to other faces, and what is kept of the ones before is measured."""

import shutil
from dataclasses import replace

import pytest

import nekogao
from nekogao.cli import main
from nekogao.config.plain import train_config
from nekogao.errors import ConfigError, ResumeError, RunError
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, photographs
from nekogao.report.run import build_report
from nekogao.runs import earlier
from nekogao.runs.folder import Run
from nekogao.runs.places import Places
from tests.conftest import TINY

PLAIN = {**TINY, "phases": ["edges:2"]}


@pytest.fixture(scope="module")
def sets(pair_set, tmp_path_factory):
    """`old` has four faces; `new` two others."""
    folder = tmp_path_factory.mktemp("sets")
    drawn = {who.name: characters.draw_face(who, 64) for who in characters.CHARACTERS[5:7]}
    photographs.write_folder(drawn, folder / "faces")
    nekogao.build_pairs(folder / "faces", folder / "new", nekogao.PairConfig(size=32))
    shutil.copytree(pair_set, folder / "old")
    list(nekogao.train(folder / "first", folder / "old", train_config(PLAIN)))
    return folder


def rows_of(run):
    return [replace(row, seconds=0.0) for row in Run.open(run).read_metrics()]


def test_the_network_starts_as_it_was_and_old_faces_are_measured(sets, tmp_path):
    list(nekogao.switch(sets / "first", tmp_path / "second", ["edges:2"], sets / "new"))
    before = {row.domain: row for row in rows_of(sets / "first")}
    begun = {row.domain: row for row in rows_of(tmp_path / "second") if row.step == 0}
    assert set(begun) == {"gray", "edges", "gray-of-old", "edges-of-old"}
    for domain in ("gray", "edges"):
        old = begun[f"{domain}-of-old"]
        for name in ("skill", "ssim", "mae", "identity", "probe"):
            assert getattr(old, name) == getattr(before[domain], name), name
    assert begun["edges"].probe == 2 and begun["edges-of-old"].probe == 4
    model = nekogao.load(tmp_path / "second").model
    assert set(model.faces) == set(PairSet.open(sets / "new").ids)
    assert set(model.domains) == {"gray", "edges"}


def test_old_faces_change_nothing_that_is_learned(sets, tmp_path):
    list(nekogao.switch(sets / "first", tmp_path / "second", ["edges:2"], sets / "new"))
    config = train_config({**PLAIN, "phases": ["edges:2"]})
    alone = nekogao.train(tmp_path / "alone", sets / "new", config, init_from=sets / "first")
    list(alone)
    one, other = (Run(tmp_path / name).model for name in ("second", "alone"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("way", ["switch", "train"])
def test_one_that_was_stopped_ends_as_one_that_was_not(sets, tmp_path, way):
    arguments = (sets / "first", tmp_path / "cut", ["edges:4"], sets / "new")
    stops = iter([False, True])
    list(nekogao.switch(*arguments, stop=lambda: next(stops, False)))
    list(nekogao.switch(*arguments) if way == "switch" else nekogao.train(tmp_path / "cut"))
    list(nekogao.switch(sets / "first", tmp_path / "whole", ["edges:4"], sets / "new"))
    assert rows_of(tmp_path / "cut") == rows_of(tmp_path / "whole")
    assert Run(tmp_path / "cut").model.read_bytes() == Run(tmp_path / "whole").model.read_bytes()


def test_earlier_faces_stay_earlier_in_every_run_after(sets, tmp_path):
    list(nekogao.switch(sets / "first", tmp_path / "second", ["edges:2"], sets / "new"))
    shutil.copytree(sets / "new", tmp_path / "old")
    third = PairSet.open(sets / "new")
    nekogao.remove_pairs(sets / "new", [third.items[0].id], tmp_path / "third")
    list(nekogao.switch(tmp_path / "second", tmp_path / "longer", ["gray:2"]))
    assert list(earlier.of(Run(tmp_path / "longer"))) == ["old"]
    assert {"gray-of-old", "edges-of-old"} <= {row.domain for row in rows_of(tmp_path / "longer")}
    list(nekogao.switch(tmp_path / "longer", tmp_path / "fourth", ["edges:2"], tmp_path / "third"))
    assert list(earlier.of(Run(tmp_path / "fourth"))) == ["old", "new"]


def test_a_second_set_of_one_name_gets_a_number(sets, tmp_path):
    shutil.copytree(sets / "new", tmp_path / "old")
    list(nekogao.switch(sets / "first", tmp_path / "second", ["edges:2"], tmp_path / "old"))
    list(nekogao.switch(tmp_path / "second", tmp_path / "back", ["edges:2"], sets / "old"))
    assert list(earlier.of(Run(tmp_path / "back"))) == ["old", "old-2"]


def test_earlier_sets_are_found_again_or_missed_in_words(sets, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(sets, home)
    list(nekogao.switch(home / "first", home / "second", ["edges:2"], home / "new"))
    home.rename(tmp_path / "moved")
    run = Run(tmp_path / "moved" / "second")
    assert earlier.of(run)["old"].folder.resolve() == (tmp_path / "moved" / "old").resolve()
    assert run.about().earlier["old"].path == "../old"
    (tmp_path / "moved" / "old").rename(tmp_path / "moved" / "away")
    with pytest.raises(RunError, match="no longer where they were"):
        earlier.of(run)
    first = PairSet.open(tmp_path / "moved" / "away").items[0].id
    nekogao.remove_pairs(tmp_path / "moved" / "away", [first], tmp_path / "moved" / "old")
    with pytest.raises(ResumeError, match="have changed since"):
        earlier.of(run)
    places = Places.read(run.folder)
    (run.folder / "local.toml").write_text('earlier = 3\nrun = "x"\n')
    assert Places.read(run.folder).earlier == {} and places.earlier


def test_other_faces_must_be_alike_and_the_old_run_finished(sets, faces, tmp_path):
    nekogao.build_pairs(faces, tmp_path / "large", nekogao.PairConfig(size=64))
    with pytest.raises(ConfigError, match="has pictures of 64x64, .* learned pictures of 32x32"):
        nekogao.switch(sets / "first", tmp_path / "new", ["edges:2"], tmp_path / "large")
    colour = nekogao.PairConfig(size=32, domains=("colour",))
    nekogao.build_pairs(faces, tmp_path / "colour", colour)
    with pytest.raises(ConfigError, match="sources with 3 channels, .* sources with 1 channel "):
        nekogao.switch(sets / "first", tmp_path / "new", ["colour:2"], tmp_path / "colour")
    with pytest.raises(ConfigError, match="depth"):
        nekogao.switch(sets / "first", tmp_path / "new", ["depth:2"], sets / "new")
    stops = iter([False, True])
    half = train_config({**PLAIN, "phases": ["edges:4"]})
    list(nekogao.train(tmp_path / "half", sets / "old", half, stop=lambda: next(stops, False)))
    with pytest.raises(RunError, match="is not finished"):
        nekogao.switch(tmp_path / "half", tmp_path / "new", ["edges:2"], sets / "new")
    assert not (tmp_path / "new").exists()


def test_the_command_and_the_page_show_what_is_kept(sets, tmp_path, capsys):
    new, other = str(tmp_path / "second"), str(sets / "new")
    command = ["switch", str(sets / "first"), new, "--pairs", other, "--phases", "edges:2"]
    assert main(command) == 0
    assert "edges-of-old" in capsys.readouterr().out
    page = build_report(new).read_text(encoding="utf-8")
    assert "had learned other faces before: old (4)." in " ".join(page.split())
    assert "nekogao switch" in page and "--phases edges:2" in page
