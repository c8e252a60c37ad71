import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.measures import law
from nekogao.measures.law import Permutations


def test_perfect_and_random_predictions():
    winners = np.random.default_rng(0).integers(0, 10, 60)
    assert law.agreement(winners, winners) == 1
    orders = Permutations(winners, draws=999)
    assert orders.p(winners) == pytest.approx(1 / 1000)
    guesses = np.random.default_rng(1).integers(0, 10, 60)
    assert orders.p(guesses) > 0.05
    assert orders.p(np.zeros(60, int)) == 1
    assert Permutations(np.zeros(60, int)).p(guesses) == 1
    assert Permutations(winners, 99, 5).p(guesses) == Permutations(winners, 99, 5).p(guesses)


def test_shuffles_drawn_once_give_the_p_values_of_shuffles_drawn_each_time():
    random = np.random.default_rng(3)
    winners = random.integers(0, 4, 25)
    once = Permutations(winners, draws=200)
    for _ in range(5):
        predicted = np.where(random.random(25) < 0.4, winners, random.integers(0, 4, 25))
        orders, hits = np.random.default_rng(0), 0
        for _ in range(200):
            hits += np.sum(orders.permutation(winners) == predicted) >= np.sum(
                winners == predicted
            )
        assert once.p(predicted) == (1 + hits) / 201


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_the_baseline_is_the_best_constant_prediction(chosen):
    winners = np.array(chosen)
    best = max(law.agreement(np.full(len(winners), face), winners) for face in range(6))
    assert law.constant_baseline(winners) == best
