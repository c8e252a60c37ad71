"""A study as one self-contained page, and its tables beside it."""

import math
import shlex
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from nekogao import __version__
from nekogao.files import write_text
from nekogao.names import without_folders
from nekogao.report import figures
from nekogao.report.inline import render, text_of
from nekogao.runs.folder import Run
from nekogao.studies import summary
from nekogao.studies.grid import read
from nekogao.studies.study import RUNS, STUDY, threads_of, trials
from nekogao.studies.summary import CellResult, Summary, Table

PAGE = "study.html"
_MOST_BARS = 8
"""Numbers of a measure that are drawn as bars; the table has all."""
_LOWEST = -0.6
"""Skill below this is off the panel."""


@dataclass(frozen=True)
class Panel:
    """One measure on the page."""

    table: Table
    bars: str
    """Its numbers as an SVG element."""


def build(path: Path, out: Path) -> Path:
    """Write results.csv, results.json, table.md and study.html into OUT; return the page.

    Args:
        path: The study file.
        out: The folder of that study; it need not be finished.
    """
    study = read(path)
    found = summary.summarise(study, trials(study, out, threads_of(out)))
    summary.write(found, out)
    context = {
        "about": study.about,
        "cells": found.cells,
        "finished": len(found.outcomes),
        "failures": [
            replace(each, failed=without_folders(each.failed)) for each in found.failures
        ],
        "sections": [
            Panel(table, _bars(found, table.measure) if table.rows else "")
            for table in summary.tables(found)
        ],
        "curves": _curves(found, out / RUNS),
        "command": shlex.join(["nekogao", "study", path.name, "--out", out.resolve().name]),
        "text": without_folders((out / STUDY).read_text(encoding="utf-8")),
        "version": __version__,
        "css": text_of("page.css"),
    }
    write_text(out / PAGE, render("study.html", context))
    return out / PAGE


def _bars(found: Summary, measure: str) -> str:
    """Means with intervals: one panel per number, one bar per cell, one dot per seed."""
    names = found.names(measure)[:_MOST_BARS]
    columns = min(4, len(names))
    rows = math.ceil(len(names) / columns)
    labels = [result.cell.name for result in found.cells]
    with figures.drawing(rows * (0.7 + 0.28 * len(labels))) as figure:
        axes = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for axis, name in zip(axes, names, strict=False):
            for place, result in enumerate(found.cells):
                _bar(axis, place, result, measure, name)
            figures.dress(axis, name)
            axis.set_yticks(range(len(labels)), labels)
        for axis in axes[len(names) :]:
            axis.set_visible(False)
        axes[0].invert_yaxis()
        return figures.svg(figure)


def _bar(axis: Axes, place: int, result: CellResult, measure: str, name: str) -> None:
    interval = result.estimates.get(measure, {}).get(name)
    if interval is None:
        return
    colour = figures.COLOURS[place % len(figures.COLOURS)]
    axis.barh(place, interval.mean, height=0.6, color=colour, alpha=0.55)
    if interval.low is not None and interval.high is not None:
        axis.plot((interval.low, interval.high), (place, place), color=figures.INK, lw=1.4)
    values = [run.measures[measure] for run in result.runs]
    seeds = [summary.mean(numbers[name]) for numbers in values if name in numbers]
    axis.plot(seeds, [place] * len(seeds), ".", color=figures.INK, ms=4)


def _curves(found: Summary, runs: Path) -> str:
    """Skill over epochs: one panel per cell, one thin line per seed and domain."""
    shown = [result for result in found.cells if result.runs]
    if not shown:
        return ""
    columns = min(3, len(shown))
    rows = math.ceil(len(shown) / columns)
    with figures.drawing(2.4 * rows) as figure:
        axes = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
        for axis, result in zip(axes, shown, strict=False):
            _panel(axis, result, runs)
        for axis in axes[len(shown) :]:
            axis.set_visible(False)
        axes[0].set_ylim(bottom=max(_LOWEST, axes[0].get_ylim()[0]))
        axes[0].legend(frameon=False, loc="lower right")
        return figures.svg(figure)


def _panel(axis: Axes, result: CellResult, runs: Path) -> None:
    lines: dict[str, list[list[tuple[float, float]]]] = defaultdict(list)
    starts: dict[int, float] = {}
    for found in result.runs:
        by_domain: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in Run(runs / found.run).read_metrics():
            by_domain[row.domain].append((row.epoch, row.skill))
            starts[row.phase + 1] = row.epoch
        for domain, points in by_domain.items():
            lines[domain].append(points)
    for (domain, seeds), colour in zip(lines.items(), figures.COLOURS * len(lines), strict=False):
        for points in seeds:
            axis.plot(*zip(*points, strict=True), color=colour, lw=0.7, alpha=0.5)
        mean = np.mean(np.array(seeds), axis=0)
        axis.plot(mean[:, 0], mean[:, 1], color=colour, lw=2, label=domain)
    phases = list(map(str, result.cell.base.phases))
    named = [(starts.get(i, 0.0), name) for i, name in enumerate(phases, 1)]
    figures.dress(axis, result.cell.name, named)
    axis.set_xlabel("epoch")
