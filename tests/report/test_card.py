from pathlib import Path

import numpy as np
import pytest

from nekogao.explain.explanation import explain
from nekogao.report import card
from tests.explain.networks import FACES, Constant, Lookup, asked, noise, subject, without_levels


def explained(who, name, picture):
    law, answers = asked(who, [(Path(name), picture)])
    (one,) = explain(who, answers, law)
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
