"""What the commands share: the table that they enter, their exit statuses, their last words."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import tyro

from nekogao.errors import ConfigError, NekogaoError
from nekogao.names import shown

DONE, AT_FAULT, WRONG_USAGE, INTERRUPTED, UNHEARD = 0, 1, 2, 130, 141

Command = TypeVar("Command", bound=Callable[..., int])


class App:
    """The table of commands, which modules enter with `@app.command`."""

    def __init__(self) -> None:
        self.commands: dict[str, Callable[..., int]] = {}
        self._parser = tyro.extras.SubcommandApp()

    def command(self, function: Command, name: str = "") -> Command:
        """Enter a function as a command of its name, or of another."""
        self.commands[name or function.__name__] = function
        return self._parser.command(name=name or function.__name__)(function)

    def run(self, arguments: Sequence[str], description: str) -> int:
        """Parse the arguments and run the command that they name; returns its exit status."""
        return self._parser.cli(args=arguments, prog="nekogao", description=description)


app = App()


class UsageError(Exception):
    """The command line is wrong in itself, whatever the files that it names hold."""


@contextmanager
def from_the_line(command: str) -> Iterator[None]:
    """Inside the block a ConfigError is about what the command line says."""
    try:
        yield
    except ConfigError as error:
        raise UsageError(f"{command}: {error}") from None


def say(line: str) -> None:
    """One line on stdout, whatever names are in it: control characters are shown escaped."""
    print(shown(line), flush=True)


def note(line: str) -> None:
    """One line on stderr that is no failure, likewise."""
    print(f"note: {shown(line)}", file=sys.stderr)


def tell(message: str) -> None:
    """One line on stderr about a failure, likewise."""
    print(f"nekogao: {shown(message)}", file=sys.stderr)


def is_file(model: Path) -> bool:
    """Whether MODEL is a file rather than a run, or is named like one where it is missing."""
    return model.is_file() or (not model.is_dir() and bool(model.suffix))


def process_start() -> float:
    """When this process began, by `time.perf_counter`."""
    import psutil

    return time.perf_counter() - (time.time() - psutil.Process().create_time())


def note_left_out(*names: str | Path, videos: bool = False) -> None:
    """Say of those that are folders which files are no pictures, and what else was left out.

    Where there is no picture at all, the command itself will say so.
    """
    from nekogao.pictures import finding

    taken = finding.SUFFIXES
    if videos:
        from nekogao.pictures import video

        taken = taken | video.SUFFIXES
    for folder in map(Path, names):
        found = finding.survey(folder, taken) if folder.is_dir() else None
        for line in found.notes() if found and found.pictures else ():
            note(line)


def note_first_frames(*names: str | Path) -> None:
    """Say which of these pictures, or of those in these folders, are animations."""
    from nekogao.errors import InputError
    from nekogao.names import counted
    from nekogao.pictures import animations, images

    for name in map(Path, names):
        try:
            found = animations.animated(images.find(name) if name.is_dir() else [name])
        except InputError:
            continue  # the command itself will say so
        if found:
            some = ", ".join(path.name for path in found[:3]) + (", ..." if len(found) > 3 else "")
            note(f"{name}: {counted(len(found), 'animation')} ({some}); the first frame is taken")


def end_run(run: Path, interrupted: bool) -> int:
    """Report on a run that has ended and show the result; return the exit status."""
    from nekogao.reasons.decider import keep
    from nekogao.report.run import build_report
    from nekogao.training.allocator import release_freed_memory

    if interrupted:
        return INTERRUPTED
    release_freed_memory()
    with suppress(NekogaoError):  # `explain` measures it where it is missing
        keep(run)
    build_report(run)
    show_result(run)
    return DONE


def show_result(run: Path) -> None:
    """Show the measures of every domain at the end of every phase, what is known of pairs that
    were never seen, and where the report is.
    """
    from nekogao.runs.folder import Run
    from nekogao.runs.metrics import stages
    from nekogao.runs.unseen import never_seen
    from nekogao.tracking import console

    opened = Run.open(run)
    about, rows = opened.about(), opened.read_metrics()
    console.print_stages(stages(rows, list(map(str, about.train.phases))))
    console.print_unseen(never_seen(rows, about.train, about.pairs.items))
    say(f"The report: {opened.report.resolve()}")
