"""Names that every level shares: plain file names, and the ways to make a picture square."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

Fit = Literal["crop", "pad", "stretch"]
"""How a picture becomes square: `crop` keeps the centre square, `pad` keeps everything and fills
with white, `stretch` ignores the proportions."""

_LONGEST_NAME = 150


def slug(text: str) -> str:
    """`text` as a file name that every system takes: word characters, dots and hyphens.

    At most 150 bytes of UTF-8; never empty, `.` or `..`.
    """
    plain = re.sub(r"[^\w.-]+", "-", text)
    # Names may have 255 bytes; suffixes, numbers and temporary names need some of them.
    short = plain.encode(errors="ignore")[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip("-.") or "picture"


def numbered(folder: Path, stem: str, suffix: str) -> Iterator[Path]:
    """`stem.suffix`, `stem-2.suffix`, `stem-3.suffix` and so on, in `folder`."""
    yield folder / f"{stem}{suffix}"
    for number in count(2):
        yield folder / f"{stem}-{number}{suffix}"


def free_name(folder: Path, stem: str, suffix: str) -> Path:
    """The first of the numbered names that does not exist in `folder`.

    It may be taken at the next moment: in folders that others write to, see
    `nekogao.files.write_first_free`.
    """
    names = numbered(folder, stem, suffix)
    return next(path for path in names if not (path.exists() or path.is_symlink()))
