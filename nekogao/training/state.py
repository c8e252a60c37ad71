"""The training state: everything that changes while training, and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nekogao.config.schema import TrainConfig
from nekogao.models.families import family_of
from nekogao.models.family import Learner
from nekogao.pairs.item import Header
from nekogao.randomness import Purpose, torch_seed

_COUNTS = ("step", "seconds", "best", "best_over", "sums", "counted")
"""The fields of State that are plain data."""


@dataclass
class State:
    """What learns, and the counts that a resumed run needs."""

    learner: Learner
    step: int = 0
    """Updates done."""
    seconds: float = 0.0
    """Time spent, over all sessions."""
    best: float = float("-inf")
    """Highest mean skill measured so far on the domains trained so far."""
    best_over: list[str] = field(default_factory=list)
    """Those domains; when there are more of them, the best begins anew."""
    sums: dict[str, Tensor | float] = field(default_factory=dict)
    """Losses summed since the last measurement, on the networks' device."""
    counted: int = 0
    """Updates in those sums."""

    def _parts(self) -> Iterator[tuple[str, Any]]:
        yield from self.learner.modules.items()
        for name, optimizer in self.learner.optimizers.items():
            yield f"{name}_optimizer", optimizer

    def begin_sums(self) -> None:
        """Sum the losses anew, once those before were measured."""
        self.sums, self.counted = {}, 0

    def state_dict(self) -> dict[str, Any]:
        """Plain data and tensors, fit for torch.save and `weights_only=True`."""
        return {
            **{name: part.state_dict() for name, part in self._parts()},
            **{name: getattr(self, name) for name in _COUNTS},
            "sums": {name: float(value) for name, value in self.sums.items()},
        }

    def load_state_dict(self, data: dict[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Raises KeyError, TypeError, RuntimeError or ValueError where it is of another run.
        """
        for name, part in self._parts():
            part.load_state_dict(data[name])
            if isinstance(part, torch.optim.Optimizer):
                _check_moments(part)
        for name in _COUNTS:
            setattr(self, name, data[name])


def _check_moments(optimizer: torch.optim.Optimizer) -> None:
    """Raise ValueError where an optimiser's moments are those of other weights.

    PyTorch takes them whatever their shape, and Adam would go on with them.
    """
    for weights, moments in optimizer.state.items():
        for name, moment in moments.items():
            if moment.ndim and moment.shape != weights.shape:
                raise ValueError(
                    f"{name} has shape {tuple(moment.shape)}, its weights {tuple(weights.shape)}"
                )


def new_state(config: TrainConfig, header: Header, batch: int) -> State:
    """The state before the first update; a function of its arguments.

    Raises ConfigError where the networks cannot be built or trained like this.
    """
    family = family_of(config.model)
    family.check_size(header.size)
    with seeded(torch_seed(config.seed, Purpose.INITIALISE, 0), torch.device("cpu")):
        return State(family.start(config, header, batch))


_generators = threading.RLock()
"""Held while PyTorch's global generators are a run's own."""


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """PyTorch's global generators with a seed; the caller's random numbers are left as they were.

    Only the CPU's generator and, on CUDA, the named device's are touched. Dropout and the
    initialisation can draw from no others, so that of several trainings in the threads of one
    process one at a time is in such a block.
    """
    on_cuda = device.type == "cuda"
    with _generators, torch.random.fork_rng(devices=[device] if on_cuda else []):
        # `torch.manual_seed` would seed every device there is.
        torch.default_generator.manual_seed(seed)
        if on_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
