"""The run folder: what a run writes, and how it is read back."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from nekogao.config.schema import TrainConfig
from nekogao.errors import DiskError, RunError
from nekogao.files import own_new_folder, read_lines, write_atomically, write_text
from nekogao.models import file
from nekogao.runs.about import About, read
from nekogao.runs.metrics import Measurement

RUN_TOML = "run.toml"
_KEPT = 2
"""Checkpoints that are kept, apart from the best network."""


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

    def create(self, about: About) -> None:
        """Begin a run in a folder whose lock the caller holds: make the folder and write run.toml.

        Raises InputError where the folder holds something already.
        """
        with own_new_folder(self.folder) as folder:
            (folder / self.previews.name).mkdir()
            (folder / self.checkpoints.name).mkdir()
            write_text(folder / RUN_TOML, about.to_toml())

    def about(self) -> About:
        """What run.toml says. Raises RunError where it lacks something."""
        return read(self.folder / RUN_TOML)

    def config(self) -> TrainConfig:
        """The run's configuration. Raises RunError where run.toml is damaged."""
        return self.about().train

    def append_metrics(self, rows: Sequence[Measurement]) -> None:
        """Add lines to metrics.jsonl."""
        text = "".join(row.to_json() + "\n" for row in rows)
        with self.metrics.open("a", encoding="utf-8") as handle:
            handle.write(text)

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
            reason = str(error).splitlines()[0][:120]
            raise DiskError(
                f"{path}: could not be written ({reason}). Free some disk space; the same command "
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
            reason = str(error).splitlines()[0][:200]
            raise RunError(
                f"{saved[-1]}: damaged checkpoint ({reason}). Delete it to go on from the one "
                "before."
            ) from None
