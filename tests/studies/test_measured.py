"""What is measured of a run; measures of other modules stand in as stubs of known answer."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nekogao.errors import ConfigError
from nekogao.studies import measured as measures
from nekogao.studies.measured import MEASURES, measure_run


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


def test_the_closed_loop_turns_pictures_into_pictures(trained):
    turned = trained.turn(trained.targets, "gray")
    assert torch.equal(turned, trained.outputs(trained.sources("gray")))


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
