"""Commands in processes of their own, as a person would run them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nekogao
from nekogao.errors import RunError

# A process's peak memory begins with that of the process it was forked from, and the bench is
# large. So a small one is between them: it starts the command, waits, and reports its usage.
_WATCHER = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, capture_output=True)
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
texts = [text.decode(errors="replace")[-4000:] for text in (done.stdout, done.stderr)]
json.dump([done.returncode, seconds, peak, *texts], sys.stdout)
"""
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Usage:
    """What a command used that has ended well."""

    seconds: float
    """From start to end of the whole process."""
    peak: int
    """Most memory it held at a time, in bytes."""
    output: str
    """The end of what it printed."""


class Process:
    """A running `python ARGUMENTS`, which sees this package; killed when the block is left."""

    def __init__(self, arguments: Sequence[str | Path]) -> None:
        self.arguments = [sys.executable, *map(str, arguments)]

    def __enter__(self) -> "Process":
        path = [str(Path(nekogao.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        # A file, since a pipe that nobody reads would stop the watcher before its end.
        self._report = tempfile.TemporaryFile()
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCHER, *self.arguments],
            stdout=self._report,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            os.killpg(self._watcher.pid, signal.SIGKILL)
            self._watcher.wait()
        self._report.close()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._watcher.poll() is None

    def wait(self) -> Usage:
        """Wait for its end. Raises RunError where it failed, with its last line."""
        self._watcher.wait()
        self._report.seek(0)
        status, seconds, peak, output, errors = json.load(self._report)
        if status:
            last = (errors or output).strip().splitlines()[-1:] or ["it said nothing"]
            command = " ".join(self.arguments[1:])
            raise RunError(f"`python {command}` ended with status {status}: {last[0]}")
        return Usage(seconds, peak * _PEAK_UNIT, output)


def run(*arguments: str | Path) -> Usage:
    """Run `python ARGUMENTS` to its end. Raises RunError where it fails."""
    with Process(arguments) as process:
        return process.wait()


def command(*arguments: str | Path) -> list[str | Path]:
    """The arguments of python that make `nekogao ARGUMENTS`."""
    return ["-m", "nekogao.cli", *arguments]
