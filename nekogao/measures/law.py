"""The law: which face comes out for a picture never seen, what foretells it, and is it the cause?

The winner is the face with the largest share in the span test. A predictor compares a source
with the training sources, in some view of them, and says which is nearest. Sources are float
tensors n c h w in [-1, 1].
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from nekogao.errors import ConfigError
from nekogao.measures.composition import Face, Faces, convex_fit, span
from nekogao.measures.interventions import INTERVENTIONS, flip_point, morph
from nekogao.measures.views import NETWORK, PICTURE, views
from nekogao.nets.generator import Generator

__all__ = [
    "INTERVENTIONS",
    "PREDICTORS",
    "agreement",
    "collapse",
    "constant_baseline",
    "flip_point",
    "margin",
    "morph",
    "permutation_p",
    "predictors",
    "scores",
    "winner",
]

Winners = Int[np.ndarray, " m"]
Distances = NDArray[np.float64]
"""m x n: how far each source is from each training source; the smallest of a row wins."""


def winner(output: Face, targets: Faces) -> int:
    """The face with the largest weight in the span test; arrays h w c in [0, 1]."""
    return int(span(output, targets).weights.argmax())


def margin(output: Face, targets: Faces) -> float:
    """How clearly the winner wins: its weight less the next one's, from 0 (a tie) to 1."""
    weights = np.sort(span(output, targets).weights)
    return float(weights[-1] - weights[-2]) if len(weights) > 1 else 1.0


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


_COMPARISONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "distance": _distance,
    "cosine": _cosine,
    "centred-cosine": _centred_cosine,
    "whitened": _whitened,
    "share": _share,
}
"""Name -> function (training n d, seen m d) -> m n, lower is nearer."""

_NAMED: dict[str, tuple[str, str]] = {
    **{view: (view, "distance") for view in PICTURE},
    **{f"{view}-{how}": (view, how) for view in NETWORK for how in _COMPARISONS},
}
"""Predictor -> view and comparison."""

Predictor = Callable[[Generator, Tensor, Tensor], NDArray[np.intp]]


def scores(
    generator: Generator,
    training: Float[Tensor, "n c h w"],
    sources: Float[Tensor, "m c h w"],
) -> dict[str, Distances]:
    """Every predictor's distances, m x n, with each view made once."""
    known, seen = views(generator, training), views(generator, sources)
    return {
        name: _COMPARISONS[how](known[view], seen[view]).double().numpy()
        for name, (view, how) in _NAMED.items()
        if view in known
    }


def predictors(generator: Generator) -> dict[str, Callable[[Tensor, Tensor], Distances]]:
    """The predictors that this generator has: (training sources n c h w, sources m c h w) to
    distances m x n, of which the smallest of a row is the predicted winner.

    `pixels`, `pooled-8`, `pooled-4`, `intensity` and `edge-density` compare pictures. The others
    are named VIEW-COMPARISON, as in level-5-cosine. Views: see nekogao.measures.views.
    Comparisons: `distance` (Euclidean), `cosine`, `centred-cosine` (about the training sources'
    mean), `whitened` (Mahalanobis, in the space that they span), `share` (1 - weight in the
    nearest convex combination of them). `output-...` runs the whole network: it is an upper
    reference, not a law.
    """
    levels = range(generator.first, generator.levels + 1)
    own = {f"{part}-{level}" for level in levels for part in ("level", "decoder")}
    own -= {f"decoder-{generator.levels}"}
    own |= {*PICTURE, "decoder-input", "output"}
    return {
        name: partial(_compare, generator, name)
        for name, (view, _) in _NAMED.items()
        if view in own
    }


def _compare(generator: Generator, name: str, training: Tensor, sources: Tensor) -> Distances:
    view, how = _NAMED[name]
    known = views(generator, training)
    if view not in known:
        raise ConfigError(
            f"predictor {name}: this generator has the levels {generator.first} to "
            f"{generator.levels} only. Choose from predictors(generator)."
        )
    return _COMPARISONS[how](known[view], views(generator, sources)[view]).double().numpy()


def _predict(
    name: str, generator: Generator, training: Tensor, sources: Tensor
) -> NDArray[np.intp]:
    return _compare(generator, name, training, sources).argmin(axis=1)


PREDICTORS: dict[str, Predictor] = {name: partial(_predict, name) for name in _NAMED}
"""Name -> (generator, training sources n c h w, sources m c h w) -> m predicted winners.

Raises ConfigError for a level that the generator does not compute; `predictors` names those that
it has, and gives distances.
"""


# How good a prediction is


def agreement(predicted: Winners, winners: Winners) -> float:
    """The share of pictures whose winner was predicted, from 0 to 1."""
    return float(np.mean(predicted == winners))


def permutation_p(
    predicted: Winners, winners: Winners, draws: int = 10_000, seed: int = 0
) -> float:
    """How often winners in random order agree with the prediction at least as well.

    The p-value (1 + hits) / (1 + draws), never 0 (Phipson and Smyth 2010, equation 2). A constant
    prediction has 1, however often it is right.
    """
    random = np.random.default_rng(seed)
    found = np.count_nonzero(predicted == winners)
    hits = sum(
        np.count_nonzero(predicted == random.permutation(winners)) >= found for _ in range(draws)
    )
    return (1 + hits) / (1 + draws)


def constant_baseline(winners: Winners) -> float:
    """The agreement of always naming the most frequent winner: what a predictor must beat."""
    return float(np.bincount(winners).max() / len(winners))


def collapse(winners: Winners, count: int) -> float:
    """The share of the most frequent winner; 1 / count where all `count` faces win alike.

    Raises ConfigError where a winner is not one of the faces.
    """
    if winners.min() < 0 or winners.max() >= count:
        raise ConfigError(
            f"collapse: winner {winners.max()} of {count} faces. Count them from 0 on."
        )
    return float(np.bincount(winners, minlength=count).max() / len(winners))
