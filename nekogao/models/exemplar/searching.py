"""Searching: what the nearest patches among the training pairs answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar.descriptors import spread
from nekogao.models.exemplar.patches import Patches, Places, gathered, most_pairs
from nekogao.pictures.images import Picture

_FAR, _LEAST_FAR = 20.0, 4.0
"""The distance, in levels of gray, beyond which a place is in doubt where there is one pair only;
and the least that is learned."""
_DOUBT_BLUR = 1 / 64
"""Smoothing of the distances, as a share of the side."""
_TREES = 2
"""Trees that are kept ready."""
_NARROWED = 6
"""Pairs, those nearest to a source, that are searched where there are too many."""
_WORKERS = 2
"""Threads that search."""


class Found(NamedTuple):
    """What the nearest patches say."""

    output: Picture
    pair: NDArray[np.int32]
    """h w: the pair that the nearest place is in."""
    place: NDArray[np.float32]
    """h w 2: where there, x before y."""
    distance: NDArray[np.float32]
    """h w: how far it is, in levels of gray, smoothed."""


@dataclass(frozen=True)
class Search:
    """The pairs of one domain, to be searched for what is like a new source."""

    sources: NDArray[np.uint8]
    """n h w, or n h w 3."""
    targets: NDArray[np.uint8]
    """n h w, or n h w 3."""
    labels: bool
    """Whether sources are label maps: small numbers are spread, so that they differ."""

    def answer(self, source: Picture, used: Sequence[int], order: Sequence[int]) -> Found:
        """The answer to a source from the pairs that may be used.

        Args:
            source: h w or h w 3, of the pairs' size.
            used: Numbers of the pairs, ascending.
            order: The same, the pair first whose source is most like this one.
        """
        near = used if len(used) <= most_pairs(source) else sorted(order[:_NARROWED])
        found = self._tree(tuple(near)).find(self._seen(source), _WORKERS)
        nearest = (found.column[..., 0], found.row[..., 0])
        sigma = max(source.shape[:2]) * _DOUBT_BLUR
        return Found(
            gathered(found, self.targets[near]),
            np.array(near, np.int32)[found.pair[..., 0]],
            np.stack(nearest, axis=-1).astype(np.float32),
            np.asarray(cv2.GaussianBlur(found.distance, (0, 0), sigma), np.float32),
        )

    def usual_distance(self, used: Sequence[int], quantile: float) -> float:
        """How far places of one pair are from those of others, in levels of gray."""
        if len(used) < 2:
            return _FAR
        chosen = np.linspace(0, len(used) - 1, min(len(used), _NARROWED)).round()
        near = tuple(dict.fromkeys(used[int(i)] for i in chosen))
        return max(self._tree(near).usual_distance(quantile, _WORKERS), _LEAST_FAR)

    @cached_property
    def _places(self) -> Places:
        return Places([self._seen(source) for source in self.sources])

    @cached_property
    def _tree(self) -> Callable[[tuple[int, ...]], Patches]:
        """The places of the sources of some pairs."""
        return lru_cache(_TREES)(lambda pairs: Patches(self._places, pairs))

    def _seen(self, source: Picture) -> Picture:
        return spread(source) if self.labels and source.ndim == 2 else source
