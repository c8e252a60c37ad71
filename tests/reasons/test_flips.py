from pathlib import Path

import numpy as np

from nekogao.reasons import flips
from nekogao.reasons.answers import ask
from tests.reasons.networks import FACES, Constant, Lookup, noise, subject


def asked(kind, picture, faces=FACES):
    who = subject(kind, faces)
    return who, next(ask(who, "output", [(Path("a.png"), picture)]))


def test_a_lookup_flips_half_way_to_another_face():
    who, answer = asked(Lookup, FACES[0])
    flip = flips.morph(who, answer)
    assert flip.towards == answer.runner_up and flip.face != 0
    assert flip.amount <= 0.52  # another face may lie nearer on the way
    assert np.array_equal(flip.output, FACES[flip.face])
    assert who.winners([flip.picture]) == [flip.face]


def test_the_smallest_change_flips_and_a_smaller_one_does_not():
    middle = (FACES[0].astype(int) * 51 + FACES[1].astype(int) * 49) // 100
    who, answer = asked(Lookup, middle.astype(np.uint8))
    flip = flips.smallest(who, answer)
    assert flip.kind in flips.CHANGES and flip.face != answer.face
    assert who.winners([flip.picture]) == [flip.face]
    assert 0 < flip.change < 0.5


def test_a_constant_never_flips():
    who, answer = asked(Constant, noise(0))
    assert flips.morph(who, answer) is None and flips.smallest(who, answer) is None


def test_a_single_face_has_nothing_to_flip_to():
    who, answer = asked(Constant, noise(0), FACES[:1])
    assert flips.morph(who, answer) is None


def test_a_shift_goes_where_it_says():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[4, 4] = 255
    where = {"to the right": (4, 6), "to the left": (4, 2), "down": (6, 4), "up": (2, 4)}
    for kind, place in where.items():
        assert flips.CHANGES[kind](picture, 2.0)[place].tolist() == [255, 255, 255]
