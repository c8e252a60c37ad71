import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.measures.attractors import (
    classify,
    finite_difference_gain,
    largest_singular_value,
    residual,
    spectral_radius,
)
from nekogao.models.settling import settle


def noise(shape, count, seed):
    values = np.random.default_rng(seed).uniform(-1, 1, (count, *shape))
    return torch.from_numpy(values.astype(np.float32))


def linear(matrix):
    matrix = torch.tensor(matrix, dtype=torch.float64)
    return lambda x: x @ matrix.T


def nearest_of(targets):
    """A network that is a lookup table: it answers with the nearest stored picture."""
    return lambda x: targets[torch.cdist(x.flatten(1), targets.flatten(1)).argmin(dim=1)]


STORED = noise((3, 4, 4), 5, seed=0)


def test_a_lookup_table_stores_all_and_has_no_residual():
    turn = nearest_of(STORED)
    assert residual(turn, STORED).tolist() == [0] * 5
    found = settle(turn, torch.cat([noise((3, 4, 4), 20, 1), STORED]))
    assert classify(found, STORED) == ["stored"] * 25


def test_a_network_that_copies_rests_where_it_starts():
    starts = noise((3, 4, 4), 6, seed=1)
    settled = settle(lambda x: x, starts)
    assert torch.equal(settled.end, starts)
    assert settled.turns == [1] * 6
    assert classify(settled, STORED) == ["spurious"] * 6
    assert classify(settle(lambda x: x, STORED), STORED) == ["stored"] * 5


def test_a_constant_network_has_one_spurious_fixed_point():
    step = torch.zeros_like
    settled = settle(step, noise((3, 4, 4), 4, seed=1))
    assert (settled.kind, settled.turns) == (["fixed"] * 4, [2] * 4)
    assert classify(settled, STORED) == ["spurious"] * 4
    assert residual(step, torch.ones(2, 3, 4, 4)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("period", [2, 3, 8])
def test_cycles_are_distinguished_from_rest_and_from_wandering(period):
    turned = 2 * np.pi / period
    step = linear([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
    starts = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    settled = settle(step, starts, most=50)
    assert settled.kind == ["cycle", "fixed", "cycle"]
    assert settled.turns == [50, 1, 50]
    assert classify(settled, starts[:1]) == ["cycle", "spurious", "cycle"]


def test_growth_and_slow_spirals_are_unconverged():
    starts = torch.ones(1, 2, dtype=torch.float64)
    assert settle(lambda x: x * 1.2, starts).kind == ["unconverged"]
    assert settle(lambda x: x * -0.99, starts).kind == ["unconverged"]


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.9, 0.9), st.lists(st.floats(-1, 1), min_size=1, max_size=5))
def test_a_contraction_settles_at_its_fixed_point(factor, starts):
    states = torch.tensor(starts, dtype=torch.float64)[:, None]
    settled = settle(lambda x: 0.3 + factor * (x - 0.3), states, most=200, tolerance=1e-6)
    assert settled.kind == ["fixed"] * len(starts)
    assert (settled.end - 0.3).abs().max() < 3e-5
    alone = settle(lambda x: 0.3 + factor * (x - 0.3), states[:1], most=200, tolerance=1e-6)
    assert alone.turns == settled.turns[:1]


def test_spectral_radius_and_singular_value_of_known_maps():
    point = torch.zeros(2, dtype=torch.float64)
    sheared = linear([[0.5, 4.0], [0.0, -0.25]])
    assert spectral_radius(sheared, point) == pytest.approx(0.5)
    largest = np.linalg.svd([[0.5, 4.0], [0.0, -0.25]])[1][0]
    assert largest_singular_value(sheared, point) == pytest.approx(largest)
    spiral = linear([[0.6, -1.6], [0.4, 0.6]])  # eigenvalues 0.6 +- 0.8i, modulus 1
    assert spectral_radius(spiral, point, 400) == pytest.approx(1, abs=0.01)
    nothing = linear([[0.0, 0.0], [0.0, 0.0]])
    assert spectral_radius(nothing, point) == largest_singular_value(nothing, point) == 0


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000))
def test_they_are_those_of_numpy_for_symmetric_maps(seed):
    values = np.array([0.9, -0.5, 0.3, 0.1])
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(4, 4)))[0]
    step = linear(axes @ np.diag(values) @ axes.T)
    point = torch.ones(4, dtype=torch.float64)
    assert spectral_radius(step, point, 100, seed) == pytest.approx(0.9, abs=1e-3)
    assert largest_singular_value(step, point, 100, seed) == pytest.approx(0.9, abs=1e-3)


def test_the_derivative_is_taken_at_the_point():
    square = lambda x: x**2 / 2  # noqa: E731
    assert spectral_radius(square, torch.tensor([0.25, 0.75])) == pytest.approx(0.75, rel=1e-3)


def test_gains_of_a_scaling_and_of_a_rounding():
    point = torch.zeros(1, 3, 8, 8)
    gains = finite_difference_gain(lambda x: 3 * x, point, [1e-3, 0.1], draws=4, seed=0)
    assert list(gains) == [1e-3, 0.1]
    assert gains[0.1] == pytest.approx([3] * 4, rel=1e-4)
    rounded = finite_difference_gain(lambda x: (4 * x).round() / 4, point, [1e-3, 1.0], 4, 0)
    assert rounded[1e-3].tolist() == [0] * 4
    assert rounded[1.0] == pytest.approx([1] * 4, abs=0.05)
