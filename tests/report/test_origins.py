import re
from pathlib import Path

import numpy as np
import pytest

from nekogao.errors import InputError
from nekogao.models import provenance
from nekogao.models.gallery import Applied
from nekogao.pictures import images
from nekogao.pictures.photographs import photographs
from nekogao.reasons.origins import Traced, trace
from nekogao.reasons.subject import Subject
from nekogao.report import explanation, origins, words
from nekogao.report.explanation import explain_pictures
from tests.networks import strict
from tests.reasons.networks import noise
from tests.report.test_explanation import HOSTILE
from tests.report.test_run import read


@pytest.fixture(autouse=True)
def nothing_is_measured(monkeypatch):
    """What decides is never measured of such a network."""
    monkeypatch.setattr(explanation, "decider", pytest.fail)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    images.write(tmp_path / "in" / HOSTILE, noise(0))
    images.write(tmp_path / "in" / "cup.png", photographs()["coffee"])
    (tmp_path / "in" / "broken.png").write_text("no picture")
    return tmp_path / "in"


def run(exemplars, names, out, domain="gray"):
    who = Subject.load(exemplars, domain)
    return list(explain_pictures(who, [str(name) for name in names], out, "the <run>"))


def one(exemplars, picture, name="a.png", domain="gray"):
    (found,) = trace(Subject.load(exemplars, domain), [(Path(name), picture)])
    return found


def test_a_page_cards_and_json_that_stand_alone(exemplars, folder, tmp_path):
    *events, page = run(exemplars, [folder], tmp_path / "out")
    assert page == tmp_path / "out" / "explain.html"
    assert any("broken.png" in event.error for event in events if isinstance(event, Applied))
    assert sum(isinstance(event, Traced) for event in events) == 2
    text, parser = read(page)
    assert all(s.startswith(("data:", "#", "cards/")) for s in parser.sources)
    assert "<img src=x" not in text and "&lt;img src=x" in text and "the &lt;run&gt;" in text
    assert "1 not explained" in text and "has no encoder" in " ".join(text.split())
    for heading in ("The map", "Outliers", "What predicts the face", "What would flip it"):
        assert f">{heading}<" not in text
    data = strict((page.parent / "explain.json").read_text())
    assert len(data["pictures"]) == 2 and "broken.png" in data["faults"][0]
    for picture in data["pictures"]:
        assert images.read(page.parent / picture["card"]).shape[1] == 1000
    for path in page.parent.rglob("*"):
        if path.is_file():
            for secret in (str(tmp_path), str(Path.home()), str(exemplars.parent)):
                assert secret.encode() not in path.read_bytes(), path


def test_the_legend_has_the_colours_of_the_map(exemplars):
    found = one(exemplars, photographs()["coffee"])
    subject = Subject.load(exemplars, "gray")
    page = origins.build(subject, [found], ["cards/a.png"], [], "it")
    colours = provenance.colours(found.answer.chosen)
    (card,) = page.cards
    assert len(card.legend) > 1
    for entry, origin in zip(card.legend, found.origins, strict=True):
        red, green, blue = colours[origin.pair]
        assert entry.colour == f"#{red:02x}{green:02x}{blue:02x}"
        assert (entry.id, entry.share) == (origin.id, origin.share)
        assert entry.target.startswith("data:image/jpeg")
    drawn = dict(origins.strip(found, "gray"))["where from"]
    assert np.array_equal(drawn, provenance.draw(found.answer))
    assert page.uses[0].first[0][:2] == (0, "a.png") and page.unsure == found.answer.unsure


def test_a_card_is_one_picture_a_thousand_wide(exemplars):
    many = one(exemplars, photographs()["coffee"])
    single = one(exemplars, noise(0), domain="edges")
    drawn = [origins.draw(each, "gray") for each in (many, single)]
    assert all(card.dtype == np.uint8 and card.shape[1:] == (1000, 3) for card in drawn)
    assert len(many.origins) > len(single.origins) and drawn[0].shape[0] > drawn[1].shape[0]


def test_it_is_said_in_words(exemplars):
    found = one(exemplars, photographs()["coffee"])
    first, second = found.origins[:2]
    assert words.came_from(found).startswith(
        f"{first.id} {first.share:.0%}, {second.id} {second.share:.0%}"
    )
    assert re.fullmatch(r"a.png <- \w+ \d+%(, \w+ \d+%)*(, \d more \d+%)?; <?\d+% unexplained",
                        words.line(found))  # fmt: skip
    assert [words.percent(share) for share in (0, 0.001, 0.016, 1)] == ["0%", "<1%", "2%", "100%"]
    assert words.rest(found.origins[:2]).startswith("2 more ") and words.rest([]) == ""


def test_an_explanation_that_was_interrupted_goes_on(exemplars, tmp_path, monkeypatch):
    for i in range(3):
        images.write(tmp_path / f"{i}.png", noise(i))
    pictures = [str(tmp_path / "*.png")]
    run(exemplars, pictures, tmp_path / "whole")
    events = explain_pictures(Subject.load(exemplars, "gray"), pictures, tmp_path / "cut",
                              "the <run>")  # fmt: skip
    next(events), next(events)
    events.close()
    drawn, draw = [], origins.draw
    monkeypatch.setattr(origins, "draw", lambda *given: drawn.append(given) or draw(*given))
    planned, *_ = run(exemplars, pictures, tmp_path / "cut")
    assert planned.done == 1 and len(drawn) == 2
    whole, cut = (
        {p.relative_to(made): p.read_bytes() for made in [tmp_path / name]
         for p in made.rglob("*") if p.is_file()} for name in ("whole", "cut")
    )  # fmt: skip
    assert whole == cut
    with pytest.raises(InputError, match="not empty"):
        run(exemplars, pictures, tmp_path / "cut")
