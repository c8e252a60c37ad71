"""Adam, without the import of PyTorch's compiler."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Adam(torch.optim.Adam):
    """PyTorch's fused Adam (Kingma and Ba 2015, algorithm 1), bit for bit.

    PyTorch's optimisers import its compiler when they are first used, only to tell it to leave
    them alone. That import takes longer than all the others together, and this program compiles
    nothing, so the methods that would import it are replaced, in this class alone, by the plain
    functions that they wrap.

    Args:
        weights: What is optimised, or groups of it with settings of their own.
        lr: Learning rate.
        betas: Decays of the means of gradients and of squared gradients.
    """

    add_param_group = inspect.unwrap(torch.optim.Optimizer.add_param_group)
    load_state_dict = inspect.unwrap(torch.optim.Optimizer.load_state_dict)
    state_dict = inspect.unwrap(torch.optim.Optimizer.state_dict)
    zero_grad = inspect.unwrap(torch.optim.Optimizer.zero_grad)

    def __init__(
        self,
        weights: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        betas: tuple[float, float],
    ) -> None:
        super().__init__(weights, lr=lr, betas=betas, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of the weights from their gradients."""
        return inspect.unwrap(torch.optim.Adam.step)(self, closure)
