"""Work done ahead by a few threads, and handed over in order."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")

THREADS = min(8, 1 + (os.cpu_count() or 1))
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
