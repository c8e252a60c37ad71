"""Boxes: the table of where faces are in photographs, which may be edited by hand."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nekogao.errors import InputError
from nekogao.pictures.detection import Box

CROPS, BOXES = "crops", "boxes.csv"
"""Where a folder of faces keeps its crops, and this table."""

COLUMNS = (
    "file", "x", "y", "width", "height", "angle", "kind", "score", "crop", "sha256",
)  # fmt: skip


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

    def cells(self) -> dict[str, str | float]:
        """The row as it is written: a cell for each of COLUMNS."""
        return {"file": self.file, **self.box._asdict(), "crop": self.crop, "sha256": self.sha256}


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a table."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(row.cells() for row in rows)


def read(path: Path) -> list[Row]:
    """Read a table. Only file, x, y, width and height are needed.

    Raises InputError where the file is missing, or a line cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name the boxes.csv that `nekogao faces` wrote.")
    found = []
    try:
        # Spreadsheets put a byte order mark in front.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            for number, row in enumerate(csv.DictReader(handle), 2):
                found.append(_row(row, number))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"{path}: damaged table ({reason}). Each line needs file, x, y, width and height, "
            "separated by commas."
        ) from None
    return found


def _row(row: dict[str, str], number: int) -> Row:
    x, y, width, height = (round(float(row[key])) for key in ("x", "y", "width", "height"))
    if width < 1 or height < 1 or not row["file"]:
        raise ValueError(f"line {number}: a box of {width}x{height} in {row['file']!r}")
    angle, kind, score = row.get("angle"), row.get("kind"), row.get("score")
    box = Box(x, y, width, height, float(angle or 0), kind or "hand", float(score or 0))
    return Row(row["file"], box, row.get("crop") or "", row.get("sha256") or "")


def match(table: Path, photos: Path, paths: Sequence[Path]) -> dict[Path, list[Box]]:
    """The boxes of each photograph below `photos`.

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
    found: dict[Path, list[Box]] = {}
    for row in read(table):
        named = names.get(row.file) or names.get(str(Path(row.file).resolve()))
        if named is None:
            raise InputError(
                f"{table}: {row.file} is no photograph in {photos}, or several have this name. "
                "Fix the table."
            )
        found.setdefault(named, []).append(row.box)
    return found


def origins(faces: Path) -> dict[str, Row]:
    """Crop (path below the crops) -> the line of the photograph and box it was cut from."""
    if not (faces / BOXES).is_file():
        return {}
    return {row.crop: row for row in read(faces / BOXES) if row.crop}
