"""Measures of a run on pictures that it never saw: memory, the law, attractors, held-out faces."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from nekogao.pictures import images
from nekogao.pictures.domains import IMPORTED
from nekogao.pictures.images import Picture
from nekogao.studies.trained import Numbers, Trained


def measure_memory(trained: Trained) -> Numbers:
    """Of outputs for unseen pictures: how near a face, how much memory, how much copy."""
    from nekogao.measures import composition as memory

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
    from nekogao.measures import law

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
    from nekogao.measures import attractors

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
    from nekogao.measures import attractors
    from nekogao.measures.closed_loop import Loop

    about = trained.pairs.header.domains.get("gray")
    if about is None or about.kind == IMPORTED:
        return {}
    loop = Loop(trained.last, about)
    rest = attractors.settle(loop.smooth, trained.targets)
    points = [end[None] for end, kind in zip(rest.end, rest.kind, strict=True) if kind == "fixed"]
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
    from nekogao.measures import law

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
    from nekogao.measures import law

    targets, sources = trained.unit(trained.targets), trained.make("gray", pictures)
    outputs = trained.unit(trained.outputs(sources))
    scores = law.scores(trained.last, trained.sources("gray"), sources)
    winners = np.array([law.winner(output, targets) for output in outputs])
    return winners, {name: scores[name].argmin(axis=1) for name in _TRUSTED}


_OTHERS = 20
"""Drawn faces that no run was trained on."""


def measure_held_out(trained: Trained) -> Numbers:
    """Skill on drawn faces that were never trained, beside the mean of the trained ones.

    1 - d(output, face) / d(mean of the trained targets, face): above 0 where the mapping itself
    was learned, so far as it helps with faces like these.
    """
    from nekogao.pictures import characters

    # Another seed than that of any set that a study draws.
    others = [face for _, face in characters.many_faces(_OTHERS, trained.pairs.size, seed=2**32)]
    wanted = trained.unit(images.to_tensor(others))
    mean = trained.unit(trained.targets).mean(axis=0)
    reference = np.abs(mean - wanted).mean(axis=(1, 2, 3))
    found: Numbers = {}
    for domain in trained.domains:
        if trained.pairs.header.domains[domain].kind == IMPORTED:
            continue
        sources = trained.make(domain, others)
        error = np.abs(trained.unit(trained.outputs(sources)) - wanted).mean(axis=(1, 2, 3))
        found[f"skill.{domain}"] = (1 - error / reference).tolist()
    return found
