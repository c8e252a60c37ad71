"""Files and folders that are either complete or absent."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

from nekogao.errors import InputError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in `path`'s place.

    A crash or a full disk leaves the previous content of `path`, never half of the new one.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("r+b") as handle:
            os.fsync(handle.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda temporary: _write_bytes(temporary, text.encode()))


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def check_new_folder(out: Path) -> None:
    """Raise InputError unless `out` is absent or an empty folder whose parent can be made."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.is_dir():
        raise InputError(f"{out}: the folder exists and is not empty. Name a new folder.")
    if out.exists() or out.is_symlink():
        raise InputError(f"{out}: exists and is not a folder. Name a new folder.")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `out` when the block ends without an error.

    Raises InputError where `out` exists and is not an empty folder. After an error or an
    interruption nothing is left behind.
    """
    check_new_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if out.is_dir():
            out.rmdir()
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_lines(path: Path, *needed: str) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file that have the keys `needed`.

    A line that a crash cut off is left out.
    """
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and all(key in row for key in needed):
            rows.append(row)
    return rows


def existing_folder(path: Path) -> Path:
    """`path`, where it is a folder. Raises InputError otherwise."""
    if path.is_dir():
        return path
    state = "is not a folder" if path.exists() else "no such folder"
    raise InputError(f"{path}: {state}. Name a folder that exists.")


def check_relative(root: Path, relative: str) -> None:
    """Raise InputError where `relative` leads out of `root` by its words alone.

    Nothing is looked up, so that many paths can be checked; `inside` follows links too.
    """
    if relative.startswith(("/", "\\")) or ".." in relative or ":" in relative[:2]:
        away = PureWindowsPath(relative)
        if away.anchor or ".." in away.parts:
            raise InputError(f"{relative}: leads out of {root}. Use a path inside the folder.")


def inside(root: Path, relative: str) -> Path:
    """`root / relative`, refused with InputError where it would leave `root`."""
    path = root / relative
    # A file that is no link lies where its folder does, and a set has few folders.
    plain = path.name not in ("", "..") and not path.is_symlink()
    if not _lies_in(root, path.parent if plain else path):
        raise InputError(f"{relative}: leads out of {root}. Use a path inside the folder.")
    return path


@lru_cache(maxsize=4096)
def _lies_in(root: Path, path: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def free_name(folder: Path, stem: str, suffix: str) -> Path:
    """The first of `stem.suffix`, `stem-2.suffix`, ... that does not exist in `folder`."""
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


_LONGEST_NAME = 150


def slug(text: str) -> str:
    """`text` as a file name that every system takes: word characters, dots and hyphens."""
    plain = re.sub(r"[^\w.-]+", "-", text)
    # Names may have 255 bytes; suffixes, numbers and temporary names need some of them.
    short = plain.encode(errors="ignore")[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip("-.") or "picture"
