"""Adam, without the import of PyTorch's compiler."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from nekogao.config.schema import OptimizerConfig

_ON_THEIR_OWN = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


class Adam(torch.optim.Adam):
    """PyTorch's fused Adam (Kingma and Ba 2015, algorithm 1), bit for bit.

    PyTorch's optimisers import its compiler when they are first used, only to tell it to leave
    them alone. That import takes longer than all the others together, and this program compiles
    nothing. Where a later PyTorch does so in another way, this is its plain Adam, begun later.
    """

    def __init__(self, module: nn.Module, config: OptimizerConfig) -> None:
        for name in _ON_THEIR_OWN:
            plain = inspect.unwrap(getattr(torch.optim.Optimizer, name))
            # Here PyTorch looks for what the compiler made of the method.
            plain.__dict__.setdefault("__dynamo_disable", plain)
        betas = (config.beta1, config.beta2)
        super().__init__(module.parameters(), lr=config.lr, betas=betas, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of the weights from their gradients."""
        return inspect.unwrap(torch.optim.Adam.step)(self, closure)
