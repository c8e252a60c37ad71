import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.measures import law
from nekogao.measures.law import Permutations, compare, scores
from nekogao.measures.views import views
from tests.networks import sources, translator


def test_every_predictor_finds_a_training_source_itself():
    asked, training = translator(), sources(4)
    training[1] *= 0.5  # several brightnesses and edge densities
    training[2] = training[2].mean() - 0.3
    training[3, :, 10:] = 1
    for name, distances in scores(asked, training, training).items():
        if name != "level-1-centred-cosine":
            assert distances.argmin(axis=1).tolist() == [0, 1, 2, 3], name


def test_predictors_are_those_that_the_network_has():
    shown = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    own = scores(translator(size=64, patch=4, skips="all"), shown, shown)
    assert {"pixels", "pooled-8", "pooled-4", "intensity", "edge-density"} < set(own)
    assert {"level-3-distance", "level-6-cosine", "decoder-input-share", "decoder-3-cosine",
            "output-distance", "level-5-whitened"} < set(own)  # fmt: skip
    assert not {n for n in own if "-2-" in n or "-7-" in n or n.startswith("decoder-6")}


def test_a_comparison_without_meaning_is_left_out():
    same = torch.zeros(3, 1, 32, 32)
    found = scores(translator(), same, sources(2))
    assert "level-2-distance" in found and "level-2-whitened" not in found
    assert all(np.isfinite(distances).all() for distances in found.values())


def test_views_may_be_made_once_and_compared_often():
    asked, training, others = translator(), sources(3), sources(5, seed=2)
    known = views(asked, training)
    apart = compare(known, views(asked, others))
    together = scores(asked, training, others)
    assert list(apart) == list(together)
    assert all(np.array_equal(apart[name], together[name]) for name in apart)
    assert all(distances.shape == (5, 3) for distances in apart.values())


def test_comparisons_of_plain_pictures_by_hand():
    training = torch.stack([torch.full((1, 32, 32), v) for v in (-1.0, 0.0, 1.0)])
    half = torch.full((1, 1, 32, 32), 0.25)
    found = scores(translator(), training, half)
    for name in ("pixels", "pooled-8", "pooled-4", "intensity"):
        assert found[name][0] == pytest.approx([1.25, 0.25, 0.75])
    assert found["edge-density"][0].tolist() == [0, 0, 0]


def test_predicting_changes_neither_the_network_nor_the_random_state():
    asked = translator(dropout=0.5)
    generator = asked.model.network.train()
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    random = torch.get_rng_state()
    scores(asked, sources(3), sources(2))
    assert generator.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in generator.state_dict().items())


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
