"""Sketches: edges made like drawings, with fewer, simpler, broken strokes that are a bit off."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.pictures.images import WHITE, Picture
from nekogao.randomness import Purpose, stream

_SHORTEST = 0.04
"""Strokes that reach less far than this share of the longer side are left out."""
_SIMPLE = 0.012
"""How far a stroke may be from its edge, as a share of the longer side (Douglas and Peucker
1973)."""
_MOVED, _TOGETHER = 0.012, 0.06
"""How far strokes are moved, root mean square, and how far apart places are that move
independently, as shares of the longer side."""
_BROKEN = 0.12
"""Share of the strokes' length that is missing in gaps."""
_PEN = 0.024
"""Width of the pen, as a share of the longer side: what is nearer becomes one line."""


class _Hand(NamedTuple):
    """How a hand strays, the same for all pictures of one size."""

    moved: NDArray[np.float64]
    """Where each place is drawn instead, in pixels, h w 2: right and down."""
    lifted: NDArray[np.bool_]
    """Where nothing is drawn."""


def sketch(edges: Picture) -> Picture:
    """A sketch after edges, black lines one pixel wide on white; both are h w.

    The hand strays in the same way for all pictures of a size. Were it drawn anew for each, a
    pixel more or less would change the whole sketch, and outputs that are fed back would never
    come to rest.
    """
    from skimage.morphology import skeletonize

    side = max(edges.shape)
    hand = _hand(edges.shape[0], edges.shape[1])
    found, _ = cv2.findContours(np.bitwise_not(edges), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros(edges.shape, np.uint8)
    for stroke in found:
        if max(cv2.boundingRect(stroke)[2:]) < _SHORTEST * side:
            continue
        corners = cv2.approxPolyDP(stroke, _SIMPLE * side, True)[:, 0]
        points = corners + hand.moved[corners[:, 1], corners[:, 0]]
        cv2.polylines(
            drawn, [np.rint(points).astype(np.int32)], True, 1, max(1, round(_PEN * side))
        )
    drawn[hand.lifted] = 0
    return np.where(skeletonize(drawn > 0), 0, WHITE).astype(np.uint8)


@lru_cache(maxsize=4)
def _hand(height: int, width: int) -> _Hand:
    side = max(height, width)
    drawn = stream(0, Purpose.SKETCH, side).normal(size=(3, side, side))
    fields = np.stack([cv2.GaussianBlur(field, (0, 0), _TOGETHER * side) for field in drawn])
    spread = np.maximum(fields.std(axis=(1, 2), keepdims=True), 1e-9)
    fields = (fields / spread)[:, :height, :width]
    moved = np.moveaxis(_MOVED * side * fields[:2], 0, 2)
    return _Hand(moved, fields[2] > np.quantile(fields[2], 1 - _BROKEN))
