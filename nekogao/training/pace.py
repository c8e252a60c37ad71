"""Pace: how long one update takes on this machine."""

import time
from collections.abc import Iterator

import torch

from nekogao.config.schema import TrainConfig
from nekogao.models.families import family_of, resolved
from nekogao.pairs.item import Header
from nekogao.pairs.pair_set import Batch
from nekogao.training.accelerator import accelerated, place
from nekogao.training.schedule import Span
from nekogao.training.state import new_state
from nekogao.training.update import update

_UPDATES = 5
_ENOUGH, _TOO_LONG = 1.0, 10.0
"""Seconds after which no further update is timed: from the second update on, and from the first,
in which a machine may think of something else."""


def seconds_per_update(config: TrainConfig, header: Header, pairs: int) -> float:
    """Time a few updates on noise, and forget them; the caller's random numbers stay as they are.

    The first update, which also prepares the layers, counts only where it alone takes long.

    Args:
        config: Of a family that learns by updates.
        header: Of the pair set that will be trained on.
        pairs: How many pairs it will have.
    """
    config = resolved(config, header, pairs)
    batch = min(int(config.batch), pairs)
    noise = torch.rand(batch, 3, *header.size.shape, generator=torch.Generator()) * 2 - 1
    shown = Batch(noise[:, : header.source_channels], noise[:, : header.target_channels])
    phase = config.parsed_phases()[0]
    span = Span(1, phase, phase.domains, 0, _UPDATES)
    if family_of(config.model).at_once:
        raise ValueError(f"the family {config.model.kind} does not learn by updates")
    state = new_state(config, header, batch)

    def times() -> Iterator[float]:
        with accelerated(config) as accelerator:
            place(state.learner, accelerator)
            begun = prepared = time.perf_counter()
            for number in range(_UPDATES):
                before = time.perf_counter()
                losses = update(state, span, config, shown, accelerator)
                sum(float(value) for value in losses.values())  # waits for the device
                now = time.perf_counter()
                yield now - before
                prepared = now if number == 0 else prepared
                if now - begun > _TOO_LONG or now - prepared > _ENOUGH:
                    return

    first, *others = times()
    return sorted(others)[len(others) // 2] if others else first
