"""Muon: the gradients of large layers are made orthogonal before they are followed."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nekogao.nets.adam import Adam

_POLYNOMIALS = (
    (8.2872120, -23.5958865, 17.3003873),
    (4.1070591, -2.9478499, 0.5448431),
    (3.9486909, -2.9089021, 0.5518191),
)
"""Odd polynomials of degree five, the best possible one after the other for singular values from
0.001 to 1 (Amsel et al. 2025, "The Polar Express", algorithm 1). A fourth gained nothing."""
_SHARE = 0.2
"""Root mean square of an update at a learning rate of 1: Adam's, about (Liu et al. 2025, "Muon is
scalable", section 2.2)."""
_WIDE = 8
"""From this many columns a row on, the product of a matrix with itself is what is iterated."""
_SMALLEST_NORM = 1e-7


class Muon(Adam):
    """Muon (Jordan et al. 2024) for some weights, Adam for the others of a network.

    A weight is taken as a matrix: its first dimension by all others. What Adam knows of an entry
    is its own history; Muon follows the matrix of mean gradients with all singular values set to
    one, so that what few pictures need moves as far as what all of them do.

    PyTorch's own takes nothing but matrices, and always computes in bfloat16, which processors
    without it do slowly.

    Args:
        module: Its parameters are optimised.
        matrices: Those of them that Muon updates; they have two dimensions or more.
        lr: Adam's learning rate.
        betas: Adam's decays.
        matrix_lr: Muon's learning rate; an update's entries have 0.2 times that as their root mean
            square.
        momentum: Decay of Muon's mean of gradients, with Nesterov's look ahead.
    """

    def __init__(
        self,
        module: nn.Module,
        matrices: Sequence[nn.Parameter],
        *,
        lr: float,
        betas: tuple[float, float],
        matrix_lr: float,
        momentum: float,
    ) -> None:
        chosen = {id(weight) for weight in matrices}
        rest = [weight for weight in module.parameters() if id(weight) not in chosen]
        groups: list[dict[str, Any]] = [
            {"params": rest},
            {"params": list(matrices), "lr": matrix_lr, "momentum": momentum},
        ]
        super().__init__(groups, lr, betas)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of all weights from their gradients; Muon's gradients are freed."""
        for group in self.param_groups:
            if "momentum" not in group:
                continue
            for weight in group["params"]:
                if weight.grad is not None:
                    self._follow(weight, group["lr"], group["momentum"])
                    weight.grad = None  # Adam leaves those alone that have none
        return super().step(closure)

    def _follow(self, weight: Tensor, lr: float, momentum: float) -> None:
        state, gradient = self.state[weight], weight.grad
        assert gradient is not None
        if not state:
            # PyTorch's Adam expects a count in every state that it loads.
            state["step"] = torch.tensor(0.0)
            state["mean"] = torch.zeros_like(gradient)
        state["step"] += 1
        mean = state["mean"].lerp_(gradient, 1 - momentum)
        direction = orthogonal(gradient.lerp(mean, momentum).flatten(1))
        scale = _SHARE * max(direction.shape) ** 0.5
        weight.add_(direction.view(weight.shape), alpha=-lr * scale)


def orthogonal(matrix: Float[Tensor, "n m"]) -> Float[Tensor, "n m"]:
    """The matrix with its singular values near one, by iteration.

    Those from a hundredth of the matrix's norm on come out between 0.18 and 1.9, smaller ones
    smaller. Wide matrices are iterated by their products with themselves, which are small; others
    in bfloat16, where the processor has it.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.mT).mT.contiguous()
    x = matrix / (matrix.norm() + _SMALLEST_NORM)
    if x.shape[1] >= _WIDE * x.shape[0]:
        return _root(x @ x.mT) @ x
    if _has_bfloat16(x.device):
        x = x.bfloat16()
    for first, third, fifth in _POLYNOMIALS:
        square = x @ x.mT
        square = torch.addmm(square, square, square, beta=third, alpha=fifth)
        x = torch.addmm(x, square, x, beta=first)
    return x.to(matrix.dtype)


def _root(square: Tensor) -> Tensor:
    """What makes a matrix orthogonal, from its product with itself."""
    found = None
    for first, third, fifth in _POLYNOMIALS:
        factor = torch.addmm(square, square, square, beta=third, alpha=fifth)
        factor.diagonal().add_(first)
        found = factor if found is None else factor @ found
        square = factor @ square @ factor
    assert found is not None
    return found


def _has_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are faster than in full precision."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    supported: Callable[[], bool] = torch.cpu._is_avx512_bf16_supported
    return device.type == "cpu" and supported()
