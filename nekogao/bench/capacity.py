"""How many faces, and how large ones, the recipe `fast` learns in which time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.learning import SSIM, Seen, learned, watch
from nekogao.bench.processes import Process, command
from nekogao.config.pairs import PairConfig
from nekogao.pairs.build import build_from
from nekogao.pictures import characters, photographs
from nekogao.runs.folder import Run

_MINUTE = 60.0
_MIB = 2**20


@dataclass(frozen=True)
class Challenge:
    """Faces to be learned from their edges, all of them measured."""

    faces: int
    """Drawn ones; ten are the article's."""
    side: int
    """Pixels a side."""
    epochs: int
    every: int
    """Epochs between two measurements."""
    quick: bool = False
    """Whether it is tried when quick, too."""
    strict: bool = False
    """Whether MAE and sharpness count too, as in the section `fast`."""

    @property
    def name(self) -> str:
        """Of its row in the table."""
        return f"capacity-{self.faces}" + ("" if self.side == 128 else f"-at-{self.side}")


CHALLENGES = (
    Challenge(10, 128, 40, 4, quick=True, strict=True),
    Challenge(30, 128, 80, 8, quick=True),
    Challenge(100, 128, 80, 10),
    Challenge(300, 128, 115, 23),
    Challenge(10, 256, 60, 10),
    Challenge(10, 512, 100, 10),
    Challenge(100, 256, 8, 4),
)
"""What is tried, in order. The last is not learned in so few epochs: it is for its memory."""
MEMORY_ALONE = "capacity-100-at-256"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A challenge that was tried."""

    challenge: Challenge
    settings: Mapping[str, str | float] = field(default_factory=dict)
    """What was laid over the recipe."""
    seconds: float
    """Of the whole process."""
    peak_bytes: int
    measurements: list[Seen]

    @property
    def learned(self) -> float | None:
        """Seconds from the start of the process to SSIM 0.90 with every face identified, and a
        strict challenge's MAE and sharpness; None where that was never measured."""
        good = (s for s in self.measurements if s.measurement.ssim >= SSIM)
        whole = (s for s in good if s.measurement.identity == 1)
        strict = self.challenge.strict
        return next((s.seconds for s in whole if not strict or learned(s.measurement)), None)

    def ssim_after(self, seconds: float) -> float | None:
        """SSIM of the last measurement until then."""
        before = [s.measurement.ssim for s in self.measurements if s.seconds <= seconds]
        return before[-1] if before else None


@dataclass(frozen=True, kw_only=True)
class CapacityNumbers(Readings):
    """Every trial."""

    trials: list[Trial]

    def to_json(self) -> dict[str, Any]:
        """As everywhere, with each measurement as in metrics.jsonl, and the second it was seen."""
        return {"trials": [_trial_to_json(trial) for trial in self.trials]}


def _trial_to_json(trial: Trial) -> dict[str, Any]:
    return {**asdict(trial), "measurements": [seen.to_json() for seen in trial.measurements]}


def capacity(work: Workplace) -> Findings:
    """Every challenge once; those that take minutes are left out when quick."""
    tried = [c for c in CHALLENGES if c.quick or not work.quick]
    return findings([attempt(challenge, work.scratch, work.sets) for challenge in tried])


def attempt(
    challenge: Challenge,
    scratch: Path,
    sets: Path | None = None,
    settings: Mapping[str, str | float] | None = None,
) -> Trial:
    """Try one in a process of its own, as a person would.

    Args:
        challenge: What is to be learned.
        scratch: A folder for the run.
        sets: Where drawn pair sets are kept; None for `scratch`.
        settings: Dotted name -> value, laid over the recipe.
    """
    settings = dict(settings or {})
    pairs = _pairs(challenge, sets or scratch)
    run = Run(scratch / f"{challenge.name}-{len(list(scratch.iterdir()))}")
    given = {"every": challenge.every, "probe": challenge.faces, **settings}
    arguments = command("train", run.folder, "--pairs", pairs, "--recipe", "fast")
    phases = ["--phases", f"edges:{challenge.epochs}"]
    overrides = ["--set", *(f"{name}={value}" for name, value in given.items())]
    with Process([*arguments, *phases, *overrides]) as process:
        rows = watch(lambda: process.running, run.metrics, run.read_metrics)
        usage = process.wait()
    return Trial(
        challenge=challenge,
        settings=settings,
        seconds=usage.seconds,
        peak_bytes=usage.peak,
        measurements=[row for row in rows if row.measurement.domain == "edges"],
    )


def _pairs(challenge: Challenge, folder: Path) -> Path:
    """The pair set of a challenge, edges alone; it is kept below a folder."""
    place = folder / f"{challenge.name}-pairs"
    if not place.exists():
        side = challenge.side
        many = characters.many_faces(challenge.faces, size=side, seed=0)
        faces = photographs.ten_faces(side).items() if challenge.faces == 10 else many
        build_from(faces, place, PairConfig(size=side, domains=("edges",)))
    return place


def findings(trials: Sequence[Trial]) -> Findings:
    """What trials show."""
    rows: list[Line] = []
    for trial in trials:
        name, last = trial.challenge.name, trial.measurements[-1]
        if name != MEMORY_ALONE:
            rows.append(Line(name=name, value=trial.learned, unit="s", note=_shown(trial, last)))
        if trial.challenge.faces == 100 and trial.challenge.side == 128:
            minute = trial.ssim_after(_MINUTE)
            rows.append(Line(name=f"{name}-minute", value=minute, unit=""))
        peak = trial.peak_bytes / _MIB
        rows.append(Line(name=f"{name}-memory", value=peak, unit="MiB"))
    return Findings(rows, CapacityNumbers(trials=list(trials)))


def _shown(trial: Trial, last: Seen) -> str:
    aim = "learned" if trial.challenge.strict else f"SSIM {SSIM:.2f} and all identified"
    return f"to {aim}; at the end ({trial.seconds:.0f} s): {last.text()}"
