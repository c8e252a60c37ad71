"""Comparing sources with the training sources, in every view of them.

A predictor is a view with a way of comparing; it says which training source is nearest. Every way
of comparing needs inner products alone, about the training sources' mean: a view of many numbers
is reduced to them, and what depends on the training sources is worked out once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nekogao.measures.views import PICTURE
from nekogao.models.composition import convex_fit

Distances = NDArray[np.float64]
"""m x n: how far each source is from each training source; the smallest of a row wins."""

_COLUMNS = 8192
"""Numbers of each row that are held in double precision at a time."""
_NOTHING = 1e-12
"""A squared distance below this share of the squared lengths is zero but for rounding."""
_KEPT = 1e-4
"""Whitening leaves out directions in which the training sources vary less than this share of the
most."""


@dataclass(frozen=True)
class _Products:
    """Inner products of m sources, taken from the mean of the n training sources."""

    cross: NDArray[np.float64]
    """m x n: with each training source, taken from the mean too."""
    own: NDArray[np.float64]
    """m: of each with itself."""
    with_mean: NDArray[np.float64]
    """m: of each with the mean."""


@dataclass(frozen=True)
class _Training:
    """The training sources in one view, as their inner products."""

    width: int
    """How many numbers the view has."""
    mean: float
    """The mean's inner product with itself."""
    products: _Products

    @cached_property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The singular values of the n rows about their mean, and the left vectors, n x r."""
        squares, vectors = np.linalg.eigh(self.products.cross)
        sizes = np.sqrt(np.maximum(squares, 0))
        # The root of a rounding error of 1e-16 is 1e-8: smaller ones mean nothing.
        some = sizes > 1e-7 * sizes.max()
        return sizes[some], vectors[:, some]


def _distance(training: _Training, seen: _Products) -> Distances:
    """Euclidean, as a root mean square."""
    return _apart(seen.own, seen.cross, training.products.own) / training.width**0.5


def _cosine(training: _Training, seen: _Products) -> Distances:
    """1 - cosine of the angle between them, from 0 to 2."""
    known, mean = training.products, training.mean
    own = seen.own + 2 * seen.with_mean + mean
    cross = seen.cross + seen.with_mean[:, None] + known.with_mean + mean
    return _angle(own, cross, known.own + 2 * known.with_mean + mean)


def _centred_cosine(training: _Training, seen: _Products) -> Distances:
    """1 - cosine about the mean of the training sources."""
    return _angle(seen.own, seen.cross, training.products.own)


def _whitened(training: _Training, seen: _Products) -> Distances:
    """Mahalanobis distance with the covariance of the training sources.

    n of them span n - 1 dimensions; what lies outside is as far from all of them.
    """
    sizes, vectors = training.axes
    some = sizes > _KEPT * sizes.max()
    sizes, known = sizes[some], vectors[:, some]
    there = seen.cross @ known / sizes**2
    apart = _apart(np.square(there).sum(axis=1), there @ known.T, np.square(known).sum(axis=1))
    return apart / len(sizes) ** 0.5


def _share(training: _Training, seen: _Products) -> Distances:
    """1 - weight in the convex combination of the training sources that comes nearest."""
    sizes, vectors = training.axes
    rows = np.pad(vectors * sizes, ((0, 0), (0, 1)))
    inside = seen.cross @ vectors / sizes
    # What lies outside the training sources' span is as far from every combination of them.
    outside = np.sqrt(np.maximum(seen.own - np.square(inside).sum(axis=1), 0))
    goals = np.column_stack([inside, outside])
    return np.stack([1 - convex_fit(goal, rows) for goal in goals])


COMPARISONS: dict[str, Callable[[_Training, _Products], Distances]] = {
    "distance": _distance,
    "cosine": _cosine,
    "centred-cosine": _centred_cosine,
    "whitened": _whitened,
    "share": _share,
}
"""Name -> function (training sources, m sources) -> m n, lower is nearer."""
_ABOUT_THE_MEAN = ("centred-cosine", "whitened")


def _apart(
    own: NDArray[np.float64], cross: NDArray[np.float64], known: NDArray[np.float64]
) -> Distances:
    """Euclidean distances, m x n, from squared lengths, m and n, and inner products, m x n."""
    lengths = own[:, None] + known
    squares = lengths - 2 * cross
    return np.sqrt(np.where(squares > _NOTHING * lengths, squares, 0))


def _angle(
    own: NDArray[np.float64], cross: NDArray[np.float64], known: NDArray[np.float64]
) -> Distances:
    """1 - cosine, from the same; a row without length is at right angles to all."""
    lengths = np.sqrt(np.maximum(own, 0))[:, None] * np.sqrt(np.maximum(known, 0))
    return 1 - np.divide(cross, lengths, out=np.zeros_like(cross), where=lengths > 0)


class Comparisons:
    """Training sources, made ready once to be compared with others in every view.

    Predictors of the picture alone are named after their view; the others VIEW-COMPARISON, as in
    `level-5-cosine`. Views: see nekogao.measures.views, and the views of the network's family.
    Comparisons: `distance` (Euclidean), `cosine`, `centred-cosine` (about the training sources'
    mean), `whitened` (Mahalanobis, in the space that they span), `share` (1 - weight in the
    nearest convex combination of them). `output-...` runs the whole network: it is an upper
    reference, not a law.

    Args:
        known: Name of a view -> the training sources in it, n d.
    """

    def __init__(self, known: Mapping[str, Tensor]) -> None:
        self._views = {name: _View(rows) for name, rows in known.items()}

    @cached_property
    def absent(self) -> dict[str, str]:
        """Predictors that have no meaning for these training sources -> the reason.

        `centred-cosine` and `whitened` look at how the training sources differ from their mean.
        """
        return {
            f"{name}-{how}": view.sameness
            for name, view in self._views.items()
            if view.sameness and name not in PICTURE
            for how in COMPARISONS
            if how in _ABOUT_THE_MEAN
        }

    def distances(self, seen: Mapping[str, Tensor]) -> dict[str, Distances]:
        """Every predictor's distances, m x n, for the same views of other sources, each m d.

        Left out are those in `absent`, and those of views with numbers that are not finite.
        """
        found: dict[str, Distances] = {}
        for view, training in self._views.items():
            names = {n: h for n, h in _predictors(view).items() if n not in self.absent}
            found |= training.compare(seen[view], names)
        return found


class _View:
    """The training sources in one view."""

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows
        groups: dict[bytes, list[int]] = {}
        for number, row in enumerate(rows.numpy()):
            groups.setdefault(row.tobytes(), []).append(number)
        self._twins = [group for group in groups.values() if len(group) > 1]
        self.sameness = ""
        """Why nothing can be compared about the mean; empty where it can."""
        if len(rows) == 1:
            self.sameness = "there is one training face, which is its own mean"
        elif len(groups) == 1:
            self.sameness = "this view is the same for every training face"

    def compare(self, rows: Tensor, names: Mapping[str, str]) -> dict[str, Distances]:
        """Name -> the distances of m rows, m x n, for names of ways of comparing."""
        seen = self._products(rows)
        if not np.isfinite(seen.own).all():
            return {}
        found = {name: COMPARISONS[how](self._training, seen) for name, how in names.items()}
        for distances in found.values():
            for group in self._twins:  # equal training sources are equally near, to the last bit
                distances[:, group] = distances[:, group].min(axis=1, keepdims=True)
        return found

    @cached_property
    def _training(self) -> _Training:
        mean = float(self._mean @ self._mean)
        return _Training(self._rows.shape[1], mean, self._products(self._rows))

    @cached_property
    def _mean(self) -> Tensor:
        return self._rows.double().mean(dim=0)

    def _products(self, rows: Tensor) -> _Products:
        cross = torch.zeros(len(rows), len(self._rows), dtype=torch.float64)
        own, with_mean = torch.zeros(2, len(rows), dtype=torch.float64)
        for some, known, mean in self._pieces(rows):
            cross += some @ known.T
            own += some.square().sum(dim=1)
            with_mean += some @ mean
        return _Products(cross.numpy(), own.numpy(), with_mean.numpy())

    def _pieces(self, rows: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Some columns at a time: of the rows and the training sources, about the mean; of it."""
        columns = (part.split(_COLUMNS, dim=-1) for part in (rows, self._rows, self._mean))
        for some, known, mean in zip(*columns, strict=True):
            yield some.double() - mean, known.double() - mean, mean


def _predictors(view: str) -> dict[str, str]:
    """Name -> comparison, for one view."""
    if view in PICTURE:
        return {view: "distance"}
    return {f"{view}-{how}": how for how in COMPARISONS}
