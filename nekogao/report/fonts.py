"""Fonts for cards: text is drawn with a font that has its letters, or else escaped."""

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from PIL import ImageDraw, ImageFont

_OWN = Path(mpl.get_data_path()) / "fonts" / "ttf"
_REPLACED = 0xFFFD


class Pen:
    """Text in one size and weight; letters that the usual font lacks come from another.

    Where no installed font has a letter, its escape is drawn, as in \\u732b.
    """

    def __init__(self, size: int, bold: bool = False) -> None:
        self.size = size
        self._usual = str(_OWN / f"DejaVuSans{'-Bold' if bold else ''}.ttf")

    def length(self, text: str) -> float:
        """How wide a text is, in pixels."""
        return sum(_font(path, self.size).getlength(part) for path, part in self._parts(text))

    def write(self, draw: ImageDraw.ImageDraw, where: tuple[int, int], text: str,
              fill: str) -> None:  # fmt: skip
        """Draw a text; `where` is its left end and the top of its line."""
        left, top = float(where[0]), where[1]
        base = top + _font(self._usual, self.size).getmetrics()[0]
        for path, part in self._parts(text):
            font = _font(path, self.size)
            if path == self._usual:
                draw.text((left, top), part, fill=fill, font=font)
            else:
                draw.text((left, base), part, fill=fill, font=font, anchor="ls")
            left += font.getlength(part)

    def _parts(self, text: str) -> Iterator[tuple[str, str]]:
        """Font file and the letters to draw with it, in order."""
        found = ((self._home(letter) or "", letter) for letter in text)
        for path, letters in groupby(found, key=lambda each: each[0]):
            part = "".join(letter for _, letter in letters)
            yield (path, part) if path else (self._usual, escaped(part))

    def _home(self, letter: str) -> str | None:
        if ord(letter) in _letters(self._usual):
            return self._usual
        return fallback(letter)


def escaped(text: str) -> str:
    """Letters by their numbers, as Python writes them."""
    return text.encode("ascii", errors="backslashreplace").decode()


@lru_cache(maxsize=4096)
def fallback(letter: str) -> str | None:
    """The first installed font that has a letter, in the order of names; None where none has."""
    if ord(letter) == _REPLACED:
        return None
    return next((path for path in _installed() if ord(letter) in _letters(path)), None)


@lru_cache(maxsize=1)
def _installed() -> list[str]:
    return sorted(
        path
        for path in font_manager.findSystemFonts()
        if Path(path).suffix.lower() in (".ttf", ".otf", ".ttc")
    )


@cache
def _letters(path: str) -> frozenset[int]:
    try:
        ImageFont.truetype(path, 12)
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # fonts of bitmaps, damaged files
        return frozenset()


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)
