"""The record: make.toml, which says what `make` was begun with, so that it can go on."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tomli_w

from nekogao.errors import InputError, RunError
from nekogao.files import sha256, write_text
from nekogao.pictures import images
from nekogao.sizes import Size
from nekogao.workshop.plan import Plan

RECORD = "make.toml"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a folder was begun with."""

    photographs: Mapping[str, str]
    """SHA-256 -> path of every photograph that is in it, from the folder of photographs on."""
    whole: bool
    """Whether photographs are taken whole, instead of the faces in them."""
    size: Size | None = None
    """Of the pictures; None before that is decided."""
    epochs: int = 0
    """Of the run; 0 before that is decided."""
    round: int = 1
    """How often photographs were added, plus one: the number of the set and the run in use."""

    @property
    def plan(self) -> Plan | None:
        """The plan, where it was made."""
        return Plan(self.size, self.epochs) if self.size and self.epochs else None

    def planned(self, plan: Plan) -> "Record":
        """This record with a plan."""
        return replace(self, size=plan.size, epochs=plan.epochs)

    def extended(self, now: Mapping[str, str]) -> "Record":
        """This record with photographs added, of which a further run will be made."""
        return replace(
            self, photographs={**self.photographs, **now}, epochs=0, round=self.round + 1
        )

    def write(self, out: Path) -> None:
        """Write it into a folder that `make` fills."""
        data = {
            "whole": self.whole,
            "size": self.size.plain if self.size else 0,
            "epochs": self.epochs,
            "round": self.round,
            "photographs": [
                {"file": path, "sha256": digest} for digest, path in self.photographs.items()
            ],
        }
        write_text(out / RECORD, tomli_w.dumps(data))


def read(out: Path) -> Record | None:
    """The record of a folder; None where the folder is new.

    Raises InputError where the folder holds something else, RunError where the record is damaged.
    """
    path = out / RECORD
    if not path.is_file():
        if out.is_dir() and any(out.iterdir()):
            raise InputError(
                f"{out}: has files and no {RECORD}, so `nekogao make` did not begin it. Name a "
                "new folder with --out."
            )
        if out.exists() and not out.is_dir():
            raise InputError(f"{out}: exists and is not a folder. Name a new folder with --out.")
        return None
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = [(str(row["sha256"]), str(row["file"])) for row in data["photographs"]]
        return Record(
            photographs=dict(rows),
            whole=bool(data["whole"]),
            size=Size.of(data["size"]) if data["size"] else None,
            epochs=int(data["epochs"]),
            round=int(data["round"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path}: is damaged ({error}). Restore it, or name a new folder."
        ) from None


def photographs(folder: Path) -> dict[str, str]:
    """SHA-256 -> path from the folder on, of the pictures below it, each content once, in order.

    Raises InputError where there is no picture.
    """
    found: dict[str, str] = {}
    for path in images.find(folder):
        found.setdefault(sha256(path), path.relative_to(folder).as_posix())
    return found


def names(paths: Sequence[str], most: int = 3) -> str:
    """The names of some files, the first ones written out."""
    shown = ", ".join(Path(path).name for path in paths[:most])
    return shown + (", ..." if len(paths) > most else "")
