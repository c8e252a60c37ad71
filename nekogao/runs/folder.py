"""The run folder: what a run writes, and how it is read back."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from nekogao.config.schema import TrainConfig
from nekogao.errors import DiskError, NekogaoError, PairSetError, RunError, reason
from nekogao.files import (
    append_text,
    own_new_folder,
    read_lines,
    sha256,
    write_atomically,
    write_text,
)
from nekogao.models import file
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures.images import Picture
from nekogao.runs.about import About, FirstWeights, read
from nekogao.runs.metrics import Measurement
from nekogao.runs.places import Places

RUN_TOML = "run.toml"
_KEPT = 2
"""Checkpoints that are kept, apart from the best network."""


def places_of(
    pairs: PairSet,
    origin: FirstWeights,
    folder: Path,
    earlier: Mapping[str, PairSet] | None = None,
) -> Places:
    """What the local.toml of a run in `folder` says; the origin has paths of this machine."""
    there = pairs.folder.resolve()
    before = {name: str(each.folder.resolve()) for name, each in (earlier or {}).items()}
    return Places(
        pairs=str(there),
        pairs_from_here=_from_here(there, folder),
        run=origin.run,
        init_from=origin.init_from,
        earlier=before,
    )


def _from_here(pairs: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(pairs, folder.resolve())).as_posix()
    except ValueError:  # another drive
        return ""


class Run:
    """Paths and files of one run folder."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.previews = self.folder / "previews"
        self.checkpoints = self.folder / "checkpoints"
        self.metrics = self.folder / "metrics.jsonl"
        self.model = self.folder / file.NAME
        self.best = self.checkpoints / "best.safetensors"
        self.phases = self.folder / "phases"
        self.film = self.folder / "timelapse.gif"
        self.report = self.folder / "report.html"
        self.applied = self.folder / "applied"

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.folder / RUN_TOML).is_file()

    @classmethod
    def open(cls, folder: str | Path) -> "Run":
        """An existing run. Raises RunError where there is none."""
        run = cls(folder)
        if not run.exists:
            state = f"has no {RUN_TOML}" if run.folder.is_dir() else "no such folder"
            raise RunError(f"{folder}: {state}. Name a run that `nekogao train` wrote.")
        return run

    def create(self, about: About, places: Places) -> None:
        """Begin a run in a folder whose lock the caller holds: make the folder, run.toml
        and local.toml.

        Raises InputError where the folder holds something already.
        """
        with own_new_folder(self.folder) as folder:
            (folder / self.previews.name).mkdir()
            (folder / self.checkpoints.name).mkdir()
            write_text(folder / RUN_TOML, about.to_toml())
            places.write(folder)

    def about(self) -> About:
        """What run.toml says. Raises RunError where it lacks something."""
        return read(self.folder / RUN_TOML)

    def config(self) -> TrainConfig:
        """The run's configuration. Raises RunError where run.toml is damaged."""
        return self.about().train

    def face(self, name: str) -> Picture | None:
        """The training face of that id, from the run's own pair set; None where it is not at hand.

        A set that has changed since is none of the run's.
        """
        try:
            pairs = self._own_pairs
            index = pairs.ids.get(name) if pairs else None
            return pairs.picture(index, "target") if pairs and index is not None else None
        except PairSetError:
            return None

    @cached_property
    def _own_pairs(self) -> PairSet | None:
        try:
            found = self.open_pairs()
            return found if found.fingerprint == self.about().pairs.fingerprint else None
        except NekogaoError:
            return None

    def open_pairs(self) -> PairSet:
        """The pair set that the run was begun on, where it is now.

        It is looked for relative to the run's folder, then where it was on this machine. A set
        that has changed since is returned too, if there is no other.

        Raises RunError where it is in no such place, PairSetError where it is damaged.
        """
        recorded = self.about().pairs
        faults, others = [], []
        for path in Places.read(self.folder).of_pairs(self.folder, recorded.path):
            try:
                pairs = PairSet.open(path)
            except NekogaoError as error:
                faults.append(error)
                continue
            if pairs.fingerprint == recorded.fingerprint:
                return pairs
            others.append(pairs)
        if others:
            return others[0]
        for fault in faults:
            if isinstance(fault, PairSetError):
                raise fault
        raise RunError(
            f"{self.folder}: its pair set {recorded.path} is no longer where it was. Name it with "
            "--pairs."
        )

    def remember_pairs(self, pairs: PairSet) -> None:
        """Note where the run's pair set is, unless it is another or would be found there."""
        recorded, places = self.about().pairs, Places.read(self.folder)
        here = pairs.folder.resolve()
        known = next(places.of_pairs(self.folder, recorded.path), None)
        if pairs.fingerprint != recorded.fingerprint or (known and known.resolve() == here):
            return
        with suppress(OSError):  # a folder that can only be read
            relative = _from_here(here, self.folder)
            replace(places, pairs=str(here), pairs_from_here=relative).write(self.folder)

    def first_weights(self) -> FirstWeights:
        """The run's origin with the model file where it is now, or else as recorded."""
        origin = self.about().origin
        if not origin.init_from:
            return origin
        found = list(Places.read(self.folder).of_first_weights(self.folder, origin.init_from))
        same = (path for path in found if path.is_file() and sha256(path) == origin.init_sha256)
        path = next(same, found[0] if found else Path(origin.init_from))
        return replace(origin, init_from=str(path.resolve() if found else path))

    def append_metrics(self, rows: Sequence[Measurement]) -> None:
        """Add lines to metrics.jsonl."""
        append_text(self.metrics, "".join(row.to_json() + "\n" for row in rows))

    def read_metrics(self) -> list[Measurement]:
        """Every line of metrics.jsonl; one that was cut off by a crash is left out."""
        rows = read_lines(self.metrics, "step") if self.metrics.is_file() else []
        found = []
        for row in rows:
            with suppress(TypeError):  # a line that somebody changed
                found.append(Measurement.from_row(row))
        return found

    def rewind(self, step: int) -> None:
        """Delete measurements and sheets from after `step`, which will be made again.

        What a killed process left half-written is deleted too.
        """
        for folder in (self.folder, self.previews, self.checkpoints, self.phases):
            for leftover in folder.glob(".*.tmp"):
                # Somebody may be writing a report at this moment, which needs no lock.
                if not leftover.name.startswith(f".{self.report.name}."):
                    leftover.unlink(missing_ok=True)
        rows = read_lines(self.metrics, "step") if self.metrics.is_file() else []
        kept = (row for row in rows if isinstance(row["step"], int) and row["step"] <= step)
        write_text(self.metrics, "".join(json.dumps(row) + "\n" for row in kept))
        for path in self.previews.glob("*-*.png"):
            number = path.stem.partition("-")[0]
            if number.isdigit() and int(number) > step:
                path.unlink()

    def phase_model(self, number: int) -> Path:
        """The generator as it was at the end of a phase, from 1; of the last phase, `model`."""
        return self.phases / f"{number}.safetensors"

    def checkpoint_path(self, step: int) -> Path:
        """Where the training state after `step` updates is."""
        return self.checkpoints / f"{step:06d}.pt"

    def saved_checkpoints(self) -> list[Path]:
        """The checkpoints, oldest first."""
        found = (path for path in self.checkpoints.glob("*.pt") if path.stem.isdigit())
        return sorted(found, key=lambda path: int(path.stem))

    def save_checkpoint(self, step: int, state: dict[str, Any]) -> Path:
        """Write a checkpoint atomically, then delete all but the newest ones."""
        path = self.checkpoint_path(step)
        try:
            write_atomically(path, lambda temporary: torch.save(state, temporary))
        except RuntimeError as error:  # what torch.save makes of a full disk
            why = reason(error)
            raise DiskError(
                f"{path}: could not be written ({why}). Free some disk space; the same command "
                "then resumes from the last checkpoint."
            ) from None
        for old in self.saved_checkpoints()[:-_KEPT]:
            old.unlink()
        return path

    def finished(self, total: int) -> bool:
        """Whether the state after all of `total` updates is there."""
        saved = self.saved_checkpoints()
        return bool(saved) and int(saved[-1].stem) >= total

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The newest training state, or None where there is none.

        Raises RunError where it cannot be read.
        """
        saved = self.saved_checkpoints()
        if not saved:
            return None
        try:
            return torch.load(saved[-1], map_location="cpu", weights_only=True)
        except Exception as error:  # torch.load raises many kinds on damaged files
            why = reason(error)
            raise RunError(
                f"{saved[-1]}: damaged checkpoint ({why}). Delete it to go on from the one before."
            ) from None
