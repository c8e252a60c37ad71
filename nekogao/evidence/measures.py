"""What is measured of a finished run: a table of measures, each a function of the run.

A measure gives numbers by name. A list holds a number an image; its mean is the measure, and
intervals resample it too. A number that is not defined for the run is absent.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nekogao.data import images
from nekogao.data.domains import IMPORTED
from nekogao.data.images import Picture
from nekogao.errors import ConfigError
from nekogao.evidence.trained import Trained
from nekogao.training import measurements

Numbers = dict[str, float | list[float]]
Measure = Callable[[Trained], Mapping[str, Any]]


def measure_run(
    folder: Path, names: Sequence[str] = ("retention",), stop: Callable[[], bool] = lambda: False
) -> dict[str, Numbers] | None:
    """The measures named, of a finished run; None where `stop` said so between two of them.

    Raises RunError where there is no run, ConfigError for an unknown measure.
    """
    check_names(names)
    trained, found = Trained(folder), {}
    for name in names:
        if stop():
            return None
        found[name] = _finite(MEASURES[name](trained))
    return found


def check_names(names: Sequence[str]) -> None:
    """Raise ConfigError for a measure that is not in the table, or is named twice."""
    for name in names:
        if name not in MEASURES:
            raise ConfigError(f"unknown measure {name!r}. Choose from {', '.join(MEASURES)}.")
    if len(set(names)) < len(names):
        raise ConfigError(f"measures = {list(names)}: one is named twice. Name each once.")


def _finite(numbers: Mapping[str, Any]) -> Numbers:
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
    from nekogao.evidence import retention

    domains, spans = trained.domains, trained.schedule.spans
    matrix, before = retention.retention_matrix(trained.rows, domains)
    found: Numbers = {}
    for domain in domains:
        outputs = trained.unit(trained.outputs(trained.sources(domain)))
        targets = trained.unit(trained.targets)
        found[f"skill.{domain}"] = measurements.skill(outputs, targets).tolist()
        same = measurements.identity(outputs, targets)
        found[f"identity.{domain}"] = same.astype(float).tolist()
    lost = retention.forgetting(matrix)
    found |= {f"forgetting.{name}": float(lost[i]) for i, name in enumerate(domains)}
    order = [domains.index(span.domains[0]) for span in spans if len(span.domains) == 1]
    if len(order) == len(spans) > 1:
        found["backward-transfer"] = retention.backward_transfer(matrix, order)
        found["forward-transfer"] = retention.forward_transfer(matrix, before, order)
    for domain, phase in _left_behind(trained).items():
        rows = [row for row in trained.rows if row["domain"] == domain]
        after = [row for row in rows if row["step"] >= spans[phase - 1].stop]
        steps, skills = [row["step"] for row in after], [row["skill"] for row in after]
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
    from nekogao.evidence import normalisation

    found: Numbers = {}
    for domain, phase in _left_behind(trained).items():
        split = normalisation.split(
            trained.generator(phase), trained.last, trained.sources(domain), trained.targets
        )
        for name in ("statistics_part", "weights_part", "skill_before", "skill_own",
                     "skill_recomputed"):  # fmt: skip
            found[f"{name.replace('_', '-')}.{domain}"] = float(getattr(split, name))
    return found


def measure_memory(trained: Trained) -> Numbers:
    """Of outputs for unseen pictures: how near a face, how much memory, how much copy."""
    from nekogao.evidence import memory

    targets = trained.unit(trained.targets)
    found: Numbers = {}
    for domain in trained.unseen_domains:
        sources = trained.unseen_sources(domain)
        outputs, given = trained.unit(trained.outputs(sources)), trained.unit(sources)
        seen = [memory.memory(o, targets, g) for o, g in zip(outputs, given, strict=True)]
        found[f"ratio.{domain}"] = [m.ratio for m in seen]
        found[f"memory.{domain}"] = [m.span.r2 for m in seen]
        found[f"copied.{domain}"] = [m.copied for m in seen]
        found[f"effective.{domain}"] = [m.span.effective for m in seen]
    return found


def measure_law(trained: Trained) -> Numbers:
    """How often each predictor names the winner of an unseen picture."""
    from nekogao.evidence import law

    targets = trained.unit(trained.targets)
    found: Numbers = {}
    for domain in trained.unseen_domains:
        sources = trained.unseen_sources(domain)
        winners = np.array(
            [law.winner(o, targets) for o in trained.unit(trained.outputs(sources))]
        )
        found[f"constant.{domain}"] = law.constant_baseline(winners)
        found[f"winners.{domain}"] = float(len(set(winners.tolist())))
        for name, distances in law.scores(trained.last, trained.sources(domain), sources).items():
            right = distances.argmin(axis=1) == winners
            found[f"{name}.{domain}"] = right.astype(float).tolist()
    return found


def measure_attractors(trained: Trained) -> Numbers:
    """Residual of the closed loop at the stored faces, and where unseen pictures settle."""
    from nekogao.evidence import attractors

    found: Numbers = {}
    for domain in trained.unseen_domains:
        turn = partial(trained.turn, domain=domain)
        found[f"residual.{domain}"] = attractors.residual(turn, trained.targets).tolist()
        ends = attractors.settle(turn, trained.outputs(trained.unseen_sources(domain)))
        kinds = attractors.classify(ends, trained.targets)
        for kind in ("stored", "spurious", "cycle", "unconverged"):
            found[f"{kind}.{domain}"] = [float(k == kind) for k in kinds]
    return found


_PRODUCTS = 40
"""Iterations for a spectral radius or a singular value."""


def measure_jacobian(trained: Trained) -> Numbers:
    """The closed loop's derivative where it rests: below 1, a face attracts.

    At each stored face the loop in gray is run to its end; there the spectral radius and the
    largest singular value are taken. Faces whose loop does not stand still have neither.
    """
    from nekogao.evidence import attractors
    from nekogao.evidence.closed_loop import Loop

    about = trained.pairs.header.domains.get("gray")
    if about is None or about.kind == IMPORTED:
        return {}
    loop = Loop(trained.last, about)
    rest = attractors.settle(loop.smooth, trained.targets)
    points = [
        end[None] for end, kind in zip(rest.end, rest.kind, strict=True) if kind == "fixed"
    ]
    return {
        "resting": [float(kind == "fixed") for kind in rest.kind],
        "spectral-radius": [attractors.spectral_radius(loop.smooth, p, _PRODUCTS) for p in points],
        "singular-value": [
            attractors.largest_singular_value(loop.smooth, p, _PRODUCTS) for p in points
        ],
    }


_AMOUNTS = {"brighten": 0.2, "blur": 3.0, "shift": 0.2, "flip": 1.0}
"""How much each intervention changes an unseen picture."""
_TRUSTED = ("decoder-input-share", "pixels")
"""Predictors that must follow the winner when a picture is changed: the law's, and a control."""


def measure_interventions(trained: Trained) -> Numbers:
    """Whether a predictor follows the winner when unseen pictures are changed, in gray.

    `moved` is the share of pictures whose winner moved. Of these, `followed` is the share whose
    new winner is the predictor's new answer; of the pictures for which the predictor's answer
    stays, `stayed` is the share whose winner stayed.
    """
    from nekogao.evidence import law

    if "gray" not in trained.unseen_domains:
        return {}
    before, foretold = _answers(trained, trained.unseen)
    found: Numbers = {}
    for name, amount in _AMOUNTS.items():
        changed = [law.INTERVENTIONS[name](picture, amount) for picture in trained.unseen]
        after, again = _answers(trained, changed)
        moved = after != before
        found[f"moved.{name}"] = moved.astype(float).tolist()
        for predictor in _TRUSTED:
            right, still = again[predictor] == after, again[predictor] == foretold[predictor]
            found[f"followed.{name}.{predictor}"] = right[moved].astype(float).tolist()
            found[f"stayed.{name}.{predictor}"] = (~moved)[still].astype(float).tolist()
    return found


def _answers(trained: Trained, pictures: Sequence[Picture]) -> tuple[Any, dict[str, Any]]:
    """The winners for pictures in gray, and what the trusted predictors foretell."""
    from nekogao.evidence import law

    make, targets = trained.pairs.header.domains["gray"], trained.unit(trained.targets)
    sources = images.to_tensor([make.source(picture) for picture in pictures])
    outputs = trained.unit(trained.outputs(sources))
    scores = law.scores(trained.last, trained.sources("gray"), sources)
    winners = np.array([law.winner(output, targets) for output in outputs])
    return winners, {name: scores[name].argmin(axis=1) for name in _TRUSTED}


def measure_variations(trained: Trained) -> Numbers:
    """Skill on varied sources of the trained faces, and on domains that were never trained.

    Where a variation moves things, `-moved` scores against the targets that were moved alike.
    """
    from nekogao.evidence import variations

    targets = [trained.pairs.picture(i, "target") for i in trained.chosen]
    found: Numbers = {}
    for domain in trained.domains:
        sources = [trained.pairs.picture(i, domain) for i in trained.chosen]
        about = trained.pairs.header.domains[domain]
        contours = variations.CONTOURS if about.kind == "edges" else {}
        for name, vary in {**variations.VARIATIONS, **contours}.items():
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


_OTHERS = 20
"""Drawn faces that no run was trained on."""


def measure_held_out(trained: Trained) -> Numbers:
    """Skill on drawn faces that were never trained, beside the mean of the trained ones.

    1 - d(output, face) / d(mean of the trained targets, face): above 0 where the mapping itself
    was learned, so far as it helps with faces like these.
    """
    from nekogao.data import samples

    # Another seed than that of any set that a study draws.
    others = [face for _, face in samples.many_faces(_OTHERS, trained.pairs.size, seed=2**32)]
    wanted = trained.unit(images.to_tensor(others))
    mean = trained.unit(trained.targets).mean(axis=0)
    reference = np.abs(mean - wanted).mean(axis=(1, 2, 3))
    found: Numbers = {}
    for domain in trained.domains:
        about = trained.pairs.header.domains[domain]
        if about.kind == IMPORTED:
            continue
        sources = images.to_tensor([about.source(face) for face in others])
        error = np.abs(trained.unit(trained.outputs(sources)) - wanted).mean(axis=(1, 2, 3))
        found[f"skill.{domain}"] = (1 - error / reference).tolist()
    return found


MEASURES: dict[str, Measure] = {
    "retention": measure_retention,
    "split": measure_split,
    "memory": measure_memory,
    "law": measure_law,
    "interventions": measure_interventions,
    "attractors": measure_attractors,
    "jacobian": measure_jacobian,
    "variations": measure_variations,
    "held-out": measure_held_out,
}
"""Name in a study file -> the measure."""
