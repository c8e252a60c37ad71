"""Measurements: the rows of metrics.jsonl, and what a run was at the end of each phase."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The probe, measured in one domain after some update: one row of metrics.jsonl."""

    step: int
    """Updates done."""
    epoch: float
    """Passes over the pair set."""
    phase: int
    """The phase that was trained last, from 1; 0 before the first update."""
    trained: tuple[str, ...] = ()
    """The domains that this phase showed, replayed ones included."""
    domain: str
    """The domain that was measured."""
    mae: float
    """Mean absolute error on [0, 1]."""
    psnr: float
    """Peak signal-to-noise ratio in dB."""
    ssim: float
    """Structural similarity."""
    skill: float
    """1 for exact copies, 0 for nothing better than the mean face."""
    identity: float
    """Share of outputs whose nearest target is their own."""
    sharpness: float | None = None
    """Gradient magnitude of the outputs over that of the targets; absent from old runs."""
    probe: int = 0
    """Pairs that were measured."""
    losses: dict[str, float] = field(default_factory=dict)
    """Means of the training losses since the measurement before."""
    seconds: float = 0.0
    """Since the run began, all sessions counted."""

    def to_json(self) -> str:
        """The row as one line of JSON."""
        return json.dumps({k: v for k, v in asdict(self).items() if v is not None})

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Measurement":
        """The measurement that a row holds; entries of later versions are left out.

        Raises TypeError where one is missing or has another type.
        """
        known = {f.name for f in fields(cls)}
        found = {name: value for name, value in row.items() if name in known}
        for name in ("step", "phase", "probe"):
            if type(found.get(name, 0)) is not int:
                raise TypeError(f"{name} is no whole number")
        for name in ("epoch", "mae", "psnr", "ssim", "skill", "identity", "seconds"):
            if not isinstance(found.get(name, 0), (int, float)):
                raise TypeError(f"{name} is no number")
        return cls(**{**found, "trained": tuple(found.get("trained", ()))})


@dataclass(frozen=True)
class Stage:
    """The end of a phase (or the beginning of the run), measured in every domain."""

    name: str
    """The phase, as in `edges:160`."""
    measurements: list[Measurement]


def stages(rows: Sequence[Measurement], phases: Sequence[str]) -> list[Stage]:
    """The retention matrix: every domain before training and at the end of each phase.

    The last stage of an unfinished run is what was measured last.
    """
    names = ["before training", *phases]
    found = []
    for number in sorted({row.phase for row in rows}):
        step = max(row.step for row in rows if row.phase == number)
        measured = [row for row in rows if row.step == step and row.phase == number]
        found.append(Stage(names[number] if number < len(names) else str(number), measured))
    return found
