"""What is measured of a run, in the table of measures."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import nekogao
from nekogao.config.pairs import FROM_IMPORTS
from nekogao.config.plain import train_config
from nekogao.errors import ConfigError
from nekogao.measures import normalisation
from nekogao.pairs.imports import import_folders
from nekogao.studies import measured
from nekogao.studies.measured import MEASURES, measure_run
from tests.conftest import TINY


def test_retention_agrees_with_what_the_run_measured(finished, trained):
    numbers = measure_run(finished, ["retention"]).numbers["retention"]
    last = {row.domain: row for row in trained.rows}
    for domain in ("edges", "gray"):
        assert len(numbers[f"skill.{domain}"]) == 4
        assert np.mean(numbers[f"skill.{domain}"]) == pytest.approx(last[domain].skill)
        assert numbers[f"after-2.{domain}"] == last[domain].skill
    lost = numbers["after-1.edges"] - numbers["after-2.edges"]
    assert numbers["forgetting.edges"] == pytest.approx(lost)
    assert numbers["backward-transfer"] == pytest.approx(-lost)
    assert ("half-life.edges" in numbers) == (lost > 0)


def test_the_split_is_that_of_the_networks_before_and_after(trained):
    found = measured.measure_split(trained)
    direct = normalisation.split(
        trained.translator(1), trained.translator(2), trained.sources("edges"), trained.targets
    )
    assert found["statistics-part.edges"] == direct.statistics_part
    assert found["skill-before.edges"] == direct.skill_before != found["skill-own.edges"]
    assert not any(name.endswith(".gray") for name in found), "nothing came after gray"


def test_the_closed_loop_turns_pictures_into_pictures(trained):
    turned = trained.turn(trained.targets, "gray")
    assert torch.equal(turned, trained.last.outputs(trained.sources("gray")))


def test_a_translator_that_follows_scores_against_the_moved_targets(trained, answering):
    copying = answering(lambda sources: sources.repeat(1, 3, 1, 1))
    found = measured.measure_variations(copying)
    assert {"blurred.gray", "rotated.gray", "rotated-moved.gray", "thickened.edges",
            "canny-64.edges", "inverted"} <= set(found)  # fmt: skip
    assert "thickened.gray" not in found and "blurred-moved.gray" not in found
    assert np.mean(found["shifted-moved.gray"]) > np.mean(found["shifted.gray"])


def test_numbers_that_are_not_finite_are_left_out(finished, monkeypatch):
    given = {"a": float("nan"), "b": [1.0, float("inf")], "c": [float("nan")], "d": np.float32(2)}
    monkeypatch.setitem(MEASURES, "split", lambda trained: given)
    assert measure_run(finished, ["split"]) == ({"split": {"b": [1.0], "d": 2.0}}, {})


def test_measuring_can_be_stopped_and_names_are_checked(finished):
    assert measure_run(finished, stop=lambda: True) is None
    with pytest.raises(ConfigError, match="unknown measure 'luck'. Choose from retention"):
        measure_run(finished, ["luck"])


@pytest.fixture
def imported(faces, tmp_path):
    """A run on an imported domain alone: nobody can make an outline of a photograph."""
    small = replace(FROM_IMPORTS, size=32)
    import_folders(tmp_path / "set", faces, faces, small, domain="outline")
    config = train_config({**TINY, "phases": ["outline:3", "outline:2"]})
    list(nekogao.train(tmp_path / "run", tmp_path / "set", config))
    return tmp_path / "run"


def test_an_imported_domain_has_every_number_or_the_reason_why_not(imported):
    numbers, absent = measure_run(imported, list(MEASURES))
    for name in ("memory.outline-moved", "copied.outline-moved"):
        assert len(numbers["memory"][name]) == 4 * 6, "each face, moved in six ways"
    assert "output-distance.outline-moved" in numbers["law"]
    assert 0 < numbers["law"]["constant.outline-moved"] <= 1
    assert numbers["retention"]["skill.outline"] and numbers["variations"]["rotated.outline"]
    for measure in MEASURES:
        assert numbers[measure] or absent[measure], measure
    assert "fed back" in absent["attractors"]["outline"]
    assert "outline-moved has" in absent["memory"]["outline"]
    assert absent["jacobian"] == {
        "gray": "the pair set has no domain gray, whose loop alone has a derivative"
    }
    assert set(absent["held-out"]) == {"outline"} and "split" in absent


def test_a_set_whose_sources_can_be_made_lacks_nothing(finished):
    assert measure_run(finished, ["memory", "law", "attractors", "held-out"]).absent == {}
