"""Events: what the training loop reports to whoever iterates over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from nekogao.runs.metrics import Measurement


@dataclass(frozen=True)
class Started:
    """The run is ready to go on."""

    step: int
    """Updates already done; more than zero when resumed."""
    total: int
    """Updates in the whole run."""
    device: str


@dataclass(frozen=True)
class Stepped:
    """One update is done."""

    step: int
    total: int
    phase: str
    """The current phase, as in `edges:160`."""
    losses: Mapping[str, Tensor | float]
    """Scalars on the training device; to read one is to wait for the device."""
    seconds: float
    """Since the run began, earlier sessions counted in."""


@dataclass(frozen=True)
class Measured:
    """The probe was measured in every domain."""

    step: int
    rows: tuple[Measurement, ...]
    """What was appended to metrics.jsonl, one for every domain."""


@dataclass(frozen=True)
class Previewed:
    """A sheet of the probe was drawn."""

    step: int
    domain: str
    path: Path


@dataclass(frozen=True)
class Switched:
    """A phase ended and another begins."""

    step: int
    phase: str
    """The phase that begins."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written."""

    step: int
    path: Path


@dataclass(frozen=True)
class Interrupted:
    """The caller asked to stop; the state is saved."""

    step: int
    """Updates done; 0 where training had not begun."""


@dataclass(frozen=True)
class Finished:
    """The run is complete."""

    step: int
    already: bool
    """Whether it was complete before this call."""
    rebuilt: bool = False
    """Whether its model file could not be read, and was made again from the checkpoint."""


@dataclass(frozen=True)
class Said:
    """One line for a person, about something that is no training."""

    line: str
    fault: bool = False
    """Whether an input could not be used."""


@dataclass(frozen=True)
class Advanced:
    """How far a job is that training is a part of."""

    share: float
    """From 0 to 1."""
    doing: str
    """What is being done, in one or two words."""


Event = (
    Started | Stepped | Measured | Previewed | Switched | Saved | Interrupted | Finished
    | Said | Advanced
)  # fmt: skip
