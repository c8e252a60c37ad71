"""One run of a study: train it, measure it, and write down what came out."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from nekogao.config.schema import TrainConfig
from nekogao.errors import BusyError, DiskError, NekogaoError
from nekogao.files import write_text
from nekogao.names import without_folders
from nekogao.runs.events import Interrupted
from nekogao.studies.measured import measure_run
from nekogao.studies.trained import Numbers
from nekogao.training.loop import train

CELL = "cell.json"
"""What says that a run of a study is finished, and what was measured."""


@dataclass(frozen=True)
class Trial:
    """A run of a study, fit to be sent to another process or machine."""

    folder: Path
    pairs: Path
    config: TrainConfig
    choices: dict[str, str]
    """Axis -> alternative, for the record."""
    measures: tuple[str, ...]
    threads: int
    """CPU threads, on which the bits of a result may depend."""

    @property
    def name(self) -> str:
        """The run folder's name."""
        return self.folder.name


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came out of a trial, as cell.json has it."""

    run: str
    choices: dict[str, str]
    seed: int
    failed: str
    """Why it failed; empty where it did not."""
    measures: dict[str, Numbers]
    """Measure -> its numbers; none where the run failed."""
    seconds: float
    """What it took, in the session that finished it."""
    absent: dict[str, dict[str, str]] = field(default_factory=dict)
    """Measure -> numbers that the run cannot have, and why."""

    def to_json(self) -> str:
        """As text for cell.json."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"


def outcome(trial: Trial) -> Outcome | None:
    """What was written down; None where the run is not finished and measured."""
    try:
        found = json.loads((trial.folder / CELL).read_text(encoding="utf-8"))
        return Outcome(**found)
    except (FileNotFoundError, ValueError, TypeError):
        return None


def carry_out(trial: Trial, stop: Callable[[], bool] = lambda: False) -> Outcome | None:
    """Train and measure one run, from where it was; None where `stop` said so.

    A run that fails by its own fault (it diverges, say) is written down as failed. Where the
    machine is at fault another attempt may succeed, and OSError, DiskError or MemoryError is
    raised; BusyError where somebody else trains the run.
    """
    begun, failed, measured = time.perf_counter(), "", None
    before = torch.get_num_threads()
    torch.set_num_threads(trial.threads)
    try:
        events = train(trial.folder, trial.pairs, trial.config, stop=stop)
        if any(isinstance(event, Interrupted) for event in events):
            return None
        measured = measure_run(trial.folder, trial.measures, stop)
    except (OSError, BusyError, DiskError, MemoryError, torch.OutOfMemoryError):
        raise  # not the run's fault: with more room, or later, it goes on
    except NekogaoError as error:
        failed = without_folders(str(error).replace(str(trial.folder), trial.name))
    except Exception as error:  # one run's fault must not end the study
        failed = without_folders(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    finally:
        torch.set_num_threads(before)
    if measured is None and not failed:
        return None
    found = Outcome(
        run=trial.name,
        choices=trial.choices,
        seed=trial.config.seed,
        failed=failed,
        measures=measured.numbers if measured else {},
        absent=measured.absent if measured else {},
        seconds=round(time.perf_counter() - begun, 3),
    )
    trial.folder.mkdir(parents=True, exist_ok=True)
    write_text(trial.folder / CELL, found.to_json())
    return found
