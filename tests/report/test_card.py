from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from nekogao.reasons.explanation import flipped
from nekogao.report import card, fonts, paper
from nekogao.report.fonts import Pen
from tests.reasons.networks import FACES, Constant, Lookup, asked, noise, subject, without_levels


def explained(who, name, picture):
    law, answers = asked(who, [(Path(name), picture)])
    (one,) = flipped(who, answers, law)
    return one


@pytest.mark.parametrize("make", [subject, without_levels])
def test_a_card_is_one_picture_a_thousand_wide(make):
    who = make(Lookup)
    drawn = card.draw(explained(who, "a.png", FACES[0]), who)
    assert drawn.dtype == np.uint8 and drawn.shape[1:] == (1000, 3)


def test_a_long_name_makes_a_taller_card_and_hides_nothing():
    who = subject(Constant)
    short = card.draw(explained(who, "a.png", noise(0)), who)
    long = card.draw(explained(who, f"{'w' * 200}.png", noise(0)), who)
    assert long.shape[0] > short.shape[0]
    paper = long[0, 0]
    assert (long[:, -20:] == paper).all() and (long[-5:] == paper).all()


def test_a_strip_leads_from_the_picture_to_the_training_face():
    who = subject(Lookup)
    one = explained(who, "a.png", FACES[2])
    captions = [caption for caption, _ in card.strip(one, who)]
    assert captions[:3] == ["picture", "as gray", "comes out"]
    assert captions[3].startswith("settled: ") and captions[4] == f"training face {one.face}"
    assert len(card.flip_strip(one)) == 2 * sum(f is not None for f in (one.morph, one.smallest))


def ink(text):
    sheet = Image.new("L", (300, 60), 255)
    Pen(30).write(ImageDraw.Draw(sheet), (5, 5), text, "black")
    return np.asarray(sheet)


def test_a_name_that_no_font_has_is_escaped_and_never_boxes(monkeypatch):
    box = Image.new("L", (300, 60), 255)
    usual = ImageFont.truetype(fonts._OWN / "DejaVuSans.ttf", 30)
    ImageDraw.Draw(box).text((5, 5), "猫の顔", fill="black", font=usual)
    assert not np.array_equal(ink("猫の顔"), np.asarray(box))
    monkeypatch.setattr(fonts, "fallback", lambda letter: None)
    assert np.array_equal(ink("猫"), ink("\\u732b")) and (ink("猫") < 128).any()


def test_a_name_is_drawn_with_an_installed_font_that_has_it(monkeypatch):
    other = str(fonts._OWN / "DejaVuSerif.ttf")
    monkeypatch.setattr(fonts, "fallback", lambda letter: other)
    drawn = Image.new("L", (300, 60), 255)
    pen = ImageDraw.Draw(drawn)
    usual = ImageFont.truetype(fonts._OWN / "DejaVuSans.ttf", 30)
    where = (5, 5 + usual.getmetrics()[0])
    pen.text(where, "猫", fill="black", font=ImageFont.truetype(other, 30), anchor="ls")
    assert np.array_equal(ink("猫"), np.asarray(drawn))


def test_a_long_name_keeps_both_its_ends():
    names = [f"IMG_20180712_the_same_beginning_of_all_of_them_{i}" for i in (1, 2)]
    found = [paper._two(name, Pen(15), 150) for name in names]
    assert found[0] != found[1] and all(len(lines) == 2 for lines in found)
    caption = "settled: spurious, nearest a-very-long-name-of-a-face, in 17 steps"
    assert paper._two(caption, Pen(14), 174)[1].endswith("17 steps")
