"""Measures on unseen pictures, of networks whose answers are known and of a trained one."""

import pytest
import torch

from nekogao.studies import unseen


def nearest_of(trained):
    """A lookup table: the target whose gray source is nearest by pixels."""
    known, targets = trained.sources("gray").flatten(1), trained.targets
    return lambda sources: targets[torch.cdist(sources.flatten(1), known).argmin(dim=1)]


def test_a_lookup_table_is_all_memory_and_a_copy_is_none(trained, answering):
    found = unseen.measure_memory(answering(nearest_of(trained)))
    assert set(found) == {"ratio.gray", "memory.gray", "copied.gray", "effective.gray"}
    assert found["ratio.gray"] == [0] * 5
    assert found["memory.gray"] == pytest.approx([1] * 5, abs=1e-3)
    assert found["effective.gray"] == pytest.approx([1] * 5, abs=0.05)
    copied = unseen.measure_memory(answering(lambda sources: sources.repeat(1, 3, 1, 1)))
    assert min(copied["copied.gray"]) > 0.8 and max(copied["memory.gray"]) < 0.2


def test_the_law_counts_how_often_a_predictor_names_the_winner(trained, answering):
    found = unseen.measure_law(answering(nearest_of(trained)))
    assert found["pixels.gray"] == [1] * 5, "the table itself goes by pixels"
    assert 0 < found["constant.gray"] <= 1 and found["winners.gray"] >= 1
    constant = unseen.measure_law(
        answering(lambda s: trained.targets[:1].expand(len(s), -1, -1, -1))
    )
    assert (constant["constant.gray"], constant["winners.gray"]) == (1, 1)


def test_held_out_faces_are_measured_beside_the_mean_of_the_trained_ones(trained, answering):
    mean = trained.targets.mean(dim=0, keepdim=True)
    found = unseen.measure_held_out(answering(lambda s: mean.expand(len(s), -1, -1, -1)))
    assert set(found) == {"skill.gray", "skill.edges"}
    assert len(found["skill.gray"]) == 20 and max(map(abs, found["skill.gray"])) < 1e-5


def test_attractors_are_sorted_by_kind(trained, answering):
    found = unseen.measure_attractors(answering(nearest_of(trained)))
    assert found["stored.gray"] == [1] * 5 and found["cycle.gray"] == [0] * 5
    assert found["residual.gray"] == [0] * 4
    turning = unseen.measure_attractors(answering(lambda s: -s.repeat(1, 3, 1, 1)))
    assert turning["cycle.gray"] == [1] * 5 and turning["stored.gray"] == [0] * 5


def test_the_derivative_is_taken_where_the_loop_rests(trained, monkeypatch):
    monkeypatch.setattr(unseen, "_PRODUCTS", 10)
    found = unseen.measure_jacobian(trained)
    assert len(found["resting"]) == 4 and set(found["resting"]) <= {0.0, 1.0}
    count = int(sum(found["resting"]))
    radii, values = found["spectral-radius"], found["singular-value"]
    assert len(radii) == len(values) == count
    assert all(0 <= r <= v * 1.05 + 1e-6 for r, v in zip(radii, values, strict=True))


def test_the_gain_of_a_lookup_table_is_nothing_and_of_a_scaling_its_factor(trained, answering):
    one = trained.targets[:1]
    found = unseen.measure_gain(answering(lambda s: one.expand(len(s), -1, -1, -1)))
    assert found["resting"] == [1] * 4
    assert found["gain-0.005"] == found["gain-0.05"] == [0] * 4


def test_interventions_count_what_moves_and_who_follows(trained, answering):
    found = unseen.measure_interventions(answering(nearest_of(trained)))
    for name in ("brighten", "blur", "shift", "flip"):
        moved = found[f"moved.{name}"]
        assert len(moved) == 5
        assert found[f"followed.{name}.pixels"] == [1] * int(sum(moved)), "it goes by pixels"
        assert f"followed.{name}.decoder-input-share" not in found, "it has no decoder"
