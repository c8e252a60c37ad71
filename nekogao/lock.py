"""One writer for one folder: a lock that ends with its process, however that ends.

The lock is that of the operating system on the open file `.NAME.lock` beside the folder, which is
therefore never part of what is sent to somebody. Two threads of one process exclude each other
too. Who reads needs no lock, for files are complete or absent.
"""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from nekogao.errors import BusyError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_BEYOND = 1 << 30
"""Windows locks a range of bytes against reading too, so it is one that nobody reads."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only one who writes `folder`, which need not exist, while the block lasts.

    A file system that has no locks is written without one.

    Raises BusyError where another process or thread writes it; the message says who, since when.
    """
    place = folder.resolve()
    with _parents(place):
        file = place.with_name(f".{place.name}.lock")
        if place.is_dir() and not os.access(place.parent, os.W_OK):  # a mounted folder, say
            file = place / file.name
        handle = _take(file, folder)
        try:
            os.ftruncate(handle, 0)
            os.write(handle, _holder().encode())
            yield
        finally:
            with suppress(OSError):  # Windows keeps files that are open
                file.unlink()
            os.close(handle)


@contextmanager
def _parents(place: Path) -> Iterator[None]:
    """Make the folders above; those that are still empty after the block are deleted again."""
    missing = [parent for parent in place.parents if not parent.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):
            for parent in missing:
                parent.rmdir()


def _holder() -> str:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": platform.node(), "since": since})


def _take(file: Path, folder: Path) -> int:
    """The open and locked file; one that its last holder left is as good as a new one."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _locked(handle):
                raise BusyError(
                    f"{folder}: is being written by {_described(file)}. Wait until that has "
                    "ended, or name another folder."
                )
            if _is_current(handle, file):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder deleted it between our two calls


def _locked(handle: int) -> bool:
    """Lock an open file, unless another has it."""
    if fcntl is None:
        import msvcrt

        os.lseek(handle, _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(handle, 0, os.SEEK_SET)
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks on this file system
        pass
    return True


def _is_current(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


def _described(file: Path) -> str:
    """Who holds a lock, as far as the file says so."""
    try:
        holder = json.loads(file.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process, which has just begun"
