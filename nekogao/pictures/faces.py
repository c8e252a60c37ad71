"""Photographs to a folder of face crops, with what was missed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from nekogao.errors import InputError, PictureError
from nekogao.files import existing_folder, new_folder, sha256
from nekogao.names import counted, slug
from nekogao.pictures import boxes as tables
from nekogao.pictures import images
from nekogao.pictures.boxes import BOXES, CROPS, Row
from nekogao.pictures.detection import MISS, Box, Kind, centre_box, cut, detect
from nekogao.pictures.images import Picture

Fallback = Literal["none", "centre"]

MISSES, SHEET = "misses.txt", "sheet.png"
_MOST_SHOWN = 3


@dataclass(frozen=True)
class Found:
    """What became of one photograph."""

    path: Path
    category: str
    boxes: list[Box]
    error: str = ""


def crop(
    photos: str | Path,
    out: str | Path,
    *,
    kind: Kind = "auto",
    every_face: bool = False,
    fallback: Fallback = "none",
    boxes: str | Path | None = None,
    only: Collection[Path] | None = None,
) -> list[Found]:
    """Cut faces out of a folder of photographs into a new folder.

    `out` then holds `crops/CATEGORY/NAME.png`, `boxes.csv` with every box, `misses.txt` and a
    contact sheet. A photograph without a face has a line of the kind `miss` in `boxes.csv`, which
    counts once its numbers are edited. Categories are the sub-folders of `photos`; a photograph
    that is in none is its own category.

    Args:
        photos: A folder of pictures; they are not changed.
        out: A new folder.
        kind: Which cascades to use.
        every_face: Whether to keep every face of a photograph instead of the best.
        fallback: What to crop where nothing is found: nothing, or the centre square.
        boxes: A table of boxes as in `boxes.csv`, to be used instead of detection.
        only: Which of the photographs; None for all.

    Raises:
        InputError: A folder is missing, empty or taken, the table is damaged, or no face came
            out at all.
    """
    photos = existing_folder(Path(photos))
    paths = [path for path in images.find(photos) if only is None or path in only]
    given = _given(Path(boxes), photos, paths) if boxes else None
    results = []
    with new_folder(Path(out)) as folder:
        rows: list[Row] = []
        thumbnails = []
        for path in paths:
            found, photo = _look(path, photos, kind, every_face, fallback, given)
            results.append(found)
            if photo is not None:
                rows += _save_crops(folder, photo, found) if found.boxes else [_miss(photo, path)]
                thumbnails.append(_thumbnail(photo, found.boxes))
        if not any(found.boxes for found in results):
            raise InputError(_no_face(photos, results))
        _write_tables(folder, rows, results)
        columns = min(5, len(thumbnails))
        grid = [thumbnails[i : i + columns] for i in range(0, len(thumbnails), columns)]
        images.write(folder / SHEET, images.tile(grid, gap=6))
    return results


@dataclass(frozen=True)
class _Given:
    """A table of boxes to be used instead of detection."""

    table: Path
    rows: dict[Path, list[Row]]

    def boxes(self, path: Path, photo: Picture) -> list[Box]:
        """The boxes of a photograph; a miss that nobody edited has none.

        Raises InputError where one is outside the photograph.
        """
        found = []
        for row in self.rows.get(path, []):
            tables.check_inside(self.table, row, photo.shape[1], photo.shape[0])
            if row.box.kind != MISS:
                found.append(row.box)
            elif row.box != centre_box(photo, MISS):
                found.append(row.box._replace(kind="hand"))
        return found


def _given(table: Path, photos: Path, paths: Sequence[Path]) -> _Given:
    return _Given(table, tables.match(table, photos, paths))


def _no_face(photos: Path, results: Sequence[Found]) -> str:
    """Why no face came out of any photograph."""
    broken = [found.error for found in results if found.error]
    reasons = " ".join(broken[:_MOST_SHOWN])
    more = f" And {len(broken) - _MOST_SHOWN} more." if len(broken) > _MOST_SHOWN else ""
    if len(broken) == len(results):
        return f"{photos}: none of {counted(len(results), 'picture')} can be read. {reasons}{more}"
    unread = f" {len(broken)} more cannot be read: {reasons}{more}" if broken else ""
    return (
        f"{photos}: no face found in {counted(len(results) - len(broken), 'picture')}. Try "
        f"--fallback centre, another --kind, or give boxes by hand with --boxes.{unread}"
    )


def _miss(photo: Picture, path: Path) -> Row:
    """A line to edit for a photograph without a face: the whole picture's centre square."""
    return Row(str(path.resolve()), centre_box(photo, MISS), "", sha256(path))


def _look(
    path: Path,
    photos: Path,
    kind: Kind,
    every_face: bool,
    fallback: Fallback,
    given: "_Given | None",
) -> tuple[Found, Picture | None]:
    category = path.parent.name if path.parent != photos else path.stem
    try:
        photo = images.read(path)
    except PictureError as error:
        return Found(path, category, [], str(error)), None
    if given is not None:
        boxes = given.boxes(path, photo)
    else:
        boxes = detect(photo, kind)
        boxes = boxes if every_face else boxes[:1]
    if not boxes and fallback == "centre":
        boxes = [centre_box(photo)]
    return Found(path, category, boxes), photo


def _save_crops(folder: Path, photo: Picture, found: Found) -> Iterator[Row]:
    place = folder / CROPS / slug(found.category)
    place.mkdir(parents=True, exist_ok=True)
    digest = sha256(found.path)
    for box in found.boxes:
        path = images.write_first_free(place, slug(found.path.stem), cut(photo, box))
        crop = path.relative_to(folder / CROPS).as_posix()
        yield Row(str(found.path.resolve()), box, crop, digest)


def _write_tables(folder: Path, rows: Sequence[Row], results: Sequence[Found]) -> None:
    tables.write(folder / BOXES, rows)
    misses = [
        f"{found.path}\t{found.error or 'no face found'}"
        for found in results
        if not found.boxes or found.boxes[0].kind == "centre"
    ]
    text = "".join(f"{line}\n" for line in misses)
    (folder / MISSES).write_text(text, encoding="utf-8")


_COLOURS = {"cat": (230, 60, 90), "human": (40, 110, 240), "centre": (150, 150, 150)}


def _thumbnail(photo: Picture, boxes: Sequence[Box], side: int = 256) -> Picture:
    """A photograph fitted to a square, its boxes drawn in; gray where nothing was found."""
    height, width = photo.shape[:2]
    small = images.fit(photo, side, "pad")
    if not boxes:
        small = images.rgb(images.luma(small)) // 2 + 110
    scale = side / max(height, width)
    offset = np.array([side - width * scale, side - height * scale]) / 2
    for box in boxes:
        centre = (box.x + box.width / 2, box.y + box.height / 2)
        corners = cv2.boxPoints((centre, (box.width, box.height), box.angle))
        points = np.clip(corners * scale + offset, 1, side - 2).round().astype(np.int32)
        cv2.polylines(small, [points], True, _COLOURS.get(box.kind, (30, 160, 70)), 3)
    return small
