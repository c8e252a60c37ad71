"""What each part of our method gives: one setting changed at a time, measured in two ways.

On frames that are held out, and on training pairs that are left out one by one, which is all that
a user has: do the two rank the settings alike?
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from nekogao.bench.clip import Task
from nekogao.bench.methods import answering, left_out, taken_in, without
from nekogao.bench.probes import Quality, quality, sequence
from nekogao.models.exemplar import answering as engine
from nekogao.models.exemplar import descriptors
from nekogao.models.translator import Translator
from nekogao.pictures.images import Picture

_BEFORE = 3
"""Frames that go before a frame that is left out, where frames remember."""


@contextmanager
def one_picture() -> Iterator[None]:
    """Lines give one flow picture instead of two."""
    usual = descriptors.KINDS["lines"]

    def first(source: Picture, careful: bool = False) -> descriptors.Descriptor:
        found = usual(source, careful)
        return found._replace(flow=found.flow[:1])

    descriptors.KINDS["lines"] = first
    try:
        yield
    finally:
        descriptors.KINDS["lines"] = usual


@contextmanager
def unregistered() -> Iterator[None]:
    """Training pairs are not bent at all: every flow is zero."""
    usual = engine.flows

    def still(*arguments: Any, **settings: Any) -> list[Any]:
        return [np.zeros_like(flow) for flow in usual(*arguments, **settings)]

    vars(engine)["flows"] = still
    try:
        yield
    finally:
        vars(engine)["flows"] = usual


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One change."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the recipe, by their dotted names."""
    change: Callable[[], AbstractContextManager[None]] = nullcontext
    """Within which the pairs are taken in and asked."""
    memory: bool = False
    """Whether frames are told of the ones before."""
    lines: bool = False
    """Whether it makes a difference for lines alone."""


SETTINGS = (
    Setting(name="one flow picture", change=one_picture, lines=True),
    Setting(name="no registration", change=unregistered),
    *(Setting(name=f"best {n}", settings={"model.best": n}) for n in (1, 2, 8)),
    *(Setting(name=f"decisive {n:g}", settings={"model.decisive": n}) for n in (1.0, 20.0)),
    Setting(name="frames remember", memory=True),
)
"""As it is, two flow pictures are registered by DIS, best is 4 and decisive 5."""
_AS_IT_IS = Setting(name="as it is")
_FLOWS = Setting(name="no patches", settings={"model.patches": False})


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """A setting, measured."""

    task: str
    setting: str
    held: Quality
    """On held-out frames."""
    left: Quality
    """On training pairs that are left out one by one."""


def ablations(task: Task, folder: Path) -> list[Ablation]:
    """All settings on one task. Of pictures the flows are changed, without patches."""
    lines = task.domain.kind == "edges"
    base = {} if lines else _FLOWS.settings
    found = [_measured(task, _AS_IT_IS, {}, folder / "as-it-is")]
    if not lines:
        found.append(_measured(task, _FLOWS, {}, folder / "flows"))
    for number, setting in enumerate(SETTINGS):
        if lines or not setting.lines:
            found.append(_measured(task, setting, base, folder / str(number)))
    return found


def _measured(task: Task, setting: Setting, base: Mapping[str, Any], folder: Path) -> Ablation:
    with setting.change():
        translator, _ = taken_in(task, folder, {**base, **setting.settings})
        if setting.memory:
            every = range(len(task.sources))
            answers = list(sequence(translator, task, every, memory=True))
            held = [answers[frame] for frame in task.held]
            left = [_remembering(translator, task, pair) for pair in range(len(task.keys))]
        else:
            held = [answering(translator, task)(source) for source in task.new]
            left = left_out(translator, task)
    return Ablation(
        task=task.name, setting=setting.name,
        held=quality(held, task.truth), left=quality(left, task.shown),
    )  # fmt: skip


def _remembering(translator: Translator, task: Task, pair: int) -> Picture:
    """The answer to a training source from the other pairs, the frames before it seen first; to
    the first frame, those after it, backwards."""
    key = task.keys[pair]
    way = 1 if key >= _BEFORE else -1
    frames = range(key - way * _BEFORE, key + way, way)
    *_, last = sequence(without(translator, pair), task, frames, memory=True)
    return last


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Whether the two ways of measuring rank the settings of a task alike."""

    task: str
    ssim: float
    """Spearman's rank correlation, from -1 to 1."""
    mae: float


def agreement(found: Sequence[Ablation]) -> list[Agreement]:
    """For every task."""
    return [
        Agreement(task=task, ssim=_ranked(rows, "ssim"), mae=_ranked(rows, "mae"))
        for task in dict.fromkeys(each.task for each in found)
        for rows in [[each for each in found if each.task == task]]
    ]


def _ranked(rows: Sequence[Ablation], name: str) -> float:
    held, left = ([getattr(q, name) for q in side]
                  for side in ([r.held for r in rows], [r.left for r in rows]))  # fmt: skip
    if len(set(held)) < 2 or len(set(left)) < 2:
        return 0.0  # where all are equal nothing is ranked
    return float(spearmanr(held, left).statistic)
