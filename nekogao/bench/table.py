"""The bench as tables on a terminal."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from nekogao.bench.findings import GOALS, Line, Section, rows_of
from nekogao.bench.steps import Profiles
from nekogao.bench.unseen import UnseenNumbers


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "not reached"
    return (f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}").rstrip()


def _goals(row: Line) -> tuple[str, str]:
    goals = GOALS.get(row.name, ())
    texts = [goal.text(row.unit) for goal in goals]
    return "\n".join(texts), "\n".join("yes" if goal.reached(row) else "no" for goal in goals)


def comparison(rows: Sequence[Line]) -> Table:
    """What was measured, compared with the baselines, the limit and the goals."""
    table = Table(title="Nekogao compared with the plain way", title_justify="left")
    names = ("", "Nekogao", "baseline", "ratio", "of the limit", "goal", "reached")
    for name in names:
        table.add_column(name, justify="left" if name in ("", "reached") else "right")
    for row in rows:
        table.add_row(
            row.name,
            _amount(row.value, row.unit),
            "" if row.baseline is None else _amount(row.baseline, row.unit),
            "" if row.ratio is None else f"{row.ratio:.2f}x",
            "" if row.share is None else f"{row.share:.0%}",
            *_goals(row),
        )
    return table


def operations(profiles: Profiles) -> list[Table]:
    """The profile of every contest's step, with one table for each side."""
    tables = []
    for contest, sides in profiles.contests.items():
        for side, events in sides.items():
            title = f"A step of {contest}, {side}: the longest operations"
            table = Table("operation", title=title, title_justify="left")
            for name in ("calls", "ms", "share"):
                table.add_column(name, justify="right")
            for event in events:
                cells = (str(event.calls), f"{event.ms:.2f}", f"{event.share:.0%}")
                table.add_row(event.operation, *cells)
            tables.append(table)
    return tables


def methods(numbers: UnseenNumbers) -> Table:
    """What every method makes of the sources that it never saw."""
    title = f"Sources never seen, of {numbers.clip}"
    table = Table("task", "method", title=title, title_justify="left")
    for name in ("MAE", "SSIM", "sharpness", "set-up s", "picture s"):
        table.add_column(name, justify="right")
    table.add_column("training")
    before = ""
    for score in numbers.scores:
        if before and score.task != before:
            table.add_section()
        before = score.task
        spent = _seconds(score.set_up, 2), _seconds(score.picture, 3)
        made = _quality(score.mae, score.ssim, score.sharpness)
        table.add_row(score.task, score.method, *made, *spent, score.about)
    return table


def changes(numbers: UnseenNumbers) -> Table:
    """What each setting of ours gives, on held-out frames and on pairs left out."""
    table = Table("task", "setting", title="One setting changed", title_justify="left")
    for side in ("held out", "left out"):
        for name in ("MAE", "SSIM", "sharpness"):
            table.add_column(f"{side} {name}", justify="right")
    for row in numbers.ablations:
        cells = (_quality(q.mae, q.ssim, q.sharpness) for q in (row.held, row.left))
        table.add_row(row.task, row.setting, *(cell for three in cells for cell in three))
    return table


def _seconds(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _quality(mae: float, ssim: float, sharpness: float) -> tuple[str, str, str]:
    return f"{mae:.4f}", f"{ssim:.4f}", f"{sharpness:.3f}"


def show(rate: float, sections: Sequence[Section]) -> None:
    """Print everything; `rate` is that of a large matrix product, in operations per second."""
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    rows = rows_of(sections)
    if rows:
        console.print(comparison(rows))
    for row in rows:
        if row.note:
            console.print(f"{row.name}: {row.note}", markup=False, soft_wrap=True)
    console.print(f"A large matrix product: {rate / 1e9:.0f} GFLOP/s in fp32 before the sections")
    for section in sections:
        if isinstance(section.found.numbers, Profiles):
            for table in operations(section.found.numbers):
                console.print(table)
        if isinstance(section.found.numbers, UnseenNumbers):
            console.print(methods(section.found.numbers))
            console.print(changes(section.found.numbers))
            for each in section.found.numbers.agreement:
                console.print(
                    f"{each.task}: held out and left out rank the settings alike, by Spearman's "
                    f"correlation of SSIM, {each.ssim:.2f}, and of MAE, {each.mae:.2f}"
                )
