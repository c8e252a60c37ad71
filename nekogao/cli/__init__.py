"""The command line: every command parses, calls one function, and shows what it did.

This module imports nothing heavy, so that Ctrl-C is heard while the rest is still being imported;
the commands themselves import inside, so that `--help` answers at once.
"""

import sys
from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; errors become one line on stderr."""
    try:
        from nekogao import lean
        from nekogao.cli.shell import run

        lean.prepare()
        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        if not _began_as_interrupt(error):
            raise
    print("nekogao: interrupted", file=sys.stderr)
    return _INTERRUPTED


def _began_as_interrupt(error: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C, as an import that it ended reports it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
