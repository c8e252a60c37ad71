"""Descriptors: by the kind of a domain, and what imported sources are."""

import numpy as np
import pytest

from nekogao.models.exemplar.descriptors import KINDS, kind_of, of_labels, of_lines
from nekogao.pictures.domains import IMPORTED, Domain, built_in, imported
from tests.models.exemplar.pictures import gray, lines, scene


def test_kinds_of_domains():
    photo, drawn = gray(scene()), lines(scene())
    assert kind_of(built_in("edges"), [photo]) == "lines"
    assert kind_of(built_in("gray"), [drawn]) == "picture"
    assert kind_of(imported("maps", 1, ((0,), (9,))), [photo]) == "labels"
    other = Domain(name="other", kind=IMPORTED)
    assert kind_of(other, [drawn, drawn]) == "lines"
    assert kind_of(other, [drawn, photo]) == kind_of(other, []) == "picture"


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("careful", [False, True])
def test_every_kind_describes_gray_and_colour(kind, careful):
    for source in (gray(scene()), scene(), np.zeros((64, 64), np.uint8)):
        found = KINDS[kind](source, careful)
        assert found.shape.shape[:2] == (64, 64) and found.shape.dtype == np.uint8
        assert found.flow and all(p.shape == (64, 64) for chain in found.flow for p in chain)


def test_distances_are_in_shares_of_the_side():
    """A drawing at twice the size has the same description, at twice the size."""
    small = np.full((64, 64), 255, np.uint8)
    small[32] = 0
    large = np.repeat(np.repeat(small, 2, 0), 2, 1)
    near, far = of_lines(small).shape[10, 10], of_lines(large).shape[20, 20]
    assert np.abs(near.astype(int) - far).max() <= 12


def test_small_label_numbers_are_told_apart():
    labels = np.repeat(np.arange(4, dtype=np.uint8), 16)[None].repeat(64, 0)
    luma = of_labels(labels).shape[..., -1]
    assert luma[0, [8, 24, 40, 56]].tolist() == [0, 85, 170, 255]
