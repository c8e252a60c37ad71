from functools import cache
from pathlib import Path

import pytest

from nekogao.errors import InputError
from nekogao.models.gallery import Applied
from nekogao.nets.generator import Generator
from nekogao.pictures import images
from nekogao.pictures.photographs import photographs
from nekogao.reasons.decider import decider
from nekogao.reasons.explanation import Explanation
from nekogao.reasons.subject import Subject
from nekogao.report import explanation as explained
from tests.networks import strict
from tests.reasons.networks import Constant, Copy, Lookup, noise, subject, without_levels
from tests.report.test_run import read

HOSTILE = '<img src=x onerror="alert(1)"> & more.png'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    images.write(tmp_path / "in" / HOSTILE, noise(0))
    images.write(tmp_path / "in" / "cup.png", photographs()["coffee"])
    (tmp_path / "in" / "broken.png").write_text("no picture")
    (tmp_path / "in" / "film.mp4").write_text("no picture either")
    return tmp_path / "in"


@pytest.fixture(autouse=True)
def laws(monkeypatch):
    """What decides for one of these networks is measured once; other tests are about measuring."""

    def once(who):
        network = type(who.translator.model.network)
        if network is Generator:
            return decider(who)
        return _measured(network, "level-1" in who.views)

    monkeypatch.setattr(explained, "decider", once)


@cache
def _measured(network, levels):
    return decider(subject(network) if levels else without_levels(network))


def run(who, names, out):
    return list(explained.explain_pictures(who, [str(n) for n in names], out, "the <run>"))


def test_a_page_cards_and_json_and_the_rest_continues(finished, folder, tmp_path):
    *events, page = run(Subject.load(finished), [folder], tmp_path / "out")
    faults = [e.error for e in events if isinstance(e, Applied)]
    assert any("broken.png: is not a picture" in f for f in faults)
    assert any("film.mp4: is a video" in f for f in faults) and len(faults) == 2
    assert page == tmp_path / "out" / "explain.html"
    data = strict((tmp_path / "out" / "explain.json").read_text())
    assert data["faults"] == [f.replace(f"{folder}/", "") for f in faults]
    assert len(data["pictures"]) == 2
    for picture in data["pictures"]:
        assert images.read(tmp_path / "out" / picture["card"]).shape[1] == 1000


def test_the_page_stands_alone_and_names_are_escaped(finished, folder, tmp_path):
    page = run(Subject.load(finished), [folder], tmp_path / "out")[-1]
    text, parser = read(page)
    assert all(s.startswith(("data:", "#", "cards/")) for s in parser.sources)
    assert "<img src=x" not in text and "&lt;img src=x" in text and "the &lt;run&gt;" in text
    for heading in ("Which picture falls to which face", "The map", "Outliers",
                    "What predicts the face", "The cards", "always the commonest"):  # fmt: skip
        assert heading in text
    assert text.lstrip().startswith("<!doctype html>") and "2 not explained" in text


def test_the_same_pictures_give_the_same_files(finished, folder, tmp_path):
    for name in ("a", "b"):
        run(Subject.load(finished), [folder / "cup.png"], tmp_path / name)
    for file in ("explain.html", "explain.json", "cards/cup.png"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_collapse_thumbnails_and_outliers_are_reported(finished, tmp_path):
    for i in range(6):
        images.write(tmp_path / f"{i}.png", noise(i))
    text, _ = read(run(subject(Constant), [tmp_path / "*.png"], tmp_path / "out")[-1])
    assert "Collapse:" in text and "takes 100%" in text
    text, _ = read(run(subject(Copy), [tmp_path / "*.png"], tmp_path / "copy")[-1])
    assert "spurious" in text and "none of them" in text
    alone = Subject.load(finished / "model.safetensors")
    text, _ = read(run(alone, [tmp_path / "0.png"], tmp_path / "alone")[-1])
    assert "32x32 thumbnails" in text


def test_ready_sources_have_no_end(finished, folder, tmp_path):
    *_, page = run(Subject.load(finished, "as-is"), [folder / "cup.png"], tmp_path / "out")
    text, _ = read(page)
    assert "nothing to feed back through" in text and "after settling" not in text
    assert strict((tmp_path / "out/explain.json").read_text())["basins"]["settled"] is None


def test_nothing_is_overwritten_and_nothing_half_made_is_left(folder, tmp_path):
    with pytest.raises(InputError, match="not empty"):
        run(subject(Lookup), [folder], folder)
    assert not any(isinstance(e, Explanation) for e in run(
        subject(Lookup), [folder / "broken.png", tmp_path / "no*"], tmp_path / "out"))  # fmt: skip
    assert not (tmp_path / "out").exists()
    (tmp_path / "out" / "mine").mkdir(parents=True)
    names = [str(folder / "cup.png")]
    *_, page = explained.explain_pictures(subject(Lookup), names, tmp_path / "out", numbered=True)
    assert page == tmp_path / "out-2" / "explain.html"


def test_a_network_without_levels_has_a_page_that_names_its_output(tmp_path):
    images.write(tmp_path / "a.png", noise(0))
    *_, page = run(without_levels(Lookup), [tmp_path / "a.png"], tmp_path / "out")
    text, _ = read(page)
    assert "as the output sees them" in text and "The output (by " in text
    assert 'class="levels"' not in text
    assert strict((tmp_path / "out/explain.json").read_text())["level"] is None


def test_faults_come_in_the_order_of_the_pictures(tmp_path):
    for i in range(20):
        images.write(tmp_path / f"{i:02}.png", noise(i))
    for i in (3, 17, 19):
        (tmp_path / f"{i:02}.png").write_text("no picture")
    *events, _ = run(subject(Constant), [tmp_path / "*.png"], tmp_path / "out")
    faults = [e for e in events if isinstance(e, Applied)]
    assert [fault.path.name for fault in faults] == ["03.png", "17.png", "19.png"]
    assert len(events) == 21


def test_an_explanation_that_was_interrupted_goes_on_where_it_stopped(tmp_path, monkeypatch):
    for i in range(4):
        images.write(tmp_path / f"{i}.png", noise(i))
    pictures = [str(tmp_path / "*.png")]
    run(subject(Lookup), pictures, tmp_path / "whole")
    events = explained.explain_pictures(subject(Lookup), pictures, tmp_path / "cut")
    shown = [next(events) for _ in range(3)]
    assert (shown[0].pictures, shown[0].done) == (4, 0)
    assert sorted(p.name for p in (tmp_path / "cut" / "cards").iterdir()) == ["0.png", "1.png"]
    events.close()
    searched = []
    search = explained.flipped
    monkeypatch.setattr(explained, "flipped", lambda *a: searched.append(a) or search(*a))
    planned, *_, page = run(subject(Lookup), pictures, tmp_path / "cut")
    assert planned.done == 2 and len(searched) == 2
    whole, cut = (
        {p.relative_to(folder): p.read_bytes() for folder in [tmp_path / name]
         for p in folder.rglob("*") if p.is_file()} for name in ("whole", "cut")
    )  # fmt: skip
    assert whole == cut and page.name == "explain.html"


def test_two_explanations_at_once_do_not_share_a_folder(tmp_path):
    images.write(tmp_path / "a.png", noise(0))
    names, pages = [str(tmp_path / "a.png")], []
    first, second = (
        explained.explain_pictures(subject(Lookup), names, tmp_path / "out", numbered=True)
        for _ in range(2)
    )
    next(first), next(second)
    with pytest.raises(InputError, match="another `nekogao explain` is at work there"):
        next(explained.explain_pictures(subject(Lookup), names, tmp_path / "out"))
    for events in (first, second):
        pages.append(list(events)[-1].parent.name)
    assert pages == ["out", "out-2"]
    with pytest.raises(InputError, match="not empty"):
        next(explained.explain_pictures(subject(Lookup), names, tmp_path / "out"))


def test_pages_and_json_hold_no_folder_of_this_machine(finished, folder, tmp_path):
    *_, page = run(Subject.load(finished), [folder, tmp_path / "no*"], tmp_path / "out")
    for path in page.parent.rglob("*"):
        if path.is_file():
            for secret in (str(tmp_path), str(Path.home()), str(finished.parent)):
                assert secret.encode() not in path.read_bytes(), path
