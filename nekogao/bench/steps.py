"""Training steps: Nekogao's and the textbook's, in time, and by operation."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from nekogao.bench import baselines
from nekogao.bench.baselines import Baseline
from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.limit import MATMUL_FLOPS, multiply
from nekogao.bench.timing import Seconds, Task, interleave, ratio, share
from nekogao.config.compose import compose
from nekogao.config.schema import Phase, TrainConfig
from nekogao.models.families import family_of
from nekogao.pairs.item import Header
from nekogao.pairs.pair_set import Batch
from nekogao.pictures.domains import built_in
from nekogao.sizes import Size
from nekogao.training.accelerator import PlainCpu
from nekogao.training.allocator import keep_freed_memory, release_freed_memory
from nekogao.training.schedule import Span
from nekogao.training.state import new_state
from nekogao.training.update import update

_OPERATIONS = 12
"""Operations named in a profile."""
_LOG_LEVEL = "KINETO_LOG_LEVEL"
_PHASE = Span(1, Phase.parse("edges:1"), ("edges",), start=0, stop=1_000_000)
"""A phase that no measurement comes to the end of."""


@dataclass(frozen=True, kw_only=True)
class StepNumbers(Readings):
    """The numbers of a contest."""

    needed_flops: int
    matmul_flops_per_second: float
    share_of_baseline: float
    """The baseline's share of the arithmetic limit."""
    seconds: Seconds


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation of PyTorch in one step."""

    operation: str
    calls: int
    ms: float
    """CPU time of its own, all calls together."""
    share: float
    """Of the step's CPU time."""


@dataclass(frozen=True)
class Profiles(Readings):
    """Where the steps' time goes."""

    contests: dict[str, dict[str, list[Operation]]]
    """Contest -> side -> the longest operations."""

    def to_json(self) -> dict[str, Any]:
        """Every contest's profile under its own name."""
        found: dict[str, Any] = asdict(self)["contests"]
        return found


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The same network twice: from a recipe, and from the textbook."""

    recipe: str
    settings: Mapping[str, str | int] = field(default_factory=dict)
    """Dotted name -> value, laid over the recipe."""
    size: int
    batch: int
    baseline: Callable[[int], Baseline]

    def config(self) -> TrainConfig:
        """Nekogao's configuration."""
        return compose(self.recipe, overrides=self.settings)

    def needed(self) -> int:
        """Floating-point operations that a step must do."""
        config = self.config()
        count = family_of(config.model).operations
        assert count is not None
        return count(config, header(self.size), self.batch)


CONTESTS = {
    "article": Contest(
        recipe="article",
        settings={"adversary.kind": "patchgan"},
        size=128,
        batch=5,
        baseline=baselines.article,
    ),
    "unet256": Contest(recipe="pix2pix", size=256, batch=1, baseline=baselines.textbook_unet),
}


def header(size: int) -> Header:
    """The header of a pair set that has edges alone, for networks that are built without a set."""
    return Header(
        size=Size.of(size), target_channels=3, domains={"edges": built_in("edges", 128, 128)}
    )


def tasks(contest: Contest) -> dict[str, Task]:
    """One step of each side, on the same random pictures."""
    config = contest.config()
    random = torch.Generator().manual_seed(0)
    source, target = (
        torch.rand(contest.batch, channels, contest.size, contest.size, generator=random) * 2 - 1
        for channels in (1, 3)
    )
    state = new_state(config, header(contest.size), contest.batch)
    batch, cpu = Batch(source, target), PlainCpu()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        baseline = contest.baseline(contest.size)

    def own() -> None:
        keep_freed_memory()  # as the command does
        update(state, _PHASE, config, batch, cpu)

    def plain() -> None:
        release_freed_memory()
        baseline.step(source, target)

    return {"nekogao": own, "baseline": plain}


def _step(name: str, work: Workplace) -> Findings:
    contest = CONTESTS[name]
    both = tasks(contest)
    for _ in range(2):
        both["baseline"]()  # before the allocator has any hint, so that it adapts by itself
    seconds = interleave({**both, "matmul": multiply()}, work.repeats(15))
    needed = contest.needed()
    rates = [MATMUL_FLOPS / taken for taken in seconds["matmul"]]
    own, plain = seconds["nekogao"], seconds["baseline"]
    row = Line(
        name=f"step-{name}",
        value=1000 * median(own),
        unit="ms",
        baseline=1000 * median(plain),
        ratio=ratio(plain, own),
        share=share(needed, own, rates),
    )
    numbers = StepNumbers(
        needed_flops=needed,
        matmul_flops_per_second=median(rates),
        share_of_baseline=share(needed, plain, rates),
        seconds=seconds,
    )
    return Findings([row], numbers)


def article(work: Workplace) -> Findings:
    """The article's encoder-decoder with PatchGAN, 128x128, batch 5."""
    return _step("article", work)


def unet256(work: Workplace) -> Findings:
    """The paper's U-Net, 256x256, batch 1."""
    return _step("unet256", work)


def profiles(work: Workplace) -> Findings:
    """Where a step's time goes, by operation, for both contests and both sides."""
    contests = {
        name: {side: _profile(task) for side, task in tasks(contest).items()}
        for name, contest in CONTESTS.items()
    }
    return Findings([], Profiles(contests))


def _profile(task: Task) -> list[Operation]:
    """The operations with most CPU time of their own, the largest first."""
    task()
    with _quiet(), profile(activities=[ProfilerActivity.CPU]) as profiler:
        task()
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    return [
        Operation(
            operation=event.key,
            calls=event.count,
            ms=event.self_cpu_time_total / 1000,
            share=event.self_cpu_time_total / total,
        )
        for event in events[:_OPERATIONS]
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """The profiler's library does not write about its starts and stops to stderr."""
    before = os.environ.get(_LOG_LEVEL)
    os.environ.setdefault(_LOG_LEVEL, "99")
    try:
        yield
    finally:
        if before is None:
            del os.environ[_LOG_LEVEL]
