import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.measures.interventions import INTERVENTIONS, flip_point, morph


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (16, 16, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", INTERVENTIONS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 50))
def test_no_amount_leaves_the_picture_as_it_is(name, seed):
    before = picture(seed)
    assert np.array_equal(INTERVENTIONS[name](before, 0.0), before)
    assert np.array_equal(INTERVENTIONS[name](before[..., 0], 0.0), before[..., 0])
    assert np.array_equal(before, picture(seed))


def test_interventions_by_hand():
    before = picture()
    assert (INTERVENTIONS["brighten"](before, 1.0) == 255).all()
    assert (INTERVENTIONS["brighten"](before, -1.0) == 0).all()
    assert np.array_equal(INTERVENTIONS["flip"](before, 1.0), before[:, ::-1])
    assert np.array_equal(INTERVENTIONS["shift"](before, 0.25)[:, 4:], before[:, :-4])
    assert INTERVENTIONS["blur"](before, 2.0).std() < before.std() / 2


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1))
def test_a_morph_is_linear(t):
    a, b = picture(), picture(1)
    assert np.abs(morph(a, b, t) - (a + t * (b.astype(float) - a))).max() <= 0.5 + 1e-9


@settings(deadline=None)
@given(st.integers(1, 254))
def test_the_flip_point_of_a_linear_classifier(threshold):
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    found = flip_point(lambda p: int(p.mean() > threshold), black, white, steps=7)
    assert found == pytest.approx((threshold + 0.5) / 255, abs=1e-4)


def test_a_winner_that_never_changes_has_no_flip_point_and_the_first_change_counts():
    a, b = np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)
    assert flip_point(lambda p: 3, a, b) is None
    bands = flip_point(lambda p: int(p.mean() // 60) % 2, a, b)
    assert bands == pytest.approx(59.5 / 255, abs=1e-4)
