"""The command that carries out a study."""

from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from nekogao.cli.app import AT_FAULT, DONE, INTERRUPTED, UsageError, app, say
from nekogao.cli.output import go_on_unheard
from nekogao.names import counted


@app.command
def study(
    study: Annotated[Positional[Path], arg(metavar="STUDY")],
    out: Path | None = None,
    engine: Literal["local", "ray"] = "local",
    workers: int = 0,
) -> int:
    """Carry out a grid of runs, measure each, and compare them; the same command resumes.

    Args:
        study: A TOML file: name, prediction, pairs, recipe or [base], seeds, [axes], measures.
        out: The study's folder; beside the file and named like it unless given.
        engine: Worker processes of this machine, or tasks of Ray (the extra `cluster`).
        workers: Runs at a time; one a core unless given.
    """
    from nekogao.report.study import build
    from nekogao.studies.study import Completed, Paused, conduct
    from nekogao.tracking import console
    from nekogao.training.allocator import keep_freed_memory

    if workers < 0:
        raise UsageError(f"study: --workers {workers} must not be negative")
    folder = out or study.with_suffix("")
    failed = 0
    go_on_unheard()
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        for event in conduct(study, folder, engine=engine, workers=workers, stop=stop):
            say(_line(event))
            if isinstance(event, Paused):
                return INTERRUPTED
            if isinstance(event, Completed):
                failed = event.failed
    say(f"The page: {build(study, folder).resolve()}")
    return AT_FAULT if failed else DONE


def _line(event: Any) -> str:
    from nekogao.studies.study import Begun, Completed, Ended

    if isinstance(event, Begun):
        return (
            f"{counted(event.cells, 'cell')} x {counted(event.seeds, 'seed')}: "
            f"{counted(event.runs, 'run')}, {event.done} finished "
            f"already; workers: {event.workers}, threads of each: {event.threads}"
        )
    if isinstance(event, Ended):
        how = f"FAILED, {event.failed}" if event.failed else f"{event.seconds:.0f} s"
        left = f"  about {_time(event.left)} left" if event.done < event.total else ""
        return f"{event.done}/{event.total}  {event.run}  {how}{left}"
    if isinstance(event, Completed):
        failed = f", {event.failed} failed" if event.failed else ""
        return f"finished: {counted(event.total, 'run')}{failed}"
    total = counted(event.total, "run")
    return f"interrupted after {event.done} of {total}; the same command resumes"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
