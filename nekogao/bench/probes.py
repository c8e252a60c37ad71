"""What else is asked of our answers: local edits, folds, flicker, what more pairs cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.bench.clip import Protocol, Task
from nekogao.bench.methods import Translate, answering, taken_in
from nekogao.bench.timing import interleave
from nekogao.measures.quality import measure
from nekogao.models.family import Patchwork, Wish
from nekogao.models.translator import Translator
from nekogao.pictures.images import Picture

_PLACES = ((0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.5, 0.75), (0.3, 0.65), (0.7, 0.65))
"""Across and down, as shares of the side: where the one pair is edited."""
_REACH, _FAR = 0.09, 0.023
"""Of an edit, as shares of the side: standard deviation, and the largest shift."""
_INK = 128


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How like their truth outputs are."""

    mae: float
    ssim: float
    sharpness: float


def quality(outputs: Sequence[Picture], truth: Sequence[Picture]) -> Quality:
    """MAE and SSIM are means; see nekogao.measures.quality."""
    found = measure(_unit(outputs), _unit(truth))
    return Quality(mae=found["mae"], ssim=found["ssim"], sharpness=found["sharpness"])


def _unit(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    stacked = np.stack([np.atleast_3d(picture) for picture in pictures]).astype(np.float32)
    return stacked / np.float32(255)


def exact(translator: Translator, task: Task) -> float:
    """The share of training sources whose targets come back bit for bit."""
    answer = answering(translator, task)
    pairs = zip(task.known, task.shown, strict=True)
    return float(np.mean([np.array_equal(answer(s), t) for s, t in pairs]))


def edits(translator: Translator, task: Task) -> tuple[Quality, Quality]:
    """How well small changes of the one pair's edges are followed.

    A smooth bump moves a region of the target; the same moves the edges.

    Returns the quality of the answers, and that of the target as it is remembered.
    """
    source, target = task.known[0], task.shown[0]
    answer, answers, truth = answering(translator, task), [], []
    for number, place in enumerate(_PLACES):
        across, down = _bump(len(source), place, angle=2 * np.pi * number / len(_PLACES))
        drawn = cv2.remap(source, across, down, cv2.INTER_LINEAR, borderValue=255)
        answers.append(answer(np.where(drawn < _INK, 0, 255).astype(np.uint8)))
        moved = cv2.remap(target, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        truth.append(np.asarray(moved, np.uint8))
    return quality(answers, truth), quality([target] * len(truth), truth)


def _bump(
    side: int, place: tuple[float, float], angle: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel comes from, column and row, where a region is pushed at an angle."""
    down, across = np.mgrid[:side, :side].astype(np.float32)
    far = (across - place[0] * side) ** 2 + (down - place[1] * side) ** 2
    push = _FAR * side * np.exp(-far / (2 * (_REACH * side) ** 2))
    columns, rows = across - np.cos(angle) * push, down - np.sin(angle) * push
    return columns.astype(np.float32), rows.astype(np.float32)


def folds(places: NDArray[np.float32]) -> float:
    """The share of pixels where the map h w 2 (x, y) turns the picture over: its Jacobian's
    determinant, by forward differences, is not above 0."""
    right = places[:-1, 1:] - places[:-1, :-1]
    below = places[1:, :-1] - places[:-1, :-1]
    return float((right[..., 0] * below[..., 1] - right[..., 1] * below[..., 0] <= 0).mean())


def folded(translator: Translator, task: Task) -> float:
    """The share of folds in the answers to what is held out."""
    found = [translator.answer(source, task.domain.name).place for source in task.new]
    return float(np.mean([folds(places) for places in found]))


@dataclass(frozen=True, kw_only=True)
class Flicker:
    """How unsteady a sequence of answers is, on [0, 1]."""

    remembering: float
    """Mean of |(o_t - o_(t-1)) - (y_t - y_(t-1))|, each frame told of the one before."""
    alone: float
    """The same with each frame on its own."""
    truth: float
    """Mean of |y_t - y_(t-1)|."""


def sequence(
    translator: Translator, task: Task, frames: Sequence[int], *, memory: bool
) -> Iterator[Picture]:
    """The answers to frames in order; with `memory` each is told of the one before."""
    before: Patchwork | None = None
    for frame in frames:
        wish = Wish(before=before if memory else None)
        before = translator.answer(task.sources[frame], task.domain.name, wish)
        yield before.output


def flicker(translator: Translator, task: Task) -> Flicker:
    """How much all frames of a clip flicker when translated."""
    every = range(len(task.sources))
    truth = _changes(task.targets)
    seen = {
        memory: _changes(list(sequence(translator, task, every, memory=memory)))
        for memory in (True, False)
    }
    return Flicker(
        remembering=float(np.abs(seen[True] - truth).mean()),
        alone=float(np.abs(seen[False] - truth).mean()),
        truth=float(np.abs(truth).mean()),
    )


def _changes(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    return np.diff(_unit(pictures), axis=0)


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds for one picture of edges, every one measured, in a process that has answered two."""

    ten: list[float]
    """With ten pairs."""
    large: list[float]
    """With ten pairs of twice the side."""
    many: list[float]
    """With many pairs."""
    pairs: int
    """How many those are."""
    few: int
    """How many the others are: ten, fewer when quick."""


def times(task: Task, large: Task, protocol: Protocol, folder: Path) -> Times:
    """The time of a picture in three settings, in turns."""
    several = multiplied(task, protocol.many)
    asked = {}
    for name, each in {"ten": task, "large": large, "many": several}.items():
        answer = answering(taken_in(each, folder / name)[0], each)
        asked[name] = partial(_answer_next, answer, cycle(each.new))
    return Times(**interleave(asked, protocol.timed), pairs=len(several.keys), few=len(task.keys))


def _answer_next(answer: Translate, sources: Iterator[Picture]) -> Picture:
    return answer(next(sources))


def multiplied(task: Task, count: int) -> Task:
    """The same held-out frames with so many pairs: those of the task, moved a little, with noise.

    A pair of pictures moves together; noise is in the targets.
    """
    random = np.random.default_rng(0)
    side = len(task.targets[0])
    sources, targets = list(task.sources), list(task.targets)
    for number in range(count):
        key = task.keys[number % len(task.keys)]
        shift = random.integers(-side // 32, side // 32 + 1, 2)
        sources.append(np.roll(task.sources[key], shift, axis=(0, 1)))
        moved = np.roll(task.targets[key], shift, axis=(0, 1))
        noise = random.integers(-8, 9, moved.shape)
        targets.append(np.clip(moved.astype(np.int16) + noise, 0, 255).astype(np.uint8))
    keys = range(len(task.sources), len(sources))
    return replace(task, sources=sources, targets=targets, keys=keys)
