"""Names that every level shares: plain file names, and the ways to give a picture a size."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count, groupby
from pathlib import Path
from typing import Literal

Fit = Literal["crop", "pad", "stretch"]
"""How a picture gets other proportions: `crop` keeps the largest centred part that has them, `pad`
keeps everything and fills with white, `stretch` ignores them."""

_LONGEST_NAME = 150
_RESERVED = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    ]
)
"""Names of devices on Windows, whatever suffix follows."""


_ABSOLUTE = re.compile(
    r"(?<![\w.<~:/\\-])(?:~?/|[A-Za-z]:[\\/]+)[^\s/\\\"'<>|:,()]+"
    r"(?:[\\/]+[^/\\\"'<>|:\n]*)*[^\s/\\\"'<>|:,.()]"
)
"""Absolute paths of POSIX and Windows; a name at the end may hold spaces."""
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the text after them round: a name could show another suffix."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'")
"""How a cell begins that a spreadsheet would compute, and the quote that prevents it."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun, as in `1 fault` and `2 faults`; `plural` where an s does not do."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def slug(text: str) -> str:
    """`text` as a file name that every system takes: word characters, marks, dots and hyphens.

    At most 150 bytes of UTF-8, composed (NFC); never empty, `.`, `..` or a device of Windows.
    """
    composed = unicodedata.normalize("NFC", text)
    runs = groupby(composed, _is_plain)
    plain = "".join("".join(run) if kept else "-" for kept, run in runs)
    # Names may have 255 bytes; suffixes, numbers and temporary names need some of them.
    short = plain.encode(errors="ignore")[:_LONGEST_NAME].decode(errors="ignore")
    name = short.strip("-.") or "picture"
    stem, dot, rest = name.partition(".")
    return f"{stem}_{dot}{rest}" if is_reserved(name) else name


def _is_plain(character: str) -> bool:
    # Vowels of Thai, Hindi and Hebrew are marks, which `\w` leaves out.
    return bool(re.match(r"[\w.-]", character)) or unicodedata.category(character)[0] == "M"


def is_reserved(name: str) -> bool:
    """Whether Windows takes the name for a device, as it does `aux` and `con.png`."""
    return name.partition(".")[0].casefold() in _RESERVED


def same_name_key(name: str) -> str:
    """What two names share that some file system takes for one: letters of any case and form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def cell(text: str) -> str:
    """Text as a cell of a CSV file that no spreadsheet takes for a formula: it gets a quote."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def from_cell(text: str) -> str:
    """The text that `cell` wrote."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULAS) else text


def shown(text: str) -> str:
    """A name as terminals and pages may show it: control characters and stray bytes escaped."""
    return "".join(c if _is_shown(c) else ascii(c)[1:-1] for c in text)


def _is_shown(character: str) -> bool:
    # Controls, surrogates and marks of direction; joiners (Cf) are part of emoji and scripts.
    hidden = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    return not hidden and character not in _DIRECTIONS


def last_part(path: str) -> str:
    """The name of a file or folder without the folders that it is in, on any system."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1] or path


def without_folders(text: str) -> str:
    """A text in which every absolute path is cut down to its name, so that it can be shared."""
    return _ABSOLUTE.sub(lambda found: last_part(found[0]), text)


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
