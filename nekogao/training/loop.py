"""The training loop: it yields events, and neither prints nor shows anything."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from nekogao.config.plain import differences, from_dict, recipe
from nekogao.config.schema import Phase, TrainConfig
from nekogao.errors import ResumeError, RunError
from nekogao.files import new_folder, sha256
from nekogao.models import file as weights
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.events import Event
from nekogao.runs.folder import Run
from nekogao.training.allocator import keep_freed_memory
from nekogao.training.schedule import plan
from nekogao.training.session import Session


def train(
    run: str | Path,
    pairs: str | Path | PairSet | None = None,
    config: TrainConfig | None = None,
    *,
    init_from: str | Path | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train, or go on with a run that was interrupted; iterate to make it happen.

    A run is a function of its pair set and configuration: one that was killed and resumed ends
    with the same weights, bit for bit, on the same machine and number of threads.

    Args:
        run: The run's folder: new, or begun earlier.
        pairs: The pair set; None takes the one of a run begun earlier.
        config: The configuration; None takes that of a run begun earlier, or the recipe `fast`.
        init_from: A run or model file whose generator's weights a new run starts from.
        stop: Asked after every update; True saves the state and ends the iteration.

    Raises:
        ConfigError: The configuration does not fit the pair set.
        ResumeError: The run was begun with another configuration or pair set.
        PairSetError: A picture is missing or damaged.
        DivergedError: A loss is not finite any more.
    """
    folder = Run(run)
    pairs = _open_pairs(folder, pairs)
    origin = _origin(init_from) if init_from is not None else None
    config = _settle_config(folder, pairs, config, origin)
    if config.threads:
        torch.set_num_threads(config.threads)
    keep_freed_memory()
    session = Session(folder, pairs, config)
    if not folder.exists:
        # What cannot work is found before the folder is made.
        _ = session.engine
        if origin is not None:
            session.take_weights(origin)
        folder.create(config, pairs, origin)
    yield from session.run(stop)


def switch(
    run: str | Path,
    new: str | Path,
    phases: list[str],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Go on from the end of a finished run with more phases, in a new run; iterate to train.

    The new run begins as a copy of the old one, history included, so that it ends exactly as one
    run over all phases would have. The old run stays as it is.

    Raises RunError where the old run is not finished, ConfigError for unknown domains.
    """
    old, folder = Run.open(run), Run(new)
    config = old.config()
    longer = replace(config, phases=config.phases + tuple(str(Phase.parse(p)) for p in phases))
    pairs = _open_pairs(old, None)
    _check_pairs(old, pairs)
    plan(longer, pairs)
    if not folder.exists:
        end = plan(config, pairs).total
        if not old.checkpoint_path(end).is_file():
            raise RunError(f"{run}: is not finished. Finish it with `nekogao train {run}`.")
        with new_folder(folder.folder) as temporary:
            continued = old.about().get("continued", {})
            history = {**continued, "from": str(old.folder.resolve()), "step": end}
            _copy(old, Run(temporary), longer, pairs, history, end)
    return train(folder.folder, pairs, longer, stop=stop)


def _copy(
    old: Run, new: Run, config: TrainConfig, pairs: PairSet, history: dict[str, Any], step: int
) -> None:
    new.create(config, pairs, history)
    shutil.copy2(old.checkpoint_path(step), new.checkpoint_path(step))
    for source, target in ((old.metrics, new.metrics), (old.model, new.model),
                           (old.best, new.best)):  # fmt: skip
        shutil.copy2(source, target)
    shutil.copytree(old.previews, new.previews, dirs_exist_ok=True)
    if old.phases.is_dir():
        shutil.copytree(old.phases, new.phases)
    new.phases.mkdir(exist_ok=True)
    shutil.copy2(old.model, new.phase_model(len(old.config().phases)))


def _origin(init_from: str | Path) -> dict[str, Any]:
    """Where a run's first weights come from, as run.toml records it."""
    path = Path(init_from).resolve()
    path = path / weights.NAME if path.is_dir() else path
    weights.load(path)
    return {"init_from": str(path), "init_sha256": sha256(path)}


def _open_pairs(run: Run, pairs: str | Path | PairSet | None) -> PairSet:
    if isinstance(pairs, PairSet):
        return pairs
    if pairs is None:
        if not run.exists:
            raise RunError(f"{run.folder}: no run here yet. Name a pair set with --pairs.")
        pairs = str(run.about()["pairs"]["path"])
    return PairSet.open(pairs)


def _settle_config(
    run: Run, pairs: PairSet, config: TrainConfig | None, origin: dict[str, Any] | None
) -> TrainConfig:
    if not run.exists:
        return config or from_dict(TrainConfig, recipe("fast"))
    begun = run.config()
    if config is not None and (different := differences(begun, config)):
        name, old, new = different[0]
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        raise ResumeError(
            f"{run.folder}: was begun with {name} = {old!r}, now asked for {new!r}{more}. Use the "
            "same settings, another folder, or `nekogao switch` to add phases."
        )
    recorded = run.about().get("continued", {}).get("init_sha256")
    if origin is not None and origin["init_sha256"] != recorded:
        raise ResumeError(
            f"{run.folder}: was begun with other first weights than {origin['init_from']}. Leave "
            "--init-from out to go on, or name a new folder."
        )
    _check_pairs(run, pairs)
    return begun if config is None else config


def _check_pairs(run: Run, pairs: PairSet) -> None:
    recorded = run.about()["pairs"].get("fingerprint")
    if recorded != pairs.fingerprint:
        raise ResumeError(
            f"{run.folder}: was begun on another pair set than {pairs.folder} now is "
            f"(fingerprint {str(recorded)[:12]}, now {pairs.fingerprint[:12]}). Restore it, or "
            "name a new folder."
        )
