import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.models.composition import (
    Basis,
    composition,
    convex_fit,
    effective_number,
    nearest_ratio,
    span,
)


def pictures(count, seed=0, side=8):
    return np.random.default_rng(seed).random((count, side, side, 3)).astype(np.float32)


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 7))
def test_a_lookup_table_of_stored_pictures_is_all_composition(count, which):
    targets = pictures(count)
    made = composition(targets[which % count], targets, pictures(1, 9)[0])
    assert (made.nearest, made.ratio) == (which % count, 0)
    assert made.span.r2 == pytest.approx(1)
    assert made.span.effective == pytest.approx(1)
    assert made.copied == pytest.approx(0)


def test_a_network_that_copies_is_all_copying():
    targets, picture = pictures(5), pictures(1, 9)[0]
    made = composition(picture, targets, picture)
    assert made.span.r2 < 0.1
    assert made.span.r2 + made.copied == pytest.approx(1)
    assert span(picture, targets, picture).weights.argmax() == 5
    gray = picture.mean(axis=2, keepdims=True)
    assert composition(np.repeat(gray, 3, axis=2), targets, gray).copied > 0.9


def test_a_network_that_makes_one_flat_colour_is_neither():
    made = composition(np.full((8, 8, 3), 0.3, np.float32), pictures(4), pictures(1, 9)[0])
    assert (made.span.r2, made.copied) == (0, 0)
    assert made.span.weights.sum() == pytest.approx(1)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda w: sum(w) > 0.1))
def test_the_span_of_a_known_mixture_is_that_mixture(shares):
    weights = np.array(shares) / sum(shares)
    targets = pictures(len(weights))
    fitted = span(np.tensordot(weights, targets, axes=1), targets)
    assert fitted.weights == pytest.approx(weights, abs=1e-5)
    assert fitted.r2 == pytest.approx(1)
    assert fitted.effective == pytest.approx(effective_number(weights), rel=1e-3)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 12))
def test_no_small_move_of_the_weights_fits_better(seed, count, size):
    rng = np.random.default_rng(seed)
    goal, rows = rng.normal(size=size), rng.normal(size=(count, size))
    weights = convex_fit(goal, rows)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    # The gradient may not point down towards any corner (Kuhn and Tucker).
    residual = weights @ rows - goal
    assert (rows @ residual >= (weights @ rows) @ residual - 1e-9).all()


def test_brightness_counts_neither_as_memory_nor_as_copying():
    targets = pictures(3) * 0.5
    brighter = targets[1] + np.float32([0.3, 0.1, 0.2])
    fitted = span(brighter, targets)
    assert fitted.weights == pytest.approx([0, 1, 0], abs=1e-6)
    assert fitted.r2 == pytest.approx(1)


def test_the_fit_of_an_opposite_is_worse_than_its_mean():
    assert span(1 - pictures(1)[0], pictures(1)).r2 < 0


@pytest.mark.parametrize(("weights", "expected"), [([1.0], 1), ([0.25] * 4, 4), ([0, 1.0], 1)])
def test_the_effective_number_of_pictures(weights, expected):
    assert effective_number(np.array(weights)) == pytest.approx(expected)


def test_the_ratio_by_hand():
    targets = np.stack([np.full((2, 2, 3), v, np.float32) for v in (0.0, 0.25, 1.0)])
    nearest, ratio = nearest_ratio(np.full((2, 2, 3), 0.2, np.float32), targets)
    assert (nearest, ratio) == (1, pytest.approx(0.25))
    assert nearest_ratio(targets[0], targets[[0, 0]]) == (0, 1.0)
    alone = nearest_ratio(np.full((2, 2, 3), 0.25, np.float32), targets[:1])
    assert alone == (0, 1.0)  # as near to mid-gray


def test_the_winner_is_the_face_with_the_largest_share():
    targets = pictures(4)
    mixed = 0.6 * targets[2] + 0.3 * targets[0] + 0.1 * targets[1]
    assert Basis(targets).winner(mixed) == 2


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_a_basis_finds_the_winner_that_the_whole_fit_finds(seed, count):
    rng = np.random.default_rng(seed)
    targets = pictures(count, seed)
    basis = Basis(targets)
    for _ in range(3):
        shares = rng.dirichlet(np.full(count, 0.3))
        noise = 0.2 * rng.standard_normal(targets.shape[1:])
        output = (np.tensordot(shares, targets, axes=1) + noise).astype(np.float32)
        assert basis.winner(output) == span(output, targets).weights.argmax()


def test_more_targets_than_pixels_have_a_basis_too():
    targets = pictures(30, side=2)
    assert [Basis(targets).winner(target) for target in targets] == list(range(30))
