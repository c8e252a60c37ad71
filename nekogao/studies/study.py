"""Studies: a grid of runs, carried out, resumable, in a folder of their own."""

import json
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nekogao.config.plain import read_toml
from nekogao.config.schema import TrainConfig
from nekogao.errors import InputError, NekogaoError, ResumeError
from nekogao.files import own_new_folder, write_text
from nekogao.lock import writing
from nekogao.models.families import resolved
from nekogao.pairs.pair_set import PairSet
from nekogao.studies import grid, sets
from nekogao.studies.engines import ENGINES
from nekogao.studies.grid import Study
from nekogao.studies.trial import Trial, outcome
from nekogao.training.schedule import plan
from nekogao.training.state import new_state
from nekogao.workers import cores

STUDY, BEGUN, RUNS = "study.toml", "begun.json", "runs"


@dataclass(frozen=True)
class Begun:
    """The study is checked and ready to go on."""

    cells: int
    seeds: int
    done: int
    """Runs that were finished before."""
    workers: int
    threads: int
    """CPU threads of each worker."""

    @property
    def runs(self) -> int:
        """Runs in all."""
        return self.cells * self.seeds


@dataclass(frozen=True)
class Ended:
    """A run was trained and measured, or failed."""

    run: str
    failed: str
    """Why it failed; empty where it did not."""
    done: int
    total: int
    seconds: float
    """What the run took in this session."""
    left: float
    """Seconds that the rest may take, judged by this session's runs."""


@dataclass(frozen=True)
class Paused:
    """The caller asked to stop; the same call goes on."""

    done: int
    total: int


@dataclass(frozen=True)
class Completed:
    """Every run is done."""

    failed: int
    total: int


Progress = Begun | Ended | Paused | Completed
"""What a study reports to whoever iterates over it."""


def conduct(
    path: Path,
    out: Path,
    *,
    engine: str = "local",
    workers: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Carry a study out; iterate to make it happen. The same call goes on where it was.

    Args:
        path: STUDY.toml.
        out: The study's folder: new, or begun with the same file.
        engine: A key of ENGINES.
        workers: Runs at a time; 0 is one a core.
        stop: Asked often; True saves the state of every run under way and ends the iteration.

    Raises:
        ConfigError: The file is at fault, or the engine is not available.
        ResumeError: The folder holds another study, or a pair set has changed.
        InputError: The folder holds something else.
        BusyError: Another process carries a study out there.
    """
    with writing(out):
        yield from _conducted(path, out, engine, workers, stop)


def _conducted(
    path: Path, out: Path, engine: str, workers: int, stop: Callable[[], bool]
) -> Iterator[Progress]:
    workers = workers or cores()
    study = begin(path, out, max(1, cores() // workers))
    threads = threads_of(out)
    planned = trials(study, out, threads)
    waiting = [trial for trial in planned if outcome(trial) is None]
    total, done = len(planned), len(planned) - len(waiting)
    workers = max(1, min(workers, len(waiting)))
    yield Begun(len(study.cells), len(study.seeds), done, workers, threads)
    started, at_first = time.monotonic(), done
    for found in ENGINES[engine](waiting, workers, stop) if waiting else ():
        if found is not None:
            done += 1
            pace = (time.monotonic() - started) / (done - at_first)
            left = pace * (total - done)
            yield Ended(found.run, found.failed, done, total, found.seconds, left)
    if done < total:
        yield Paused(done, total)
        return
    failed = sum(bool(o and o.failed) for o in map(outcome, planned))
    yield Completed(failed, total)


def begin(path: Path, out: Path, threads: int) -> Study:
    """Check a study, and make its folder where there is none; the caller holds its lock.

    Raises as `conduct` does.

    The threads of a run are settled when a study is begun, since bits may depend on them.
    """
    study = grid.read(path)
    if (out / STUDY).is_file():
        _check_same(study, out)
        return study
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out}: is not empty, and no study. Name a new folder with --out.")
    with own_new_folder(out) as folder:
        opened = sets.open_all(study, folder)
        grid.raise_faults(path, list(_misfits(study, opened)))
        prints = {name: pairs.fingerprint for name, pairs in opened.items()}
        write_text(
            folder / BEGUN,
            json.dumps({"threads": threads, "pairs": prints}, indent=1, allow_nan=False),
        )
        write_text(folder / STUDY, path.read_text(encoding="utf-8"))
    return study


def _check_same(study: Study, out: Path) -> None:
    if read_toml(study.path) != read_toml(out / STUDY):
        raise ResumeError(
            f"{out}: holds another study than {study.path} ({out / STUDY} differs). Name another "
            "folder with --out, or restore the file."
        )
    prints = json.loads((out / BEGUN).read_text(encoding="utf-8"))["pairs"]
    for name, pairs in sets.open_all(study, out).items():
        if prints[name] != pairs.fingerprint:
            raise ResumeError(
                f"{pairs.folder}: has changed since the study was begun in {out}. Restore it, or "
                "name another folder with --out."
            )


def threads_of(out: Path) -> int:
    """CPU threads of every run of a study that was begun."""
    return int(json.loads((out / BEGUN).read_text(encoding="utf-8"))["threads"])


def _misfits(study: Study, opened: dict[str, PairSet]) -> Iterator[str]:
    """Cells whose network or phases do not fit their pair set."""
    seen: set[Hashable] = set()
    for cell in study.cells:
        pairs = opened[cell.pairs]
        config = resolved(cell.config(0), pairs.header, len(pairs))
        shape = (config.phases, config.model, config.batch, cell.pairs)
        if shape in seen:
            continue
        seen.add(shape)
        try:
            new_state(config, pairs.header, plan(config, pairs).batch)
        except NekogaoError as error:
            yield f"{cell.name}: {error}"


def trials(study: Study, out: Path, threads: int) -> list[Trial]:
    """Every run of a study: all cells with the first seed, then with the next, and so on."""
    return [
        Trial(
            folder=(out / RUNS / f"{cell.slug}-s{seed}").resolve(),
            pairs=sets.locate(study, cell.pairs, out).resolve(),
            config=_with_threads(cell.config(seed), threads),
            choices=cell.choices,
            measures=study.about.measures,
            threads=cell.config(seed).threads or threads,
        )
        for seed in study.seeds
        for cell in study.cells
    ]


def _with_threads(config: TrainConfig, threads: int) -> TrainConfig:
    return replace(config, threads=config.threads or threads)
