"""How fast this machine multiplies: the rate that the arithmetic limit is computed with."""

import statistics
import time
from collections.abc import Callable

import torch

_MATRIX = 2048


def multiply() -> Callable[[], object]:
    """A task that multiplies two large fp32 matrices; MATMUL_FLOPS operations each time."""
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(_MATRIX, _MATRIX, generator=generator) for _ in range(2))
    return lambda: torch.mm(a, b)


MATMUL_FLOPS = 2 * _MATRIX**3


def matmul_rate(repeats: int = 9, clock: Callable[[], float] = time.perf_counter) -> float:
    """Operations per second of a large fp32 matrix product: the median of several."""
    task = multiply()
    task()
    seconds = []
    for _ in range(repeats):
        begun = clock()
        task()
        seconds.append(clock() - begun)
    return MATMUL_FLOPS / statistics.median(seconds)
