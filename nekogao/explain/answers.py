"""Answers: what came out for a picture, what it is made of, and what each level finds nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nekogao.explain.subject import Subject, Unit, unit
from nekogao.measures import attractors, law
from nekogao.measures import composition as memory
from nekogao.measures.composition import Memory
from nekogao.pictures import images
from nekogao.pictures.images import Picture

LOW_R2 = 0.5
"""An output of which less than this is explained by the faces is not made of them."""


@dataclass(frozen=True)
class Settling:
    """Where the closed loop ends: the output fed back through the domain again and again."""

    output: Picture
    steps: int
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
    memory: Memory
    settling: Settling | None
    """None for ready sources, through which nothing can be fed back."""
    findings: dict[str, Finding]
    """Predictor -> what it finds."""

    @property
    def share(self) -> float:
        """The winner's share of the output."""
        return float(self.memory.span.weights[self.face])

    @property
    def oddities(self) -> list[str]:
        """Why this picture is an outlier, in words; empty where it is none."""
        found = []
        if self.settling and self.settling.kind != "fixed":
            found.append("never settles" if self.settling.kind != "cycle" else "ends in a cycle")
        elif self.settling and not self.settling.stored:
            found.append("spurious: settles away from every training face")
        if self.memory.span.r2 < LOW_R2:
            found.append("not made of the training faces")
        return found


def ask(subject: Subject, named: Sequence[tuple[Path, Picture]]) -> list[Answer]:
    """Show pictures to the network."""
    if not named:
        return []
    fitted = [images.fit(picture, subject.size, "stretch") for _, picture in named]
    outputs = subject.outputs(fitted)
    sources = [subject.source(picture) for picture in fitted]
    distances, ends = _distances(subject, sources), _settle(subject, outputs)
    rows = [{name: d[i] for name, d in distances.items()} for i in range(len(named))]
    return [
        _answer(subject, path, picture, source, output, row, end)
        for (path, _), picture, source, output, row, end in zip(
            named, fitted, sources, outputs, rows, ends, strict=True
        )
    ]


def _distances(subject: Subject, sources: Sequence[Picture]) -> dict[str, np.ndarray]:
    """Predictor -> distance of each source (row) from each face's (column)."""
    return law.scores(subject.generator, subject.sources, images.to_tensor(sources))


def _answer(
    subject: Subject,
    path: Path,
    picture: Picture,
    source: Picture,
    output: Unit,
    distances: dict[str, np.ndarray],
    settling: Settling | None,
) -> Answer:
    made_of = memory.memory(output, subject.targets, unit(source))
    order = np.argsort(-np.asarray(made_of.span.weights), kind="stable").tolist()
    face = order[0]
    findings = {
        name: Finding(int(row.argmin()), float(row.min()), int((row < row[face]).sum()))
        for name, row in distances.items()
    }
    return Answer(
        path=path,
        picture=picture,
        source=source,
        output=images.from_unit(output),
        face=face,
        runner_up=order[1] if len(order) > 1 else None,
        memory=made_of,
        settling=settling,
        findings=findings,
    )


def _settle(subject: Subject, outputs: Sequence[Unit]) -> list[Settling | None]:
    if subject.domain is None:
        return [None] * len(outputs)
    starts = torch.from_numpy(np.stack(outputs)).permute(0, 3, 1, 2) * 2 - 1
    settled = attractors.settle(subject.turn, starts)
    ends = images.to_unit(settled.end)
    return [
        _settling(subject, end, steps, kind)
        for end, steps, kind in zip(ends, settled.steps, settled.kind, strict=True)
    ]


def _settling(subject: Subject, end: Unit, steps: int, kind: str) -> Settling:
    distances = np.abs(subject.targets - end).mean(axis=(1, 2, 3))
    nearest = int(distances.argmin())
    return Settling(
        output=images.from_unit(end),
        steps=steps,
        kind=kind,
        face=law.winner(end, subject.targets),
        distance=float(distances[nearest]),
        stored=float(distances[nearest]) <= reach(subject.targets, nearest),
    )


def reach(targets: Unit, face: int) -> float:
    """Half the MAE from a face to the next one: whatever is nearer to it is nearer to no other.

    A single face is compared with mid-gray.
    """
    others = np.delete(targets, face, axis=0)
    if not len(others):
        others = np.full_like(targets, 0.5)
    return float(np.abs(others - targets[face]).mean(axis=(1, 2, 3)).min()) / 2
