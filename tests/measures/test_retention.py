from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.errors import RunError
from nekogao.measures import retention

NAMES = ["edges", "gray"]


def row(step, phase, domain, skill):
    return SimpleNamespace(step=step, phase=phase, domain=domain, skill=skill)


ROWS = [
    row(0, 0, "edges", -0.5), row(0, 0, "gray", -0.25),
    row(5, 1, "edges", 0.5), row(5, 1, "gray", 0.0),
    row(10, 1, "edges", 0.75), row(10, 1, "gray", 0.125),
    row(15, 2, "edges", 0.25), row(15, 2, "gray", 0.875),
]  # fmt: skip


def test_the_last_measurement_of_a_phase_counts_whatever_the_order_of_lines():
    R, b = retention.retention_matrix(ROWS[::-1], NAMES)
    assert R.tolist() == [[0.75, 0.125], [0.25, 0.875]]
    assert b.tolist() == [-0.5, -0.25]
    R, b = retention.retention_matrix(ROWS, ["gray"])
    assert (R.tolist(), b.tolist()) == ([[0.125], [0.875]], [-0.25])


def test_a_domain_that_was_not_measured_is_named():
    with pytest.raises(RunError, match="domain 'sketch' was not measured at step 0"):
        retention.retention_matrix(ROWS, ["sketch"])
    with pytest.raises(RunError, match="domain 'gray' was not measured in phase 2"):
        retention.retention_matrix(ROWS[:-1], NAMES)


def test_forgetting_and_transfers_by_hand():
    R, b = retention.retention_matrix(ROWS, NAMES)
    assert retention.forgetting(R).tolist() == [0.5, -0.75]
    assert retention.backward_transfer(R, [0, 1]) == -0.5
    assert retention.forward_transfer(R, b, [0, 1]) == 0.375


def test_a_domain_trained_twice_is_transferred_to_once_but_lost_from_twice():
    R, b = np.array([[0.5, 0.25], [0.25, 0.75], [1.0, 0.25]]), np.zeros(2)
    assert retention.forward_transfer(R, b, [0, 1, 0]) == 0.25
    assert retention.backward_transfer(R, [0, 1, 0]) == (0.5 - 0.5) / 2
    assert retention.forgetting(R).tolist() == [-0.5, 0.5]


def test_one_phase_has_nothing_to_forget_or_to_pass_on():
    R, b = np.array([[0.5, 0.25]]), np.zeros(2)
    assert np.isnan(retention.forgetting(R)).all()
    assert np.isnan(retention.backward_transfer(R, [0]))
    assert np.isnan(retention.forward_transfer(R, b, [0]))


@settings(deadline=None)
@given(st.floats(2, 40), st.floats(-2, 0.5), st.floats(0.1, 2))
def test_half_life_of_an_exponential(tau, level, lost):
    steps = np.arange(0, 1000)
    skills = level + lost * np.exp(-steps / tau)
    assert retention.half_life(steps + 300, skills) == pytest.approx(
        tau * np.log(2), abs=0.25 / tau
    )


def test_half_life_interpolates_and_is_infinite_where_nothing_is_lost():
    assert retention.half_life([10, 20, 30], [1.0, 0.25, 0.0]) == pytest.approx(20 / 3)
    assert retention.half_life([10, 20], [0.5, 0.5]) == float("inf")
    assert retention.half_life([10, 20], [0.5, 0.75]) == float("inf")
    assert retention.half_life([10], [0.5]) == float("inf")
