"""What a person sees while training: a progress bar on a terminal, plain lines elsewhere."""

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from torch import Tensor

from nekogao.names import counted, shown
from nekogao.runs.events import (
    Advanced,
    Event,
    Finished,
    Interrupted,
    Measured,
    Said,
    Started,
    Stepped,
    Switched,
)
from nekogao.runs.metrics import Stage
from nekogao.runs.unseen import NeverSeen

_PLAIN_SECONDS = 10.0
"""Time between progress lines where there is no terminal."""
_BAR_SECONDS = 0.25
"""Time between two readings of the losses; to read them is to wait for the device."""


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or SIGTERM into a request to stop, the second into the usual end."""
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        print("\nStopping after this update; once more stops at once.", file=sys.stderr)

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def show(events: Iterable[Event], whole: bool = False) -> bool:
    """Show events as they come. Returns whether the run was interrupted.

    Args:
        events: Of a run, or of a job that a run is a part of.
        whole: Whether to show how far the whole job is, instead of the run within it.
    """
    console = Console(highlight=False)
    if console.is_terminal:
        shower: _Lines = _WholeBar(console) if whole else _Bar(console)
    else:
        shower = _WholeLines(console) if whole else _Lines(console)
    interrupted = False
    with shower:
        for event in events:
            shower.show(event)
            interrupted |= isinstance(event, Interrupted)
    return interrupted


def _losses(losses: Mapping[str, Tensor | float]) -> str:
    short = {"discriminator": "D", "discriminator_accuracy": "D acc", "adversarial": "adv"}
    return "  ".join(f"{short.get(name, name)} {value:.3f}" for name, value in losses.items())


def _measured(event: Measured) -> str:
    return "\n".join(
        f"  epoch {row.epoch:6.1f}  {row.domain}: SSIM {row.ssim:.3f}  MAE {row.mae:.4f}  "
        f"skill {row.skill:.2f}  identity {row.identity:.0%}"
        for row in event.rows
    )


class _Lines:
    """Plain lines, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self.console, self.shown, self.begun = console, time.monotonic(), 0

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def say(self, text: str) -> None:
        # Rich would break long lines where there is no terminal to break them for.
        print(text, flush=True)

    def show(self, event: Event) -> None:
        match event:
            case Started():
                how = f"going on from update {event.step}" if event.step else "starting"
                self.say(f"{how}, {counted(event.total, 'update')} in all, on {event.device}")
            case Stepped():
                self.step(event)
            case Measured():
                self.say(_measured(event))
            case Switched():
                self.say(f"switching to {event.phase} after update {event.step}")
            case Interrupted():
                after = f" after update {event.step}" if event.step else ""
                self.say(f"interrupted{after}; the same command resumes there")
            case Finished():
                state = "was finished already" if event.already else "finished"
                rebuilt = "; the model file was damaged and is made again" * event.rebuilt
                self.say(f"{state} after {counted(event.step, 'update')}{rebuilt}")
            case Said():
                self.say(shown(event.line))

    def step(self, event: Stepped) -> None:
        if time.monotonic() - self.shown > _PLAIN_SECONDS:
            self.shown = time.monotonic()
            left = event.seconds / event.step * (event.total - event.step)
            self.say(
                f"  update {event.step}/{event.total}  {event.phase}  "
                f"{_losses(event.losses)}  about {left:.0f} s left"
            )


class _Bar(_Lines):
    """A progress bar with losses and time left, below the measurements."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=console,
            transient=True,
        )
        self.task = self.progress.add_task("starting", total=None, losses="")

    def __enter__(self) -> "_Bar":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, text: str) -> None:
        self.progress.console.print(text, markup=False, soft_wrap=True)

    def show(self, event: Event) -> None:
        if isinstance(event, Started):
            self.progress.update(self.task, total=event.total, completed=event.step)
        super().show(event)

    def step(self, event: Stepped) -> None:
        self.progress.update(self.task, completed=event.step, description=event.phase)
        if time.monotonic() - self.shown > _BAR_SECONDS:
            self.shown = time.monotonic()
            self.progress.update(self.task, losses=_losses(event.losses))


class _WholeLines(_Lines):
    """Plain lines about a whole job."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.doing = ""

    def show(self, event: Event) -> None:
        match event:
            case Said() | Interrupted():
                super().show(event)
            case Advanced():
                self.advance(event)

    def advance(self, event: Advanced) -> None:
        if event.doing != self.doing or time.monotonic() - self.shown > _PLAIN_SECONDS:
            self.doing, self.shown = event.doing, time.monotonic()
            self.say(f"{event.share:4.0%}  {event.doing}")


class _WholeBar(_WholeLines):
    """One progress bar for a whole job, below what is said."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.task = self.progress.add_task("starting", total=1.0)

    def __enter__(self) -> "_WholeBar":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, text: str) -> None:
        self.progress.console.print(text, markup=False, soft_wrap=True)

    def advance(self, event: Advanced) -> None:
        self.progress.update(self.task, completed=event.share, description=event.doing)


def print_stages(stages: Iterable[Stage]) -> None:
    """A table of the measures in every domain at the end of every phase."""
    table = Table(title="Every domain at the end of each phase", title_justify="left")
    for name in ("after", "domain", "trained", "identity", "MAE", "SSIM", "PSNR", "skill"):
        table.add_column(name, justify="left" if name in ("after", "domain") else "right")
    for stage in stages:
        for row in stage.measurements:
            table.add_row(
                stage.name,
                row.domain,
                "yes" if row.domain in row.trained else "no",
                f"{row.identity:.0%}",
                f"{row.mae:.4f}",
                f"{row.ssim:.4f}",
                f"{row.psnr:.2f}",
                f"{row.skill:.3f}",
            )
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def print_unseen(found: Iterable[NeverSeen]) -> None:
    """One line per domain on pairs that nothing was learned from."""
    for each in found:
        own, other = each.answers, each.retrieved
        near = f"  (nearest pair {other.ssim:.3f}, {other.mae:.4f})" if other else ""
        print(
            f"never seen  {shown(each.domain)}: SSIM {own.ssim:.3f}  MAE {own.mae:.4f}{near}, "
            f"{counted(each.pairs, 'pair')}, {each.method}",
            flush=True,
        )
