import numpy as np
import pytest

from nekogao.models import provenance
from nekogao.models.family import Patchwork

SIDE = 48
CELL = 4
"""A twelfth of the side."""


def answer(**given):
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    whole = {
        "output": np.full((SIDE, SIDE, 3), 100, np.uint8),
        "pair": np.zeros((SIDE, SIDE), np.int32),
        "place": np.stack([across, down], axis=-1).astype(np.float32),
        "doubt": np.zeros((SIDE, SIDE), np.float32),
        "chosen": (0,),
        "freedom": 1.0,
    }
    return Patchwork(**{**whole, **given})


def lines(found):
    return (provenance.draw(found) == 255).all(axis=-1)


def test_the_grid_has_a_line_wherever_a_cell_ends():
    found, at = lines(answer()), np.arange(CELL, SIDE, CELL)
    assert found[at].all() and found[:, at].all()
    assert found.sum() == SIDE**2 - (SIDE - len(at)) ** 2


def test_the_grid_is_bent_as_the_picture_is():
    place = answer().place.copy()
    place[..., 0] += 2
    found = lines(answer(place=place))
    at = np.arange(CELL - 2, SIDE, CELL)
    assert found[:, at].all() and not found[1, at + 1].any()


def test_scattered_pieces_are_not_all_lines():
    place = np.random.default_rng(0).uniform(0, SIDE, (SIDE, SIDE, 2)).astype(np.float32)
    assert lines(answer(place=place)).mean() < 0.1
    pair = np.indices((SIDE, SIDE)).sum(axis=0).astype(np.int32) % 2
    assert not lines(answer(pair=pair, chosen=(0, 1))).any()


def test_a_pixel_has_the_colour_of_its_pair_and_strokes_where_it_is_in_doubt():
    pair = (np.arange(SIDE) >= SIDE // 2).astype(np.int32)[None].repeat(SIDE, axis=0)
    found = answer(pair=pair, chosen=(1, 0))
    drawn, colours = provenance.draw(found), provenance.colours(found.chosen)
    for number, column in ((0, 1), (1, SIDE - 2)):
        tint = 0.45 * 100 + 0.55 * np.array(colours[number])
        assert drawn[1, column] == pytest.approx(tint, abs=1)
    doubted = provenance.draw(answer(doubt=np.full((SIDE, SIDE), 2, np.float32)))
    assert (doubted == 0).all(axis=-1).any() and not (drawn == 0).all(axis=-1).any()
