"""From arguments to an exit status: commands are found, and errors become one line."""

from collections.abc import Sequence
from difflib import get_close_matches

from nekogao import __version__
from nekogao.cli import memory, narrow
from nekogao.cli.app import (
    AT_FAULT,
    DONE,
    INTERRUPTED,
    UNHEARD,
    WRONG_USAGE,
    UsageError,
    app,
    tell,
)
from nekogao.cli.output import ReaderGone, watched
from nekogao.errors import NekogaoError, PicturesError

# Importing them enters their commands, in the order in which they are listed.
from nekogao.cli import preparation, revision, training, results, explanation, study, bench  # noqa: F401 isort: skip

DESCRIPTION = "Few-shot picture translation, and what the network remembers of it."


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit status; errors become one line on stderr.

    0 is success, 1 an input at fault, 2 a command line that is wrong in itself (an unknown
    command, option or choice, a value out of range, a missing argument), 130 an interruption, 141
    a reader of the output that went away.
    """
    given = list(arguments)
    if " ".join(given[:2]) in app.commands:  # `pairs add` is one command
        given = [" ".join(given[:2]), *given[2:]]
    try:
        with watched():
            return _answered(given)
    except ReaderGone:
        return UNHEARD


def _answered(given: list[str]) -> int:
    try:
        if given == ["--version"]:
            print(f"nekogao {__version__}")
            return DONE
        _check_command(given)
        if narrow.wanted(given):
            print(narrow.help_of(given[:-1], app.commands, DESCRIPTION))
            return DONE
        return app.run(given, DESCRIPTION)
    except UsageError as error:
        command = f"{given[0]} " if given and given[0] in app.commands else ""
        said = str(error) if str(error).endswith(("?", ".")) else f"{error}."
        tell(f"{said} See `nekogao {command}--help`.")
        return WRONG_USAGE
    except NekogaoError as error:
        for reason in error.reasons if isinstance(error, PicturesError) else (error,):
            tell(str(reason))
        return AT_FAULT
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        tell(f"{where}{error.strerror or error}. Fix this and try again.")
        return AT_FAULT
    except UnicodeEncodeError as error:
        near = error.object[max(0, error.start - 20) : error.end + 20]
        tell(
            f"...{near}...: a name with characters that {error.encoding} cannot write. Rename the "
            "file or folder, or set PYTHONUTF8=1 where this is the locale's fault."
        )
        return AT_FAULT
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except Exception as error:
        what = memory.shortage(error)
        if what is None:
            raise
        tell(f"{what}. {memory.remedy(given[:1])}")
        return AT_FAULT


def _check_command(given: list[str]) -> None:
    """Raise UsageError for a command that does not exist, with the nearest that does."""
    if not given or given[0].startswith("-") or given[0] in app.commands:
        return
    near = get_close_matches(given[0], app.commands, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(app.commands)}."
    raise UsageError(f"unknown command {given[0]!r}. {hint}")
