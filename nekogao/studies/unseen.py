"""Measures of a run on pictures that it never saw: memory, the law, attractors, held-out faces."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nekogao.measures import attractors, law
from nekogao.measures.comparisons import Distances
from nekogao.measures.interventions import INTERVENTIONS
from nekogao.measures.views import of_picture
from nekogao.models.composition import composition
from nekogao.models.settling import settle
from nekogao.pictures import characters, images
from nekogao.pictures.images import Picture
from nekogao.studies.absent import reasons
from nekogao.studies.trained import Numbers, Trained


def measure_memory(trained: Trained) -> Numbers:
    """Of outputs for unseen pictures: how near a face, how much memory, how much copy."""
    targets = images.to_unit(trained.targets)
    found: Numbers = {}
    for _, name, sources in trained.unseen_sources():
        outputs, given = images.to_unit(trained.last.outputs(sources)), images.to_unit(sources)
        seen = [composition(o, targets, g) for o, g in zip(outputs, given, strict=True)]
        found[f"ratio.{name}"] = [m.ratio for m in seen]
        found[f"memory.{name}"] = [m.span.r2 for m in seen]
        found[f"copied.{name}"] = [m.copied for m in seen]
        found[f"effective.{name}"] = [m.span.effective for m in seen]
    return found


def measure_law(trained: Trained) -> Numbers:
    """How often each predictor names the winner of an unseen picture."""
    found: Numbers = {}
    for domain, name, sources in trained.unseen_sources():
        winners, compared = _compared(trained, domain, sources)
        found[f"constant.{name}"] = law.constant_baseline(winners)
        found[f"winners.{name}"] = float(len(set(winners.tolist())))
        for predictor, distances in compared.items():
            right = distances.argmin(axis=1) == winners
            found[f"{predictor}.{name}"] = right.astype(float).tolist()
    return found


def measure_attractors(trained: Trained) -> Numbers:
    """Residual of the closed loop at the stored faces, and where unseen pictures settle."""
    found: Numbers = {}
    for domain in trained.unseen_domains:
        turn = partial(trained.turn, domain=domain)
        found[f"residual.{domain}"] = attractors.residual(turn, trained.targets).tolist()
        ends = settle(turn, trained.last.outputs(trained.make(domain, trained.unseen)))
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
    if reasons(trained, "jacobian"):
        return {}
    turn = trained.last.smooth(trained.pairs.header.domains["gray"])
    rest = settle(turn, trained.targets)
    points = [end[None] for end, kind in zip(rest.end, rest.kind, strict=True) if kind == "fixed"]
    return {
        "resting": [float(kind == "fixed") for kind in rest.kind],
        "spectral-radius": [attractors.spectral_radius(turn, p, _PRODUCTS) for p in points],
        "singular-value": [attractors.largest_singular_value(turn, p, _PRODUCTS) for p in points],
    }


_CHANGES = (0.005, 0.02, 0.05)
"""Root mean squares, on [0, 1], of the random changes that a turn through edges is given."""
_DIRECTIONS = 4


def measure_gain(trained: Trained) -> Numbers:
    """What one turn of the loop through edges leaves of a random change, where it rests.

    Canny's edges have no derivative, so finite changes of three sizes are tried at each stored
    face whose loop stands still. Above 1 a change grows.
    """
    if reasons(trained, "gain"):
        return {}
    turn = partial(trained.turn, domain="edges")
    rest = settle(turn, trained.targets)
    points = [end[None] for end, kind in zip(rest.end, rest.kind, strict=True) if kind == "fixed"]
    gains = [
        attractors.finite_difference_gain(turn, point, _CHANGES, _DIRECTIONS) for point in points
    ]
    found: Numbers = {"resting": [float(kind == "fixed") for kind in rest.kind]}
    for size in _CHANGES:
        found[f"gain-{size:g}"] = [float(gain[size].mean()) for gain in gains]
    return found


def _compared(
    trained: Trained, domain: str, sources: Tensor
) -> tuple[NDArray[np.intp], dict[str, Distances]]:
    """The winner for each source of a domain, and every predictor's distances."""
    outputs, inside = trained.last.look(sources)
    winners = np.array([trained.basis.winner(output) for output in images.to_unit(outputs)])
    return winners, trained.comparisons(domain).distances(of_picture(sources) | inside)


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
    if "gray" not in trained.unseen_domains:
        return {}
    before, predicted = _answers(trained, trained.unseen)
    found: Numbers = {}
    for name, amount in _AMOUNTS.items():
        changed = [INTERVENTIONS[name](picture, amount) for picture in trained.unseen]
        after, again = _answers(trained, changed)
        moved = after != before
        found[f"moved.{name}"] = moved.astype(float).tolist()
        for predictor in predicted:
            right, still = again[predictor] == after, again[predictor] == predicted[predictor]
            found[f"followed.{name}.{predictor}"] = right[moved].astype(float).tolist()
            found[f"stayed.{name}.{predictor}"] = (~moved)[still].astype(float).tolist()
    return found


def _answers(
    trained: Trained, pictures: Sequence[Picture]
) -> tuple[NDArray[np.intp], dict[str, NDArray[np.intp]]]:
    """The winners for pictures in gray, and what the trusted predictors foretell."""
    winners, compared = _compared(trained, "gray", trained.make("gray", pictures))
    return winners, {name: compared[name].argmin(axis=1) for name in _TRUSTED if name in compared}


_OTHERS = 20
"""Drawn faces that no run was trained on."""


def measure_held_out(trained: Trained) -> Numbers:
    """Skill on drawn faces that were never trained, beside the mean of the trained ones.

    1 - d(output, face) / d(mean of the trained targets, face): above 0 where the mapping itself
    was learned, so far as it helps with faces like these.
    """
    # Another seed than that of any set that a study draws.
    others = [face for _, face in characters.many_faces(_OTHERS, trained.pairs.size, seed=2**32)]
    wanted = images.to_unit(images.to_tensor(others))
    mean = images.to_unit(trained.targets).mean(axis=0)
    reference = np.abs(mean - wanted).mean(axis=(1, 2, 3))
    found: Numbers = {}
    for domain in trained.domains:
        if trained.pairs.header.domains[domain].imported:
            continue
        sources = trained.make(domain, others)
        error = np.abs(images.to_unit(trained.last.outputs(sources)) - wanted).mean(axis=(1, 2, 3))
        found[f"skill.{domain}"] = (1 - error / reference).tolist()
    return found
