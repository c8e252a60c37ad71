import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nekogao.errors import ConfigError
from nekogao.measures import law
from nekogao.measures.law import PREDICTORS, predictors, scores
from tests.measures.networks import network, sources


def test_the_winner_is_the_face_with_the_largest_share():
    targets = np.random.default_rng(0).random((4, 8, 8, 3)).astype(np.float32)
    mixed = 0.6 * targets[2] + 0.3 * targets[0] + 0.1 * targets[1]
    assert law.winner(mixed, targets) == 2
    assert law.margin(mixed, targets) == pytest.approx(0.3, abs=1e-5)
    assert law.margin(mixed, targets[:1]) == 1


def test_every_predictor_finds_a_training_source_itself():
    generator, training = network(), sources(4)
    training[1] *= 0.5  # several brightnesses and edge densities
    training[2] = training[2].mean() - 0.3
    training[3, :, 10:] = 1
    for name, distances in scores(generator, training, training).items():
        if name != "level-1-centred-cosine":
            assert distances.argmin(axis=1).tolist() == [0, 1, 2, 3], name


def test_predictors_are_those_that_the_network_has():
    own = predictors(network(size=64, patch=4, skips="all"))
    assert {"pixels", "pooled-8", "pooled-4", "intensity", "edge-density"} < set(own)
    assert {"level-3-distance", "level-6-cosine", "decoder-input-share", "decoder-3-cosine",
            "output-distance", "level-5-whitened"} < set(own)  # fmt: skip
    assert not {n for n in own if "-2-" in n or "-7-" in n or n.startswith("decoder-6")}
    assert set(own) == set(scores(network(size=64, patch=4), *[torch.zeros(2, 1, 64, 64)] * 2))
    assert set(own) < set(PREDICTORS)
    with pytest.raises(ConfigError, match="level-2-cosine: this generator has the levels 3 to 6"):
        PREDICTORS["level-2-cosine"](network(size=64, patch=4), *[torch.zeros(2, 1, 64, 64)] * 2)


@pytest.mark.parametrize(
    "name", ["pixels", "level-5-cosine", "decoder-input-share", "output-share"]
)
def test_the_three_ways_to_ask_agree(name):
    generator, training, others = network(), sources(3), sources(5, seed=2)
    distances = predictors(generator)[name](training, others)
    assert distances.shape == (5, 3)
    assert np.array_equal(distances, scores(generator, training, others)[name])
    predicted = PREDICTORS[name](generator, training, others)
    assert predicted.tolist() == distances.argmin(axis=1).tolist()


def test_comparisons_of_plain_pictures_by_hand():
    generator = network()
    training = torch.stack([torch.full((1, 32, 32), v) for v in (-1.0, 0.0, 1.0)])
    half = torch.full((1, 1, 32, 32), 0.25)
    for name in ("pixels", "pooled-8", "pooled-4", "intensity"):
        assert predictors(generator)[name](training, half)[0] == pytest.approx([1.25, 0.25, 0.75])
    assert predictors(generator)["edge-density"](training, half)[0].tolist() == [0, 0, 0]


def test_predicting_changes_neither_the_network_nor_the_random_state():
    generator = network(dropout=0.5).train()
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    random = torch.get_rng_state()
    scores(generator, sources(3), sources(2))
    assert generator.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in generator.state_dict().items())


def test_perfect_and_random_predictions():
    winners = np.random.default_rng(0).integers(0, 10, 60)
    assert law.agreement(winners, winners) == 1
    assert law.permutation_p(winners, winners, draws=999) == pytest.approx(1 / 1000)
    guesses = np.random.default_rng(1).integers(0, 10, 60)
    assert law.permutation_p(guesses, winners, draws=999) > 0.05
    constant = np.zeros(60, int)
    assert law.permutation_p(constant, winners, draws=99) == 1
    assert law.permutation_p(guesses, winners, 99, 5) == law.permutation_p(guesses, winners, 99, 5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_collapse_is_the_best_constant_prediction(chosen):
    winners = np.array(chosen)
    best = max(law.agreement(np.full(len(winners), face), winners) for face in range(6))
    assert law.constant_baseline(winners) == law.collapse(winners, 6) == best


def test_a_winner_that_is_no_face_is_refused():
    with pytest.raises(ConfigError, match="winner 3 of 3 faces"):
        law.collapse(np.array([0, 3]), 3)
