"""Finding: the picture files below a folder, and what is there besides."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from nekogao.errors import InputError
from nekogao.files import existing_folder

SUFFIXES = frozenset(
    {
        ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".avif", ".avifs",
        ".gif", ".bmp", ".dib", ".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm", ".tga", ".jp2",
        ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".pcx", ".psd", ".qoi", ".sgi", ".ras", ".dds",
    }
)  # fmt: skip
"""Pictures that Pillow decodes by itself, without icons, documents and measured data."""


@dataclass(frozen=True)
class Folder:
    """What is below a folder, hidden names left out."""

    root: Path
    pictures: list[Path] = field(default_factory=list)
    """In sorted order; those below linked folders too."""
    others: Counter[str] = field(default_factory=Counter)
    """Files that are none: suffix -> how many."""
    faults: list[str] = field(default_factory=list)
    """What could not be looked at, and why, a line each."""

    def notes(self) -> list[str]:
        """What was left out, and why, a line each."""
        if not self.others:
            return self.faults
        total = self.others.total()
        counted = ", ".join(f"{kind} ({n})" for kind, n in sorted(self.others.items()))
        files = "1 file" if total == 1 else f"{total} files"
        return [f"{self.root}: {files} left out: {counted}; no kind that is read", *self.faults]


def find(root: str | Path, suffixes: frozenset[str] = SUFFIXES) -> list[Path]:
    """All picture files below a folder, hidden ones left out, in sorted order.

    Raises InputError where the folder is missing or holds no picture.
    """
    found = survey(root, suffixes)
    if not found.pictures:
        raise InputError(
            "; ".join([f"{root}: no pictures in this folder", *found.notes()])
            + ". Put some there, or name another."
        )
    return found.pictures


def survey(root: str | Path, suffixes: frozenset[str] = SUFFIXES) -> Folder:
    """Look through a folder and what it links to; every folder is entered once, so loops end.

    A file without a suffix is a picture where Pillow can open it.

    Raises InputError where the folder is missing.
    """
    found = Folder(existing_folder(Path(root)))
    seen: set[tuple[int, int]] = set()
    # Folders come before links to them, so that pictures have the names that they always had.
    waiting = [found.root]
    while waiting:
        links: list[Path] = []
        for place in waiting:
            if not _enter(place, seen):
                if place != found.root:
                    found.faults.append(f"{place}: left out: a link to a folder that is here")
                continue
            for path in _walk(place, links, found, seen):
                if path.suffix.lower() in suffixes or _opens(path):
                    found.pictures.append(path)
                else:
                    found.others[path.suffix.lower() or "no suffix"] += 1
        waiting = sorted(links)
    found.pictures.sort()
    return found


def _enter(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder has not been entered yet; now it has."""
    status = folder.stat()
    before, key = len(seen), (status.st_dev, status.st_ino)
    seen.add(key)
    return len(seen) > before


def _walk(
    folder: Path, links: list[Path], found: Folder, seen: set[tuple[int, int]]
) -> Iterator[Path]:
    """The files below a folder; links to folders go to `links`, what is amiss to `found`."""
    for path in _names(folder, found):
        if path.is_symlink() and not path.exists():
            found.faults.append(f"{path}: left out: a link to what does not exist")
        elif path.is_dir():
            if path.is_symlink():
                links.append(path)
            elif _enter(path, seen):
                yield from _walk(path, links, found, seen)
        elif path.is_file():
            yield path
        else:
            found.others["no file"] += 1


def _names(folder: Path, found: Folder) -> Iterable[Path]:
    """What is in a folder and has a name that can be written down."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        found.faults.append(f"{folder}: left out: {error.strerror}")
        return
    for path in inside:
        if path.name.startswith("."):
            continue
        try:
            path.name.encode()
        except UnicodeEncodeError:
            name = os.fsencode(path.name)
            found.faults.append(f"{folder}: left out: the name {name!r} is not UTF-8; rename it")
            continue
        yield path


def _opens(path: Path) -> bool:
    """Whether a file without a suffix is a picture."""
    if path.suffix:
        return False
    try:
        with Image.open(path) as image:
            return image.format not in {"EPS", "WMF", "HDF5", "GRIB", "BUFR", "FITS", "MPEG"}
    except Exception:  # Whatever Pillow says of it, it is none.
        return False
