"""What is measured of a run; measures of other modules stand in as stubs of known answer."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

import nekogao.evidence
from nekogao.errors import ConfigError
from nekogao.evidence import measures
from nekogao.evidence.measures import MEASURES, measure_run
from nekogao.evidence.trained import Trained


@pytest.fixture
def stub(monkeypatch):
    """Put a module of the given functions into nekogao.evidence."""

    def put(name, **functions):
        module = ModuleType(f"nekogao.evidence.{name}")
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(nekogao.evidence, name, module, raising=False)

    return put


def some_unseen(size):
    rng = np.random.default_rng(0)
    return {f"p{i}": rng.integers(0, 256, (size, size, 3), np.uint8) for i in range(5)}


@pytest.fixture
def trained(finished, monkeypatch):
    monkeypatch.setattr("nekogao.data.samples.unseen", some_unseen)
    return Trained(finished)


def test_retention_agrees_with_what_the_run_measured(finished, trained):
    numbers = measure_run(finished, ["retention"])["retention"]
    last = {row["domain"]: row for row in trained.rows}
    for domain in ("edges", "gray"):
        assert len(numbers[f"skill.{domain}"]) == 4
        assert np.mean(numbers[f"skill.{domain}"]) == pytest.approx(last[domain]["skill"])
        assert numbers[f"after-2.{domain}"] == last[domain]["skill"]
    lost = numbers["after-1.edges"] - numbers["after-2.edges"]
    assert numbers["forgetting.edges"] == pytest.approx(lost)
    assert numbers["backward-transfer"] == pytest.approx(-lost)
    assert ("half-life.edges" in numbers) == (lost > 0)


def test_the_split_is_given_the_generators_of_before_and_after(stub, trained):
    def split(first, second, sources, targets):
        same = all(
            torch.equal(a, b)
            for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
        )
        assert not same and sources.shape == (4, 1, 32, 32) and targets.shape == (4, 3, 32, 32)
        return SimpleNamespace(
            statistics_part=0.3, weights_part=0.1, skill_before=0.9, skill_own=0.5,
            skill_recomputed=0.8,
        )  # fmt: skip

    stub("normalisation", split=split)
    found = measures.measure_split(trained)
    assert found["statistics-part.edges"] == 0.3 and found["weights-part.edges"] == 0.1
    assert not any(name.endswith(".gray") for name in found), "nothing came after gray"


def test_memory_is_a_number_a_picture(stub, trained):
    def memory(output, targets, picture):
        assert output.shape == (32, 32, 3) and targets.shape == (4, 32, 32, 3)
        assert picture.shape == (32, 32, 1) and output.min() >= 0 and output.max() <= 1
        span = SimpleNamespace(r2=0.5, effective=2.0)
        return SimpleNamespace(ratio=0.25, span=span, copied=0.125)

    stub("memory", memory=memory)
    assert measures.measure_memory(trained) == {
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
    assert measures.measure_law(trained) == {
        "constant.gray": 0.6, "winners.gray": 3.0, "pixels.gray": [1.0, 1.0, 1.0, 0.0, 1.0],
    }  # fmt: skip


def test_held_out_faces_are_measured_beside_the_mean_of_the_trained_ones(trained, monkeypatch):
    mean = trained.targets.mean(dim=0, keepdim=True)
    monkeypatch.setattr(trained, "outputs", lambda sources: mean.expand(len(sources), -1, -1, -1))
    found = measures.measure_held_out(trained)
    assert set(found) == {"skill.gray", "skill.edges"}
    assert len(found["skill.gray"]) == 20 and max(map(abs, found["skill.gray"])) < 1e-5


def test_the_closed_loop_turns_pictures_into_pictures(trained):
    turned = trained.turn(trained.targets, "gray")
    assert torch.equal(turned, trained.outputs(trained.sources("gray")))


def test_attractors_are_told_by_kind(stub, trained):
    stub(
        "attractors",
        residual=lambda turn, targets: (turn(targets) - targets).abs().mean((1, 2, 3)).numpy(),
        settle=lambda turn, start: turn(start),
        classify=lambda ends, targets: ["stored", "stored", "cycle", "spurious", "unconverged"],
    )
    found = measures.measure_attractors(trained)
    assert found["stored.gray"] == [1, 1, 0, 0, 0] and found["cycle.gray"] == [0, 0, 1, 0, 0]
    assert len(found["residual.gray"]) == 4


def test_variations_score_what_moves_against_both_targets(stub, trained):
    stub(
        "variations",
        VARIATIONS={"same": lambda p: p, "flip": lambda p: np.ascontiguousarray(p[:, ::-1])},
        CONTOURS={"thick": lambda p: p},
        UNTRAINED={"white": lambda p: np.full(p.shape[:2], 255, np.uint8)},
        GEOMETRIC={"flip"},
        thresholds=lambda domain: {},
    )
    found = measures.measure_variations(trained)
    assert set(found) == {
        "same.gray", "flip.gray", "flip-moved.gray", "same.edges", "flip.edges",
        "flip-moved.edges", "thick.edges", "white",
    }  # fmt: skip
    assert found["same.gray"] == measures.measure_retention(trained)["skill.gray"]
    assert found["thick.edges"] == found["same.edges"] and found["flip.gray"] != found["same.gray"]


def test_numbers_that_are_not_finite_are_left_out(finished, monkeypatch):
    given = {"a": float("nan"), "b": [1.0, float("inf")], "c": [float("nan")], "d": np.float32(2)}
    monkeypatch.setitem(MEASURES, "split", lambda trained: given)
    assert measure_run(finished, ["split"]) == {"split": {"b": [1.0], "d": 2.0}}


def test_measuring_can_be_stopped_and_names_are_checked(finished):
    assert measure_run(finished, stop=lambda: True) is None
    with pytest.raises(ConfigError, match="unknown measure 'luck'. Choose from retention"):
        measure_run(finished, ["luck"])
