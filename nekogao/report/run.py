"""One self-contained HTML page that tells what a run did."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nekogao.config.plain import dump_toml, to_dict
from nekogao.config.schema import TrainConfig
from nekogao.errors import NekogaoError, PictureError, RunError
from nekogao.files import write_text
from nekogao.models.gallery import APPLIED, read_applied
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.report import figures
from nekogao.report.inline import embed, render, text_of
from nekogao.runs.folder import Run
from nekogao.training import sheets as previews

_FRAMES = 12
"""Sheets of one domain that the page carries."""
_CARD = 160
"""Side of a small picture in pixels."""
_MOST_PAIRS = 60


@dataclass(frozen=True)
class Cell:
    """A domain's measures at the end of a phase."""

    domain: str
    trained: bool
    """Whether the phase trained this domain."""
    row: dict[str, Any]

    @property
    def shade(self) -> int:
        """Skill as a percentage of ink, 0 to 100."""
        return round(100 * min(1.0, max(0.0, self.row["skill"])))


@dataclass(frozen=True)
class Stage:
    """The end of a phase (or the beginning of the run), measured in every domain."""

    name: str
    cells: list[Cell]


def build_report(run: str | Path, applied: str | Path | None = None) -> Path:
    """Write RUN/report.html and return its path.

    Args:
        run: A run folder; it need not be finished.
        applied: A folder that `apply` wrote; RUN/applied by default, if there is one.

    Raises:
        RunError: There is no run, or nothing was measured yet.
        InputError: `applied` was given, and is no such folder.
    """
    folder = Run.open(run)
    rows = folder.read_metrics()
    if not rows:
        raise RunError(f"{run}: nothing was measured yet. Train it with `nekogao train {run}`.")
    about, config = folder.about(), folder.config()
    domains = list(dict.fromkeys(row["domain"] for row in rows))
    context = {
        "name": folder.folder.resolve().name,
        "about": about,
        "config": config,
        "domains": domains,
        "stages": stages(rows, config),
        "last": {row["domain"]: row for row in rows},
        "items": about["pairs"].get("items", 0),
        "curves": figures.curves(rows, domains, _boundaries(rows, config)),
        "films": _films(folder),
        "pairs": _pairs(about),
        "applied": _applied(folder, Path(applied) if applied else None),
        "configuration": dump_toml(to_dict(config)),
        "rerun": _rerun(folder, about),
        "seconds": max(row["seconds"] for row in rows),
        "css": text_of("page.css"),
        "script": text_of("page.js"),
    }
    write_text(folder.report, render("page.html", context))
    return folder.report


def stages(rows: Sequence[dict[str, Any]], config: TrainConfig) -> list[Stage]:
    """The retention matrix: every domain before training and at the end of each phase.

    The last stage of an unfinished run is what was measured last.
    """
    found = []
    names = ["before training", *config.phases]
    for number in sorted({row["phase"] for row in rows}):
        step = max(row["step"] for row in rows if row["phase"] == number)
        cells = [
            Cell(row["domain"], row["domain"] in row["trained"], row)
            for row in rows
            if row["step"] == step and row["phase"] == number
        ]
        found.append(Stage(names[number] if number < len(names) else str(number), cells))
    return found


def _boundaries(rows: Sequence[dict[str, Any]], config: TrainConfig) -> list[tuple[float, str]]:
    found = []
    for number, name in enumerate(config.phases, 1):
        if any(row["phase"] == number for row in rows):
            found.append((max(r["epoch"] for r in rows if r["phase"] == number - 1), name))
    return found


def _films(run: Run) -> list[dict[str, Any]]:
    """For each domain the sheets that the slider goes through, evenly spread."""
    films = []
    for domain, by_step in previews.sheets(run.previews).items():
        steps = list(by_step)
        count = min(_FRAMES, len(steps))
        chosen = [steps[round(i * (len(steps) - 1) / max(1, count - 1))] for i in range(count)]
        frames = [
            {"step": step, "src": embed(images.read(by_step[step]), quality=82)} for step in chosen
        ]
        films.append({"domain": domain, "frames": frames})
    return films


def _card(picture: Picture) -> str:
    return embed(images.fit(picture, _CARD, "pad"))


def _pairs(about: dict[str, Any]) -> list[dict[str, Any]]:
    """The pair set's pictures, as far as they still are where the run found them."""
    try:
        pairs = PairSet.open(about["pairs"]["path"])
        return [
            {
                "id": item.id,
                "category": item.category,
                "origin": item.origin.get("file", ""),
                "target": _card(pairs.picture(i, "target")),
                "sources": [_card(pairs.picture(i, domain)) for domain in pairs.domains],
            }
            for i, item in enumerate(pairs.items[:_MOST_PAIRS])
        ]
    except (NekogaoError, KeyError):
        return []


def _applied(run: Run, folder: Path | None) -> list[dict[str, Any]]:
    if folder is not None and not (folder / APPLIED).is_file():
        raise RunError(f"{folder}: has no {APPLIED}. Name a folder that `nekogao apply` wrote.")
    folder = folder or run.applied
    cards = []
    for row in read_applied(folder):
        try:
            output = images.read(folder / row["output"])
        except PictureError:  # a video
            continue
        try:
            given = _card(images.read(Path(row["input"])))
        except PictureError:  # moved since
            given = ""
        wide = output.shape[1] > 2 * output.shape[0]
        cards.append({**row, "given": given, "picture": embed(output) if wide else _card(output)})
    return cards


def _rerun(run: Run, about: dict[str, Any]) -> list[str]:
    """Commands that give the same run again."""
    continued = about.get("continued", {})
    name = shlex.quote(str(run.folder))
    command = (
        f"nekogao train {name}-again --pairs {shlex.quote(about['pairs']['path'])} "
        f"--config {shlex.quote(str(run.folder / 'run.toml'))}"
    )
    if "init_from" in continued:
        command += f" --init-from {shlex.quote(continued['init_from'])}"
    return [command]
