"""One run of a study: train it, measure it, and write down what came out."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nekogao.config.plain import from_dict
from nekogao.config.schema import TrainConfig
from nekogao.errors import DiskError, NekogaoError
from nekogao.files import write_text
from nekogao.runs.events import Interrupted
from nekogao.studies.measured import measure_run
from nekogao.training.loop import train

CELL = "cell.json"
"""What says that a run of a study is finished, and what was measured."""


@dataclass(frozen=True)
class Trial:
    """A run of a study, fit to be sent to another process or machine."""

    folder: Path
    pairs: Path
    settings: dict[str, Any]
    """Everything for TrainConfig."""
    choices: dict[str, str]
    """Axis -> alternative, for the record."""
    measures: tuple[str, ...]
    threads: int
    """CPU threads, on which the bits of a result may depend."""

    @property
    def name(self) -> str:
        """The run folder's name."""
        return self.folder.name


def outcome(trial: Trial) -> dict[str, Any] | None:
    """What was written down; None where the run is not finished and measured."""
    try:
        found = json.loads((trial.folder / CELL).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and "measures" in found else None


def carry_out(trial: Trial, stop: Callable[[], bool] = lambda: False) -> dict[str, Any] | None:
    """Train and measure one run, from where it was; None where `stop` said so.

    A run that fails by its own fault (it diverges, say) is written down as failed. Where the
    machine is at fault another attempt may succeed, and OSError, DiskError or MemoryError is
    raised.
    """
    begun, failed, measures = time.perf_counter(), "", None
    before = torch.get_num_threads()
    torch.set_num_threads(trial.threads)
    try:
        config = from_dict(TrainConfig, trial.settings)
        events = train(trial.folder, trial.pairs, config, stop=stop)
        if any(isinstance(event, Interrupted) for event in events):
            return None
        measures = measure_run(trial.folder, trial.measures, stop)
    except (OSError, DiskError, MemoryError, torch.OutOfMemoryError):
        raise  # the machine's fault, not the run's: with more room it goes on
    except NekogaoError as error:
        failed = str(error).replace(str(trial.folder), trial.name)
    except Exception as error:  # one run's fault must not end the study
        failed = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    finally:
        torch.set_num_threads(before)
    if measures is None and not failed:
        return None
    return _write(trial, failed, measures or {}, time.perf_counter() - begun)


def _write(trial: Trial, failed: str, measures: Any, seconds: float) -> dict[str, Any]:
    found = {
        "run": trial.name,
        "choices": trial.choices,
        "seed": trial.settings["seed"],
        "failed": failed,
        "measures": measures,
        "seconds": round(seconds, 3),
    }
    trial.folder.mkdir(parents=True, exist_ok=True)
    write_text(trial.folder / CELL, json.dumps(found, indent=1) + "\n")
    return found
