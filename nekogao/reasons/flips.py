"""Flips: the smallest change of a picture after which another face comes out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nekogao.measures import interventions
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.reasons.answers import Answer
from nekogao.reasons.subject import Subject, unit

MORPH_STEPS = 20
"""Morphs looked at between a picture and the runner-up's, before bisection."""
_SCANNED = 16
"""Amounts of every change looked at, before bisection."""
_BRIGHTEST = 0.5
"""The largest change of brightness looked at, on [0, 1]."""
_FARTHEST = 8
"""Shifts go up to this fraction of the shorter side: an eighth."""
_HALVINGS = 5


@dataclass(frozen=True)
class Flip:
    """A changed picture and the face that comes out for it."""

    kind: str
    """`morph`, or a key of CHANGES."""
    amount: float
    """A share of the way for morphs, brightness on [0, 1], pixels for shifts."""
    face: int
    towards: int | None
    """The face morphed to; None for other changes."""
    change: float
    """Mean absolute change of the picture, on [0, 1]."""
    picture: Picture
    output: Picture


def _across(picture: Picture, pixels: float) -> Picture:
    return interventions.shift(picture, pixels / picture.shape[1])


def _down(picture: Picture, pixels: float) -> Picture:
    return _across(np.ascontiguousarray(picture.swapaxes(0, 1)), pixels).swapaxes(0, 1)


def _brighten(picture: Picture, amount: float) -> Picture:
    return interventions.brighten(picture, amount)


CHANGES: dict[str, Callable[[Picture, float], Picture]] = {
    "brighter": _brighten,
    "darker": lambda picture, amount: _brighten(picture, -amount),
    "to the right": _across,
    "to the left": lambda picture, pixels: _across(picture, -pixels),
    "down": _down,
    "up": lambda picture, pixels: _down(picture, -pixels),
}
"""How a picture is changed by an amount: brightness on [0, 1], or whole pixels."""


def morph(subject: Subject, answer: Answer) -> Flip | None:
    """The first flip on the way to the runner-up's picture; None where there is none.

    For ready sources the way leads to the runner-up's source.
    """
    if answer.runner_up is None:
        return None
    ends = subject.faces.targets if subject.domain else subject.faces.sources
    start, end = answer.picture, images.rgb(ends[answer.runner_up])
    t = interventions.flip_point(
        lambda mixed: subject.winners([mixed])[0], start, end, MORPH_STEPS
    )
    if t is None:
        return None
    return _flip(
        subject, "morph", t, interventions.morph(start, end, t), start, towards=answer.runner_up
    )


def smallest(subject: Subject, answer: Answer) -> Flip | None:
    """The least change of brightness or place that flips the answer, by mean absolute change.

    None where none of those looked at does.
    """
    start = answer.picture
    found = {kind: _first(subject, answer, start, kind) for kind in CHANGES}
    changed = {
        kind: (amount, CHANGES[kind](start, amount))
        for kind, amount in found.items()
        if amount is not None
    }
    if not changed:
        return None
    kind = min(changed, key=lambda kind: _change(changed[kind][1], start))
    return _flip(subject, kind, *changed[kind], start)


def again(subject: Subject, answer: Answer, kind: str, amount: float) -> Flip:
    """A flip that was found before: its pictures are made again."""
    start = answer.picture
    if kind != "morph":
        return _flip(subject, kind, amount, CHANGES[kind](start, amount), start)
    assert answer.runner_up is not None
    ends = subject.faces.targets if subject.domain else subject.faces.sources
    mixed = interventions.morph(start, images.rgb(ends[answer.runner_up]), amount)
    return _flip(subject, kind, amount, mixed, start, towards=answer.runner_up)


def _amounts(subject: Subject, kind: str) -> list[float]:
    if kind in ("brighter", "darker"):
        return np.linspace(0, _BRIGHTEST, _SCANNED + 1)[1:].tolist()
    farthest = subject.size.shorter // _FARTHEST
    return sorted({float(round(pixels)) for pixels in np.linspace(1, farthest, _SCANNED)})


def _first(subject: Subject, answer: Answer, start: Picture, kind: str) -> float | None:
    """The smallest amount that flips, by a scan, and for brightness by bisection."""
    change, amounts = CHANGES[kind], _amounts(subject, kind)
    winners = subject.winners([change(start, amount) for amount in amounts])
    hit = next((i for i, face in enumerate(winners) if face != answer.face), None)
    if hit is None or kind not in ("brighter", "darker"):
        return None if hit is None else amounts[hit]
    low, high = (amounts[hit - 1] if hit else 0.0), amounts[hit]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        flipped = subject.winners([change(start, middle)])[0] != answer.face
        low, high = (low, middle) if flipped else (middle, high)
    return high


def _flip(
    subject: Subject,
    kind: str,
    amount: float,
    picture: Picture,
    start: Picture,
    towards: int | None = None,
) -> Flip:
    (output,) = subject.outputs([picture])
    return Flip(
        kind=kind,
        amount=amount,
        face=subject.winner(output),
        towards=towards,
        change=_change(picture, start),
        picture=picture,
        output=images.from_unit(output),
    )


def _change(picture: Picture, start: Picture) -> float:
    """Mean absolute change of a picture, on [0, 1]."""
    return float(np.abs(unit(picture) - unit(start)).mean())
