"""Pinned faces: training pairs as faces that three pins bend onto another face."""

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar import pins
from nekogao.models.exemplar.blobs import SIDE, ink
from nekogao.models.exemplar.pins import Pins
from nekogao.models.exemplar.registration import carried
from nekogao.models.exemplar.spline import Flow, bend
from nekogao.pictures import images
from nekogao.pictures.domains import built_in
from nekogao.pictures.images import Picture
from nekogao.sizes import Size

_SOFT = 2.5
"""Blur of ink before it is compared, in pixels of 128."""
_BENT = 0.4
"""How much bending counts against a pair beside the likeness of its lines."""
_HELD = 0.5
"""The freedom at which the pins hold and lines are not followed."""


class PinnedFaces:
    """The faces of training pairs, each with its pins, found when they are first needed."""

    def __init__(
        self,
        sources: NDArray[np.uint8],
        targets: NDArray[np.uint8],
        given: NDArray[np.float32],
        *,
        drawn: bool,
    ) -> None:
        """Pairs as faces.

        Args:
            sources: n h w, or n h w 3.
            targets: n h w, or n h w 3.
            given: n 3 2: pins that a person gave; negative where none did.
            drawn: Whether sources are lines, and no pictures.
        """
        self.sources, self.targets, self.given, self.drawn = sources, targets, given, drawn

    def fitting(self, source: Picture, pairs: Sequence[int]) -> list[int]:
        """The pairs that have pins, the one first whose lines fit best once the pins meet.

        Empty where the source shows no face, or none of the pairs does.
        """
        wanted = self._pins_of(source)
        if wanted is None:
            return []
        new = _soft(self._lines(source))
        scale = np.float32(SIDE) / np.array(Size.shaped(source.shape), np.float32)
        costs = {}
        for pair in pairs:
            held = self.pins(pair)
            if held is None:
                continue
            flow = bend(held * scale, wanted * scale, SIDE, _HELD)
            there = carried(_soft(self._lines(self.sources[pair])), flow)
            costs[pair] = 1 - _likeness(new, there) + _BENT * _bending(flow)
        return sorted(costs, key=lambda pair: costs[pair])

    def flow(self, source: Picture, pair: int, freedom: float) -> Flow:
        """The flow from a source to a pair, both of which have pins."""
        wanted, held = self._pins_of(source), self.pins(pair)
        assert wanted is not None and held is not None
        lines = self._lines(source), self._lines(self.sources[pair])
        return bend(held, wanted, Size.shaped(source.shape), freedom, lines)

    @cached_property
    def pins(self) -> Callable[[int], Pins | None]:
        """The pins of a pair."""
        return lru_cache(None)(self._found)

    def _found(self, pair: int) -> Pins | None:
        if (self.given[pair] >= 0).all():
            return self.given[pair]
        return pins.of_pair(self.sources[pair], self.targets[pair])

    def _pins_of(self, source: Picture) -> Pins | None:
        return pins.of_lines(images.luma(source)) if self.drawn else pins.of_face(source)

    def _lines(self, source: Picture) -> Picture:
        """The lines of a source, stretched to a square."""
        lines = images.luma(source) if self.drawn else built_in("edges").source(source)
        side = max(lines.shape)
        return images.resize(lines, side, side)


def _soft(lines: Picture) -> NDArray[np.float32]:
    """Blurred ink, on a side of 128."""
    return np.asarray(cv2.GaussianBlur(ink(lines), (0, 0), _SOFT), np.float32)


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The cosine of two pictures of ink; 0 where one has none."""
    sizes = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / sizes if sizes else 0.0


def _bending(flow: Flow) -> float:
    """The mean squared slope of a flow."""
    return float(
        sum(np.square(np.gradient(flow, axis=axis)).sum(axis=-1).mean() for axis in (0, 1))
    )
