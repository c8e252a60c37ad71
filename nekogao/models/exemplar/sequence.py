"""Sequences: what one frame is told of the frame before."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar import blending
from nekogao.models.exemplar.blending import Candidate, Map
from nekogao.models.exemplar.descriptors import Descriptor
from nekogao.models.exemplar.registration import carried, flows

_STILL_THERE = 0.5
"""Share of a frame that must be found in the frame before; with less there was a cut."""
_STEADY = 0.5
"""How much the weights of the frame before count."""

Slot = tuple[int, int]
"""A pair, and the number of its flow."""


class Memory(NamedTuple):
    """What the next frame of a sequence is told of this one."""

    new: Descriptor
    shares: dict[Slot, Map]
    """How much each candidate counted, h w."""

    @classmethod
    def of(
        cls, new: Descriptor, candidates: Sequence[Candidate], shares: NDArray[np.float32]
    ) -> "Memory":
        """That of a frame whose candidates counted so much."""
        return cls(new, {_slot(c): share for c, share in zip(candidates, shares, strict=True)})


def steadied(
    new: Descriptor,
    candidates: Sequence[Candidate],
    shares: NDArray[np.float32],
    before: Memory,
    usual: float,
) -> NDArray[np.float32]:
    """Weights n h w smoothed in time along the motion of the source; after a cut, as they are.

    Args:
        new: The frame.
        candidates: The pairs bent to it.
        shares: How much each counts by itself.
        before: The frame before.
        usual: A place is found again where it fits as badly as the best candidate, and this much.
    """
    motion = flows(new, before.new)[0]
    fits = blending.fit(new, before.new, motion).mismatch
    known = fits <= np.min([each.mismatch for each in candidates], axis=0) + usual
    if known.mean() < _STILL_THERE:
        return shares
    none = np.zeros(new.shape.shape[:2], np.float32)
    moved = np.stack([carried(before.shares.get(_slot(c), none), motion) for c in candidates])
    total = moved.sum(axis=0)
    kept = _STEADY * (known & (total > 0)).astype(np.float32)
    return np.asarray((1 - kept) * shares + kept * moved / np.maximum(total, 1e-6), np.float32)


def _slot(candidate: Candidate) -> Slot:
    return candidate.pair, candidate.number
