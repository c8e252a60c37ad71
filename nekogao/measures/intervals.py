"""Confidence intervals by bootstrap over seeds, and over images within seeds.

With few seeds percentile intervals are too narrow (for five, nearer 85 % than 95 %): read them as
a lower bound on the uncertainty, and say how many seeds there were.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
"""Share of resamples between the bounds."""
RESAMPLES = 4000


class Interval(NamedTuple):
    """A mean with its bounds; they are None where one seed leaves nothing to resample."""

    mean: float
    low: float | None
    high: float | None
    seeds: int


def over_images(groups: Sequence[Sequence[float]], resamples: int = RESAMPLES) -> Interval:
    """The mean over seeds of the means over images, seeds and images within them resampled.

    The two-stage bootstrap of Davison and Hinkley 1997, section 3.8: seeds are drawn with
    replacement, then images within each seed drawn.

    Args:
        groups: For each seed the numbers of its images; at least one seed and one image.
        resamples: How often to resample.
    """
    arrays = [np.asarray(group, float) for group in groups]
    mean = float(np.mean([array.mean() for array in arrays]))
    if len(arrays) < 2:
        return Interval(mean, None, None, len(arrays))
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, len(arrays), (resamples, len(arrays)))
    drawn = np.empty(chosen.shape)
    for number, array in enumerate(arrays):
        here = chosen == number
        drawn[here] = _resampled_means(array, int(here.sum()), rng)
    low, high = np.quantile(drawn.mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, float(low), float(high), len(arrays))


def _resampled_means(
    values: NDArray[np.floating], times: int, rng: np.random.Generator
) -> NDArray[np.floating]:
    """Means of one seed's images, resampled so many times."""
    if len(values) == 1:
        return np.full(times, values[0])
    return values[rng.integers(0, len(values), (times, len(values)))].mean(axis=1)
