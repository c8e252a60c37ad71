"""Standard output whose reader may go away, as `head` does, and whose disk may be full."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class ReaderGone(BaseException):
    """Nobody reads the output any more; no command catches it, so it ends."""


class Output:
    """A text stream that ends the command when its reader goes away, or goes on without one."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.goes_on = stream, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write as the stream does."""
        with self._heard():
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush as the stream does."""
        with self._heard():
            self.stream.flush()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._silence()
            if not self.goes_on:
                raise ReaderGone from None
        except OSError as error:
            error.filename = error.filename or "standard output"
            self._silence()  # what is left in the buffer would fail once more at the very end
            raise

    def _silence(self) -> None:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, self.stream.fileno())
        os.close(silent)


@contextmanager
def watched() -> Iterator[None]:
    """Inside the block standard output and error are Outputs that can show any file name.

    Raises ReaderGone where their reader goes away.
    """
    before = sys.stdout, sys.stderr
    for stream in before:
        if hasattr(stream, "reconfigure"):
            # File names need not be text; showing one must not end the command.
            stream.reconfigure(errors="backslashreplace")
    if before[0] is not None:  # none where it was closed
        sys.stdout = Output(before[0])
    if before[1] is not None:
        sys.stderr = Output(before[1])
        sys.stderr.goes_on = True
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    finally:
        sys.stdout, sys.stderr = before


def go_on_unheard() -> None:
    """From here on the command does its work to the end, whether or not it is read."""
    if isinstance(sys.stdout, Output):
        sys.stdout.goes_on = True
