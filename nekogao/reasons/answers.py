"""Answers: what came out for a picture, what it is made of, and what each level finds nearest."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nekogao.measures.views import of_picture
from nekogao.models.composition import Composition, UnitPicture, UnitPictures, composition
from nekogao.models.settling import settle
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.reasons.subject import Subject, shown, unit

LOW_R2 = 0.5
"""An output of which less than this is explained by the faces is not made of them."""
_CHUNK = 16
"""Pictures that are asked about at a time."""


@dataclass(frozen=True)
class Settling:
    """Where the closed loop ends: the output fed back through the domain again and again."""

    output: Picture
    turns: int
    """How often the output was fed back."""
    kind: str
    """fixed, cycle or unconverged."""
    face: int
    """The face with the largest share in the end."""
    distance: float
    """MAE from the nearest face, on [0, 1]."""
    stored: bool
    """Whether it is so near a face that no other face can be nearer."""


@dataclass(frozen=True)
class Finding:
    """What one predictor finds nearest to a picture."""

    face: int
    distance: float
    place: int
    """How many faces it finds nearer than the one that came out; 0 where it agrees."""


@dataclass(frozen=True)
class Answer:
    """What the network made of one picture."""

    path: Path
    picture: Picture
    """The input, brought to the network's size."""
    source: Picture
    output: Picture
    face: int
    """The face that came out: the one with the largest share."""
    runner_up: int | None
    """The face with the next largest share; None where there is but one face."""
    made_of: Composition
    settling: Settling | None
    """None for ready sources, through which nothing can be fed back."""
    findings: dict[str, Finding]
    """Predictor -> what it finds."""
    features: NDArray[np.float32]
    """What the network computes for the picture, in the view that the map shows."""

    @property
    def share(self) -> float:
        """The winner's share of the output."""
        return float(self.made_of.span.weights[self.face])

    @property
    def oddities(self) -> list[str]:
        """Why this picture is an outlier, in words; empty where it is none."""
        found = []
        if self.settling and self.settling.kind != "fixed":
            found.append("never settles" if self.settling.kind != "cycle" else "ends in a cycle")
        elif self.settling and not self.settling.stored:
            found.append("spurious: settles away from every training face")
        if self.made_of.span.r2 < LOW_R2:
            found.append("not made of the training faces")
        return found


def ask(subject: Subject, view: str, named: Iterable[tuple[Path, Picture]]) -> Iterator[Answer]:
    """Show pictures to the network, a few at a time; only what is fitted to it is kept.

    Args:
        subject: The network.
        view: The view whose features are kept, for the map.
        named: Where each picture comes from, and the picture, uint8 h w 3, of any size.
    """
    remaining = iter(named)
    while chunk := [
        (path, images.fit(picture, subject.size, "stretch"))
        for path, picture in islice(remaining, _CHUNK)
    ]:
        yield from _ask(subject, view, chunk)


def _ask(subject: Subject, view: str, fitted: Sequence[tuple[Path, Picture]]) -> Iterator[Answer]:
    """Everything about a chunk of pictures, the network's passes made once for all of them."""
    sources = subject.sources([picture for _, picture in fitted])
    outputs, inside = subject.translator.look(sources)
    seen = of_picture(sources) | inside
    distances = subject.comparisons.distances(seen)
    ends = _settle(subject, outputs)
    drawn, made = images.from_tensor(sources), shown(outputs)
    for i, (path, picture) in enumerate(fitted):
        made_of = composition(made[i], subject.targets, unit(drawn[i]))
        face = subject.winner(made[i])
        order = np.argsort(-np.asarray(made_of.span.weights), kind="stable").tolist()
        others = [other for other in order if other != face]
        yield Answer(
            path=path,
            picture=picture,
            source=drawn[i],
            output=images.from_unit(made[i]),
            face=face,
            runner_up=others[0] if others else None,
            made_of=made_of,
            settling=ends[i],
            findings={
                name: Finding(
                    int(d[i].argmin()), float(d[i].min()), int((d[i] < d[i, face]).sum())
                )
                for name, d in distances.items()
            },
            features=seen[view][i].numpy().copy(),
        )


def _settle(subject: Subject, outputs: Tensor) -> list[Settling | None]:
    if subject.domain is None:
        return [None] * len(outputs)
    settled = settle(subject.turn, outputs)
    return [
        _settling(subject, end, turns, kind)
        for end, turns, kind in zip(shown(settled.end), settled.turns, settled.kind, strict=True)
    ]


def _settling(subject: Subject, end: UnitPicture, turns: int, kind: str) -> Settling:
    distances = np.abs(subject.targets - end).mean(axis=(1, 2, 3))
    nearest = int(distances.argmin())
    return Settling(
        output=images.from_unit(end),
        turns=turns,
        kind=kind,
        face=subject.winner(end),
        distance=float(distances[nearest]),
        stored=float(distances[nearest]) <= reach(subject.targets, nearest),
    )


def reach(targets: UnitPictures, face: int) -> float:
    """Half the MAE from a face to the next one: whatever is nearer to it is nearer to no other.

    A single face is compared with mid-gray.
    """
    others = np.delete(targets, face, axis=0)
    if not len(others):
        others = np.full_like(targets, 0.5)
    return float(np.abs(others - targets[face]).mean(axis=(1, 2, 3)).min()) / 2
