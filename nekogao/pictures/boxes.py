"""Boxes: the table of where faces are in photographs, which may be edited by hand."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nekogao.errors import InputError
from nekogao.pictures.detection import Box

CROPS, BOXES = "crops", "boxes.csv"
"""Where a folder of faces keeps its crops, and this table."""

COLUMNS = (
    "file", "x", "y", "width", "height", "angle", "kind", "score", "crop", "sha256",
)  # fmt: skip


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table; each row has the COLUMNS."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[tuple[Box, dict[str, str]]]:
    """Read a table: each box with its row. Only file, x, y, width and height are needed.

    Raises InputError where the file is missing, or a line cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name the boxes.csv that `nekogao faces` wrote.")
    found = []
    try:
        # Spreadsheets put a byte order mark in front.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            for number, row in enumerate(csv.DictReader(handle), 2):
                found.append((_box(row, number), row))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"{path}: damaged table ({reason}). Each line needs file, x, y, width and height, "
            "separated by commas."
        ) from None
    return found


def _box(row: dict[str, str], number: int) -> Box:
    x, y, width, height = (round(float(row[key])) for key in ("x", "y", "width", "height"))
    if width < 1 or height < 1 or not row["file"]:
        raise ValueError(f"line {number}: a box of {width}x{height} in {row['file']!r}")
    angle, kind, score = row.get("angle"), row.get("kind"), row.get("score")
    return Box(x, y, width, height, float(angle or 0), kind or "hand", float(score or 0))


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
    for box, row in read(table):
        named = names.get(row["file"]) or names.get(str(Path(row["file"]).resolve()))
        if named is None:
            raise InputError(
                f"{table}: {row['file']} is no photograph in {photos}, or several have this name. "
                "Fix the table."
            )
        found.setdefault(named, []).append(box)
    return found


def origins(faces: Path) -> dict[str, dict[str, Any]]:
    """Crop (path below the crops) -> the photograph and box that it was cut from."""
    if not (faces / BOXES).is_file():
        return {}
    return {
        row["crop"]: {
            "file": row["file"],
            "box": [box.x, box.y, box.width, box.height],
            "angle": box.angle,
            "sha256": row.get("sha256") or "",
        }
        for box, row in read(faces / BOXES)
        if row.get("crop")
    }
