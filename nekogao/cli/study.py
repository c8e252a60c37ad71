"""The command that carries out a study."""

from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from nekogao.cli.app import AT_FAULT, DONE, INTERRUPTED, UsageError, app


@app.command
def study(
    study: Positional[Path],
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
    keep_freed_memory()
    with console.stop_on_signal() as stop:
        for event in conduct(study, folder, engine=engine, workers=workers, stop=stop):
            print(_line(event), flush=True)
            if isinstance(event, Paused):
                return INTERRUPTED
            if isinstance(event, Completed):
                failed = event.failed
    print(f"The page: {build(study, folder).resolve()}")
    return AT_FAULT if failed else DONE


def _line(event: Any) -> str:
    from nekogao.studies.study import Begun, Completed, Ended

    if isinstance(event, Begun):
        return (
            f"{event.cells} cells x {event.seeds} seeds: {event.runs} runs, {event.done} finished "
            f"already; workers: {event.workers}, threads of each: {event.threads}"
        )
    if isinstance(event, Ended):
        how = f"FAILED, {event.failed}" if event.failed else f"{event.seconds:.0f} s"
        left = f"  about {_time(event.left)} left" if event.done < event.total else ""
        return f"{event.done}/{event.total}  {event.run}  {how}{left}"
    if isinstance(event, Completed):
        return f"finished: {event.total} runs" + (f", {event.failed} failed" * bool(event.failed))
    return f"interrupted after {event.done} of {event.total} runs; the same command resumes"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
