"""Methods that translate a clip's unseen sources: ours, and what they are compared with."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nekogao.bench.baselines import textbook_unet
from nekogao.bench.clip import Protocol, Task, write_set
from nekogao.bench.patchmatch import Synthesis
from nekogao.config.compose import compose
from nekogao.config.schema import TrainConfig
from nekogao.models.translator import Translator
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.runs.events import Started, Stepped
from nekogao.training.allocator import keep_freed_memory, release_freed_memory
from nekogao.training.loop import train

Translate = Callable[[Picture], Picture]
_PILOT = 0.2
"""How long a pilot measures a network's updates, as a share of the training time."""
_TRIES, _ENOUGH = 3, 0.7
"""How often a run is made at most, and the share of the training time that it should take."""
_SLOW = 5
"""First updates that are slower than the others."""
_NEVER = 10**6
"""Epochs, or seconds, that no run comes to."""
_WARP = 0.1
"""Of thin-plate splines, as a share of the side (Vinker et al. 2021 train on one pair so)."""
OURS = "exemplar"


@dataclass(frozen=True)
class Ready:
    """A method that is set up."""

    translate: Translate
    seconds: float
    """What setting up took, from a pair set on disk."""
    about: str = ""
    """How it was trained."""


Method = Callable[[Task, Protocol, Path], Ready]
"""(task, protocol, a new folder to work in) -> ready to translate."""


def nearest(task: Task, protocol: Protocol, folder: Path) -> Ready:
    """The target whose source has the smallest MAE."""
    known, shown = np.stack(task.known).astype(np.int16), task.shown

    def translate(source: Picture) -> Picture:
        axes = tuple(range(1, known.ndim))
        return shown[int(np.abs(known - source).mean(axis=axes).argmin())]

    return Ready(translate, 0.0)


def mean(task: Task, protocol: Protocol, folder: Path) -> Ready:
    """The mean of the targets."""
    whole = np.rint(np.mean(task.shown, axis=0)).astype(np.uint8)
    return Ready(lambda source: whole, 0.0)


def synthesis(task: Task, protocol: Protocol, folder: Path) -> Ready:
    """Patch synthesis from the nearest exemplar."""
    lines = task.domain.kind == "edges"
    begun = time.perf_counter()
    made = Synthesis.of(task.known, task.shown, lines, protocol.votes)
    return Ready(made, time.perf_counter() - begun)


def network(
    recipe: str, settings: Mapping[str, Any], task: Task, protocol: Protocol, folder: Path
) -> Ready:
    """A network of the convolutional family, trained for so long that the time is used up.

    A pilot tells how long its updates take, so that the schedule of the learning rate is whole.
    Where the machine was busy then, the run is too short, and is made again.
    """
    pairs = PairSet.open(write_set(folder / "set", task.domain, task.known, task.shown))
    overrides = {**settings, "every": _NEVER, "probe": 1, "checkpoint_seconds": float(_NEVER)}
    name = task.domain.name
    pilot = compose(recipe, phases=f"{name}:{_NEVER}", overrides=overrides)
    keep_freed_memory()  # as the command does
    each, updates = _pace(folder / "pilot", pairs, pilot, _PILOT * protocol.seconds)
    epochs = max(1, int(protocol.seconds / each / updates))
    for number in range(_TRIES):
        run, begun = folder / f"run-{number}", time.perf_counter()
        config = compose(recipe, phases=f"{name}:{epochs}", overrides=overrides)
        done = 0
        for event in train(run, pairs, config, stop=partial(_late, begun, 2 * protocol.seconds)):
            done = event.step if isinstance(event, Stepped) else done
        translator = Translator.load(run)
        taken = time.perf_counter() - begun
        if taken > _ENOUGH * protocol.seconds:
            break
        epochs = int(epochs * protocol.seconds / taken)
    whole = "" if done == epochs * updates else f" of {epochs * updates:,}, then stopped"
    return Ready(partial(_output, translator), taken, f"{done:,} updates{whole}")


def _pace(run: Path, pairs: PairSet, pilot: TrainConfig, longest: float) -> tuple[float, int]:
    """The median of an update's seconds, and the updates of an epoch."""
    updates, ends = 1, list[float]()
    begun = time.perf_counter()

    def stop() -> bool:
        return len(ends) > 2 * _SLOW and _late(begun, longest)

    for event in train(run, pairs, pilot, stop=stop):
        if isinstance(event, Started):
            updates = event.total // _NEVER
        elif isinstance(event, Stepped):
            ends.append(event.seconds)
    return float(np.median(np.diff(ends)[_SLOW:])), updates


def _late(begun: float, longest: float) -> bool:
    return time.perf_counter() - begun > longest


def _output(translator: Translator, source: Picture) -> Picture:
    return images.from_tensor(translator.outputs(images.to_tensor([source])))[0]


def textbook(task: Task, protocol: Protocol, folder: Path) -> Ready:
    """pix2pix as in the paper: one pair per update, dropout and the picture's own statistics when
    translating (Isola et al. 2017, section 6.2), without jitter."""
    sources, targets = images.to_tensor(task.known), images.to_tensor(task.shown)
    order = np.random.default_rng(0)
    release_freed_memory()
    begun, steps = time.perf_counter(), 0
    with torch.random.fork_rng():
        torch.manual_seed(0)
        baseline = textbook_unet(protocol.size, protocol.width, sources.shape[1])
        while not steps or not _late(begun, protocol.seconds):
            pair = int(order.integers(len(sources)))
            baseline.step(sources[pair : pair + 1], targets[pair : pair + 1])
            steps += 1

    def translate(source: Picture) -> Picture:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return images.from_tensor(baseline.translate(images.to_tensor([source])))[0]

    return Ready(translate, time.perf_counter() - begun, f"{steps:,} updates")


def taken_in(
    task: Task, folder: Path, settings: Mapping[str, Any] | None = None
) -> tuple[Translator, float]:
    """Our translator for a task, and the seconds from a pair set on disk until it was loaded.

    `settings` are laid over the recipe, by their dotted names.
    """
    pairs = write_set(folder / "set", task.domain, task.known, task.shown)
    begun = time.perf_counter()
    for _ in train(folder / "run", pairs, compose(OURS, overrides=settings)):
        pass
    translator = Translator.load(folder / "run")
    return translator, time.perf_counter() - begun


def exemplar(task: Task, protocol: Protocol, folder: Path) -> Ready:
    """Ours: the training pairs, bent and put together."""
    translator, seconds = taken_in(task, folder)
    return Ready(answering(translator, task), seconds)


def answering(translator: Translator, task: Task) -> Translate:
    """Our answers to the sources of a task."""
    return lambda source: translator.answer(source, task.domain.name).output


def without(translator: Translator, pair: int) -> Translator:
    """Our translator as if one pair had never been taken in."""
    leave_out = translator.family.without
    assert leave_out is not None
    return Translator(replace(translator.model, network=leave_out(translator.model.network, pair)))


def left_out(translator: Translator, task: Task) -> list[Picture]:
    """The answer to each training source from the other pairs."""
    return [
        answering(without(translator, pair), task)(source)
        for pair, source in enumerate(task.known)
    ]


METHODS: dict[str, Method] = {
    "nearest source": nearest,
    "mean target": mean,
    "fast": partial(network, "fast", {}),
    "unet and splines": partial(network, "one-pair", {"augment.warp": _WARP}),
    "pix2pix textbook": textbook,
    "patch synthesis": synthesis,
    OURS: exemplar,
}
"""Name -> method, in the order of the table; ours is the last."""
