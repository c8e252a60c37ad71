"""Work done ahead by a few threads, and handed over in order."""

import math
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")

_GROUPS = Path("/sys/fs/cgroup")


def cores() -> int:
    """CPU cores that this process may use: those it is bound to, and no more than its container's
    share of time (`cpu.max` of control groups, version 2; `cpu.cfs_quota_us` of version 1)."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    return max(1, min(len(usable) or os.cpu_count() or 1, _share()))


def _share() -> int:
    """Whole cores that a container's time comes to; very many without a limit."""
    try:
        if (_GROUPS / "cpu.max").is_file():
            quota, period = (_GROUPS / "cpu.max").read_text().split()
        else:
            quota, period = ((_GROUPS / "cpu" / name).read_text().strip()
                             for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us"))  # fmt: skip
        return math.ceil(int(quota) / int(period)) if int(quota) > 0 else sys.maxsize
    except (OSError, ValueError, ZeroDivisionError):  # no limit ("max"), or no such files
        return sys.maxsize


THREADS = min(8, 1 + cores())
"""They read, decode, encode and hash, all of which lets other threads run."""


def ahead(
    function: Callable[[A], R], arguments: Iterable[A], depth: int = 2 * THREADS
) -> Generator[R, None, None]:
    """`map`, but with the next `depth` results under way while one is used.

    The arguments are drawn in the caller's thread, in order, and no more than `depth` before they
    are needed. An error in `function` is raised where its result is due. The threads end with the
    iterator: exhausted, closed, or left by an exception.
    """
    under_way: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(THREADS, "nekogao-worker")
    try:
        for argument in arguments:
            under_way.append(pool.submit(function, argument))
            if len(under_way) > depth:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def groups(items: Iterable[A], size: int) -> Iterator[list[A]]:
    """The items in lists of `size`, the last one perhaps shorter."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
