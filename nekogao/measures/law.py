"""The law: which face comes out for a picture never seen, what predicts it, and is it the cause?

The winner is the face with the largest share in the span test. A predictor compares a source
with the training sources, in some view of them, and says which is nearest. Sources are float
tensors n c h w in [-1, 1].
"""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from nekogao.measures.composition import convex_fit
from nekogao.measures.views import PICTURE, views
from nekogao.models.translator import Translator

Winners = Int[np.ndarray, " m"]
Distances = NDArray[np.float64]
"""m x n: how far each source is from each training source; the smallest of a row wins."""


# Ways of comparing a view of sources with that of the training sources


def _distance(training: Tensor, seen: Tensor) -> Tensor:
    """Euclidean, as a root mean square."""
    apart = torch.cdist(seen, training, compute_mode="donot_use_mm_for_euclid_dist")
    return apart / seen.shape[1] ** 0.5


def _cosine(training: Tensor, seen: Tensor) -> Tensor:
    """1 - cosine of the angle between them, from 0 to 2."""
    return 1 - F.normalize(seen, dim=1) @ F.normalize(training, dim=1).T


def _centred_cosine(training: Tensor, seen: Tensor) -> Tensor:
    """1 - cosine about the mean of the training sources."""
    mean = training.mean(dim=0)
    return _cosine(training - mean, seen - mean)


def _whitened(training: Tensor, seen: Tensor) -> Tensor:
    """Mahalanobis distance with the covariance of the training sources.

    n of them span n - 1 dimensions; what lies outside is as far from all of them.
    """
    mean = training.mean(dim=0)
    _, sizes, axes = torch.linalg.svd(training - mean, full_matrices=False)
    kept = sizes > 1e-4 * sizes.max()
    whiten = axes[kept].T / sizes[kept]
    return _distance((training - mean) @ whiten, (seen - mean) @ whiten)


def _share(training: Tensor, seen: Tensor) -> Tensor:
    """1 - weight in the convex combination of the training sources that comes nearest."""
    rows = training.double().numpy()
    fits = [convex_fit(one, rows) for one in seen.double().numpy()]
    return 1 - torch.from_numpy(np.stack(fits))


COMPARISONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "distance": _distance,
    "cosine": _cosine,
    "centred-cosine": _centred_cosine,
    "whitened": _whitened,
    "share": _share,
}
"""Name -> function (training n d, seen m d) -> m n, lower is nearer."""
_ABOUT_THE_MEAN = ("centred-cosine", "whitened")


def scores(
    translator: Translator,
    training: Float[Tensor, "n c h w"],
    sources: Float[Tensor, "m c h w"],
) -> dict[str, Distances]:
    """Every predictor's distances, m x n, of which the smallest of a row is the predicted winner.

    Predictors of the picture alone are named after their view; the others VIEW-COMPARISON, as in
    `level-5-cosine`. Views: see nekogao.measures.views, and the views of the network's family.
    Comparisons: `distance` (Euclidean), `cosine`, `centred-cosine` (about the training sources'
    mean), `whitened` (Mahalanobis, in the space that they span), `share` (1 - weight in the
    nearest convex combination of them). `output-...` runs the whole network: it is an upper
    reference, not a law.

    Args:
        translator: The network.
        training: The training sources, in [-1, 1].
        sources: The sources asked about, in [-1, 1].
    """
    return compare(views(translator, training), views(translator, sources))


def compare(known: Mapping[str, Tensor], seen: Mapping[str, Tensor]) -> dict[str, Distances]:
    """Every predictor's distances, m x n, from the views of training sources and of others.

    A predictor that has no meaning for these training sources is left out; see `meaningless`.
    """
    left_out = meaningless(known)
    found: dict[str, Distances] = {}
    for view in known:
        for name, how in _predictors(view).items():
            if name in left_out:
                continue
            distances = COMPARISONS[how](known[view], seen[view]).double().numpy()
            if np.isfinite(distances).all():
                found[name] = distances
    return found


def meaningless(known: Mapping[str, Tensor]) -> dict[str, str]:
    """Predictors that have no meaning for these training sources -> the reason.

    `centred-cosine` and `whitened` look at how the training sources differ from their mean.
    """
    found: dict[str, str] = {}
    for view, training in known.items():
        if not bool((training == training[:1]).all()):
            continue
        alone = len(training) == 1
        reason = (
            "there is one training face, which is its own mean"
            if alone
            else "this view is the same for every training face"
        )
        names = _predictors(view).items()
        found |= {name: reason for name, how in names if how in _ABOUT_THE_MEAN}
    return found


def _predictors(view: str) -> dict[str, str]:
    """Name -> comparison, for one view."""
    if view in PICTURE:
        return {view: "distance"}
    return {f"{view}-{how}": how for how in COMPARISONS}


# How good a prediction is


def agreement(predicted: Winners, winners: Winners) -> float:
    """The share of pictures whose winner was predicted, from 0 to 1."""
    return float(np.mean(predicted == winners))


class Permutations:
    """The winners in random order, drawn once, to be compared with many predictions.

    Args:
        winners: The winner of each picture.
        draws: How many orders.
        seed: Draws them.
    """

    def __init__(self, winners: Winners, draws: int = 10_000, seed: int = 0) -> None:
        self._winners, self._draws = winners, draws
        self._random = np.random.default_rng(seed)

    def p(self, predicted: Winners) -> float:
        """How often winners in random order agree with the prediction at least as well.

        The p-value (1 + hits) / (1 + draws), never 0 (Phipson and Smyth 2010, equation 2). A
        constant prediction has 1, however often it is right.
        """
        found = np.count_nonzero(predicted == self._winners)
        if found == 0 or _constant(predicted) or _constant(self._winners):
            return 1.0  # every order agrees as well
        agreeing = np.count_nonzero(self._orders == predicted, axis=1)
        return (1 + int(np.count_nonzero(agreeing >= found))) / (1 + self._draws)

    @cached_property
    def _orders(self) -> Int[np.ndarray, "draws m"]:
        orders = np.empty((self._draws, len(self._winners)), np.int32)
        for order in orders:
            order[:] = self._random.permutation(self._winners)
        return orders


def _constant(winners: Winners) -> bool:
    return bool((winners == winners[0]).all())


def constant_baseline(winners: Winners) -> float:
    """The agreement of always naming the most frequent winner: what a predictor must beat."""
    return float(np.bincount(winners).max() / len(winners))
