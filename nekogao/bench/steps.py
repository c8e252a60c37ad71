"""Training steps: Nekogao's beside the textbook's, in time, and by operation."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from nekogao.bench import baselines
from nekogao.bench.baselines import Baseline
from nekogao.bench.findings import Findings, Row, Workplace
from nekogao.bench.limit import (
    MATMUL_FLOPS,
    discriminator_layers,
    generator_layers,
    multiply,
    needed_flops,
)
from nekogao.bench.timing import Task, interleave, ratio, share
from nekogao.config.plain import apply_overrides, from_dict, recipe
from nekogao.config.schema import TrainConfig
from nekogao.pairs.manifest import Header
from nekogao.pairs.pair_set import Batch
from nekogao.pictures.domains import built_in
from nekogao.training.allocator import keep_freed_memory, release_freed_memory
from nekogao.training.state import new_state
from nekogao.training.update import update

_OPERATIONS = 12
"""Operations named in a profile."""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The same network twice: from a recipe, and from the textbook."""

    recipe: str
    settings: tuple[str, ...] = ()
    """Laid over the recipe."""
    size: int
    batch: int
    baseline: Callable[[int], Baseline]

    def config(self) -> TrainConfig:
        """Nekogao's configuration."""
        return from_dict(TrainConfig, apply_overrides(recipe(self.recipe), list(self.settings)))

    def needed(self) -> int:
        """Operations that a step must do."""
        config = self.config()
        return needed_flops(
            generator_layers(config.generator, self.size),
            discriminator_layers(config.adversary, self.size),
            self.batch,
        )


CONTESTS = {
    "article": Contest(
        recipe="article",
        settings=("adversary.kind=patchgan",),
        size=128,
        batch=5,
        baseline=baselines.article,
    ),
    "unet256": Contest(recipe="pix2pix", size=256, batch=1, baseline=baselines.textbook_unet),
}


def header(size: int) -> Header:
    """A pair set's header, for networks that are built without one."""
    return Header(size=size, target_channels=3, domains={"edges": built_in("edges", 128, 128)})


def tasks(contest: Contest) -> dict[str, Task]:
    """A step of each, on the same random pictures."""
    config = contest.config()
    random = torch.Generator().manual_seed(0)
    source, target = (
        torch.rand(contest.batch, channels, contest.size, contest.size, generator=random) * 2 - 1
        for channels in (1, 3)
    )
    state = new_state(config, header(contest.size), contest.batch)
    batch, lr = Batch(source, target), config.optimizer.lr
    with torch.random.fork_rng():
        torch.manual_seed(0)
        baseline = contest.baseline(contest.size)

    def own() -> None:
        keep_freed_memory()  # as nekogao.train does
        update(state, batch, config, lr, Tensor.backward)

    def plain() -> None:
        release_freed_memory()
        baseline.step(source, target)

    return {"nekogao": own, "baseline": plain}


def _step(name: str, work: Workplace) -> Findings:
    contest = CONTESTS[name]
    both = tasks(contest)
    for _ in range(2):
        both["baseline"]()  # before anything was asked of the allocator, which has its own habits
    seconds = interleave({**both, "matmul": multiply()}, work.repeats(15))
    needed = contest.needed()
    rates = [MATMUL_FLOPS / taken for taken in seconds["matmul"]]
    own, plain = seconds["nekogao"], seconds["baseline"]
    row = Row(
        name=f"step-{name}",
        value=1000 * median(own),
        unit="ms",
        baseline=1000 * median(plain),
        ratio=ratio(plain, own),
        share=share(needed, own, rates),
    )
    numbers: dict[str, Any] = {
        "needed_flops": needed,
        "matmul_flops_per_second": median(rates),
        "share_of_baseline": share(needed, plain, rates),
        "seconds": seconds,
    }
    return Findings([row], numbers)


def article(work: Workplace) -> Findings:
    """The article's encoder-decoder with PatchGAN, 128x128, batch 5."""
    return _step("article", work)


def unet256(work: Workplace) -> Findings:
    """The paper's U-Net, 256x256, batch 1."""
    return _step("unet256", work)


def profiles(work: Workplace) -> Findings:
    """Where a step's time goes, by operation, for both contests and both sides."""
    numbers = {
        name: {side: _profile(task) for side, task in tasks(contest).items()}
        for name, contest in CONTESTS.items()
    }
    return Findings([], numbers)


def _profile(task: Task) -> list[dict[str, Any]]:
    """The operations with most CPU time of their own, the largest first."""
    task()
    # The profiler's library would tell its starts and stops on stderr.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        task()
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    return [
        {
            "operation": event.key,
            "calls": event.count,
            "ms": event.self_cpu_time_total / 1000,
            "share": event.self_cpu_time_total / total,
        }
        for event in events[:_OPERATIONS]
    ]
