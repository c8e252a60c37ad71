"""Boxes: the table of where faces are in photographs, which may be edited by hand."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nekogao.errors import InputError
from nekogao.names import cell, from_cell
from nekogao.pictures.detection import MISS, Box

CROPS, BOXES = "crops", "boxes.csv"
"""Where a folder of faces keeps its crops, and this table."""

COLUMNS = (
    "file", "x", "y", "width", "height", "angle", "kind", "score", "crop", "sha256",
)  # fmt: skip
_LARGEST = 1_000_000
"""No photograph has so many pixels a side."""
_BEYOND = 2
"""A box is at most so many times as large as its photograph."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    file: str
    """The photograph, as the table names it."""
    box: Box
    crop: str = ""
    """The path of the crop below the crops; empty where none was cut."""
    sha256: str = ""
    """The photograph's hash."""
    line: int = 0
    """Where it is in the table that it was read from, from 1."""

    def cells(self) -> dict[str, str | float]:
        """The row as it is written: a cell for each of COLUMNS."""
        numbers = {**self.box._asdict(), "kind": cell(self.box.kind)}
        texts = {"crop": cell(self.crop), "sha256": cell(self.sha256)}
        return {"file": cell(self.file), **numbers, **texts}


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a table."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(row.cells() for row in rows)


def read(path: Path) -> list[Row]:
    """Read a table. Only file, x, y, width and height are needed; empty lines are left out.

    Raises InputError where the file is missing, or a line cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name the boxes.csv that `nekogao faces` wrote.")
    try:
        # Spreadsheets put a byte order mark in front.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            return [_row(cells, line) for line, cells in _lines(handle)]
    except (KeyError, ValueError, csv.Error) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"{path}: damaged table ({reason}). Each line needs file, x, y, width and height, "
            "separated by commas."
        ) from None


def _lines(handle: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a table that are not empty, with their numbers, as column -> cell."""
    reader = csv.reader(handle, skipinitialspace=True)
    head = [name.strip() for name in next(reader, [])]
    for name in ("file", "x", "y", "width", "height"):
        if name not in head:
            raise KeyError(name)
    for cells in reader:
        if any(text.strip() for text in cells):
            filled = [*map(str.strip, cells), *[""] * len(head)]
            yield reader.line_num, dict(zip(head, filled, strict=False))


def _row(cells: dict[str, str], line: int) -> Row:
    x, y, width, height = (_number(cells, key, line) for key in ("x", "y", "width", "height"))
    angle, score = (_number(cells, key, line, "0") for key in ("angle", "score"))
    file = from_cell(cells["file"])
    if round(width) < 1 or round(height) < 1 or not file:
        raise ValueError(f"line {line}: a box of {width:g}x{height:g} in {file!r}")
    kind = from_cell(cells.get("kind", "")) or "hand"
    box = Box(round(x), round(y), round(width), round(height), angle, kind, score)
    crop, digest = (from_cell(cells.get(key, "")) for key in ("crop", "sha256"))
    return Row(file, box, crop, digest, line)


def _number(cells: dict[str, str], key: str, line: int, default: str = "") -> float:
    text = cells.get(key, "") or default
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"line {line}: {key} is {text[:40]!r}, not a number") from None
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise ValueError(f"line {line}: {key} is {text[:40]}, beyond any photograph")
    return value


def check_inside(table: Path, row: Row, width: int, height: int) -> None:
    """Raise InputError unless a row's box is in its photograph: with its centre at least.

    `width` and `height` are the photograph's.
    """
    box = row.box
    centre = box.x + box.width / 2, box.y + box.height / 2
    is_near = 0 <= centre[0] <= width and 0 <= centre[1] <= height
    if not is_near or max(box.width, box.height) > _BEYOND * max(width, height):
        raise InputError(
            f"{table}, line {row.line}: the box of {box.width}x{box.height} at {box.x}, {box.y} "
            f"is not inside {_shown(row.file)}, which is {width}x{height}. Fix the line."
        )


def match(table: Path, photos: Path, paths: Sequence[Path]) -> dict[Path, list[Row]]:
    """The rows of each photograph below `photos`.

    A row may name its photograph by full path, by the path below `photos`, or by the bare name
    where only one photograph has it.

    Raises InputError where the table is damaged or a row names no photograph.
    """
    names: dict[str, Path | None] = {}
    for path in paths:
        names[path.name] = None if path.name in names else path
    for path in paths:
        names[path.relative_to(photos).as_posix()] = path
        names[str(path.resolve())] = path
    found: dict[Path, list[Row]] = {}
    for row in read(table):
        named = names.get(row.file) or names.get(_resolved(row.file))
        if named is None:
            raise InputError(
                f"{table}, line {row.line}: {_shown(row.file)} is no photograph in {photos}, or "
                "several have this name. Fix the table."
            )
        found.setdefault(named, []).append(row)
    return found


def _shown(name: str) -> str:
    """A name as one line shows it."""
    return name if name.isprintable() else repr(name)


def _resolved(name: str) -> str:
    try:
        return str(Path(name).resolve())
    except (OSError, ValueError, RuntimeError):  # no path at all: a zero byte, a loop of links
        return ""


def origins(faces: Path) -> dict[str, Row]:
    """Crop (path below the crops) -> the line of the photograph and box it was cut from."""
    if not (faces / BOXES).is_file():
        return {}
    return {row.crop: row for row in read(faces / BOXES) if row.crop and row.box.kind != MISS}
