"""The command line: every command parses, calls one function, and shows what it did.

Heavy imports stand inside the commands, so that `--help` answers at once.
"""

import sys
from collections.abc import Sequence

from nekogao import __version__
from nekogao.cli import memory
from nekogao.cli.app import AT_FAULT, DONE, INTERRUPTED, WRONG_USAGE, UsageError, app
from nekogao.errors import NekogaoError, PicturesError
from nekogao.names import shown

# Importing them enters their commands, in the order in which they are listed.
from nekogao.cli import preparation, training, results, explanation, study, bench  # noqa: F401 isort: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; errors become one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # File names need not be text; showing one must not end the command.
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        print(f"nekogao {__version__}")
        return DONE
    try:
        return app.cli(
            args=given,
            prog="nekogao",
            description="Few-shot picture translation, and what the network remembers of it.",
        )
    except UsageError as error:
        print(f"nekogao: {shown(str(error))}. See `nekogao --help`.", file=sys.stderr)
        return WRONG_USAGE
    except NekogaoError as error:
        for reason in error.reasons if isinstance(error, PicturesError) else (error,):
            print(f"nekogao: {shown(str(reason))}", file=sys.stderr)
        return AT_FAULT
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        print(f"nekogao: {shown(where + reason)}. Fix this and try again.", file=sys.stderr)
        return AT_FAULT
    except Exception as error:
        what = memory.shortage(error)
        if what is None:
            raise
        print(f"nekogao: {what}. {memory.remedy(given[:1])}", file=sys.stderr)
        return AT_FAULT
    except KeyboardInterrupt:
        print("nekogao: interrupted", file=sys.stderr)
        return INTERRUPTED
