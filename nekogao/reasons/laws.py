"""law.json: what decides in each domain of a run, measured on pictures never seen.

Equal runs write equal files: it holds no times and no paths.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from nekogao.errors import NekogaoError
from nekogao.files import sha256, write_text
from nekogao.runs.folder import Run

FILE = "law.json"
_LARGEST = 2**22
"""Bytes; a larger file is none of ours."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often something names the face that comes out, with its 95 % interval."""

    name: str
    rate: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Hits:
    """How well one predictor names the face that comes out for the unseen pictures."""

    name: str
    rate: float
    """Share of the pictures whose face it finds nearest."""
    place: float
    """Mean number of faces that it finds nearer than the right one."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """What foretells the face of an unseen picture, in one domain."""

    domain: str
    pictures: int
    """Unseen pictures that were asked about."""
    faces: int
    best: Rate
    """The predictor that names the face most often."""
    constant: Rate
    """Always naming the commonest face: what a predictor must beat."""
    gain: Rate
    """How much more often the best one is right, from -1 to 1; where its interval reaches 0 that
    may be chance."""
    scores: tuple[Hits, ...]
    """Every predictor, the best first."""

    @property
    def explained(self) -> bool:
        """Whether some view beats the constant answer."""
        return self.gain.rate > 0

    @property
    def deciding(self) -> str | None:
        """The predictor that decides; None where none beats the constant answer."""
        return self.best.name if self.explained else None


def read_laws(run: Run) -> dict[str, Law]:
    """Domain -> what decides there, as far as it is kept of the run's present network."""
    path = run.folder / FILE
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["model"] != sha256(run.model):
            return {}
        return {law.domain: law for law in map(_law, data["laws"])}
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
        return {}  # missing, or damaged: it is measured anew


def write_laws(run: Run, laws: Mapping[str, Law]) -> None:
    """Keep them in the run, where it can be written to."""
    data = {"model": sha256(run.model), "laws": [asdict(law) for _, law in sorted(laws.items())]}
    with suppress(OSError, NekogaoError):
        write_text(run.folder / FILE, json.dumps(data, indent=1, allow_nan=False) + "\n")


def _law(row: Mapping[str, Any]) -> Law:
    """A law from its row. Raises TypeError, KeyError or ValueError where it is none."""
    return Law(
        domain=str(row["domain"]),
        pictures=int(row["pictures"]),
        faces=int(row["faces"]),
        best=_rate(row["best"]),
        constant=_rate(row["constant"]),
        gain=_rate(row["gain"], lowest=-1.0),
        scores=tuple(
            Hits(name=str(hits["name"]), rate=_share(hits["rate"]), place=float(hits["place"]))
            for hits in row["scores"]
        ),
    )


def _rate(row: Mapping[str, Any], lowest: float = 0.0) -> Rate:
    low, mean, high = (_share(row[key], lowest) for key in ("low", "rate", "high"))
    return Rate(name=str(row["name"]), rate=mean, low=low, high=high)


def _share(value: object, lowest: float = 0.0) -> float:
    if not isinstance(value, (int, float)) or not lowest <= value <= 1:
        raise ValueError(f"{value!r} is no share")
    return float(value)
