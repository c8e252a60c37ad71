import shutil
import subprocess
import sys
import time

import pytest

import nekogao
from nekogao.bench import pens
from nekogao.cli import main
from nekogao.errors import ConfigError, InputError, PictureError, RunError
from nekogao.models.applied import read_applied
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.sizes import Size
from nekogao.workshop import bent
from nekogao.workshop import plan as plans
from nekogao.workshop.make import make
from nekogao.workshop.plan import Pace, parse_time

CONFIG = nekogao.compose("fast", phases=["all:2"], overrides={"generator.width": 4, "threads": 1})


def said(events):
    return [event.line for event in events if isinstance(event, nekogao.Said)]


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Small pictures and no timing of the machine, but where that is what is tested."""
    if "photos" in request.fixturenames:
        monkeypatch.setattr(plans, "USUAL", Size(32, 32))
        monkeypatch.setattr(Pace, "measured", classmethod(lambda cls, faces: cls(faces, 0.03)))


@pytest.fixture
def photos(faces, tmp_path):
    return shutil.copytree(faces, tmp_path / "photos")


def test_photographs_become_a_run_that_the_other_commands_go_on_with(photos, tmp_path):
    out, other = tmp_path / "cats", photos / "kuro.png"
    before = {path: path.read_bytes() for path in photos.iterdir()}
    events = list(make(photos, [other], out, config=CONFIG))
    run = out / "runs" / "cats"
    assert said(events)[-1] == f"Open {run / 'report.html'}"
    assert len(PairSet.open(out / "set")) == 4 and (out / "faces" / "boxes.csv").is_file()
    (row,) = read_applied(run / "applied")
    assert row.output == "kuro.png" and row.nearest
    shares = [event.share for event in events if isinstance(event, nekogao.Advanced)]
    assert shares == sorted(shares) and shares[-1] == 1
    assert {path: path.read_bytes() for path in photos.iterdir()} == before
    assert str(tmp_path) not in (out / "make.toml").read_text()


def test_the_same_call_goes_on_and_translates_only_what_is_new(photos, tmp_path):
    out, first, second = tmp_path / "cats", photos / "kuro.png", photos / "mike.png"
    stopped = list(make(photos, [first], out, config=CONFIG, stop=lambda: True))
    assert isinstance(stopped[-1], nekogao.Interrupted) and not (out / "set").exists()
    list(make(photos, [first], out, config=CONFIG))
    model = (out / "runs" / "cats" / "model.safetensors").read_bytes()
    list(make(photos, [first, second], out))
    assert [r.output for r in read_applied(out / "runs" / "cats" / "applied")] == [
        "kuro.png", "mike.png",
    ]  # fmt: skip
    assert (out / "runs" / "cats" / "model.safetensors").read_bytes() == model


def test_a_drawing_is_answered_by_a_face_that_is_bent_to_it_too(photos, tmp_path):
    out, drawing = tmp_path / "cats", tmp_path / "drawing.png"
    images.write(drawing, pens.ink(images.read(photos / "kuro.png")))
    (tmp_path / "note.txt").write_text("no picture")
    assert bent.drawn([drawing, photos / "kuro.png", tmp_path / "note.txt"]) == [drawing]
    pictures = [drawing, photos / "kuro.png"]
    lines = said(make(photos, pictures, out, config=CONFIG, whole=True))
    beside = out / "runs" / "cats-bent"
    answer = beside / "applied" / "drawing.png"
    assert f"{drawing} -> {answer}  from your faces, bent: " in lines[-2]
    assert "by edges (a drawing: black lines" in lines[-2]
    assert [row.output for row in read_applied(beside / "applied")] == ["drawing.png"]
    assert len(read_applied(out / "runs" / "cats" / "applied")) == 2
    assert len(said(make(photos, pictures, out))) == 1


def test_new_photographs_are_taken_in_when_asked(photos, tmp_path):
    out = tmp_path / "cats"
    new = photos / "tora.png"
    new.rename(tmp_path / "tora.png")
    list(make(photos, out=out, config=CONFIG, whole=True))
    shutil.copy(tmp_path / "tora.png", new)
    lines = said(make(photos, out=out))
    assert lines[0].startswith("1 new photograph (tora.png) not taken in.") and len(lines) == 2
    lines = said(make(photos, out=out, config=CONFIG, extend=True))
    assert lines[-1] == f"Open {out / 'runs' / 'cats-2' / 'report.html'}"
    assert len(PairSet.open(out / "set-2")) == 4 and len(PairSet.open(out / "set")) == 3
    assert len(said(make(photos, out=out))) == 1
    new.unlink()
    assert "1 photograph that was taken in cannot be found" in said(make(photos, out=out))[0]


def test_faces_that_are_there_stay_when_others_come(photos, tmp_path):
    """So do those whose boxes a person edited, for which the set was made again by hand."""
    out = tmp_path / "cats"
    new = photos / "tora.png"
    new.rename(tmp_path / "tora.png")
    list(make(photos, out=out, config=CONFIG))
    shutil.rmtree(out / "set")
    by_hand = images.read(out / "faces/crops/kuro/kuro.png")[8:, 8:]
    images.write(out / "faces/crops/kuro/kuro.png", by_hand)
    nekogao.build_pairs(out / "faces", out / "set", nekogao.PairConfig(size=128, fit="crop"))
    shutil.rmtree(out / "runs")
    list(make(photos, out=out, config=CONFIG))
    shutil.copy(tmp_path / "tora.png", new)
    (photos / "broken.png").write_bytes(b"no picture")
    lines = said(make(photos, out=out, config=CONFIG, extend=True))
    assert "left out: " in lines[0] and "broken.png" in lines[0]
    assert lines[1] == "1 new photograph (tora.png) taken in"
    old, both = PairSet.open(out / "set"), PairSet.open(out / "set-2")
    assert both.items[:3] == old.items and list(both.ids)[3:] == ["tora"]
    assert [path.name for path in (out / "faces-2/crops").rglob("*.png")] == ["tora.png"]


def test_a_new_photograph_that_is_none_changes_nothing(photos, tmp_path):
    out = tmp_path / "cats"
    list(make(photos, out=out, config=CONFIG, whole=True))
    (photos / "broken.png").write_bytes(b"no picture")
    before = (out / "make.toml").read_bytes()
    with pytest.raises(PictureError, match=r"broken\.png"):
        list(make(photos, out=out, config=CONFIG, extend=True))
    assert (out / "make.toml").read_bytes() == before and not (out / "set-2").exists()


def test_what_is_wrong_is_said_before_anything_is_made(photos, tmp_path, capsys):
    out = tmp_path / "cats"
    with pytest.raises(InputError, match=r"absent\.png: no such file"):
        list(make(photos, "absent.png", out))
    with pytest.raises(InputError, match="absent: no such folder"):
        list(make(tmp_path / "absent", out=out))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        list(make(tmp_path / "empty", out=out))
    with pytest.raises(InputError, match=r"has files and no make\.toml"):
        list(make(photos, out=photos))
    assert not out.exists()
    out.mkdir()
    (out / "make.toml").write_text("size = 3\n")
    with pytest.raises(RunError, match="is damaged"):
        list(make(photos, out=out))
    assert main(["make", str(photos), "--time", "soon"]) == 2
    assert "must be a time such as 30s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("2m", 120), ("1.5 min", 90), ("45", 45), ("1H", 3600)]
)
def test_times_are_read_as_people_write_them(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-3m", "3 days"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ConfigError, match="must be a time such as"):
        parse_time(text)


def test_more_time_gives_more_epochs_and_then_larger_pictures():
    pace = Pace(10, 0.03)
    assert plans.plan(pace, None, [600] * 10) == plans.Plan(Size(128, 128), 150)
    found = [plans.plan(pace, budget, [600] * 10) for budget in (3, 10, 30, 400)]
    sizes = [each.size.longer for each in found]
    assert sizes == sorted(sizes) and sizes[0] < 128 < sizes[-1]
    for budget, each in zip((3, 10, 30, 400), found, strict=True):
        assert pace.training(each.size, each.epochs) <= budget * 1.01
    small = plans.plan(pace, 400, [100] * 10)
    assert small.size == Size(128, 128) and small.epochs > 150


def test_an_update_is_timed_and_leaves_no_trace():
    import torch

    before = torch.random.get_rng_state()
    assert 0 < Pace.measured(2).seconds < 5
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_time_that_was_given_is_kept_within_a_third(photos, tmp_path):
    begun = time.monotonic()
    command = [sys.executable, "-m", "nekogao.cli", "make", photos, "--out", tmp_path / "cats"]
    subprocess.run([*command, "--time", "45s"], check=True)
    assert 30 <= time.monotonic() - begun <= 60
