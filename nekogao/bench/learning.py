"""Learning the faces of a pair set: the recipe `fast` as people run it, and the textbook."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nekogao.bench.baselines import Baseline, textbook_unet
from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.processes import Process, Usage, command
from nekogao.measures.quality import ssim
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement

PHASES = ("edges:100", "gray:100")
"""What `fast` is run with: edges, then gray, as in the demo."""
SSIM, MAE, IDENTITY, SHARPNESS = 0.90, 0.02, 1.0, 0.9
_GLANCE = 0.05
"""Seconds between two looks at metrics.jsonl."""
_LOOK = 50
"""The textbook's updates between two measurements."""
_LONGEST = 600.0
"""Seconds after which the textbook is given up."""
_MIB = 2**20


@dataclass(frozen=True)
class Seen:
    """A measurement of a run in another process."""

    measurement: Measurement
    seconds: float
    """From the start of that process until the measurement was in metrics.jsonl."""

    def to_json(self) -> dict[str, Any]:
        """As in metrics.jsonl, with the second it was seen."""
        return {**asdict(self.measurement), "seen": self.seconds}

    def text(self) -> str:
        """The measures in a few words."""
        row = self.measurement
        sharpness = "" if row.sharpness is None else f", sharpness {row.sharpness:.2f}"
        return f"SSIM {row.ssim:.3f}, MAE {row.mae:.4f}, identity {row.identity:.0%}{sharpness}"


@dataclass(frozen=True, kw_only=True)
class FastNumbers(Readings):
    """The numbers of the section `fast`."""

    phases: tuple[str, ...]
    seconds_to_ssim: float | None
    """Until the first measurement of edges with SSIM 0.90; None where there was none."""
    seconds_to_end: float | None
    seconds_of_process: float
    peak_bytes: int
    measurements: list[Seen]

    def to_json(self) -> dict[str, Any]:
        """As everywhere, with each measurement as in metrics.jsonl, and the second it was seen."""
        rows = [seen.to_json() for seen in self.measurements]
        return {**super().to_json(), "measurements": rows}


@dataclass(frozen=True, kw_only=True)
class Look:
    """The textbook, measured after some steps."""

    step: int
    seconds: float
    """Spent on training so far."""
    ssim_training: float
    """SSIM on edges with the generator in training mode."""
    ssim_evaluation: float

    @property
    def best(self) -> float:
        """SSIM in the better mode."""
        return max(self.ssim_training, self.ssim_evaluation)


@dataclass(frozen=True, kw_only=True)
class TextbookNumbers(Readings):
    """The numbers of the section `textbook`."""

    reached: bool
    """Whether it came to SSIM 0.90."""
    measurements: list[Look]


def learned(row: Measurement) -> bool:
    """Whether the faces are learned: like their targets, and as sharp."""
    return (
        row.ssim >= SSIM
        and row.mae <= MAE
        and row.identity >= IDENTITY
        and row.sharpness is not None
        and row.sharpness >= SHARPNESS
    )


def watch(
    running: Callable[[], bool],
    metrics: Path,
    read: Callable[[], Sequence[Measurement]],
    *,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Seen]:
    """The measurements of a run in another process, each with the second it was seen in.

    Args:
        running: Whether that process is still running.
        metrics: The file that it writes them to; read only when it has grown.
        read: All of them so far.
        clock: The time in seconds; counted from this call on.
        sleep: Waits for some seconds.
    """
    begun, size = clock(), 0
    rows: list[Seen] = []
    last = False
    while not last:
        last = not running()  # what it wrote before its end has still to be read
        now = metrics.stat().st_size if metrics.is_file() else 0
        if now != size:
            size, seconds = now, clock() - begun
            rows += [Seen(measurement, seconds) for measurement in read()[len(rows) :]]
        if not last:
            sleep(_GLANCE)
    return rows


def fast(work: Workplace) -> Findings:
    """The recipe `fast` in a new process, from its start to faces in both domains."""
    run = Run(work.scratch / "fast")
    arguments = command("train", run.folder, "--pairs", work.pairs, "--recipe", "fast")
    with Process([*arguments, "--phases", *PHASES]) as process:
        rows = watch(lambda: process.running, run.metrics, run.read_metrics)
        usage = process.wait()
    return findings(rows, usage)


def findings(rows: Sequence[Seen], usage: Usage) -> Findings:
    """What a watched run of `fast` shows."""
    edges = [row for row in rows if row.measurement.domain == "edges"]
    end = {row.measurement.domain: row for row in rows}
    both = all(learned(row.measurement) for row in end.values())
    ended = max((row.seconds for row in end.values()), default=None)
    table = [
        Line(name="fast-edges", value=_first(edges, learned), unit="s", note=_shown("edges", end)),
        Line(
            name="fast-both",
            value=ended if both else None,
            unit="s",
            note=_shown("gray", end),
        ),
        Line(name="fast-memory", value=usage.peak / _MIB, unit="MiB"),
    ]
    numbers = FastNumbers(
        phases=PHASES,
        seconds_to_ssim=_first(edges, lambda row: row.ssim >= SSIM),
        seconds_to_end=ended,
        seconds_of_process=usage.seconds,
        peak_bytes=usage.peak,
        measurements=list(rows),
    )
    return Findings(table, numbers)


def _first(rows: Sequence[Seen], good: Callable[[Measurement], bool]) -> float | None:
    return next((row.seconds for row in rows if good(row.measurement)), None)


def _shown(domain: str, end: dict[str, Seen]) -> str:
    if domain not in end:
        return ""
    return f"{domain} at the end ({end[domain].seconds:.1f} s): {end[domain].text()}"


def textbook(work: Workplace) -> Findings:
    """The textbook's U-Net on the same edges, until SSIM 0.90 in either of its modes.

    It is compared with the time that `fast` took to SSIM 0.90, its process's start included.
    """
    pairs = PairSet.open(work.pairs)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        looks = learn(textbook_unet(pairs.size), pairs)
    done = (work.done.get("fast") or fast(work)).numbers
    return compared(looks, done.seconds_to_ssim if isinstance(done, FastNumbers) else None)


def compared(looks: list[Look], own: float | None) -> Findings:
    """What the textbook's training shows.

    Args:
        looks: At least one.
        own: Seconds that `fast` took to SSIM 0.90; None where it never did.
    """
    last = looks[-1]
    reached = last.best >= SSIM
    note = f"SSIM {last.ssim_training:.3f} in training mode, {last.ssim_evaluation:.3f} in "
    note += "evaluation mode; the process's start is not counted against it"
    if not reached:
        note += f". It was given up{': the ratio is a lower bound' if own else ''}"
    row = Line(
        name="textbook",
        value=own,
        unit="s",
        baseline=last.seconds,
        ratio=last.seconds / own if own else None,
        note=note,
    )
    return Findings([row], TextbookNumbers(reached=reached, measurements=looks))


def learn(
    baseline: Baseline,
    pairs: PairSet,
    *,
    every: int = _LOOK,
    longest: float = _LONGEST,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Look]:
    """Train on edges, one pair per step, until SSIM 0.90 or for `longest` seconds.

    Measuring does not count towards the seconds. At least one measurement is returned.
    """
    # The textbook knows one channel; edges drawn in three have the same in each.
    sources = images.to_tensor(pairs.sources["edges"])[:, :1]
    targets = images.to_tensor(pairs.targets)
    looks: list[Look] = []
    draws = Draws(items=range(len(pairs)), size=1, seed=0)
    seconds = 0.0
    while not looks or (looks[-1].best < SSIM and seconds < longest):
        first = len(looks) * every
        begun = clock()
        for step in range(first, first + every):
            batch = pairs.batch(draws.draw(step, ["edges"]))
            baseline.step(batch.source[:, :1], batch.target)
        seconds += clock() - begun
        looks.append(
            Look(
                step=first + every,
                seconds=seconds,
                ssim_training=_similarity(baseline, sources, targets, training=True),
                ssim_evaluation=_similarity(baseline, sources, targets, training=False),
            )
        )
    return looks


def _similarity(baseline: Baseline, sources: Tensor, targets: Tensor, training: bool) -> float:
    """Mean SSIM of the outputs in one of the generator's modes."""
    with _lent(baseline.generator, training):
        # One at a time, as it was trained: in training mode a batch would share statistics.
        outputs = torch.cat([baseline.translate(source[None]) for source in sources])
    return float(ssim(images.to_unit(outputs), images.to_unit(targets)).mean())


@contextmanager
def _lent(generator: nn.Module, training: bool) -> Iterator[None]:
    """The generator in a mode; its running statistics are restored afterwards."""
    statistics = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    generator.train(training)
    try:
        yield
    finally:
        generator.train()
        for name, buffer in generator.named_buffers():
            buffer.copy_(statistics[name])
