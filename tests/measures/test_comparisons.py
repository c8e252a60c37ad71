import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from nekogao.measures.comparisons import Comparisons
from nekogao.measures.views import views
from nekogao.models.composition import convex_fit
from tests.networks import sources, translator


def scores(asked, training, others):
    """Every predictor's distances of some sources from others."""
    return Comparisons(views(asked, training)).distances(views(asked, others))


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


def test_training_sources_may_be_made_ready_once_and_compared_often():
    asked, training, others = translator(), sources(3), sources(5, seed=2)
    once = Comparisons(views(asked, training))
    for part in (others[:2], others[2:]):
        again = scores(asked, training, part)
        found = once.distances(views(asked, part))
        assert list(found) == list(again)
        assert all(np.array_equal(found[name], again[name]) for name in found)


def whitening(rows):
    """scipy's inverse covariance, in the directions in which the rows vary."""
    return np.linalg.pinv(np.cov(rows.T, bias=True) * len(rows), rcond=1e-8)


@pytest.mark.parametrize("width", [3, 30, 9000])
@pytest.mark.parametrize("offset", [0.0, 40.0])
def test_every_way_of_comparing_is_what_its_name_says(width, offset):
    random = np.random.default_rng(0)
    known = (random.normal(size=(5, width)) + offset).astype(np.float32)
    seen = (random.normal(size=(4, width)) + offset).astype(np.float32)
    seen[0] = known[2]
    found = Comparisons({"v": torch.from_numpy(known)}).distances({"v": torch.from_numpy(seen)})
    known, seen = known.astype(np.float64), seen.astype(np.float64)
    mean = known.mean(axis=0)
    plain = {
        "distance": cdist(seen, known) / width**0.5,
        "cosine": cdist(seen, known, "cosine"),
        "centred-cosine": cdist(seen - mean, known - mean, "cosine"),
        "share": np.stack([1 - convex_fit(one, known) for one in seen]),
    }
    if width <= 30:
        plain["whitened"] = (
            cdist(seen, known, "mahalanobis", VI=whitening(known)) / min(4, width) ** 0.5
        )
    for name, distances in plain.items():
        assert found[f"v-{name}"] == pytest.approx(distances, abs=1e-6, rel=1e-6), name
    assert found["v-distance"][0, 2] == 0


def test_equal_training_sources_are_equally_near():
    training = sources(7)
    training[5] = training[1]
    for name, distances in scores(translator(), training, sources(9, seed=4)).items():
        assert np.array_equal(distances[:, 5], distances[:, 1]), name


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
