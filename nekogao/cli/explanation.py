"""The command that says which face came out, and why."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from nekogao.cli.app import (
    AT_FAULT,
    DONE,
    UsageError,
    app,
    is_file,
    note,
    note_first_frames,
    note_left_out,
    say,
    tell,
)


@app.command
def explain(
    model: Annotated[Positional[Path], arg(metavar="MODEL")],
    pictures: Annotated[Positional[tuple[str, ...]], arg(metavar="PICTURES ...")],
    out: Path | None = None,
    domain: str | None = None,
    pairs: Path | None = None,
) -> int:
    """Say which training face comes out for pictures, and why that one.

    Of an exemplar model it says from which training pairs the answers come.

    Args:
        model: A run, a model.safetensors, or a foreign U-Net's .pth.
        pictures: Pictures, folders and glob patterns.
        out: A new folder for explain.html, explain.json and cards; RUN/explained (or the next
            free number) where MODEL is a run. The same command goes on where it stopped.
        domain: The domain to make sources with; the one trained last unless given. `as-is`
            takes the pictures themselves as sources.
        pairs: The pair set with the training faces; the run's own unless given.
    """
    from nekogao.models.gallery import Applied
    from nekogao.reasons.explanation import Explanation
    from nekogao.reasons.origins import Traced
    from nekogao.reasons.subject import Subject
    from nekogao.report import words
    from nekogao.report.explanation import Planned, explain_pictures

    if not pictures:
        raise UsageError("explain: name at least one picture, folder or pattern")
    if out is None and is_file(model):
        raise UsageError("explain: give --out, since MODEL is a file")
    note_left_out(*pictures, videos=True)
    note_first_frames(*pictures)
    subject, failed = Subject.load(model, domain, pairs), 0
    if subject.faces.note:
        note(subject.faces.note)
    title = model.resolve().name
    place, shown, total = out or model / "explained", 0, 0
    for done in explain_pictures(subject, pictures, place, title, numbered=out is None):
        if isinstance(done, Applied):
            failed += 1
            tell(done.error)
        elif isinstance(done, Planned):
            total = done.pictures
            if done.done:
                note(f"going on after {done.done} of {total} pictures")
        elif isinstance(done, Explanation | Traced):
            shown += 1
            progress = f"{shown}/{total}  " if total > 1 else ""
            say(f"{progress}{words.line(done)}")
        else:
            say(f"The page: {done.resolve()}")
    return AT_FAULT if failed else DONE
