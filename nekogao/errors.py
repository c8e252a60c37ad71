"""The exceptions that Nekogao raises on purpose.

    NekogaoError
    ├── ConfigError         a setting is wrong, or two settings contradict each other
    ├── InputError          a path or file that the user named cannot be used
    │   ├── PictureError    a picture cannot be read
    │   │   └── PicturesError   several cannot; each has its own line
    │   └── BusyError       another process or thread is writing there
    ├── PairSetError        a pair set is damaged or lacks what is asked of it
    ├── RunError            a run folder cannot be used as asked
    │   ├── DiskError       a file could not be written
    │   └── ResumeError     the run was begun with another configuration
    ├── DivergedError       a loss is no longer finite
    └── WeightsError        a file of weights cannot be loaded

Every message says what is wrong, what came, and the next step, on one line.
"""

import re
from collections.abc import Sequence

_LONGEST_REASON = 160
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def reason(error: BaseException) -> str:
    """What another library says of its failure, as part of a line of ours.

    On one line, without colours and cut short; its type where it says nothing.
    """
    said = " ".join(_ESCAPES.sub("", str(error)).split()) or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in said[:_LONGEST_REASON])


class NekogaoError(Exception):
    """Any failure that the caller can fix; its text is fit to be shown to a person."""


class ConfigError(NekogaoError):
    """A setting is wrong, or two settings contradict each other."""


class InputError(NekogaoError):
    """A path or file that the user named cannot be used."""


class PictureError(InputError):
    """A picture cannot be read."""


class PicturesError(PictureError):
    """Several pictures cannot be read."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)
        """One for each picture, in order."""


class BusyError(InputError):
    """Another process or thread is writing this folder."""


class PairSetError(NekogaoError):
    """A pair set is damaged or lacks what is asked of it."""


class RunError(NekogaoError):
    """A run folder cannot be used as asked."""


class DiskError(RunError):
    """A file could not be written; with more room the same command resumes."""


class ResumeError(RunError):
    """The run was begun with another configuration."""


class DivergedError(NekogaoError):
    """A loss is no longer finite."""


class WeightsError(NekogaoError):
    """A file of weights cannot be loaded."""


def expect(value: object, kind: type, made: str = "") -> None:
    """Raise ConfigError where a setting is not of its type; `made` says how to make one."""
    if not isinstance(value, kind):
        raise ConfigError(
            f"a value of type {type(value).__name__}: must be a {kind.__name__}. "
            + (made or f"Make one with nekogao.{kind.__name__}(...).")
        )
