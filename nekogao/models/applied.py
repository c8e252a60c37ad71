"""applied.jsonl: what each output of a folder came from."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_type_hints

from nekogao.errors import InputError
from nekogao.files import inside, read_lines

APPLIED = "applied.jsonl"


@dataclass(frozen=True, kw_only=True)
class AppliedRow:
    """One output and what it came from: a line of applied.jsonl."""

    output: str
    """The output's file name."""
    input: str = ""
    """The path of the picture or video that it was made from."""
    sha256: str = ""
    """That file's hash."""
    domain: str = ""
    settle: int = 0
    side_by_side: bool = False
    nearest: str = ""
    """The training face that it resembles most; empty where that was not asked for."""
    distance: float = 0.0
    """How far it is from that face: MAE on [0, 1]."""
    unsure: float = 0.0
    """Share of the picture that is like nothing in the pairs, where the model can tell."""

    def to_json(self) -> str:
        """The row as one line of JSON."""
        row = asdict(self)
        if not self.nearest:
            del row["nearest"], row["distance"]
        if not self.unsure:
            del row["unsure"]
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "AppliedRow":
        """What a row says; entries of later versions are left out.

        Raises TypeError where an entry is missing or has another type.
        """
        hints = get_type_hints(cls)
        found = {name: value for name, value in row.items() if name in hints}
        for name, value in found.items():
            if type(value) is not hints[name] and (hints[name], type(value)) != (float, int):
                raise TypeError(f"{name} is of type {type(value).__name__}")
        return cls(**found)


def read_applied(folder: Path) -> list[AppliedRow]:
    """What `apply` recorded in a folder; damaged lines and outputs that are gone are left out."""
    path = folder / APPLIED
    if not path.is_file():
        return []
    found = []
    for line in read_lines(path, "output"):
        # A line that somebody changed: wrong types, a NUL in the name, a way out of the folder.
        with suppress(TypeError, ValueError, OSError, InputError):
            row = AppliedRow.from_row(line)
            if inside(folder, row.output).is_file():
                found.append(row)
    return found
