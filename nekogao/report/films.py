"""Sheets on the page: the film of a domain through time, and what was never seen."""

from dataclasses import dataclass

from nekogao.errors import PictureError
from nekogao.pictures import images
from nekogao.report.inline import embed
from nekogao.runs import sheets
from nekogao.runs.folder import Run

_FRAMES = 12
"""Sheets of one domain that the page carries."""
_QUALITY = 82
_WIDEST = 1600
"""Pixels; a wider sheet is scaled down."""


@dataclass(frozen=True)
class Frame:
    """One sheet that the slider goes through."""

    step: int
    src: str
    """The sheet, inside the page."""


@dataclass(frozen=True)
class Film:
    """The sheets of one domain through time."""

    domain: str
    frames: list[Frame]


def films(run: Run) -> list[Film]:
    """For each domain the sheets that the slider goes through, evenly spread."""
    found = []
    for domain, by_step in sheets.sheets(run.previews).items():
        steps = list(by_step)
        count = min(_FRAMES, len(steps))
        chosen = [steps[round(i * (len(steps) - 1) / max(1, count - 1))] for i in range(count)]
        frames = [
            Frame(step, embed(images.read(by_step[step]), _QUALITY))
            for step in chosen
            if not by_step[step].is_symlink()  # in a folder of somebody else it leads anywhere
        ]
        if not frames:
            continue
        found.append(Film(domain, frames))
    return found


def unseen(run: Run, domain: str) -> str:
    """The sheet of what was never seen in a domain, inside the page; empty where there is none."""
    # Names are compared, not made: a domain of somebody else's run may name any path.
    name = sheets.unseen_name(domain)
    path = next((p for p in run.previews.glob("unseen-*.png") if p.name == name), None)
    if path is None or path.is_symlink():
        return ""
    try:
        sheet = images.read(path)
    except PictureError:
        return ""
    height, width = sheet.shape[:2]
    if width > _WIDEST:
        sheet = images.resize(sheet, _WIDEST, max(1, round(height * _WIDEST / width)))
    return embed(sheet, _QUALITY)
