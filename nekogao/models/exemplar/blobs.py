"""Eyes and noses among the blobs of a drawing, by how much they look like those of a face.

A pair of blobs is judged by its mirror symmetry, its place and where around it ink is; the point
below by the blobs at it. The weights are a conditional logit (McFadden 1974), fitted to faces
drawn by code and to pictures without faces: a score above 0 means rather a face than none.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 128
"""Everything is done in a picture this many pixels wide and high."""
Ink = NDArray[np.float32]
"""128 128, from 0 (paper) to 1 (ink)."""
Points = NDArray[np.float32]
"""n 2: x, y."""

_SIGMAS = np.array([1.6, 2.5, 3.8, 5.6, 8.0])
"""Sizes of blobs, in pixels: differences of two Gaussians (Marr and Hildreth 1980)."""
_RATIO = 1.8
"""How much wider the second Gaussian is."""
_FAINTEST, _MOST = 0.02, 14
"""Contrast of the faintest blob, and the number of blobs of one size that are looked at."""
_NEAREST, _FARTHEST, _STEEPEST = 15.0, 76.0, 0.4
"""Distances of two eyes, in pixels, and the slope of the line through them."""
_USUAL = 40.0
"""A usual distance of two eyes."""
_SAMPLES = 28
"""Samples along each side of the square around two eyes: 0.1 of their distance apart."""
_SOFT = 1.6

_FRAME = 40
"""Distance of the eyes, in pixels, in the upright frame in which the third pin is sought."""
_BELOW = np.arange(14, 59)
_BESIDE = np.arange(-9, 10)
"""Where it is sought in that frame, from the middle of the eyes."""
_THIRD_SIGMAS = (1.5, 2.5, 4.0, 6.0)
_TOGETHER = 8.0
"""Points of the frame that are averaged around the best one."""

_KNOWN = np.array([
    7.59,  # the surroundings mirrored
    9.81,  # one eye and the other
    18.14,  # contrast
    -2.90,  # difference of contrast
    -11.45,  # slope squared
    -0.71,  # distance
    -4.10,  # distance squared
    -49.53,  # off the picture's middle
    -52.29,  # off the ink's middle
    2.23,  # height
    -57.75,  # height squared
    -0.80, -1.95, -0.33, 1.77, 3.95,  # each of the five sizes
])  # fmt: skip
"""Weights of what is known of a pair of eyes: distances as logarithms, places as shares of the
side."""
_EXPECTED = np.array([
    [0.5, -1.3, 0.4, 0.6, 0.2, 1.1, 0.0],
    [-3.2, 0.6, -0.1, 0.1, 1.9, 1.3, 0.8],
    [-7.6, 3.1, -7.0, 1.5, 1.1, -1.3, -2.2],
    [-2.5, -2.4, -1.7, 2.2, -0.5, -1.3, 0.8],
    [4.0, -2.0, -1.7, -0.9, 2.8, 2.3, -0.4],
    [0.8, -0.1, -2.0, -0.3, -0.8, 0.0, 0.2],
    [1.1, 0.2, -0.5, -0.5, -0.3, -0.4, -0.4],
])  # fmt: skip
"""Weights of the root of the ink around them, both sides averaged: 0.4 eye distances per row, from
1.05 above the eyes, and 0.2 per column, from the middle outwards."""
_EYES = np.concatenate([_KNOWN, _EXPECTED.ravel()])
_BIAS = -10.28
_THIRD = np.array([-5.34, 6.56, -3.86, 22.75, -6.72, 7.96, -4.60, -1.81, 0.01, -101.22])
"""Weights of four contrasts, the ink above and below, the height, its square and cube, and the
square of the distance from the axis."""


class Eyes(NamedTuple):
    """Two blobs that may be eyes."""

    left: Points
    """x, y of the one further left, in pixels of 128."""
    right: Points
    score: float
    """Above 0: rather the eyes of a face than none."""


class _Blobs(NamedTuple):
    places: Points
    size: NDArray[np.intp]
    """Index into the sizes."""
    contrast: NDArray[np.float32]


def ink(lines: NDArray[np.uint8]) -> Ink:
    """Dark lines on white, h w, as ink in the middle of a square of 128.

    The darkest lines are full ink, however thin they become.
    """
    height, width = lines.shape
    scale = SIDE / max(height, width)
    shape = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(255 - lines.astype(np.float32), shape, interpolation=way)
    marked = small[small > 8]
    left, top = (SIDE - shape[0]) // 2, (SIDE - shape[1]) // 2
    full = np.zeros((SIDE, SIDE), np.float32)
    if marked.size:
        darkest = max(float(np.percentile(marked, 90)), 1.0)
        full[top : top + shape[1], left : left + shape[0]] = np.minimum(small / darkest, 1)
    return full


def eyes(drawn: Ink) -> Eyes | None:
    """The two blobs that look most like eyes, or None where there are no two."""
    found = _blobs(drawn)
    first, second = _pairs(found)
    if not len(first):
        return None
    scores = _features(drawn, found, first, second) @ _EYES + _BIAS
    best = int(scores.argmax())
    left, right = found.places[first[best]], found.places[second[best]]
    apart = float(np.hypot(*(right - left)))
    return Eyes(_centred(drawn, left, apart), _centred(drawn, right, apart), float(scores[best]))


def third(left: Points, right: Points, views: list[tuple[float, Ink]]) -> Points:
    """The nose, or the mouth where there is none, below two eyes: x, y in pixels of 128.

    Args:
        left: The left eye.
        right: The right eye.
        views: Pictures whose blobs are looked at, each with its weight.
    """
    scores = sum(weight * (_below(view, left, right) @ _THIRD) for weight, view in views)
    down, across = np.meshgrid(_BELOW, _BESIDE, indexing="ij")
    sites = np.stack([across.ravel(), down.ravel()], axis=1)
    best = int(np.argmax(scores))
    near = np.hypot(*(sites - sites[best]).T) < _TOGETHER
    share = np.exp(scores - np.max(scores)) * near
    middle, axes = _upright(left, right)
    return np.asarray(middle + axes @ (share @ sites / share.sum()), np.float32)


def _contrast(picture: Ink, sigma: float) -> Ink:
    """How much more ink there is at a point than around it."""
    inner, outer = (
        cv2.GaussianBlur(picture, (0, 0), width, borderType=cv2.BORDER_CONSTANT)
        for width in (sigma, _RATIO * sigma)
    )
    return np.asarray(inner - outer, np.float32)


def _blobs(drawn: Ink) -> _Blobs:
    places, sizes, contrasts = [], [], []
    for size, sigma in enumerate(_SIGMAS):
        contrast = _contrast(drawn, sigma)
        summit = cv2.dilate(contrast, np.ones((5, 5), np.uint8))
        y, x = np.nonzero((contrast >= summit) & (contrast > _FAINTEST))
        order = np.argsort(-contrast[y, x], kind="stable")[:_MOST]
        places.append(np.stack([x[order], y[order]], axis=1))
        sizes.append(np.full(len(order), size))
        contrasts.append(contrast[y[order], x[order]])
    return _Blobs(
        np.concatenate(places).astype(np.float32), np.concatenate(sizes), np.concatenate(contrasts)
    )


def _pairs(found: _Blobs) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Blobs of one size that are as far apart, and as level, as eyes may be; left one first."""
    across = found.places[:, 0]
    same = found.size[:, None] == found.size
    first, second = np.nonzero(same & (across[:, None] < across))
    apart = found.places[second] - found.places[first]
    distance = np.hypot(*apart.T)
    fit = (distance > _NEAREST) & (distance < _FARTHEST)
    fit &= np.abs(apart[:, 1]) < _STEEPEST * apart[:, 0]
    return first[fit], second[fit]


def _features(
    drawn: Ink, found: _Blobs, first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float64]:
    """What is known of each pair: pairs features, in the order of `_EYES`."""
    left, right = found.places[first], found.places[second]
    middle, apart = ((left + right) / 2).astype(np.float32), right - left
    distance = np.hypot(*apart.T)
    around = _around(drawn, middle, apart)
    mirrored = around[:, :, ::-1]
    halves = (around + mirrored)[:, :, _SAMPLES // 2 :] / 2
    cells = np.sqrt(halves.reshape(-1, 7, 4, 7, 2).mean(axis=(2, 4))).reshape(len(first), -1)
    contrast = found.contrast[first], found.contrast[second]
    centre = (drawn.sum(axis=0) @ np.arange(SIDE)) / (drawn.sum() + 1e-3)
    across, down = middle.T / SIDE
    size = found.size[first]
    features = [
        _alike(around, mirrored),
        _alike(around[:, 7:15, 15:23], around[:, 7:15, 5:13]),
        np.sqrt(contrast[0] * contrast[1]),
        np.abs(np.log(contrast[0] / contrast[1])),
        (apart[:, 1] / distance) ** 2,
        np.log(distance / _USUAL),
        np.log(distance / _USUAL) ** 2,
        (across - 0.5) ** 2,
        (across - centre / SIDE) ** 2,
        down - 0.45,
        (down - 0.45) ** 2,
        *(size == np.arange(len(_SIGMAS))[:, None]),
    ]
    return np.concatenate([np.stack(features, axis=1), cells], axis=1)


def _around(drawn: Ink, middle: Points, apart: Points) -> NDArray[np.float32]:
    """The soft ink around each pair, in the frame of its eyes: pairs 28 28.

    It reaches 1.35 eye distances to each side, 1.05 up and 1.65 down.
    """
    soft = cv2.GaussianBlur(drawn, (0, 0), _SOFT, borderType=cv2.BORDER_CONSTANT)
    steps = np.arange(_SAMPLES, dtype=np.float32) / 10
    across = (steps - 1.35)[None, None, :, None] * apart[:, None, None]
    below = np.stack([-apart[:, 1], apart[:, 0]], axis=1)
    down = (steps - 1.05)[None, :, None, None] * below[:, None, None]
    places = (middle[:, None, None] + across + down).reshape(-1, _SAMPLES, 2)
    x, y = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
    found = cv2.remap(soft, x, y, cv2.INTER_LINEAR)
    return np.asarray(found, np.float32).reshape(-1, _SAMPLES, _SAMPLES)


def _alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine of two pictures, of each pair."""
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    scale = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1) + 1e-3)
    return np.asarray((one * other).sum(axis=1) / scale)


def _centred(drawn: Ink, place: Points, distance: float) -> Points:
    """Moved to the middle of the ink around it (mean shift, Cheng 1995)."""
    down, across = np.mgrid[:SIDE, :SIDE]
    for _ in range(3):
        far = (across - place[0]) ** 2 + (down - place[1]) ** 2
        mass = drawn * np.exp(-far / (2 * (0.18 * distance) ** 2))
        total = mass.sum() + 1e-9
        place = np.array([(mass * across).sum(), (mass * down).sum()]) / total
    return np.asarray(place, np.float32)


def _upright(left: Points, right: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The middle of the eyes, and what one pixel of the upright frame across and down is."""
    across = (np.asarray(right, np.float64) - left) / _FRAME
    return (np.asarray(left, np.float64) + right) / 2, np.array(
        [[across[0], -across[1]], [across[1], across[0]]]
    )


def _below(view: Ink, left: Points, right: Points) -> NDArray[np.float64]:
    """What is known of each site for the third pin: sites features, in the order of `_THIRD`."""
    middle, axes = _upright(left, right)
    turn = np.column_stack([axes, middle - axes @ (_FRAME, _FRAME / 2)])
    shape = 2 * _FRAME + 1, _FRAME // 2 + 70
    frame = cv2.warpAffine(view, turn, shape, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    frame = cv2.GaussianBlur(frame, (0, 0), 0.7)
    frame = frame / (frame.mean() + 0.02) * 0.1
    y, x = np.meshgrid(_BELOW + _FRAME // 2, _BESIDE + _FRAME, indexing="ij")
    contrasts = [_contrast(frame, sigma)[y, x] for sigma in _THIRD_SIGMAS]
    mean = cv2.blur(frame, (17, 9))
    down, across = (y - _FRAME // 2) / _FRAME, (x - _FRAME) / _FRAME
    features = [np.sign(each) * np.sqrt(np.abs(each)) for each in contrasts]
    features += [mean[y - 9, x], mean[np.minimum(y + 9, shape[1] - 1), x]]
    features += [down, down**2, down**3, across**2]
    return np.stack(features, axis=-1).reshape(-1, len(features)).astype(np.float64)
