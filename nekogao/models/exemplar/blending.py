"""Blending: which of several bent training pairs answers where."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar.descriptors import Descriptor
from nekogao.models.exemplar.registration import bent, grid, places
from nekogao.models.exemplar.spline import Flow, unfold
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
    strangeness: float
    """The mean mismatch, from 0 to 1, of the places that count."""


class Fit(NamedTuple):
    """How badly a bent training source fits a new one."""

    mismatch: Map
    """From 0 to 1, in the neighbourhood of each pixel."""
    strangeness: float
    """The mean, from 0 to 1, of the places that count: of lines, those near one."""


def fit(new: Descriptor, held: Descriptor, flow: Flow) -> Fit:
    """Bend a training source by a flow, and compare."""
    there = bent(held.shape, flow, cv2.INTER_LINEAR)
    apart = cv2.absdiff(new.shape, there)
    # The mean over channels, in a third of the time that NumPy takes.
    mean = cv2.reduce(apart.reshape(-1, apart.shape[2]), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    difference = np.asarray(mean, np.float32).reshape(apart.shape[:2]) / np.float32(255)
    side = max(difference.shape)
    smoothed = cv2.GaussianBlur(difference, (0, 0), side * _NEIGHBOURHOOD)
    counts = np.ones(difference.shape, np.bool_)
    if new.near is not None:
        counts = (new.shape[..., new.near] < 255) | (there[..., new.near] < 255)
    strangeness = float(difference[counts].mean()) if counts.any() else 0.0
    return Fit(np.asarray(smoothed, np.float32), strangeness)


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


def merged(
    candidates: Sequence[Candidate], shares: NDArray[np.float32]
) -> tuple[list[Candidate], NDArray[np.float32]]:
    """One candidate for each pair, whose flow is the mean of its candidates' without folds: the
    place in the pair that a pixel comes from, although several flows have a say in its colour."""
    pairs, counted, led = by_pair(candidates, shares, 1.0)
    still = grid(*led.shape[1:3])
    found = []
    for number, pair in enumerate(pairs.tolist()):
        own = [each for each in candidates if each.pair == pair]
        fits = np.min([each.mismatch for each in own], axis=0)
        strangeness = min(each.strangeness for each in own)
        found.append(Candidate(pair, 0, unfold(led[number] - still), fits, strangeness))
    return found, counted


def by_pair(
    candidates: Sequence[Candidate], shares: NDArray[np.float32], freedom: float
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """What candidates of the same pair come to together.

    Returns:
        The pairs, n; how much each counts, n h w; and the place that each gives, n h w 2, the
        mean of its candidates' places by their weights.
    """
    pairs = np.array(list(dict.fromkeys(each.pair for each in candidates)), np.int32)
    own = np.array([each.pair for each in candidates])
    led = np.stack([places(each.flow * freedom) for each in candidates])
    counted = np.stack([shares[own == pair].sum(axis=0) for pair in pairs])
    firm = shares + _NOTHING  # where none of a pair's counts, all of them do
    means = [
        (firm[own == pair][..., None] * led[own == pair]).sum(axis=0)
        / firm[own == pair].sum(axis=0)[..., None]
        for pair in pairs
    ]
    return pairs, np.asarray(counted, np.float32), np.stack(means).astype(np.float32)
