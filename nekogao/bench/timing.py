"""Timing tasks side by side, so that the drift of a busy machine falls on all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Task = Callable[[], object]
Seconds = dict[str, list[float]]
"""Name of a task -> seconds of each repeat, in order: the i-th of all were neighbours in time."""


def interleave(
    tasks: Mapping[str, Task],
    repeats: int,
    *,
    warmup: int = 2,
    clock: Callable[[], float] = time.perf_counter,
) -> Seconds:
    """Run the tasks in turn, A B A B ..., and return the seconds of each."""
    for _ in range(warmup):
        for task in tasks.values():
            task()
    seconds: Seconds = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            begun = clock()
            task()
            seconds[name].append(clock() - begun)
    return seconds


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """How many times faster: the median of the ratios of neighbours in time."""
    return statistics.median(s / f for s, f in zip(slow, fast, strict=True))


def share(flops: float, seconds: Sequence[float], rates: Sequence[float]) -> float:
    """Share of the arithmetic limit: the median over neighbours in time.

    Args:
        flops: Operations that must be done.
        seconds: What each repeat took.
        rates: Operations per second of a matrix product measured next to each repeat.
    """
    pairs = zip(seconds, rates, strict=True)
    return statistics.median(flops / rate / taken for taken, rate in pairs)
