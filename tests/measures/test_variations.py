import numpy as np
import pytest

from nekogao.measures.variations import EDGES, GEOMETRIC, UNTRAINED, VARIATIONS, thresholds
from nekogao.pictures import characters
from nekogao.pictures.domains import built_in


def face(side=64):
    return characters.draw_face(characters.CHARACTERS[0], side)


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_variation_is_another_picture_of_the_same_kind_and_always_the_same(name):
    for domain in ("gray", "edges"):
        source = built_in(domain).source(face())
        varied = VARIATIONS[name](source)
        assert (varied.shape, varied.dtype) == (source.shape, np.uint8)
        assert np.array_equal(varied, VARIATIONS[name](source))
        if domain == "gray":
            assert not np.array_equal(varied, source)


@pytest.mark.parametrize("name", sorted(GEOMETRIC))
def test_what_moves_a_source_moves_its_target(name):
    assert VARIATIONS[name](face()).shape == (64, 64, 3)


def test_a_line_thickened_and_thinned():
    line = np.full((32, 32), 255, np.uint8)
    line[10:13, 5:25] = 0
    assert (EDGES["thickened"](line) == 0).sum() == 5 * 22
    thin = EDGES["thinned"](line) == 0
    assert (thin.sum(axis=0) <= 1).all()
    assert 15 <= thin.sum() <= 20


def test_domains_never_trained_by_hand():
    ramp = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (8, 1))
    assert np.array_equal(UNTRAINED["inverted"](ramp), 255 - ramp)
    assert sorted({*UNTRAINED["posterised"](ramp).flat}) == [0, 85, 170, 255]
    assert (UNTRAINED["sobel"](ramp)[:, 1:-1] == 255 - 8).all()
    assert all(vary(face()).ndim == 2 for vary in UNTRAINED.values())


def test_edges_with_other_thresholds_are_made_from_targets():
    made = thresholds(built_in("edges"))
    assert set(made) == {"canny-64", "canny-96", "canny-192", "canny-255"}
    assert "canny-64" not in thresholds(built_in("edges", 64, 64))
    assert thresholds(built_in("gray")) == {}
    lines = {name: (vary(face()) == 0).sum() for name, vary in made.items()}
    assert lines["canny-64"] > lines["canny-255"]
