"""Settling: outputs fed back through the domain until nothing changes any more.

States are float tensors b c h w in [-1, 1]; distances are MAE on [0, 1], half of what it is on
[-1, 1].
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from nekogao.pictures import images
from nekogao.pictures.images import Picture

Turn = Callable[[Tensor], Tensor]
"""One turn of the closed loop, on a batch."""
Rest = Literal["fixed", "cycle", "unconverged"]

MOST_TURNS = 100
"""Turns after which a loop that has not come to rest is left."""
LONGEST_CYCLE = 8
"""Longer cycles count as unconverged."""


@dataclass(frozen=True)
class Settled:
    """Where starts came to rest."""

    end: Float[Tensor, "b ..."]
    """The last state of each."""
    turns: list[int]
    """Turns of the loop until each was at rest, or all that were allowed."""
    kind: list[Rest]
    """`fixed`: a turn changes it by no more than the tolerance. `cycle`: it does not rest, but
    returns within the tolerance after 2 to 8 turns. `unconverged`: neither."""


def settle(
    turn: Turn, start: Float[Tensor, "b ..."], most: int = MOST_TURNS, tolerance: float = 1e-3
) -> Settled:
    """Run the loop from each start of a batch until it is at rest.

    Args:
        turn: One turn of the loop; each state of a batch must go its own way.
        start: The first states.
        most: Turns at most.
        tolerance: Largest MAE on [0, 1] between states that count as the same. A fixed point
            approached by a factor f a turn may still be tolerance * f / (1 - f) away.
    """
    end, turns = start.clone(), [most] * len(start)
    moving = torch.arange(len(start))
    recent: deque[Tensor] = deque([start], maxlen=LONGEST_CYCLE + 1)
    for number in range(1, most + 1):
        new = turn(recent[-1])
        end[moving] = new
        rests = apart(new, recent[-1]) <= tolerance
        for index in moving[rests].tolist():
            turns[index] = number
        recent.append(new)
        if rests.any():
            moving = moving[~rests]
            recent = deque((state[~rests] for state in recent), maxlen=recent.maxlen)
        if not len(moving):
            break
    kind: list[Rest] = ["fixed"] * len(start)
    for place, index in enumerate(moving.tolist()):
        past = [state[place] for state in list(recent)[:-2]]
        returns = any(apart(end[index][None], state[None]) <= tolerance for state in past)
        kind[index] = "cycle" if returns else "unconverged"
    return Settled(end, turns, kind)


class End(NamedTuple):
    """An output after the closed loop."""

    output: Picture
    """uint8, h w 3 or h w."""
    turns: int = 0
    """How often it was fed back."""
    rest: Rest | None = None
    """How the loop ended; None where it was given a number of turns."""


def loop(turn: Turn, start: Float[Tensor, "b ..."], turns: int | Literal["still"]) -> list[End]:
    """Run the loop so many times from each start, or until it is at rest."""
    if turns == "still":
        found = settle(turn, start)
        shown = images.from_tensor(found.end)
        return [End(*end) for end in zip(shown, found.turns, found.kind, strict=True)]
    for _ in range(turns):
        start = turn(start)
    return [End(shown, turns) for shown in images.from_tensor(start)]


def apart(a: Tensor, b: Tensor) -> Tensor:
    """MAE on [0, 1] of each pair of states, b."""
    return (a - b).abs().flatten(1).mean(dim=1) / 2
