"""Outlines: what picture files say about themselves, found without holding their pixels."""

from pathlib import Path
from typing import NamedTuple

from PIL import ExifTags

from nekogao.pictures import images


class Outline(NamedTuple):
    """The size and channels of a picture file."""

    width: int
    """Pixels, after EXIF orientation."""
    height: int
    """Pixels, likewise."""
    channels: int
    """1 for a gray file, otherwise 3."""


_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height."""
_GRAY = frozenset({"1", "L", "I;16", "I"})
"""Pillow's modes of gray files without transparency."""


def read(path: Path) -> Outline:
    """The outline of a picture file; of JPEG and TIFF files only the header is read.

    Raises PictureError where the file is missing or is no picture. Damaged pixels may go
    unnoticed until the picture itself is read.
    """
    images.check_file(path)
    with images.opened(path, str(path)) as image:
        channels = 1 if image.mode in _GRAY else 3
        width, height = image.size
        # Pillow gives the size of a TIFF file already turned. To find the orientation of a PNG
        # file it decodes the pixels; a square does not need it.
        if image.format != "TIFF" and width != height:
            turned = image.getexif().get(ExifTags.Base.Orientation) in _TURNED
            width, height = (height, width) if turned else (width, height)
        return Outline(width, height, channels)
