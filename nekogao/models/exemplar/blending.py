"""Blending: which of several bent training pairs answers where."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar.descriptors import Shape
from nekogao.models.exemplar.registration import Flow, bent
from nekogao.pictures.images import Picture

Map = NDArray[np.float32]
"""h w."""
_NEIGHBOURHOOD = 1 / 14
"""Standard deviation of the smoothing of a mismatch, as a share of the side."""
_NOTHING = 1e-4
"""Mismatches below this are none."""


class Candidate(NamedTuple):
    """A training pair bent to a new source."""

    pair: int
    number: int
    """Of the flow, among those of the pair."""
    flow: Flow
    mismatch: Map
    """How badly the bent source fits, from 0 to 1, smoothed."""


def mismatch(new: Shape, held: Shape, flow: Flow) -> Map:
    """How badly a bent training source fits a new one, from 0 to 1, in the neighbourhood of each
    pixel."""
    difference = cv2.absdiff(new, bent(held, flow, cv2.INTER_LINEAR)).mean(axis=2)
    side = max(new.shape[:2])
    smoothed = cv2.GaussianBlur(difference.astype(np.float32), (0, 0), side * _NEIGHBOURHOOD)
    return np.asarray(smoothed / 255, np.float32)


def weights(mismatches: Sequence[Map], decisive: float) -> NDArray[np.float32]:
    """How much each candidate counts at each pixel: n h w, of sum 1.

    The scale is the mean mismatch of the best candidate: where that fits exactly it alone counts.
    """
    stacked = np.stack(mismatches)
    scale = max(float(stacked.mean(axis=(1, 2)).min()), _NOTHING)
    likely = np.exp(-decisive * (stacked - stacked.min(axis=0)) / scale)
    return np.asarray(likely / likely.sum(axis=0), np.float32)


def blend(pictures: Sequence[Picture], shares: NDArray[np.float32]) -> Picture:
    """Pictures put together by weights n h w."""
    total = np.zeros(pictures[0].shape, np.float32)
    for picture, share in zip(pictures, shares, strict=True):
        total += picture * (share if picture.ndim == 2 else share[..., None])
    return np.clip(np.rint(total), 0, 255).astype(np.uint8)
