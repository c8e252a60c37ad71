"""Outlines: what picture files say about themselves, found without holding their pixels."""

from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from nekogao.errors import PictureError
from nekogao.pictures import decoding
from nekogao.workers import ahead


class Outline(NamedTuple):
    """The size and channels of a picture file."""

    width: int
    """Pixels, after EXIF orientation."""
    height: int
    """Pixels, likewise."""
    channels: int
    """1 for a gray file, otherwise 3."""
    orientation: int = 1
    """How EXIF turns the stored pixels: 1 not at all."""
    indexed: bool = False
    """Whether the file has a palette of its own."""


_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height."""
_GRAY = frozenset({"1", "L", "I;16", "I"})
"""Pillow's modes of gray files without transparency."""


def read(path: Path) -> Outline:
    """The outline of a picture file; of JPEG and TIFF files only the header is read.

    Raises PictureError where the file is missing or is no picture. Damaged pixels may go
    unnoticed until the picture itself is read.
    """
    decoding.check_file(path)
    with decoding.opened(path, str(path)) as image:
        channels = 1 if image.mode in _GRAY else 3
        width, height = image.size
        orientation = _orientation(image, path)
        # Pillow gives the size of a TIFF file already turned.
        if image.format != "TIFF" and orientation in _TURNED:
            width, height = height, width
        return Outline(width, height, channels, orientation, image.mode in {"P", "PA"})


def read_all(paths: Collection[Path]) -> dict[Path, Outline]:
    """The outlines of all pictures. Raises PictureError, which names all that have none."""

    def outline(path: Path) -> Outline | PictureError:
        try:
            return read(path)
        except PictureError as error:
            return error

    with closing(ahead(outline, paths)) as found:
        return dict(zip(paths, decoding.sound(found), strict=True))


_NOTES = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
"""What a PNG file holds somewhere, if it has an orientation."""


def _orientation(image: Image.Image, path: Path) -> int:
    # To find the orientation of a PNG file Pillow decodes the pixels; few have one.
    if image.format == "PNG" and not any(note in path.read_bytes() for note in _NOTES):
        return 1
    return decoding.orientation(image)
