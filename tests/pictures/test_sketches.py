"""Sketches are edges as a hand would draw them."""

import numpy as np
import pytest

from nekogao.pictures import photographs
from nekogao.pictures.domains import Domain, built_in
from nekogao.pictures.sketches import sketch

TEN = photographs.ten_faces(128)


@pytest.mark.parametrize("name", TEN)
def test_a_sketch_is_simpler_than_the_edges_and_near_them(name):
    edges = built_in("edges").source(TEN[name])
    drawn = built_in("sketch").source(TEN[name])
    assert drawn.shape == edges.shape and set(np.unique(drawn)) <= {0, 255}
    assert 0 < (drawn == 0).sum() < (edges == 0).sum()
    there, near = np.argwhere(drawn == 0), np.argwhere(edges == 0)
    away = np.linalg.norm(there[:, None] - near, axis=2).min(axis=1)
    assert np.median(away) < 4


def test_equal_edges_give_equal_sketches_whatever_was_drawn_between():
    edges = built_in("edges").source(TEN["chelsea"])
    first = sketch(edges)
    sketch(np.full((40, 60), 255, np.uint8))
    assert np.array_equal(sketch(edges), first)


@pytest.mark.parametrize("shape", [(32, 32), (1, 1), (40, 60)])
@pytest.mark.parametrize("value", [0, 255])
def test_no_edges_and_nothing_but_edges_are_sketched_too(shape, value):
    assert sketch(np.full(shape, value, np.uint8)).shape == shape


def test_its_thresholds_are_kept():
    domain = built_in("sketch", 40, 90)
    assert Domain.from_dict(domain.to_dict()) == domain
    assert domain.to_dict()["low"] == 40
