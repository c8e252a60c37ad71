"""Measures on unseen pictures; other modules stand in as stubs of known answer."""

from types import SimpleNamespace

import numpy as np

from nekogao.studies import unseen


def test_memory_is_a_number_a_picture(stub, trained):
    def memory(output, targets, picture):
        assert output.shape == (32, 32, 3) and targets.shape == (4, 32, 32, 3)
        assert picture.shape == (32, 32, 1) and output.min() >= 0 and output.max() <= 1
        span = SimpleNamespace(r2=0.5, effective=2.0)
        return SimpleNamespace(ratio=0.25, span=span, copied=0.125)

    stub("memory", memory=memory)
    assert unseen.measure_memory(trained) == {
        "ratio.gray": [0.25] * 5, "memory.gray": [0.5] * 5, "copied.gray": [0.125] * 5,
        "effective.gray": [2.0] * 5,
    }  # fmt: skip


def test_the_law_counts_how_often_a_predictor_names_the_winner(stub, trained):
    def scores(generator, training, sources):
        assert len(training) == 4 and len(sources) == 5
        return {"pixels": -np.eye(5, 4)}

    winners = iter([0, 1, 2, 0, 0])
    stub(
        "law",
        winner=lambda output, targets: next(winners),
        scores=scores,
        constant_baseline=lambda w: float(np.bincount(w).max() / len(w)),
    )
    assert unseen.measure_law(trained) == {
        "constant.gray": 0.6, "winners.gray": 3.0, "pixels.gray": [1.0, 1.0, 1.0, 0.0, 1.0],
    }  # fmt: skip


def test_held_out_faces_are_measured_beside_the_mean_of_the_trained_ones(trained, monkeypatch):
    mean = trained.targets.mean(dim=0, keepdim=True)
    monkeypatch.setattr(trained, "outputs", lambda sources: mean.expand(len(sources), -1, -1, -1))
    found = unseen.measure_held_out(trained)
    assert set(found) == {"skill.gray", "skill.edges"}
    assert len(found["skill.gray"]) == 20 and max(map(abs, found["skill.gray"])) < 1e-5


def test_attractors_are_told_by_kind(stub, trained):
    stub(
        "attractors",
        residual=lambda turn, targets: (turn(targets) - targets).abs().mean((1, 2, 3)).numpy(),
        settle=lambda turn, start: turn(start),
        classify=lambda ends, targets: ["stored", "stored", "cycle", "spurious", "unconverged"],
    )
    found = unseen.measure_attractors(trained)
    assert found["stored.gray"] == [1, 1, 0, 0, 0] and found["cycle.gray"] == [0, 0, 1, 0, 0]
    assert len(found["residual.gray"]) == 4


def test_the_derivative_is_taken_where_the_loop_rests(trained):
    found = unseen.measure_jacobian(trained)
    assert len(found["resting"]) == 4 and set(found["resting"]) <= {0.0, 1.0}
    count = int(sum(found["resting"]))
    radii, values = found["spectral-radius"], found["singular-value"]
    assert len(radii) == len(values) == count
    assert all(0 <= r <= v * 1.05 + 1e-6 for r, v in zip(radii, values, strict=True))


def test_interventions_count_what_moves_and_who_follows(trained):
    found = unseen.measure_interventions(trained)
    for name in ("brighten", "blur", "shift", "flip"):
        moved = found[f"moved.{name}"]
        assert len(moved) == 5
        followed = found[f"followed.{name}.pixels"]
        assert len(followed) == sum(moved)
