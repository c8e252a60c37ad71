"""Sizes of pictures: a number of pixels for squares, WIDTHxHEIGHT for others."""

import re
from typing import NamedTuple

from nekogao.errors import ConfigError

SMALLEST, LARGEST = 32, 512
"""Pixels a side that pair sets and networks take."""
_TEXT = re.compile(r"([0-9]{1,6})(?:x([0-9]{1,6}))?")
_LONGEST = 40
"""Of what was given instead, as far as a message shows it."""


class Size(NamedTuple):
    """The width and height of a picture, in pixels, at least one each."""

    width: int
    height: int

    @classmethod
    def of(cls, given: "AnySize") -> "Size":
        """Read a size: the side of a square, as in 128 or "128", or WIDTHxHEIGHT, as in "192x256".

        Raises ConfigError for anything else.
        """
        if isinstance(given, Size):
            return given
        if type(given) is int:
            sides = [given, given]
        else:
            found = _TEXT.fullmatch(given) if isinstance(given, str) else None
            sides = [int(side or found[1]) for side in found.groups()] if found else []
        if not sides or min(sides) < 1:
            raise ConfigError(
                f"size {str(given)[:_LONGEST]!r}: must be a side in pixels, or WIDTHxHEIGHT. "
                'Give size=128 or size="192x256" (--size on the command line).'
            )
        return cls(*sides)

    @classmethod
    def stored(cls, given: object) -> "Size":
        """Read a size out of a file. Raises ConfigError unless it is spelled as `plain` is."""
        size = cls.of(given)  # type: ignore[arg-type]
        if size.plain != given:
            raise ConfigError(f"size is {given!r}, must be {size.plain!r}")
        return size

    @classmethod
    def shaped(cls, shape: tuple[int, ...]) -> "Size":
        """The size of an array of shape height, width, ..."""
        return cls(shape[1], shape[0])

    @property
    def plain(self) -> int | str:
        """As files have it: a number for squares, the text for others."""
        return self.width if self.width == self.height else str(self)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, in the order of arrays."""
        return self.height, self.width

    @property
    def shorter(self) -> int:
        """The shorter side."""
        return min(self)

    @property
    def longer(self) -> int:
        """The longer side."""
        return max(self)

    def within(self, side: int) -> "Size":
        """The same proportions, with the longer side at `side` pixels."""
        return Size(*(max(1, round(each * side / self.longer)) for each in self))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


AnySize = int | str | Size
"""What public functions take for a size."""


def check_size(given: AnySize) -> Size:
    """A size that pair sets and networks take.

    Raises ConfigError unless both sides are from 32 to 512 pixels.
    """
    size = Size.of(given)
    if size.shorter < SMALLEST or size.longer > LARGEST:
        raise ConfigError(
            f"size {size.plain}: each side must be from {SMALLEST} to {LARGEST} pixels. Rebuild "
            "the pair set with such a size= (--size on the command line)."
        )
    return size
