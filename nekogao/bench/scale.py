"""What a pair costs as there are more of them. `python -m nekogao.bench.scale SET STEPS`."""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.processes import run
from nekogao.bench.timing import ratio
from nekogao.config.compose import compose
from nekogao.config.pairs import PairConfig
from nekogao.models.families import resolved
from nekogao.pairs.build import build_from
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters
from nekogao.training.accelerator import PlainCpu
from nekogao.training.allocator import keep_freed_memory
from nekogao.training.schedule import plan
from nekogao.training.state import new_state
from nekogao.training.update import update

COUNTS, QUICK = (300, 1_000, 100_000), (300, 1_000)
_SIZE = 128
_STEPS = 12
_WARMUP = 2
_MIB = 2**20


@dataclass(frozen=True)
class Visit:
    """What a pair set cost a process that trained on it a little."""

    open: float
    """Seconds to open it."""
    pair_steps: list[float]
    """Seconds of each step, divided by its pairs."""
    peak_bytes: int = 0
    """Most memory of the process; 0 where nobody measured it from outside."""


@dataclass(frozen=True)
class Visits(Readings):
    """Every visit."""

    visits: dict[str, list[Visit]]
    """Pairs in the set -> visits."""


def visit(folder: Path, steps: int) -> Visit:
    """Open a pair set and train on it a little, in this process.

    A step draws its batch and updates the networks, as the recipe `fast` does.
    """
    cpu = PlainCpu()
    begun = time.perf_counter()
    opened = PairSet.open(folder)
    opening = time.perf_counter() - begun
    config = resolved(compose("fast"), opened.header, len(opened))
    schedule = plan(config, opened)
    state = new_state(config, opened.header, schedule.batch)
    drawn = (schedule.draw(step) for step in range(_WARMUP + steps))
    seconds = []
    begun = time.perf_counter()
    for pairs in opened.batches(drawn, seed=config.seed, augment=config.augment):
        update(state, schedule.span(state.step), config, pairs, cpu)
        ended = time.perf_counter()
        seconds.append((ended - begun) / schedule.batch)
        begun = ended
    return Visit(opening, seconds[_WARMUP:])


def scale(work: Workplace) -> Findings:
    """Cost of a pair and memory of the process with 300, 1,000 and 100,000 drawn faces.

    For so many `fast` always trains the same network with batches of a hundred.
    """
    counts = QUICK if work.quick else COUNTS
    folder = work.sets or work.scratch
    sets = {count: draw(count, folder) for count in counts}
    visits: dict[int, list[Visit]] = {count: [] for count in counts}
    for _ in range(work.repeats(3)):
        for count, drawn in sets.items():
            usage = run("-m", "nekogao.bench.scale", drawn, str(_STEPS))
            visits[count].append(Visit(**json.loads(usage.output) | {"peak_bytes": usage.peak}))
    return findings(visits)


def findings(visits: dict[int, list[Visit]]) -> Findings:
    """What visits of several sets show, compared with those of the smallest.

    Args:
        visits: Pairs in the set -> visits; the i-th of all sets were neighbours in time.
    """
    counts = sorted(visits)
    costs = {c: [median(v.pair_steps) for v in visits[c]] for c in counts}
    rows = []
    for count in counts:
        peak = median(visit.peak_bytes for visit in visits[count]) / _MIB
        rows.append(
            Line(
                name=f"scale-{count}",
                value=1000 * median(costs[count]),
                unit="ms",
                baseline=1000 * median(costs[counts[0]]),
                ratio=ratio(costs[counts[0]], costs[count]),
                note=f"a pair and step among {count}, compared with {counts[0]}; {peak:.0f} MiB",
            )
        )
    opening = median(visit.open for visit in visits[counts[-1]])
    rows.append(Line(name=f"open-{counts[-1]}", value=opening, unit="s"))
    return Findings(rows, Visits({str(count): found for count, found in visits.items()}))


def draw(count: int, folder: Path) -> Path:
    """A pair set of so many drawn faces, 128x128, below a folder; it is kept there."""
    drawn = folder / f"drawn-{count}"
    if drawn.exists():
        return drawn
    faces = characters.many_faces(count, size=_SIZE, seed=0)
    build_from(faces, drawn, PairConfig(size=_SIZE))
    return drawn


if __name__ == "__main__":
    keep_freed_memory()  # as the command does
    print(json.dumps(asdict(visit(Path(sys.argv[1]), int(sys.argv[2])))))
