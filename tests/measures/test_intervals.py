"""Intervals on cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nekogao.measures.intervals import Interval, over_images


def over_seeds(values, resamples=4000):
    """One image a seed."""
    return over_images([[value] for value in values], resamples)


def test_one_seed_has_a_mean_and_no_interval():
    assert over_seeds([0.25]) == Interval(0.25, None, None, 1)
    assert over_images([[0.0, 1.0]]) == Interval(0.5, None, None, 1)


def test_equal_seeds_leave_no_doubt():
    assert over_seeds([0.5, 0.5, 0.5]) == Interval(0.5, 0.5, 0.5, 3)


def test_two_seeds_reach_from_one_to_the_other():
    # A quarter of the resamples is all of one seed, so both ends lie in the 95 %.
    assert over_seeds([0.0, 1.0]) == Interval(0.5, 0.0, 1.0, 2)


def test_many_seeds_come_near_the_normal_interval():
    values = np.random.default_rng(1).normal(3, 2, 200)
    found = over_seeds(values.tolist())
    half = 1.96 * values.std() / 200**0.5
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.04)
    assert found.high == pytest.approx(values.mean() + half, abs=0.04)


def test_images_add_to_the_doubt_that_seeds_leave():
    rng = np.random.default_rng(2)
    same = [[0.5] * 10] * 5
    varied = [rng.permutation([0.0, 1.0] * 5).tolist() for _ in range(5)]
    assert over_images(same).low == 0.5
    found = over_images(varied)
    assert found.mean == 0.5, "the seeds' means are all alike"
    # Of 50 coins: 1.96 sqrt(0.25 / 50) = 0.139.
    assert found.high - found.low == pytest.approx(2 * 0.139, abs=0.03)


def test_images_alone_do_not_hide_that_seeds_differ():
    found = over_images([[0.0] * 100, [1.0] * 100])
    assert (found.low, found.high) == (0.0, 1.0)


def test_seeds_weigh_alike_however_many_images_they_have():
    assert over_images([[0.0], [1.0, 1.0, 1.0]]).mean == 0.5


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8))
def test_the_interval_holds_the_mean_stays_within_the_values_and_repeats(values):
    found = over_seeds(values, resamples=200)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == over_seeds(values, resamples=200)
