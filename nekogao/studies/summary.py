"""What a study found: a row a run, and means over seeds with intervals a cell."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nekogao import names
from nekogao.files import write_text
from nekogao.measures.intervals import Interval, over_images
from nekogao.names import counted
from nekogao.studies.grid import Cell, Study
from nekogao.studies.trial import Outcome, Trial, outcome

RESULTS_CSV, RESULTS_JSON, TABLE = "results.csv", "results.json", "table.md"


@dataclass(frozen=True)
class CellResult:
    """A cell's runs, and what they have in common."""

    cell: Cell
    runs: list[Outcome]
    """Sequence[Outcome] of the runs that did not fail, in the order of seeds."""
    planned: int
    """Seeds in all."""
    estimates: dict[str, dict[str, Interval]]
    """Measure -> number -> mean over the seeds that have it, with its interval."""


@dataclass(frozen=True)
class Summary:
    """Everything that tables, plots and the page show."""

    study: Study
    outcomes: list[Outcome]
    """What is written down of every finished run, failed ones too."""
    cells: list[CellResult]

    @property
    def failures(self) -> list[Outcome]:
        """The runs that failed."""
        return [found for found in self.outcomes if found.failed]

    def names(self, measure: str) -> list[str]:
        """The numbers of a measure that any cell has, in order."""
        each = (cell.estimates.get(measure, {}) for cell in self.cells)
        return list(dict.fromkeys(name for numbers in each for name in numbers))

    def absent(self, measure: str) -> dict[str, str]:
        """The numbers of a measure that some run cannot have, and why."""
        each = (found.absent.get(measure, {}) for found in self.outcomes)
        return {name: why for absent in each for name, why in absent.items()}


def summarise(study: Study, trials: Sequence[Trial]) -> Summary:
    """Read what is written down of a study's runs; unfinished ones are left out."""
    outcomes = [found for found in map(outcome, trials) if found]
    cells = []
    for each in study.cells:
        own = [o for o in outcomes if o.choices == each.choices and not o.failed]
        estimates = {name: _estimates(own, name) for name in study.about.measures}
        cells.append(CellResult(each, own, len(study.seeds), estimates))
    return Summary(study, outcomes, cells)


def _estimates(runs: Sequence[Outcome], measure: str) -> dict[str, Interval]:
    numbers = [run.measures[measure] for run in runs]
    names = dict.fromkeys(name for found in numbers for name in found)
    return {name: over_images([_images(f[name]) for f in numbers if name in f]) for name in names}


def _images(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value]


def mean(value: float | list[float]) -> float:
    """A number of a run; that of a list is its mean over images."""
    images = _images(value)
    return sum(images) / len(images)


def write(summary: Summary, out: Path) -> None:
    """Write results.csv, results.json and table.md into a study's folder.

    They hold no times and no paths, so that equal studies write equal files.
    """
    write_text(out / RESULTS_CSV, _csv(summary))
    rows = [{k: v for k, v in asdict(o).items() if k != "seconds"} for o in summary.outcomes]
    cells = [
        {
            "choices": result.cell.choices,
            "seeds": len(result.runs),
            "planned": result.planned,
            "estimates": {
                measure: {name: interval._asdict() for name, interval in numbers.items()}
                for measure, numbers in result.estimates.items()
            },
        }
        for result in summary.cells
    ]
    about = summary.study.about
    found = {"name": about.name, "prediction": about.prediction, "cells": cells, "runs": rows}
    write_text(out / RESULTS_JSON, json.dumps(found, indent=1, allow_nan=False) + "\n")
    write_text(out / TABLE, markdown(summary))


def _csv(summary: Summary) -> str:
    """One row a run: its axes, seed and failure, then every number."""
    rows = []
    for found in summary.outcomes:
        numbers = {
            f"{measure}.{name}": mean(value)
            for measure, values in found.measures.items()
            for name, value in values.items()
        }
        head = {"run": found.run, **found.choices, "seed": found.seed}
        rows.append({**head, "failed": found.failed, **numbers})
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(names.cell, columns))
    for row in rows:
        values = (row.get(column, "") for column in columns)
        writer.writerow(names.cell(value) if isinstance(value, str) else value for value in values)
    return text.getvalue()


@dataclass(frozen=True)
class Table:
    """A measure of every cell, as text."""

    measure: str
    head: list[str]
    rows: list[list[str]]
    """None where no run has a number."""
    absent: dict[str, str]
    """Numbers that runs cannot have, and why."""


def tables(summary: Summary) -> list[Table]:
    """A table a measure; the longer of cells and numbers runs down the page."""
    found = []
    for measure in summary.study.about.measures:
        names, absent = summary.names(measure), summary.absent(measure)
        if not names:
            if absent:
                found.append(Table(measure, [], [], absent))
            continue
        cells = [result.cell.name for result in summary.cells]
        seeds = [f"{len(r.runs)}/{r.planned}" for r in summary.cells]
        body = [[show(result, measure, name) for name in names] for result in summary.cells]
        if len(names) <= len(cells):
            rows = [[c, s, *b] for c, s, b in zip(cells, seeds, body, strict=True)]
            found.append(Table(measure, ["", "seeds", *names], rows, absent))
        else:
            columns = [[name, *(b[i] for b in body)] for i, name in enumerate(names)]
            rows = [["seeds", *seeds], *columns]
            found.append(Table(measure, ["", *cells], rows, absent))
    return found


def show(result: CellResult, measure: str, name: str) -> str:
    """A mean and its bounds, as in `0.82 [0.79, 0.85]`; where seeds lack it, how many have it."""
    interval = result.estimates.get(measure, {}).get(name)
    if interval is None:
        return "–"
    text = _short(interval.mean)
    if interval.low is not None and interval.high is not None:
        text += f" [{_short(interval.low)}, {_short(interval.high)}]"
    few = interval.seeds < len(result.runs)
    return f"{text} ({interval.seeds} of {len(result.runs)})" if few else text


def _short(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def markdown(summary: Summary) -> str:
    """The prediction and all tables as Markdown."""
    about = summary.study.about
    parts = [
        f"## {about.name}",
        f"Predicted before the runs: {' '.join(about.prediction.split())}",
    ]
    for table in tables(summary):
        lines = [_line(table.head), _line(["---"] * len(table.head)), *map(_line, table.rows)]
        parts += [f"**{table.measure}**", *(["\n".join(lines)] if table.rows else [])]
        missing = [f"- {name}: none, for {why}." for name, why in table.absent.items()]
        parts += ["\n".join(missing)] if missing else []
    parts.append(
        "Means over seeds; in brackets 95 % intervals by bootstrap over seeds, and over images "
        "within seeds where a number is a mean over images. (1 of 5): one seed of five has it."
    )
    failures = [f"- {found.run}: {found.failed}" for found in summary.failures]
    if failures:
        parts += [f"{counted(len(failures), 'run')} failed:", "\n".join(failures)]
    return "\n\n".join(parts) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
