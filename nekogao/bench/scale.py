"""What a pair costs as there are more of them. `python -m nekogao.bench.scale SET STEPS`."""

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from torch import Tensor

from nekogao.bench.findings import Findings, Row, Workplace
from nekogao.bench.processes import run
from nekogao.bench.timing import ratio
from nekogao.config.pairs import PairConfig
from nekogao.config.plain import from_dict, recipe
from nekogao.config.schema import TrainConfig
from nekogao.pairs.build import build_from
from nekogao.pairs.draws import Draws
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters
from nekogao.training.allocator import keep_freed_memory
from nekogao.training.state import new_state
from nekogao.training.update import update

COUNTS, QUICK = (10, 1_000, 100_000), (10, 1_000)
_SIZE = 128
_STEPS = 40
_WARMUP = 3
_MIB = 2**20


def visit(folder: Path, steps: int) -> dict[str, Any]:
    """Open a pair set and train on it a little: seconds to open, and seconds of each step.

    A step draws its batch and updates the networks, as the recipe `fast` does.
    """
    keep_freed_memory()
    config = from_dict(TrainConfig, recipe("fast"))
    begun = time.perf_counter()
    opened = PairSet.open(folder)
    opening = time.perf_counter() - begun
    batch = min(config.batch, len(opened))
    state = new_state(config, opened.header, batch)
    draws = Draws(count=len(opened), size=batch, seed=config.seed)
    drawn = (draws.draw(step, opened.domains) for step in range(_WARMUP + steps))
    seconds = []
    begun = time.perf_counter()
    for pairs in opened.batches(drawn, seed=config.seed, augment=config.augment):
        update(state, pairs, config, config.optimizer.lr, Tensor.backward)
        ended = time.perf_counter()
        seconds.append((ended - begun) / batch)
        begun = ended
    return {"open": opening, "pair_steps": seconds[_WARMUP:]}


def scale(work: Workplace) -> Findings:
    """Cost of a pair and memory of the process with 10, 1,000 and 100,000 drawn faces."""
    counts = QUICK if work.quick else COUNTS
    folder = work.sets or work.scratch
    sets = {count: _draw(count, folder / f"drawn-{count}") for count in counts}
    visits: dict[int, list[dict[str, Any]]] = {count: [] for count in counts}
    for _ in range(work.repeats(3)):
        for count, drawn in sets.items():
            outcome = run("-m", "nekogao.bench.scale", drawn, str(_STEPS))
            visits[count].append({**json.loads(outcome.output), "peak_bytes": outcome.peak})
    costs = {c: [median(v["pair_steps"]) for v in visits[c]] for c in counts}
    rows = []
    for count in counts:
        peak = median(visit["peak_bytes"] for visit in visits[count]) / _MIB
        rows.append(
            Row(
                name=f"scale-{count}",
                value=1000 * median(costs[count]),
                unit="ms",
                baseline=1000 * median(costs[counts[0]]),
                ratio=ratio(costs[counts[0]], costs[count]),
                note=f"a pair and step among {count}, beside one among 10; {peak:.0f} MiB",
            )
        )
    opening = median(visit["open"] for visit in visits[counts[-1]])
    rows.append(Row(name=f"open-{counts[-1]}", value=opening, unit="s"))
    return Findings(rows, {"visits": {str(count): found for count, found in visits.items()}})


def _draw(count: int, folder: Path) -> Path:
    if folder.exists():
        return folder
    faces = characters.many_faces(count, size=_SIZE, seed=0)
    build_from(faces, folder, PairConfig(size=_SIZE))
    return folder


if __name__ == "__main__":
    print(json.dumps(visit(Path(sys.argv[1]), int(sys.argv[2]))))
