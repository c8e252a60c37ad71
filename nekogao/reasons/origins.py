"""Origins: from which training pairs an answer comes, where the family of the network knows it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nekogao.models.family import Patchwork
from nekogao.models.file import MOST_THUMBNAILS
from nekogao.names import shown
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.reasons.subject import Subject


@dataclass(frozen=True)
class Origin:
    """One training pair that pixels of an answer come from."""

    pair: int
    """Its number among the pairs that were taken in."""
    id: str
    share: float
    """Share of the answer's pixels, above 0 and up to 1."""
    target: Picture | None
    """What it shows; None where neither the pair set nor the model file has it at hand."""


@dataclass(frozen=True)
class Traced:
    """What came out for one picture, and from which training pairs."""

    path: Path
    picture: Picture
    """The input, brought to the network's size."""
    source: Picture
    answer: Patchwork
    origins: list[Origin]
    """The pair of most pixels first."""

    @property
    def name(self) -> str:
        """The file's name as text that can be shown, whatever its bytes are."""
        return shown(self.path.name)


def trace(subject: Subject, named: Iterable[tuple[Path, Picture]]) -> Iterator[Traced]:
    """Ask a network that knows where its pixels come from, one picture after another.

    Args:
        subject: The network, of a family with `answer`.
        named: Where each picture comes from, and the picture, uint8 h w 3, of any size.
    """
    translator, domain = subject.translator, subject.domain
    for path, given in named:
        picture = images.fit(given, subject.size, "stretch")
        source = translator.source(picture, domain)
        answer = translator.answer(source, None if domain is None else domain.name)
        yield Traced(path, picture, source, answer, _origins(subject, answer))


def _origins(subject: Subject, answer: Patchwork) -> list[Origin]:
    pairs, counts = np.unique(answer.pair, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [
        Origin(pair, name, count / answer.pair.size, target)
        for pair, count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
        for name, target in [_known(subject, pair)]
    ]


def _known(subject: Subject, pair: int) -> tuple[str, Picture | None]:
    """The name of a pair, and its target at the best size that is at hand."""
    faces = subject.translator.model.faces
    # A file of more pairs has some of them only, so that their numbers say nothing.
    if pair >= len(faces) or len(faces) >= MOST_THUMBNAILS:
        return f"pair {pair}", None
    name = list(faces)[pair]
    return name, subject.pictured.get(name, faces[name])
