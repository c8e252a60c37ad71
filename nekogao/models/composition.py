"""Memory or copying: is an output made of training faces, or of the picture that was put in?

Outputs, targets and pictures are float arrays h w c in [0, 1].
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.optimize import nnls

UnitPicture = Float[np.ndarray, "h w c"]
UnitPictures = Float[np.ndarray, "n h w c"]

_FLAT = 1e-12
"""A sum of squares, as a share of the number of values, below which a picture has no structure."""


@dataclass(frozen=True)
class SpanFit:
    """The convex combination of pictures that comes nearest to an output."""

    weights: NDArray[np.float64]
    """One for each target, then one for the extra picture if there was one; >= 0, sum 1."""
    r2: float
    """1 - residual / variation of the output, both of mean-centred pixels; at most 1, negative
    where the output's own mean colour would be nearer than any combination."""
    effective: float
    """The effective number of pictures, exp(H(weights)), from 1 to their count."""


@dataclass(frozen=True)
class Composition:
    """What an output is made of: memory and copying."""

    nearest: int
    """Index of the target with the smallest MAE."""
    ratio: float
    """d(output, nearest) / d(output, second nearest), from 0 (that face itself) to 1."""
    span: SpanFit
    """The fit by targets alone; its r2 is the memory."""
    copied: float
    """The rise of r2 when the input picture joins the basis: the copying. From 0 up."""


def composition(
    output: UnitPicture, targets: UnitPictures, picture: Float[np.ndarray, "h w k"]
) -> Composition:
    """All measures of memory and copying of one output.

    Args:
        output: What the network made, h w c in [0, 1].
        targets: The training targets, n h w c in [0, 1].
        picture: What was put in, h w c or h w 1, in [0, 1].
    """
    nearest, ratio = nearest_ratio(output, targets)
    alone = span(output, targets)
    return Composition(nearest, ratio, alone, _rise(alone, span(output, targets, picture)))


def nearest_ratio(output: UnitPicture, targets: UnitPictures) -> tuple[int, float]:
    """The nearest target by MAE, and d(output, nearest) / d(output, second nearest).

    The ratio is 0 where the output is that target and 1 where two are equally near. With one
    target, mid-gray stands in for the second.
    """
    others = targets if len(targets) > 1 else np.stack([targets[0], np.full_like(output, 0.5)])
    distances = np.abs(others - output).mean(axis=(1, 2, 3))
    nearest = int(distances[: len(targets)].argmin())
    second = float(np.delete(distances, nearest).min())
    return nearest, float(distances[nearest]) / second if second else 1.0


def span(
    output: UnitPicture, targets: UnitPictures, extra: Float[np.ndarray, "h w k"] | None = None
) -> SpanFit:
    """Fit an output by a convex combination of the targets: the span test.

    Every picture is centred on its own mean colour (the mean over its pixels of each channel)
    before the fit, so that a uniform change of brightness counts neither as memory nor as
    copying. A flat output has r2 0, since it has no variation to explain.

    Args:
        output: h w c.
        targets: n h w c.
        extra: A picture that joins the basis, h w c or h w 1.
    """
    basis = targets
    if extra is not None:
        basis = np.concatenate([targets, np.broadcast_to(extra, output.shape)[None]])
    goal, rows = _centred(output[None])[0], _centred(basis)
    weights = convex_fit(goal, rows)
    variation = float(goal @ goal)
    residual = float(np.square(goal - weights @ rows).sum())
    r2 = 1 - residual / variation if variation > _FLAT * goal.size else 0.0
    return SpanFit(weights, r2, effective_number(weights))


def _rise(alone: SpanFit, joined: SpanFit) -> float:
    # A larger basis never fits worse but for rounding.
    return max(0.0, joined.r2 - alone.r2)


class Basis:
    """The targets, factored once, to be asked for many outputs which of them wins.

    Args:
        targets: n h w c in [0, 1].
    """

    def __init__(self, targets: UnitPictures) -> None:
        # In the orthonormal axes that the targets span, n numbers stand for all their pixels.
        axes, rows = np.linalg.qr(_centred(targets).T)
        self._axes, self._rows = axes, rows.T

    def winner(self, output: UnitPicture) -> int:
        """The target with the largest weight in the span test of an output, h w c in [0, 1]."""
        return int(self.weights(output).argmax())

    def weights(self, output: UnitPicture) -> NDArray[np.float64]:
        """The weights of the span test of an output, h w c in [0, 1]: >= 0, sum 1.

        They are those of `span(output, targets)`: what lies outside the targets' span is as far
        from every combination of them, so that only its length counts.
        """
        goal = _centred(output[None])[0]
        inside = goal @ self._axes
        outside = np.sqrt(max(0.0, float(goal @ goal - inside @ inside)))
        rows = np.pad(self._rows, ((0, 0), (0, 1)))
        return convex_fit(np.append(inside, outside), rows)


def effective_number(weights: Float[np.ndarray, " n"]) -> float:
    """exp(H(w)), H the entropy in nats: 1 for a single face, n for n equal shares."""
    some = weights[weights > 0]
    return float(np.exp(-(some * np.log(some)).sum()))


def convex_fit(
    goal: Float[np.ndarray, " d"], rows: Float[np.ndarray, "n d"]
) -> NDArray[np.float64]:
    """The weights w >= 0 with sum 1 that make |goal - w @ rows| smallest.

    This is exact, without a penalty to choose. With a_i = rows_i - goal, minimise
    |u @ a|^2 + (sum(u) - 1)^2 over u >= 0, which is NNLS (Lawson and Hanson 1974, chapter 23).
    For u = s w the best s leaves r / (1 + r) with r = |w @ a|^2, which rises with r: so w, which
    is u / sum(u), is best too.
    """
    apart = (rows - goal).astype(np.float64)
    # The triangular factor has the same norms, in n dimensions instead of one per pixel.
    small = np.asarray(np.linalg.qr(apart.T, mode="r"))
    scale = np.linalg.norm(small, axis=0).max() or 1.0
    system = np.vstack([small / scale, np.ones(len(rows))])
    wanted = np.append(np.zeros(len(system) - 1), 1.0)
    u, _ = nnls(system, wanted)
    return u / u.sum()


def _centred(pictures: UnitPictures) -> NDArray[np.float64]:
    """n h w c as n rows, each channel of each picture about its own mean."""
    exact = pictures.astype(np.float64)
    return (exact - exact.mean(axis=(1, 2), keepdims=True)).reshape(len(pictures), -1)
