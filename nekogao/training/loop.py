"""The training loop: it yields events, and neither prints nor shows anything."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from nekogao.config.schema import Phase, TrainConfig
from nekogao.errors import ConfigError, RunError, WeightsError
from nekogao.files import own_new_folder
from nekogao.lock import writing
from nekogao.models import file
from nekogao.models.families import family_of
from nekogao.models.translator import Translator
from nekogao.pairs.pair_set import PairSet
from nekogao.runs import earlier, sheets
from nekogao.runs.about import FirstWeights, describe
from nekogao.runs.events import (
    Event,
    Finished,
    Interrupted,
    Measured,
    Started,
    Stepped,
    Switched,
)
from nekogao.runs.folder import Run, places_of
from nekogao.training.accelerator import accelerated, place
from nekogao.training.beginning import (
    check_alike,
    check_pairs,
    open_pairs,
    origin_of,
    resolved,
    settle_config,
    take_weights,
)
from nekogao.training.logbook import Logbook
from nekogao.training.probe import Probe
from nekogao.training.schedule import plan
from nekogao.training.state import new_state
from nekogao.training.update import update


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
    with the same weights, bit for bit, on the same machine and number of threads. The process is
    left as it was found: threads, random numbers, PyTorch's flags.

    >>> for event in nekogao.train("runs/mine", "set", nekogao.compose("fast", phases=["all:1"])):
    ...     match event:
    ...         case nekogao.Measured(step=step, rows=rows):
    ...             print(step, [row.domain for row in rows])
    ...         case nekogao.Finished(step=step):
    ...             print("finished after", step)
    0 ['gray', 'edges']
    1 ['gray', 'edges']
    finished after 1

    Args:
        run: The run's folder: new, or begun earlier.
        pairs: The pair set; None takes the one of a run begun earlier.
        config: The configuration; None takes that of a run begun earlier, or the recipe `fast`.
        init_from: A run or model file whose network's weights a new run starts from.
        stop: Asked after every update; True saves the state and ends the iteration.

    Raises:
        ConfigError: The configuration does not fit the pair set.
        ResumeError: The run was begun with another configuration or pair set.
        PairSetError: A picture is missing or damaged.
        DivergedError: A loss is not finite any more.
        BusyError: Another process or thread trains in this folder.
    """
    folder = Run(run)
    # Held from the first event to the last, or until the iterator is closed.
    with writing(folder.folder):
        opened = open_pairs(folder, pairs)
        origin = origin_of(init_from) if init_from is not None else None
        settled = settle_config(folder, opened, config, origin)
        if folder.exists:
            folder.remember_pairs(opened)
        before = earlier.of(folder) if folder.exists else {}
        yield from loop(folder, opened, settled, origin, stop, before)


def switch(
    run: str | Path,
    new: str | Path,
    phases: str | Phase | Sequence[str | Phase],
    pairs: str | Path | PairSet | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Go on from the end of a finished run with more phases, in a new run; iterate to train.

    On the same faces the new run begins as a copy of the old one, history included, so that it
    ends exactly as one run over all phases would have. On other faces it begins from the old
    network alone, and what is kept of the faces before is measured under names of their own; see
    nekogao.runs.earlier. The old run stays as it is.

    >>> events = nekogao.switch("runs/cats", "runs/longer", ["edges:2"])
    >>> [event.phase for event in events if isinstance(event, nekogao.Switched)]
    []

    Args:
        run: A finished run.
        new: The new run's folder.
        phases: DOMAIN[+DOMAIN...]:EPOCHS, in order.
        pairs: The pair set: the old run's, wherever it is now, or one of other faces. None takes
            the old run's, where that still is.
        stop: Asked after every update; True saves the state and ends the iteration.

    Raises:
        RunError: The old run is not finished, or its own pair set is gone.
        WeightsError: Its model file cannot be read.
        ConfigError: A domain is unknown, other faces are of another size or number of channels,
            or the family's runs do not go on.
        ResumeError: Its pair set has changed.
        BusyError: Another process or thread writes the new folder.
    """
    old, folder = Run.open(run), Run(new)
    if reason := family_of(old.config().model).fixed:
        raise ConfigError(f"{run}: {reason}.")
    opened = open_pairs(old, pairs)
    if pairs is not None and opened.fingerprint != old.about().pairs.fingerprint:
        return _to_others(old, folder, phases, opened, stop)
    config = resolved(old.config(), opened)
    longer = replace(config, phases=config.phases + Phase.texts(phases))
    check_pairs(old, opened)
    plan(longer, opened)
    with writing(folder.folder):
        if not folder.exists:
            end = plan(config, opened).total
            if not old.checkpoint_path(end).is_file():
                raise RunError(f"{run}: is not finished. Finish it with `nekogao train {run}`.")
            file.open_model(old.folder)
            with own_new_folder(folder.folder) as temporary:
                _copy(old, Run(temporary), longer, opened, folder.folder, end)
    return train(folder.folder, opened, longer, stop=stop)


def _to_others(
    old: Run,
    folder: Run,
    phases: str | Phase | Sequence[str | Phase],
    pairs: PairSet,
    stop: Callable[[], bool],
) -> Iterator[Event]:
    """`switch` to other faces; raises as it does."""
    before = open_pairs(old, None)
    check_pairs(old, before)
    check_alike(before, pairs)
    if not old.finished(plan(old.config(), before).total):
        raise RunError(
            f"{old.folder}: is not finished. Finish it with `nekogao train {old.folder}`."
        )
    config = replace(old.config(), phases=Phase.texts(phases))
    plan(config, pairs)

    def events() -> Iterator[Event]:
        with writing(folder.folder):
            origin = origin_of(old.folder)
            settled = settle_config(folder, pairs, config, origin)
            known = earlier.of(folder) if folder.exists else earlier.after(old, before)
            yield from loop(folder, pairs, settled, origin, stop, known)

    return events()


def _rebuild_model(logbook: Logbook) -> bool:
    """Make the model of a finished run again from its checkpoint, if it cannot be read."""
    try:
        file.load(logbook.run.model)
        return False
    except WeightsError:
        state = new_state(logbook.config, logbook.pairs.header, logbook.schedule.batch)
        logbook.resume(state)
        logbook.write_model(state, logbook.run.model)
        return True


def _copy(old: Run, new: Run, config: TrainConfig, pairs: PairSet, place: Path, step: int) -> None:
    """Fill `new`, which will be in the folder `place`, with what the old run has."""
    origin = replace(old.first_weights(), run=str(old.folder.resolve()), step=step)
    known = earlier.of(old)
    about = describe(config, pairs, origin, place, known)
    new.create(about, places_of(pairs, origin, place, known))
    shutil.copy2(old.checkpoint_path(step), new.checkpoint_path(step))
    for source, target in ((old.metrics, new.metrics), (old.model, new.model),
                           (old.best, new.best)):  # fmt: skip
        shutil.copy2(source, target)
    shutil.copytree(old.previews, new.previews, dirs_exist_ok=True)
    if old.phases.is_dir():
        shutil.copytree(old.phases, new.phases)
    new.phases.mkdir(exist_ok=True)
    shutil.copy2(old.model, new.phase_model(len(old.config().phases)))


def loop(
    run: Run,
    pairs: PairSet,
    config: TrainConfig,
    origin: FirstWeights | None,
    stop: Callable[[], bool],
    before: Mapping[str, PairSet],
) -> Iterator[Event]:
    """Train a run from its newest checkpoint, or from the beginning, to its end.

    The order after an update is: measure and draw, then save. On resume everything later than the
    checkpoint is deleted and made again, so that files and state never disagree.
    """
    schedule = plan(config, pairs)
    logbook = Logbook(run, pairs, config, schedule)
    if run.finished(schedule.total):
        yield Finished(schedule.total, already=True, rebuilt=_rebuild_model(logbook))
        return

    with accelerated(config) as accelerator:
        # Set up. What cannot work is found before the folder is made.
        state = new_state(config, pairs.header, schedule.batch)
        probe = Probe.of(pairs, config, before)
        if not run.exists:
            if origin is not None:
                take_weights(state.learner, origin, config)
            source = origin or FirstWeights()
            about = describe(config, pairs, source, run.folder, before)
            run.create(about, places_of(pairs, source, run.folder, before))
        place(state.learner, accelerator)
        logbook.resume(state)
        translator = Translator(logbook.model(state))

        def look() -> Iterator[Event]:
            logbook.check(state, state.sums)
            rows, drawn = probe.look(run, translator, schedule, state)
            state.begin_sums()
            run.append_metrics(rows)
            logbook.keep_best(state, rows)
            yield Measured(state.step, tuple(rows))
            yield from drawn

        yield Started(state.step, schedule.total, str(accelerator.device))
        if state.step == 0:
            yield from look()
            yield logbook.save(state)

        # Each step
        at_once = family_of(config.model).at_once
        draws = (schedule.draw(step) for step in range(state.step, schedule.total))
        batches = pairs.batches(
            draws, seed=config.seed, augment=config.augment, device=accelerator.device
        )
        saved_at = begun = time.perf_counter()
        spent = state.seconds
        with closing(batches):
            while state.step < schedule.total:
                span = schedule.span(state.step)
                shown = pairs if at_once else next(batches)
                losses = update(state, span, config, shown, accelerator)
                if accelerator.device.type == "cpu":
                    # Elsewhere this would hold the device up, and only the sums are looked at.
                    logbook.check(state, losses)
                state.seconds = spent + time.perf_counter() - begun
                yield Stepped(state.step, schedule.total, str(span.phase), losses, state.seconds)
                if schedule.measured_at(state.step):
                    yield from look()

                # What is due at the end of a phase, of the run, or when the caller asks to stop
                ended, interrupted = state.step == span.stop, stop()
                finished = state.step == schedule.total
                if finished:
                    sheets.write_film(run.previews, run.film, probe.most)
                elif ended:
                    logbook.keep_phase(state, span.number)
                late = time.perf_counter() - saved_at > config.checkpoint_seconds
                if ended or interrupted or late:
                    yield logbook.save(state)
                    saved_at = time.perf_counter()
                if ended and not finished:
                    yield Switched(state.step, str(schedule.span(state.step).phase))
                if interrupted and not finished:
                    yield Interrupted(state.step)
                    return

        # Finish
        yield Finished(state.step, already=False)
