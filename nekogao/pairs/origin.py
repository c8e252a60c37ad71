"""Origins: the files that an item was made from, and what is doubtful about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nekogao.files import sha256
from nekogao.pairs import fields
from nekogao.pictures.boxes import Row


@dataclass(frozen=True)
class Member:
    """A picture in a file that holds many: an item of an HDF5 file, or a frame of a clip."""

    file: str
    """Its full path."""
    sha256: str
    """That file's hash."""
    index: int
    """Where in the file, from 0."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return {"file": self.file, "sha256": self.sha256, "index": self.index}


@dataclass(frozen=True)
class Origin:
    """What an item was made from; empty fields are unknown."""

    file: str = ""
    """The full path of the photograph, picture or HDF5 file that shows the target."""
    sha256: str = ""
    """That file's hash."""
    box: tuple[int, int, int, int] | None = None
    """Left, top, width and height of the face in the photograph; None for the whole picture."""
    angle: float | None = None
    """Degrees by which the photograph was turned to cut the box; None without a box."""
    index: int | None = None
    """Where the target is in an HDF5 file, or the number of the frame that was painted, from 0;
    None otherwise."""
    sources: dict[str, Member] = field(default_factory=dict)
    """Domain -> its source's place in an HDF5 file, or in the clip that was painted."""
    doubts: tuple[str, ...] = ()
    """What is doubtful about the files, seen when the item was made."""

    @classmethod
    def of(cls, path: Path, doubts: tuple[str, ...] = ()) -> "Origin":
        """A whole picture file."""
        return cls(str(path.resolve()), sha256(path), doubts=doubts)

    @classmethod
    def painted(cls, path: Path, frame: Member, domain: str, doubts: tuple[str, ...]) -> "Origin":
        """A picture file that was painted over the frame of a clip, the source in a domain."""
        known = cls.of(path, doubts)
        return replace(known, index=frame.index, sources={domain: frame})

    @classmethod
    def cut(cls, row: Row, doubts: tuple[str, ...] = ()) -> "Origin":
        """A crop of a photograph, from its line in the table of boxes."""
        x, y, width, height, angle = row.box[:5]
        return cls(row.file, row.sha256, (x, y, width, height), angle, doubts=doubts)

    def to_dict(self) -> dict[str, Any]:
        """The fields that are known, as plain data."""
        box = None if self.box is None else list(self.box)
        data: dict[str, Any]
        if self.index is not None:
            places = {domain: place.to_dict() for domain, place in self.sources.items()}
            head = {"file": self.file, "sha256": self.sha256, "box": box, "index": self.index}
            data = {**head, "sources": places}
        else:
            data = {"file": self.file, "box": box}
            if self.angle is not None:
                data["angle"] = self.angle
            data["sha256"] = self.sha256
        return {**data, "doubts": list(self.doubts)} if self.doubts else data


def parse(data: Mapping[str, Any]) -> Origin:
    """An origin from plain data; absent fields are unknown, and unknown ones are left out.

    Raises TypeError where a field has another type.
    """
    box = fields.optional(data, "box", list)
    places = fields.optional(data, "sources", dict) or {}
    doubts = fields.optional(data, "doubts", list) or []
    if box is not None and (len(box) != 4 or not all(type(number) is int for number in box)):
        raise TypeError(f"box is {str(box)[:60]}, not four whole numbers")
    angle = fields.optional(data, "angle", int, float)
    return Origin(
        file=fields.optional(data, "file", str) or "",
        sha256=fields.optional(data, "sha256", str) or "",
        box=None if box is None else (box[0], box[1], box[2], box[3]),
        angle=angle,
        index=fields.optional(data, "index", int),
        sources={domain: _place(place, domain) for domain, place in places.items()},
        doubts=tuple(fields.checked(doubt, "a doubt", str) for doubt in doubts),
    )


def _place(data: Any, domain: str) -> Member:
    row = fields.checked(data, f"the source of {domain}", dict)
    return Member(*(fields.needed(row, name, kind) for name, kind in
                   (("file", str), ("sha256", str), ("index", int))))  # fmt: skip
