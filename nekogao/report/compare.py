"""One self-contained HTML page that sets runs side by side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nekogao.config.plain import settings, toml_value
from nekogao.errors import InputError, RunError
from nekogao.files import existing_folder, write_new
from nekogao.models.families import family_of
from nekogao.report import figures, films
from nekogao.report.inline import render, text_of
from nekogao.runs.about import About
from nekogao.runs.folder import Run
from nekogao.runs.metrics import Measurement, Stage, boundaries, stages

MOST = 6
"""Runs that one page takes: as many as there are colours."""


@dataclass(frozen=True)
class Setting:
    """A setting in which the runs differ."""

    name: str
    values: list[str]
    """Of every run, as TOML; `–` where its family has no such setting."""


@dataclass(frozen=True)
class Side:
    """One of the runs."""

    name: str
    """The folder's name, with those above it where two are called alike."""
    colour: str
    about: About
    described: str
    """What its family says of its settings."""
    seconds: float
    stages: list[Stage]
    last: dict[str, Measurement]
    """Domain -> its last measurement."""
    sheets: dict[str, str]
    """Domain -> its last sheet, inside the page."""


@dataclass(frozen=True, kw_only=True)
class ComparePage:
    """All that the template shows."""

    sides: list[Side]
    domains: list[str]
    """Of all runs, in order."""
    different: list[Setting]
    same_pairs: bool
    curves: str
    css: str


def build_comparison(runs: Sequence[str | Path], out: str | Path = "compare.html") -> Path:
    """Write a page about several runs, side by side, and return its path.

    >>> nekogao.build_comparison(["runs/cats", "runs/others"], "both.html").as_posix()
    'both.html'

    Args:
        runs: Two to six run folders; they need not be finished.
        out: A new file.

    Raises:
        RunError: A folder is no run, or nothing was measured yet.
        InputError: There are too few or too many runs, one is named twice, or `out` is taken.
    """
    opened = [Run.open(run) for run in runs]
    if not 2 <= len(opened) <= MOST:
        raise InputError(f"{len(opened)} runs to compare. Name from 2 to {MOST} of them.")
    places = [run.folder.resolve() for run in opened]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise InputError(f"{twice}: is named twice. Name each run once.")
    measured = [_measured(run) for run in opened]
    sides = [
        _side(run, name, colour, rows)
        for run, name, colour, rows in zip(
            opened, names(places), figures.COLOURS, measured, strict=False
        )
    ]
    domains = list(dict.fromkeys(row.domain for rows in measured for row in rows))
    page = ComparePage(
        sides=sides,
        domains=domains,
        different=_different([side.about for side in sides]),
        same_pairs=len({side.about.pairs.fingerprint for side in sides}) == 1,
        curves=figures.compared(
            [figures.Line(side.name, side.colour, rows, boundaries(rows, _phases(side.about)))
             for side, rows in zip(sides, measured, strict=True)],
            domains,
        ),
        css=text_of("page.css") + text_of("compare.css"),
    )  # fmt: skip
    text = render("compare.html", vars(page)).encode(errors="backslashreplace")

    def write(path: Path) -> None:
        path.write_bytes(text)

    existing_folder(Path(out).parent)
    write_new(Path(out), write)
    return Path(out)


def names(places: Sequence[Path]) -> list[str]:
    """What folders are called, each with as much of its path as tells it from the others."""
    depth = dict.fromkeys(places, 1)
    while True:
        found = ["/".join(place.parts[-depth[place] :]) for place in places]
        alike = {name for name, count in Counter(found).items() if count > 1}
        if not alike:
            return found
        for place, name in zip(places, found, strict=True):
            depth[place] += name in alike


def _measured(run: Run) -> list[Measurement]:
    rows = run.read_metrics()
    if not rows:
        raise RunError(
            f"{run.folder}: nothing was measured yet. Train it with `nekogao train {run.folder}`."
        )
    return rows


def _phases(about: About) -> list[str]:
    return list(map(str, about.train.phases))


def _side(run: Run, name: str, colour: str, rows: Sequence[Measurement]) -> Side:
    about = run.about()
    return Side(
        name=name,
        colour=colour,
        about=about,
        described=family_of(about.train.model).describe(about.train.model),
        seconds=max(row.seconds for row in rows),
        stages=stages(rows, _phases(about)),
        last={row.domain: row for row in rows},
        sheets={film.domain: film.frames[-1].src for film in films.films(run)},
    )


def _different(runs: Sequence[About]) -> list[Setting]:
    """The settings that are not the same in all runs, in the order of the first that has them."""
    plain = [settings(about.train) for about in runs]
    known = list(dict.fromkeys(name for each in plain for name in each))
    found = [Setting(name, [_shown(each, name) for each in plain]) for name in known]
    return [setting for setting in found if len(set(setting.values)) > 1]


def _shown(plain: dict[str, Any], name: str) -> str:
    value = plain.get(name)
    return "–" if value is None else toml_value(value)
