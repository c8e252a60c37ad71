"""What is measured of a finished run: a table of measures, each a function of the run.

A measure gives numbers by name. A list holds one number per image; its mean is the measure, and
intervals resample it too. A number that is not defined for the run is absent.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nekogao.errors import ConfigError
from nekogao.measures import normalisation, quality, retention, variations
from nekogao.pictures import images
from nekogao.pictures.domains import LINES
from nekogao.studies import unseen
from nekogao.studies.absent import Reasons, reasons
from nekogao.studies.refusals import check_measure
from nekogao.studies.trained import Numbers, Trained

Measure = Callable[[Trained], Numbers]


class Measured(NamedTuple):
    """What was measured of a run, and what could not be."""

    numbers: dict[str, Numbers]
    """Measure -> its numbers."""
    absent: dict[str, Reasons]
    """Measure -> numbers that it does not have, and why; only measures that lack some."""


def measure_run(
    folder: Path, names: Sequence[str] = ("retention",), stop: Callable[[], bool] = lambda: False
) -> Measured | None:
    """The measures named, of a finished run; None where `stop` said so between two of them.

    Raises RunError where there is no run, ConfigError for an unknown measure.
    """
    check_names(names)
    trained, found = Trained(folder), Measured({}, {})
    for name in names:
        if stop():
            return None
        found.numbers[name] = _finite(MEASURES[name](trained))
        if why := reasons(trained, name):
            found.absent[name] = why
    return found


def check_names(names: Sequence[str]) -> None:
    """Raise ConfigError for a measure that is refused, not in the table, or named twice."""
    for name in names:
        check_measure(name)
        if name not in MEASURES:
            raise ConfigError(f"unknown measure {name!r}. Choose from {', '.join(MEASURES)}.")
    if len(set(names)) < len(names):
        raise ConfigError(f"measures = {list(names)}: one is named twice. Name each once.")


def _finite(numbers: Mapping[str, float | list[float]]) -> Numbers:
    """Plain numbers, of which those that are not finite are left out."""
    found: Numbers = {}
    for name, value in numbers.items():
        if isinstance(value, (list, tuple, np.ndarray)):
            kept = [float(v) for v in value if math.isfinite(v)]
            if kept:
                found[name] = kept
        elif math.isfinite(value):
            found[name] = float(value)
    return found


def measure_retention(trained: Trained) -> Numbers:
    """Skill at the end on the probe, image by image, and how it came to that."""
    domains, spans = trained.domains, trained.schedule.spans
    matrix, before = retention.retention_matrix(trained.rows, domains)
    found: Numbers = {}
    for domain in domains:
        outputs = images.to_unit(trained.last.outputs(trained.sources(domain)))
        targets = images.to_unit(trained.targets)
        found[f"skill.{domain}"] = quality.skill(outputs, targets).tolist()
        same = quality.identity(outputs, targets)
        found[f"identity.{domain}"] = same.astype(float).tolist()
    lost = retention.forgetting(matrix)
    found |= {f"forgetting.{name}": float(lost[i]) for i, name in enumerate(domains)}
    order = [domains.index(span.domains[0]) for span in spans if len(span.domains) == 1]
    if len(order) == len(spans) > 1:
        found["backward-transfer"] = retention.backward_transfer(matrix, order)
        found["forward-transfer"] = retention.forward_transfer(matrix, before, order)
    for domain, phase in _left_behind(trained).items():
        rows = [row for row in trained.rows if row.domain == domain]
        after = [row for row in rows if row.step >= spans[phase - 1].stop]
        steps, skills = [row.step for row in after], [row.skill for row in after]
        found[f"half-life.{domain}"] = retention.half_life(steps, skills)
    for number, row in enumerate(matrix, 1):
        for i, domain in enumerate(domains):
            found[f"after-{number}.{domain}"] = float(row[i])
    return found


def _left_behind(trained: Trained) -> dict[str, int]:
    """Domains that were trained, but not in the last phase -> the last phase that did, from 1."""
    spans = trained.schedule.spans
    last = {domain: span.number for span in spans for domain in span.domains}
    return {domain: number for domain, number in last.items() if number < len(spans)}


def measure_split(trained: Trained) -> Numbers:
    """Forgetting of each domain left behind, split into statistics and weights."""
    found: Numbers = {}
    for domain, phase in _left_behind(trained).items():
        split = normalisation.split(
            trained.translator(phase), trained.last, trained.sources(domain), trained.targets
        )
        for name in ("statistics_part", "weights_part", "skill_before", "skill_own",
                     "skill_recomputed"):  # fmt: skip
            found[f"{name.replace('_', '-')}.{domain}"] = float(getattr(split, name))
    return found


def measure_variations(trained: Trained) -> Numbers:
    """Skill on varied sources of the trained faces, and on domains that were never trained.

    Where a variation moves things, `-moved` scores against the targets that were moved alike.
    """
    targets = [trained.pairs.picture(i, "target") for i in trained.chosen]
    found: Numbers = {}
    for domain in trained.domains:
        sources = [trained.pairs.picture(i, domain) for i in trained.chosen]
        about = trained.pairs.header.domains[domain]
        edges = variations.EDGES if about.kind in LINES else {}
        for name, vary in {**variations.VARIATIONS, **edges}.items():
            varied = [vary(source) for source in sources]
            found[f"{name}.{domain}"] = trained.skill(varied, targets)
            if name in variations.GEOMETRIC:
                moved = [vary(target) for target in targets]
                found[f"{name}-moved.{domain}"] = trained.skill(varied, moved)
        for name, make in variations.thresholds(about).items():
            found[f"{name}.{domain}"] = trained.skill([make(t) for t in targets], targets)
    for name, make in variations.UNTRAINED.items():
        found[name] = trained.skill([make(target) for target in targets], targets)
    return found


MEASURES: dict[str, Measure] = {
    "retention": measure_retention,
    "split": measure_split,
    "memory": unseen.measure_memory,
    "law": unseen.measure_law,
    "interventions": unseen.measure_interventions,
    "attractors": unseen.measure_attractors,
    "jacobian": unseen.measure_jacobian,
    "gain": unseen.measure_gain,
    "variations": measure_variations,
    "held-out": unseen.measure_held_out,
}
"""Name in a study file -> the measure."""
