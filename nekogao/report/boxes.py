"""One self-contained HTML page on which the boxes of faces are moved, turned, added and saved."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nekogao.errors import InputError, PictureError
from nekogao.files import existing_folder, write_text
from nekogao.names import cell, shown
from nekogao.pictures import boxes as tables
from nekogao.pictures import images
from nekogao.report.inline import embed, render, text_of
from nekogao.sizes import Size

PAGE = "boxes.html"
_SIDE = 720
"""Pixels of the longer side of a photograph on the page, at most."""


@dataclass(frozen=True)
class Photograph:
    """A photograph on the page."""

    file: str
    """Its path below the folder of photographs, as the table's cell has it."""
    name: str
    """That path as it is shown."""
    src: str
    width: int
    """Of the photograph itself, in pixels."""
    height: int
    boxes: list[dict[str, Any]]
    """x, y, width, height, angle and kind of each."""


def build_boxes(photos: str | Path, faces: str | Path) -> Path:
    """Write FACES/boxes.html, on which the boxes in FACES/boxes.csv can be edited.

    The page stands alone: it holds small copies of the photographs and saves the table as a
    download, for `nekogao faces --boxes`.

    Args:
        photos: The folder of photographs.
        faces: What `nekogao faces` wrote.

    Raises:
        InputError: A folder or the table is missing, or the table is damaged or names a
            photograph that is not in `photos`.
    """
    photos, faces = existing_folder(Path(photos)), existing_folder(Path(faces))
    paths = images.find(photos)
    rows = tables.match(faces / tables.BOXES, photos, paths)
    shots = []
    for path in paths:
        try:
            picture = images.read(path)
        except PictureError:
            continue  # `faces` named it
        size = Size.shaped(picture.shape)
        small = images.resize(picture, *size.within(_SIDE)) if size.longer > _SIDE else picture
        name = path.relative_to(photos).as_posix()
        found = [
            {key: value for key, value in row.box._asdict().items() if key != "score"}
            for row in rows.get(path, [])
        ]
        shots.append(Photograph(cell(name), shown(name), embed(small, 82), *size, found))
    if not shots:
        raise InputError(f"{photos}: no picture that can be read. Name the photographs.")
    data = [
        {"file": each.file, "width": each.width, "height": each.height, "boxes": each.boxes}
        for each in shots
    ]
    page = render(
        "boxes.html",
        {
            "photographs": shots, "data": data, "table": tables.BOXES,
            "css": text_of("page.css") + text_of("boxes.css"), "script": text_of("boxes.js"),
        },
    )  # fmt: skip
    write_text(faces / PAGE, page)
    return faces / PAGE
