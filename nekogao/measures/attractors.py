"""Attractors: does the closed loop, output back in as input, come to rest on the training faces?

A network that stores examples has them as fixed points of that loop, and draws what lies near
to them (Radhakrishnan, Belkin and Uhler: arXiv 1810.10333; PNAS 117:27162). States are float
tensors b c h w in [-1, 1]; distances are MAE on [0, 1], half of what it is on [-1, 1].
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from nekogao.models.settling import Settled, Turn, apart

Kind = Literal["stored", "spurious", "cycle", "unconverged"]

NEAR = 0.05
"""An end this near to a target, by MAE on [0, 1], is that target: stored."""


def classify(ends: Settled, targets: Float[Tensor, "n ..."], near: float = NEAR) -> list[Kind]:
    """What each start came to: a stored face, a spurious fixed point, a cycle, or no rest.

    Args:
        ends: What `settle` gave.
        targets: The training targets, in [-1, 1].
        near: Largest MAE on [0, 1] from a fixed point to a target that counts as that target.
    """
    distances = _distances(ends.end, targets).min(dim=1).values
    return [
        kind if kind != "fixed" else "stored" if distance <= near else "spurious"
        for kind, distance in zip(ends.kind, distances.tolist(), strict=True)
    ]


def residual(turn: Turn, targets: Float[Tensor, "n ..."]) -> NDArray[np.float64]:
    """How far one turn of the loop moves each target: MAE on [0, 1], 0 for a fixed point."""
    return apart(turn(targets), targets).double().numpy()


def spectral_radius(
    function: Turn, point: Float[Tensor, "..."], iterations: int = 100, seed: int = 0
) -> float:
    """The largest modulus of an eigenvalue of the Jacobian at a point.

    By power iteration on Jacobian-vector products, as the mean growth (geometric) over the second
    half of the iterations: with a complex pair of eigenvalues the growth of one iteration goes up
    and down, its mean does not. Below 1 a fixed point attracts.

    Args:
        function: Differentiable, such as what Translator.smooth gives.
        point: Where the derivative is taken.
        iterations: Products; the error falls as their inverse.
        seed: Draws the first direction.
    """
    direction = _unit(_gaussian(point, seed))
    growths = []
    for _ in range(max(2, iterations)):
        moved = _push(function, point, direction)
        growth = float(moved.norm())
        if growth == 0:
            return 0.0
        growths.append(growth)
        direction = _unit(moved)
    return float(np.exp(np.log(growths[len(growths) // 2 :]).mean()))


def largest_singular_value(
    function: Turn, point: Float[Tensor, "..."], iterations: int = 50, seed: int = 0
) -> float:
    """The largest singular value of the Jacobian: how much one turn can blow a change up.

    By power iteration on J^T J, with a Jacobian-vector product and its transpose. It is at least
    the spectral radius; above 1 there are changes that grow before they fade. Arguments as for
    `spectral_radius`.
    """
    direction, size = _unit(_gaussian(point, seed)), 0.0
    pull = torch.func.vjp(function, point)[1]
    for _ in range(iterations):
        moved = _push(function, point, direction)
        size = float(moved.norm())
        if size == 0:
            break
        direction = _unit(pull(moved)[0])
    return size


def finite_difference_gain(
    turn: Turn,
    point: Float[Tensor, "1 ..."],
    sizes: Sequence[float],
    draws: int = 16,
    seed: int = 0,
) -> dict[float, NDArray[np.float64]]:
    """How much one turn enlarges random changes, for loops that have no derivative (Canny).

    A random direction rarely is the worst one, so this is below the largest singular value; a
    loop on 8-bit pictures does not see changes much smaller than 1/255.

    Args:
        turn: One turn of the loop.
        point: A batch of one state.
        sizes: Root mean squares of the changes, on [0, 1].
        draws: Directions for each size, the same for all of them.
        seed: Draws the directions.

    Returns:
        Size -> |turn(point + change) - turn(point)| / |change| for every draw.
    """
    directions = _gaussian(point.expand(draws, *point.shape[1:]), seed)
    rms = directions.flatten(1).square().mean(dim=1).sqrt()
    directions = directions / rms.view(-1, *[1] * (point.ndim - 1))
    here, found = turn(point), {}
    for size in sizes:
        moved = turn(point + 2 * size * directions) - here  # 2: on [-1, 1]
        found[size] = moved.flatten(1).square().mean(dim=1).sqrt().double().numpy() / (2 * size)
    return found


def _push(function: Turn, point: Tensor, direction: Tensor) -> Tensor:
    """The Jacobian at the point times the direction."""
    return torch.func.jvp(function, (point,), (direction,))[1]


def _gaussian(like: Tensor, seed: int) -> Tensor:
    values = np.random.default_rng(seed).normal(size=like.shape)
    return torch.from_numpy(values).to(like.dtype)


def _unit(vector: Tensor) -> Tensor:
    return vector / vector.norm()


def _distances(states: Tensor, targets: Tensor) -> Tensor:
    """MAE on [0, 1] of each state from each target, b n."""
    return torch.stack([apart(states, target[None]) for target in targets], dim=1)
