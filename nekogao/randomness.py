"""Randomness as a function of (seed, purpose, counter), so that any step can be repeated alone."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What random numbers are for; each purpose has its own independent stream."""

    ORDER = 0
    AUGMENT = 1
    UPDATE = 2
    INITIALISE = 3
    SKETCH = 4


def stream(seed: int, purpose: Purpose, counter: int) -> np.random.Generator:
    """The generator of random numbers for one purpose at one count."""
    return np.random.default_rng([seed, purpose, counter])


def torch_seed(seed: int, purpose: Purpose, counter: int) -> int:
    """A seed for torch.manual_seed, for one purpose at one count."""
    return int(stream(seed, purpose, counter).integers(2**63))
