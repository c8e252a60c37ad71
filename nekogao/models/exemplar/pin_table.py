"""pins.csv: eyes and noses of training faces that a person gives where they are guessed wrong."""

import csv
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nekogao.errors import InputError
from nekogao.sizes import Size

PINS = "pins.csv"
"""Its name in a pair set's folder."""
COLUMNS = ("id", "left_x", "left_y", "right_x", "right_y", "nose_x", "nose_y")
_MOST_BYTES = 10_000_000


def read_pins(path: Path, ids: Sequence[str], size: Size) -> Tensor:
    """The pins of items, n 3 2, in pixels of the pair set's pictures; -1 where none are given.

    Args:
        path: The table; it need not be there. Its columns are COLUMNS; left is the picture's left.
        ids: The items, in order.
        size: Of the pictures.

    Raises InputError for a table that is damaged, or has a pin outside the
    picture; it names the line.
    """
    found = torch.full((len(ids), 3, 2), -1.0)
    if not path.is_file():
        return found
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"{path}: too large for a table of pins. Replace it.")
    number = {name: place for place, name in enumerate(ids)}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True, strict=True)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise InputError(f"{path}: its first line must be {','.join(COLUMNS)}. Fix it.")
            for row in rows:
                where = f"{path}: line {rows.line_num}"
                if row["id"] in number:
                    found[number[row["id"]]] = _pins(row, where, size)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no table of pins ({error}). Fix or delete it.") from None
    return found


def _pins(row: dict[str, str | None], where: str, size: Size) -> Tensor:
    try:
        values = [float(row[name] or "") for name in COLUMNS[1:]]
    except (ValueError, TypeError):
        raise InputError(f"{where}: six numbers must follow the id. Fix the line.") from None
    if not all(0 <= value < side for value, side in zip(values, 3 * size, strict=True)):
        raise InputError(f"{where}: a pin is not in the picture of {size}. Fix the line.")
    return torch.tensor(values).reshape(3, 2)
