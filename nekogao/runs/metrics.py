"""Measurements: the rows of metrics.jsonl, and what a run was at the end of each phase."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

_MOST = 2**53
"""Whole numbers are smaller; larger ones are not what a run wrote."""


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
    unseen: dict[str, float] = field(default_factory=dict)
    """Pairs that nothing was learned from, by the name of the measure; empty where there are none.
    `pairs` is their number; `mae`, `ssim` and `sharpness` are of the answers, and
    `retrieval_...` of the targets whose sources are nearest."""
    losses: dict[str, float] = field(default_factory=dict)
    """Means of the training losses since the measurement before."""
    seconds: float = 0.0
    """Since the run began, all sessions counted."""

    def to_json(self) -> str:
        """The row as one line of JSON."""
        row = {k: v for k, v in asdict(self).items() if v is not None}
        if not self.unseen:
            del row["unseen"]
        return json.dumps(row)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "Measurement":
        """The measurement that a row holds; entries of later versions are left out.

        Raises TypeError where one is missing or has another type.
        """
        known = {f.name for f in fields(cls)}
        found = {name: value for name, value in row.items() if name in known}
        for name in ("step", "phase", "probe"):
            value = found.get(name, 0)
            if type(value) is not int or not 0 <= value < _MOST:
                raise TypeError(f"{name} is no whole number")
        for name in ("epoch", "mae", "psnr", "ssim", "skill", "identity", "seconds"):
            _check_number(name, found.get(name, 0), finite=name in ("epoch", "seconds"))
        if found.get("sharpness") is not None:
            _check_number("sharpness", found["sharpness"])
        tables = [found.get("losses", {}), found.get("unseen", {})]
        trained = found.get("trained", [])
        if not all(isinstance(table, dict) for table in tables):
            raise TypeError("losses or unseen is no table")
        if not isinstance(trained, (list, tuple)):
            raise TypeError("trained is no list")
        if not all(isinstance(name, str) for name in (found.get("domain"), *trained)):
            raise TypeError("a domain is no text")
        for name, value in (entry for table in tables for entry in table.items()):
            _check_number(name, value)
        return cls(**{**found, "trained": tuple(trained)})


def _check_number(name: str, value: Any, finite: bool = False) -> None:
    """Raise TypeError for what is no number; a measure may be infinite, as PSNR of a copy is."""
    whole = type(value) is int and abs(value) < _MOST
    if not whole and (type(value) is not float or (finite and not math.isfinite(value))):
        raise TypeError(f"{name} is no number")


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


def boundaries(rows: Sequence[Measurement], phases: Sequence[str]) -> list[tuple[float, str]]:
    """The epoch at which each phase began that was measured, and its name."""
    found = []
    for number, name in enumerate(phases, 1):
        if any(row.phase == number for row in rows):
            before = [row.epoch for row in rows if row.phase == number - 1]
            found.append((max(before, default=0.0), name))
    return found
