"""The order of training: which item a place of a batch shows, and in which domain."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Draws:
    """What the steps of a run show: a function of these fields and of the step, of nothing else.

    The items come in a new order every epoch, and an item's domain changes in turn from epoch to
    epoch, so that every item is seen in every domain equally often. Every batch has the full
    size; one that runs over the end of an epoch continues with the next. Places that replay
    domains of earlier phases are spread evenly.
    """

    items: Sequence[int]
    """The items that are shown, by their number in the pair set."""
    size: int
    """Pairs in a batch."""
    seed: int
    """The run's seed."""
    replay: float = 0.0
    """Share of the places that show domains of earlier phases, in [0, 1)."""

    def draw(self, step: int, domains: Sequence[str], earlier: Sequence[str] = ()) -> Draw:
        """What one step shows.

        Args:
            step: Count of updates from the start of the run.
            domains: Names of domains to mix.
            earlier: Domains of earlier phases that are not among `domains`; without any there is
                nothing to replay.
        """
        share = self.replay if earlier else 0.0
        places = []
        for position in range(step * self.size, (step + 1) * self.size):
            epoch, place = divmod(position, len(self.items))
            index = self.items[int(_order(self.seed, epoch, len(self.items))[place])]
            again = int((position + 1) * share) > int(position * share)
            shown = earlier if again else domains
            places.append(Place(index, shown[(epoch + index) % len(shown)]))
        return Draw(step, places)


def held_items(count: int, hold_out: int) -> list[int]:
    """Which of `count` items are held out: `hold_out` of them, spread evenly."""
    return [(2 * i + 1) * count // (2 * hold_out) for i in range(hold_out)]


def kept_items(count: int, hold_out: int) -> list[int]:
    """Which of `count` items are trained on."""
    held = set(held_items(count, hold_out))
    return [item for item in range(count) if item not in held]


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return stream(seed, Purpose.ORDER, epoch).permutation(count)
