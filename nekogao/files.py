"""Files and folders that are either complete or absent."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

from nekogao.errors import InputError, NekogaoError
from nekogao.lock import writing
from nekogao.names import numbered, same_name_key

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says of a write that found no room; it does not say where."""


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file next to `path`, then put it in `path`'s place.

    A crash or a full disk leaves the previous content of `path`, never half of the new one.
    Threads and processes may write the same path at once: one of them wins as a whole.
    """
    with _complete(path, write) as temporary:
        temporary.replace(path)


@contextmanager
def _complete(path: Path, write: Callable[[Path], None]) -> Iterator[Path]:
    """A temporary file next to `path` that `write` has filled; deleted after the block."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with _named(temporary, path):
            write(temporary)
            with temporary.open("r+b") as handle:
                os.fsync(handle.fileno())
            temporary.chmod(0o666 & ~_umask())
            yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _named(temporary: Path, path: Path) -> Iterator[None]:
    """Errors inside the block name `path`, not the hidden `temporary` that becomes it."""
    hidden, shown = str(temporary), str(path)
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            error.filename = os.fsdecode(error.filename).replace(hidden, shown)
        elif error.errno in _FULL:
            error.filename = shown
        raise
    except NekogaoError as error:
        error.args = (str(error).replace(hidden, shown),)
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically. Bytes of file names that are no text are escaped."""
    write_atomically(path, lambda temporary: _write_bytes(temporary, _encoded(text)))


def append_text(path: Path, text: str) -> None:
    """Add UTF-8 text to a file, which is made where it is missing; escaped as by `write_text`."""
    with _named(path, path), path.open("ab") as handle:
        handle.write(_encoded(text))
        handle.flush()


def _encoded(text: str) -> bytes:
    # The escape is JSON's own, so that JSON reads the same name back.
    return text.encode(errors="backslashreplace")


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def write_first_free(
    folder: Path,
    stem: str,
    suffix: str,
    write: Callable[[Path], None],
    taken: Collection[str] = (),
) -> Path:
    """Let `write` fill a file with the first free name of `numbered`; return its path.

    `taken` are names that are not free, as `same_name_key` has them.

    The name is claimed when the file is complete, and by one writer alone: threads and processes
    may do this in one folder at once, and nothing is ever overwritten.
    """
    with _complete(folder / f"{stem}{suffix}", write) as temporary:
        return next(
            path
            for path in numbered(folder, stem, suffix)
            if same_name_key(path.name) not in taken and _claim(path, temporary)
        )


def write_new(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new file. Raises InputError where the name is taken, then or at the end.

    A crash leaves no half of it.
    """
    taken = InputError(f"{path}: exists already. Name another file.")
    if path.exists() or path.is_symlink():
        raise taken
    with _complete(path, write) as temporary:
        if not _claim(path, temporary):
            raise taken


def _claim(path: Path, complete: Path) -> bool:
    """Give a complete file the name `path` too, unless something has that name."""
    try:
        path.hardlink_to(complete)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        try:
            path.open("xb").close()
        except FileExistsError:
            return False
        complete.replace(path)
    return True


def check_new_folder(out: Path) -> None:
    """Raise InputError unless `out` is absent or an empty folder whose parent can be made."""
    if out.is_dir() and not any(out.iterdir()):
        if out.resolve() == Path.cwd() or out.is_mount():
            raise InputError(f"{out}: is in use as a folder to work in. Name a new folder in it.")
        return
    if out.is_dir():
        raise InputError(f"{out}: the folder exists and is not empty. Name a new folder.")
    if out.exists() or out.is_symlink():
        raise InputError(f"{out}: exists and is not a folder. Name a new folder.")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `out` when the block ends without an error.

    Raises InputError where `out` exists and is not an empty folder, BusyError where another
    process makes it at this moment. After an error or an interruption nothing is left behind.
    """
    check_new_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with writing(out), own_new_folder(out) as temporary:
        yield temporary


@contextmanager
def own_new_folder(out: Path) -> Iterator[Path]:
    """`new_folder` for a caller who holds the lock on `out`."""
    check_new_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        with _named(temporary, out):
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            if out.is_dir():
                out.rmdir()
            temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


_STRICT_UMASK = 0o077


@lru_cache(maxsize=1)
def _umask() -> int:
    """The permissions that new files of this process lack, read once.

    The system call can only read the umask by setting it, for all threads. Linux reports it;
    elsewhere the mask is strict for that moment, so that no file becomes open to everyone.
    """
    with suppress(OSError):
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        if found := re.search(r"^Umask:\s*([0-7]+)$", status, re.MULTILINE):
            return int(found[1], 8)
    mask = os.umask(_STRICT_UMASK)
    os.umask(mask)
    return mask


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_lines(path: Path, *needed: str) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file that have the keys `needed`.

    A line that a crash cut off, or that is no JSON, is left out.
    """
    rows = []
    # Names are written as they are, and may hold other characters that str.splitlines splits at.
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):  # numbers of 5,000 digits, lists nested as deep
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
    """Raise InputError where `relative`, read as text, leads out of `root`.

    Nothing is looked up on disk, so that many paths can be checked; `inside` follows links too.
    """
    if relative.startswith(("/", "\\")) or ".." in relative or ":" in relative[:2]:
        away = PureWindowsPath(relative)
        if away.anchor or ".." in away.parts:
            raise InputError(f"{relative}: leads out of {root}. Use a path inside the folder.")


def inside(root: Path, relative: str) -> Path:
    """`root / relative`, refused with InputError where it would leave `root`."""
    path = root / relative
    # A file that is no link is where its folder is, and a set has few folders.
    plain = path.name not in ("", "..") and not path.is_symlink()
    if not _is_in(root, path.parent if plain else path):
        raise InputError(f"{relative}: leads out of {root}. Use a path inside the folder.")
    return path


@lru_cache(maxsize=4096)
def _is_in(root: Path, path: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())
