"""The order of training: which item a place of a batch shows, and in which domain."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nekogao.randomness import Purpose, stream


class Place(NamedTuple):
    """One place of a batch."""

    item: int
    """Its index in the pair set."""
    domain: str
    """Of the source."""


class Draw(NamedTuple):
    """What the batch of one step shows."""

    step: int
    """Count of updates from the start of the run."""
    places: Sequence[Place]


def draw(
    step: int,
    *,
    count: int,
    domains: Sequence[str],
    size: int,
    seed: int,
    earlier: Sequence[str] = (),
    replay: float = 0.0,
) -> Draw:
    """What a step shows: a function of its arguments, of nothing else.

    The items come in a new order every epoch, and an item's domain goes round from epoch to
    epoch, so that every item is seen in every domain equally often. Every batch has the full
    size; one that runs over the end of an epoch goes on into the next. Places that replay
    domains of earlier phases are spread evenly.

    Args:
        step: Count of updates from the start of the run.
        count: Items in the pair set.
        domains: Names of domains to mix.
        size: Pairs in the batch.
        seed: The run's seed.
        earlier: Domains of earlier phases that are not among `domains`.
        replay: Share of the places that show them, below 1.
    """
    share = replay if earlier else 0.0
    places = []
    for position in range(step * size, (step + 1) * size):
        epoch, place = divmod(position, count)
        index = int(_order(seed, epoch, count)[place])
        again = int((position + 1) * share) > int(position * share)
        shown = earlier if again else domains
        places.append(Place(index, shown[(epoch + index) % len(shown)]))
    return Draw(step, places)


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return stream(seed, Purpose.ORDER, epoch).permutation(count)
