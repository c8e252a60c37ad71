"""Learning the faces of a pair set: the recipe `fast` as people run it, and the textbook."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nekogao.bench.baselines import Baseline, textbook_unet
from nekogao.bench.findings import Findings, Row, Workplace
from nekogao.bench.processes import Outcome, Process, command
from nekogao.measures.quality import ssim
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.runs.folder import Run

PHASES = ("edges:250", "gray:250")
"""What `fast` is run with: contours, then gray, as in the demo."""
SSIM, MAE, IDENTITY, SHARPNESS = 0.90, 0.02, 1.0, 0.9
_GLANCE = 0.05
"""Seconds between two looks at metrics.jsonl."""
_LOOK = 50
"""The textbook's updates between two measurements."""
_LONGEST = 600.0
"""Seconds after which the textbook is given up."""
_MIB = 2**20


def learned(row: dict[str, Any]) -> bool:
    """Whether a line of metrics.jsonl shows faces that were learned: like, and as sharp."""
    return (
        row["ssim"] >= SSIM
        and row["mae"] <= MAE
        and row["identity"] >= IDENTITY
        and row["sharpness"] >= SHARPNESS
    )


def watch(
    running: Callable[[], bool],
    metrics: Path,
    read: Callable[[], list[dict[str, Any]]],
    *,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> list[dict[str, Any]]:
    """The measurements of a run in another process, each with the second when it was `seen`.

    Args:
        running: Whether that process goes on.
        metrics: The file that it writes them to; read only when it has grown.
        read: All of them so far.
        clock: Seconds, counted from this call on.
        sleep: Waits so many.
    """
    begun, size = clock(), 0
    rows: list[dict[str, Any]] = []
    last = False
    while not last:
        last = not running()  # what it wrote before its end is still to be read
        now = metrics.stat().st_size if metrics.is_file() else 0
        if now != size:
            size, seen = now, clock() - begun
            rows += [{**row, "seen": seen} for row in read()[len(rows) :]]
        if not last:
            sleep(_GLANCE)
    return rows


def fast(work: Workplace) -> Findings:
    """The recipe `fast` in a new process, from its start to faces in both domains."""
    run = Run(work.scratch / "fast")
    arguments = command("train", run.folder, "--pairs", work.pairs, "--recipe", "fast")
    with Process([*arguments, "--phases", *PHASES]) as process:
        rows = watch(lambda: process.running, run.metrics, run.read_metrics)
        outcome = process.wait()
    return findings(rows, outcome)


def findings(rows: Sequence[dict[str, Any]], outcome: Outcome) -> Findings:
    """What a watched run of `fast` shows."""
    edges = [row for row in rows if row["domain"] == "edges"]
    end = {row["domain"]: row for row in rows}
    both = all(learned(row) for row in end.values())
    ended = max((row["seen"] for row in end.values()), default=None)
    table = [
        Row(name="fast-edges", value=_first(edges, learned), unit="s", note=_shown("edges", end)),
        Row(
            name="fast-both",
            value=ended if both else None,
            unit="s",
            note=_shown("gray", end),
        ),
        Row(name="fast-memory", value=outcome.peak / _MIB, unit="MiB"),
    ]
    numbers = {
        "phases": list(PHASES),
        "seconds_to_ssim": _first(edges, lambda row: row["ssim"] >= SSIM),
        "seconds_to_end": ended,
        "seconds_of_process": outcome.seconds,
        "peak_bytes": outcome.peak,
        "measurements": list(rows),
    }
    return Findings(table, numbers)


def _first(rows: Sequence[dict[str, Any]], good: Callable[[dict[str, Any]], bool]) -> float | None:
    return next((row["seen"] for row in rows if good(row)), None)


def _shown(domain: str, end: dict[str, dict[str, Any]]) -> str:
    if domain not in end:
        return ""
    row = end[domain]
    return (
        f"{domain} at the end ({row['seen']:.1f} s): "
        f"SSIM {row['ssim']:.3f}, MAE {row['mae']:.4f}, "
        f"identity {row['identity']:.0%}, sharpness {row['sharpness']:.2f}"
    )


def textbook(work: Workplace) -> Findings:
    """The textbook's U-Net on the same contours, until SSIM 0.90 in either of its modes.

    It is compared with the time that `fast` took to SSIM 0.90, its process's start included.
    """
    pairs = PairSet.open(work.pairs)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        looks = learn(textbook_unet(pairs.size), pairs)
    last = looks[-1]
    reached = max(last["ssim_training"], last["ssim_evaluation"]) >= SSIM
    own = (work.done.get("fast") or fast(work)).numbers["seconds_to_ssim"]
    note = f"SSIM {last['ssim_training']:.3f} in training mode, {last['ssim_evaluation']:.3f} in "
    note += "evaluation mode; the process's start is not counted against it"
    if not reached:
        note += f". It was given up{': the ratio is a lower bound' if own else ''}"
    row = Row(
        name="textbook",
        value=own,
        unit="s",
        baseline=last["seconds"],
        ratio=last["seconds"] / own if own else None,
        note=note,
    )
    return Findings([row], {"reached": reached, "measurements": looks})


def learn(
    baseline: Baseline,
    pairs: PairSet,
    *,
    every: int = _LOOK,
    longest: float = _LONGEST,
    clock: Callable[[], float] = time.perf_counter,
) -> list[dict[str, float]]:
    """Train on contours, one pair a step, until SSIM 0.90 or for so many seconds.

    Measuring takes no part in the seconds. At least one measurement is returned.
    """
    # The textbook knows one channel; a contour drawn in three has the same in each.
    sources = images.to_tensor(pairs.sources["edges"])[:, :1]
    targets = images.to_tensor(pairs.targets)
    looks: list[dict[str, float]] = []
    draws = Draws(count=len(pairs), size=1, seed=0)
    seconds, best = 0.0, 0.0
    while not looks or (best < SSIM and seconds < longest):
        first = len(looks) * every
        begun = clock()
        for step in range(first, first + every):
            batch = pairs.batch(draws.draw(step, ["edges"]))
            baseline.step(batch.source[:, :1], batch.target)
        seconds += clock() - begun
        found = _similarity(baseline, sources, targets)
        best = max(found.values())
        looks.append({"step": first + every, "seconds": seconds, **found})
    return looks


def _similarity(baseline: Baseline, sources: Tensor, targets: Tensor) -> dict[str, float]:
    wanted = images.to_unit(targets)
    found = {}
    for mode in ("training", "evaluation"):
        with _lent(baseline.generator, training=mode == "training"):
            # One at a time, as it was trained: in training mode a batch would share statistics.
            outputs = torch.cat([baseline.translate(source[None]) for source in sources])
        found[f"ssim_{mode}"] = float(ssim(images.to_unit(outputs), wanted).mean())
    return found


@contextmanager
def _lent(generator: nn.Module, training: bool) -> Iterator[None]:
    """The generator in a mode; its running statistics are as before afterwards."""
    statistics = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    generator.train(training)
    try:
        yield
    finally:
        generator.train()
        for name, buffer in generator.named_buffers():
            buffer.copy_(statistics[name])
