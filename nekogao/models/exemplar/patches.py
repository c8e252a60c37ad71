"""Patches: for sources that are pictures, the nearest patches among all training sources.

A place of the new source is described by the patch around it, by the light farther around it, and
by where it is. The training pairs' places that are nearest so described give their targets'
pixels: image analogies (Hertzmann et al. 2001), with a k-d tree (scipy) for the search. Nothing is
assumed of how far things have moved.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar.registration import grid
from nekogao.pictures import images
from nekogao.pictures.images import Picture

_RADIUS, _SPREAD = 2, 1.5
"""Of the patch around a place, and the standard deviation of its weights, in pixels of a side of
256."""
_FARTHER, _FARTHER_WEIGHT = 4, 0.1
"""How far around, in such pixels, light is looked at, and how much that counts."""
_POSITION_WEIGHT = 0.1
"""How much a pixel of distance counts beside a level of gray, on a side of 256."""
_SIDE = 256
_FEATURES = {1: 12, 3: 16}
"""Numbers that a description is reduced to (principal components), by a source's channels."""
_KEPT = 32
"""Sources whose descriptions are kept ready."""
_SAMPLED = 7
"""The principal components are taken of every so manieth place."""
_LEAF = 16
"""Places that the tree does not divide further."""
_NEAREST = 7
"""Places that answer together."""
_SLACK = 1.5
"""A place that is returned may be so many times farther, less one, than the nearest."""
_DECISIVE = 2.0
"""How much more the nearer place counts."""
_ASKED = 128
"""Places a side that are searched for; the pixels between them go along with them."""
_MOST_PLACES = 700_000
"""Of training sources in one tree; of larger ones every second place is looked at, or every
third."""
_SOME = 10
"""Pairs that every tree must take."""
_TRIED, _LOOKED_AT = 4000, 64
"""Places that tell what is usual, and how many near each are looked at for another picture's."""


class Matches(NamedTuple):
    """The nearest places for every pixel of a new source."""

    pair: NDArray[np.intp]
    """h w k: number of the training picture among those of the tree."""
    row: NDArray[np.intp]
    """h w k."""
    column: NDArray[np.intp]
    """h w k."""
    share: NDArray[np.float32]
    """h w k: how much each counts, of sum 1."""
    distance: NDArray[np.float32]
    """h w: of the nearest, in levels of gray."""


class Places:
    """The places of training sources of one size, each described by a few numbers."""

    def __init__(self, sources: Sequence[Picture]) -> None:
        self.sources = sources
        self.height, self.width = sources[0].shape[:2]
        stride = _stride(self.height, self.width, len(sources))
        self.rows, self.columns = (
            np.arange(0, side, stride) for side in (self.height, self.width)
        )
        some = sources[:: -(-len(sources) // _SOME)]
        sample = np.concatenate(
            [_described(source, self.rows, self.columns)[::_SAMPLED] for source in some]
        )
        self.mean = sample.mean(axis=0)
        features = _FEATURES[1 if sources[0].ndim == 2 else 3]
        self.basis = np.linalg.eigh(np.cov((sample - self.mean).T))[1][:, -features:]
        self.basis = self.basis.astype(np.float32)
        self.of = lru_cache(_KEPT)(self._of)
        """The descriptions of a source's places, one a row."""

    def _of(self, number: int) -> NDArray[np.float32]:
        return self.reduced(_described(self.sources[number], self.rows, self.columns))

    def reduced(self, described: NDArray[np.float32]) -> NDArray[np.float32]:
        """Descriptions as principal components."""
        # No matrix product: its threads wait busily for the next one, while others search.
        reduced = np.einsum("pd,df->pf", described - self.mean, self.basis)
        return np.asarray(reduced, np.float32)


class Patches:
    """A k-d tree over the places of some training sources."""

    def __init__(self, places: Places, numbers: Sequence[int]) -> None:
        self.places, self.rows, self.columns = places, places.rows, places.columns
        described = [places.of(number) for number in numbers]
        from scipy.spatial import KDTree

        self.tree = KDTree(np.concatenate(described), leafsize=_LEAF, balanced_tree=False)

    def find(self, source: Picture, workers: int = 1) -> Matches:
        """The nearest places for every pixel of a source of that size."""
        height, width = source.shape[:2]
        step = -(-max(height, width) // _ASKED)
        rows, columns = np.arange(0, height, step), np.arange(0, width, step)
        asked = self.places.reduced(_described(source, rows, columns))
        count = min(_NEAREST, self.tree.n)
        far, found = self.tree.query(asked, range(1, count + 1), eps=_SLACK, workers=workers)
        squared = far.astype(np.float32) ** 2
        scale = np.maximum(squared.mean(axis=1, keepdims=True) / _DECISIVE, 1e-3)
        likely = np.exp(-squared / scale)
        likely /= likely.sum(axis=1, keepdims=True)
        pair, place = np.divmod(found, len(self.rows) * len(self.columns))
        row, column = np.divmod(place, len(self.columns))
        down, across = np.arange(height), np.arange(width)

        def spread(values: NDArray[Any]) -> NDArray[Any]:
            """Values of the places asked for, for every pixel."""
            whole = values.reshape(len(rows), len(columns), -1)
            return whole[down // step][:, across // step]

        return Matches(
            spread(pair),
            np.minimum(spread(self.rows[row]) + (down % step)[:, None, None], height - 1),
            np.minimum(spread(self.columns[column]) + (across % step)[None, :, None], width - 1),
            spread(likely),
            spread(far[:, 0].astype(np.float32))[..., 0],
        )

    def usual_distance(self, quantile: float, workers: int = 1) -> float:
        """How far the places of each picture are, in levels of gray, from those of the others.

        Of some places a picture, the given quantile. Where all that is near is of the same
        picture, the farthest of it stands in.
        """
        each = len(self.rows) * len(self.columns)
        chosen = np.arange(0, self.tree.n, max(1, self.tree.n // _TRIED))
        count = min(_LOOKED_AT, self.tree.n)
        places = np.asarray(self.tree.data)[chosen]
        far, found = self.tree.query(places, range(1, count + 1), eps=_SLACK, workers=workers)
        other = found // each != (chosen // each)[:, None]
        first = np.where(other.any(axis=1), other.argmax(axis=1), count - 1)
        return float(np.quantile(far[np.arange(len(chosen)), first], quantile))


def _described(
    source: Picture, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The descriptions of some places of a source, one a row."""
    light = _light(source)
    unit = max(light.shape[:2]) / _SIDE
    step = max(1, round(unit))
    weights = {
        (down, across): math.exp(-(down**2 + across**2) / (2 * _SPREAD**2))
        for down in range(-_RADIUS, _RADIUS + 1)
        for across in range(-_RADIUS, _RADIUS + 1)
    }
    total = sum(weights.values())
    looked = [
        (light, down * step, across * step, (weight / total) ** 0.5)
        for (down, across), weight in weights.items()
    ]
    far = round(_FARTHER * unit)
    smooth = cv2.GaussianBlur(light, (0, 0), _FARTHER * unit)
    blurred = np.asarray(smooth, np.float32).reshape(light.shape)
    around = ((0, 0), (-2 * far, 0), (2 * far, 0), (0, -2 * far), (0, 2 * far))
    looked += [(blurred, down, across, _FARTHER_WEIGHT) for down, across in around]
    height, width = light.shape[:2]
    parts = [
        weight
        * values[np.clip(rows + down, 0, height - 1)][:, np.clip(columns + across, 0, width - 1)]
        for values, down, across, weight in looked
    ]
    where = grid(height, width)[rows][:, columns] * (_POSITION_WEIGHT / unit)
    return np.concatenate([*parts, where], axis=2).reshape(len(rows) * len(columns), -1)


def most_pairs(source: Picture) -> int:
    """How many pairs of a source's size one tree takes."""
    height, width = source.shape[:2]
    stride = _stride(height, width, _SOME)
    return _MOST_PLACES // ((height // stride) * (width // stride))


def _stride(height: int, width: int, pairs: int) -> int:
    """Every so manieth place a side is looked at, so that so many pairs fit into one tree."""
    stride = 1
    while min(pairs, _SOME) * (height // stride) * (width // stride) > _MOST_PLACES:
        stride += 1
    return stride


def _light(source: Picture) -> NDArray[np.float32]:
    """Lightness and, of colours, their hue as two numbers: CIE Lab in levels of 0 to 255."""
    if source.ndim == 2:
        return source[..., None].astype(np.float32)
    return np.asarray(cv2.cvtColor(images.rgb(source), cv2.COLOR_RGB2LAB), np.float32)


def gathered(matches: Matches, targets: NDArray[np.uint8]) -> Picture:
    """What the targets (n h w d, or n h w) have at the places that were found."""
    height, width = targets.shape[1:3]
    flat = targets.reshape(len(targets) * height * width, -1)
    total = np.zeros((*matches.distance.shape, flat.shape[1]), np.float32)
    for near in range(matches.share.shape[2]):
        row, column = matches.row[..., near], matches.column[..., near]
        pixels = flat[(matches.pair[..., near] * height + row) * width + column]
        total += pixels * matches.share[..., near, None]
    picture = np.clip(np.rint(total), 0, 255).astype(np.uint8)
    return picture[..., 0] if targets.ndim == 3 else picture
