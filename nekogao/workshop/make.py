"""Make: photographs in, a trained translator and its answers out, in one folder."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from nekogao.config.pairs import PairConfig
from nekogao.config.schema import TrainConfig
from nekogao.errors import InputError, NekogaoError, PictureError
from nekogao.files import existing_folder, sha256
from nekogao.models.applied import read_applied
from nekogao.models.gallery import apply, find_inputs, named
from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.names import counted
from nekogao.pairs.build import build, root_of
from nekogao.pairs.pair_set import PairSet
from nekogao.pairs.revision import add
from nekogao.pictures import faces, images
from nekogao.pictures.detection import Kind
from nekogao.reasons.decider import keep
from nekogao.report.run import build_report
from nekogao.runs.events import Advanced, Event, Interrupted, Said, Stepped
from nekogao.runs.folder import Run
from nekogao.training import schedule
from nekogao.training.allocator import release_freed_memory
from nekogao.training.loop import train
from nekogao.workshop import bent
from nekogao.workshop import plan as plans
from nekogao.workshop import record as records
from nekogao.workshop.forecast import Forecast, shorter_side
from nekogao.workshop.plan import Plan
from nekogao.workshop.record import Record

FACES, SET, RUNS = "faces", "set", "runs"
"""Folders that `make` fills, which the other commands take."""
_LOOKING, _PAIRING, _TRAINING = 0.10, 0.14, 0.90
"""Shares of the whole, for the bar, at the end of each part."""


def make(
    photos: str | Path,
    pictures: str | Path | Sequence[str | Path] = (),
    out: str | Path = "cats",
    *,
    seconds: float | None = None,
    extend: bool = False,
    whole: bool = False,
    kind: Kind = "auto",
    name: str = "cats",
    config: TrainConfig | None = None,
    begun: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """From photographs to answers: iterate to make it happen.

    `out` then holds `faces`, `set` and `runs/NAME`, which all other functions and commands take,
    and the page `runs/NAME/report.html`. Line drawings are answered twice: by the network, with a
    face that it remembers, and in `runs/NAME-bent` by a face that is bent to follow the lines.
    Called again it goes on where it was, and translates pictures that are new.

    >>> for event in nekogao.make("photos", ["cup.png"], "made", config=nekogao.compose("fast",
    ...                           phases=["all:1"])):
    ...     if isinstance(event, nekogao.Said) and event.line.startswith("cup.png"):
    ...         print(event.line.partition("  ")[0])
    cup.png -> made/runs/cats/applied/cup.png

    Args:
        photos: A folder of photographs, which are not changed.
        pictures: Pictures, folders and glob patterns to translate in the end.
        out: A new folder, or one that `make` began.
        seconds: How long it may take in all; decides size and epochs. None trains as the recipe
            `fast` does.
        extend: Whether photographs that are new in `photos` are taken in.
        whole: Whether photographs are taken whole, instead of the faces in them.
        kind: Whose faces to look for.
        name: What the run is called.
        config: How to train, instead of what the time decides.
        begun: When the time began to run, by `time.perf_counter`; now unless given.
        stop: Asked often; True saves what there is and ends the iteration.

    Yields:
        The events of the training, and `Said` and `Advanced` around them.

    Raises:
        InputError: A folder is missing, empty or taken, or a picture is missing.
        PictureError: A photograph that was readable no longer is.
        BusyError: Another process works in this folder.
    """
    job = _Job(
        Path(photos), named(pictures), Path(out), seconds, extend, whole, kind, name, config,
        time.perf_counter() if begun is None else begun, stop,
    )  # fmt: skip
    yield from job.events()


@dataclass
class _Job:
    """One call of `make`."""

    photos: Path
    pictures: list[str]
    out: Path
    seconds: float | None
    extend: bool
    whole: bool
    kind: Kind
    name: str
    config: TrainConfig | None
    begun: float
    stop: Callable[[], bool]
    record: Record = field(init=False)
    forecast: Forecast = field(init=False)

    def __post_init__(self) -> None:
        pictures = find_inputs(self.pictures)[0]
        looks = None if self.whole else self.kind
        self.forecast = Forecast(self.photos, pictures, looks, self.seconds, self.begun)

    def events(self) -> Iterator[Event]:
        """All parts, in order."""
        self._check_pictures()
        yield from self._begin()
        for part in (self._look, self._pair, self._train, self._answer):
            interrupted = False
            for event in part():
                interrupted |= isinstance(event, Interrupted)
                yield event
            if interrupted:
                return
            if self.stop() and part != self._answer:
                yield Interrupted(0)
                return

    @property
    def _number(self) -> str:
        return _ending(self.record.round)

    @property
    def faces(self) -> Path:
        """The faces of this round's photographs."""
        return self.out / f"{FACES}{self._number}"

    @property
    def set(self) -> Path:
        """The pair set of all faces so far."""
        return self.out / f"{SET}{self._number}"

    @property
    def run(self) -> Run:
        """The run on that pair set."""
        return Run(self.out / RUNS / f"{self.name}{self._number}")

    def _check_pictures(self) -> None:
        """Raise InputError for a picture that is missing, before anything takes time."""
        paths, faults = find_inputs(self.pictures)
        for fault in faults:
            raise InputError(fault.error)
        for path in paths:
            if not path.exists():
                raise InputError(f"{path}: no such file. Name pictures that exist with --apply.")

    def _begin(self) -> Iterator[Event]:
        """Read or begin the record of the folder; say how long all of it will take."""
        found = records.read(self.out)
        now = records.photographs(existing_folder(self.photos))
        if found is None:
            if self.config is None:
                yield Said(self.forecast.words(list(now.values())))
            self.out.mkdir(parents=True, exist_ok=True)
            self._keep(Record(photographs=now, whole=self.whole))
            return
        self.record = found
        gone = len(found.photographs.keys() - now.keys())
        if gone:
            were = "photograph that was" if gone == 1 else "photographs that were"
            yield Said(
                f"{gone} {were} taken in cannot be found in {self.photos}; what was made of them "
                "stays in."
            )
        new = {digest: path for digest, path in now.items() if digest not in found.photographs}
        if self.extend:
            for digest, path in list(new.items()):
                try:
                    images.read(self.photos / path)
                except PictureError as error:
                    if found.whole:
                        raise
                    yield Said(f"left out: {error}", fault=True)
                    del new[digest], now[digest]
        if not new:
            return
        which = f"{counted(len(new), 'new photograph')} ({records.names(list(new.values()))})"
        if not self.extend:
            yield Said(f"{which} not taken in. To train on with them, give --extend.")
        elif not _is_finished(self.run):
            yield Said(f"{which} not taken in before the run is finished. Give --extend again.")
        else:
            yield Said(f"{which} taken in")
            self._keep(found.extended(now))

    def _older(self, name: str) -> Path:
        """A folder of the round before this one."""
        return self.out / f"{name}{_ending(self.record.round - 1)}"

    def _keep(self, record: Record) -> None:
        self.record = record
        record.write(self.out)

    def _look(self) -> Iterator[Event]:
        """Cut the faces out of the photographs that are new in this round."""
        if self.record.whole or self.faces.is_dir():
            return
        yield Advanced(0.0, "looking for faces")
        chosen = {self.photos / path for path in self._fresh().values()}
        found = faces.crop(self.photos, self.faces, kind=self.kind, fallback="centre", only=chosen)
        for photo in found:
            if photo.error:
                yield Said(f"left out: {photo.error}", fault=True)
        missed = [str(photo.path) for photo in found if photo.boxes[:1]
                  and photo.boxes[0].kind == "centre"]  # fmt: skip
        if missed:
            which = f"{counted(len(missed), 'photograph')} ({records.names(missed)})"
            yield Said(
                f"no face found in {which}: the centre was taken, gray in "
                f"{self.faces / faces.SHEET}. To move boxes: nekogao faces {self.photos} "
                f"{self.faces} --look"
            )
        yield Advanced(_LOOKING, "looking for faces")

    def _fresh(self) -> dict[str, str]:
        """Hash -> the photographs that nothing was made of in the rounds before."""
        if self.record.round == 1:
            return dict(self.record.photographs)
        known = {item.origin.sha256 for item in PairSet.open(self._older(SET)).items}
        found = self.record.photographs.items()
        return {digest: path for digest, path in found if digest not in known}

    def _pair(self) -> Iterator[Event]:
        """Make the pair set, or extend it; the size is decided when it is made."""
        if self.set.is_dir():
            return
        yield Advanced(_LOOKING, "making pairs")
        source = self.photos if self.record.whole else self.faces
        if self.record.round > 1:
            # Faces that are there stay as they are, boxes that a person edited included, and the
            # network goes on with pictures of its size.
            add(self._older(SET), source, self.set, "crop")
            yield Advanced(_PAIRING, "making pairs")
            return
        sides = [shorter_side(path) for path in images.find(root_of(source))]
        planned = plans.plan(self.forecast.pace(len(sides)), self.forecast.left(len(sides)), sides)
        self._keep(self.record.planned(planned))
        build(source, self.set, PairConfig(size=planned.size.plain, fit="crop"))
        yield Advanced(_PAIRING, "making pairs")

    def _train(self) -> Iterator[Event]:
        """Train, or go on with the training."""
        config = None
        if not self.run.exists:
            config = self.config or self._configuration()
        older = None
        if self.record.round > 1 and config is not None:
            older = self._older(f"{RUNS}/{self.name}")
        for event in train(self.run.folder, self.set, config, init_from=older, stop=self.stop):
            yield event
            if isinstance(event, Stepped):
                share = _PAIRING + (_TRAINING - _PAIRING) * event.step / event.total
                yield Advanced(share, "training")

    def _configuration(self) -> TrainConfig:
        """How a new run is trained: as planned, or as the run before it."""
        count = len(PairSet.open(self.set))
        planned = self.record.plan
        if self.seconds is not None or planned is None:
            usual = Plan(PairSet.open(self.set).size, plans.EPOCHS)
            planned = plans.refitted(self.forecast.pace(count), usual, self.forecast.left(count))
            self._keep(self.record.planned(planned))
        if self.record.round == 1:
            return plans.configuration(planned)
        older = Run(self._older(f"{RUNS}/{self.name}"))
        return replace(
            older.config(), phases=plans.configuration(planned).phases,
            every=plans.configuration(planned).every,
        )  # fmt: skip

    def _answer(self) -> Iterator[Event]:
        """Translate the pictures that were not yet translated, and write the page."""
        yield Advanced(_TRAINING, "translating")
        run = self.run
        release_freed_memory()
        with suppress(NekogaoError):  # `explain` measures it where it is missing
            keep(run.folder)
        done = {(row.input, row.sha256) for row in read_applied(run.applied)}
        paths = [path for path in find_inputs(self.pictures)[0]
                 if (str(path.resolve()), sha256(path)) not in done]  # fmt: skip
        if paths:
            translator = Translator.load(run.folder)
            translator.originals = run.face
            for number, made in enumerate(
                apply(translator, list(map(str, paths)), run.applied, Options(nearest=True)), 1
            ):
                what = made.error or f"{made.path} -> {made.output}  {made.words}"
                yield Said(what, fault=bool(made.error))
                share = _TRAINING + (1 - _TRAINING) * number / len(paths)
                yield Advanced(share, "translating")
                if self.stop():
                    yield Interrupted(0)
                    return
        interrupted = False
        for event in bent.answers(run, PairSet.open(self.set), self.forecast.drawings, self.stop):
            interrupted |= isinstance(event, Interrupted)
            yield event
        if interrupted:
            return
        yield Said(f"Open {build_report(run.folder).resolve()}")
        yield Advanced(1.0, "done")


def _is_finished(run: Run) -> bool:
    return run.exists and run.finished(schedule.plan(run.config(), run.open_pairs()).total)


def _ending(round: int) -> str:
    return f"-{round}" if round > 1 else ""
