"""Commands that make a new pair set of an old one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from nekogao.cli.app import DONE, app, note, note_first_frames, note_left_out, say, tell
from nekogao.names import Fit, counted

_NAMED = 5
"""Ids that a note names."""


def add(
    pairs: Annotated[Positional[Path], arg(metavar="SET")],
    photos: Annotated[Positional[Path], arg(metavar="PHOTOS")],
    out: Path,
    fit: Fit = "crop",
) -> int:
    """Make a pair set of another and of further pictures; the old one stays as it is.

    Args:
        pairs: The old set. Files of both are shared where the disk allows.
        photos: What `nekogao faces` wrote, or a folder of pictures. Those that the set was made
            from already are left out.
        out: A new folder.
        fit: How a picture of other proportions gets the set's.
    """
    from nekogao.pairs.build import root_of
    from nekogao.pairs.pair_set import PairSet
    from nekogao.pairs.revision import add as go

    root = root_of(photos)
    note_left_out(root)
    note_first_frames(root)
    found = go(pairs, photos, out, fit)
    if found.known:
        left_out = counted(len(found.known), "picture")
        note(f"{left_out} left out, since the set was made from them: {_some(found.known)}")
    both = PairSet.open(out)
    new = both.items[found.kept :]
    added = f"{found.added} added ({_some([item.id for item in new])})" if new else "none added"
    say(f"{counted(found.kept, 'item')} kept, {added}, in {out}")
    cut = any(item.origin.box for item in both.items[: found.kept])
    if cut and any(item.origin.box is None for item in new):
        note(
            "the old faces were cut out of photographs, these pictures were taken whole. Give the "
            "folder that `nekogao faces` makes of them."
        )
    for item in new:
        for doubt in item.origin.doubts:
            tell(f"{item.id}: {doubt}")
    return DONE


def remove(
    pairs: Annotated[Positional[Path], arg(metavar="SET")],
    ids: Annotated[Positional[tuple[str, ...]], arg(metavar="ID")],
    out: Path,
) -> int:
    """Make a pair set of another without some of its pairs; the old one stays as it is.

    Args:
        pairs: The old set. Files of both are shared where the disk allows.
        ids: The pairs to leave out, as in pairs.jsonl and in the report.
        out: A new folder.
    """
    from nekogao.pairs.revision import remove as go

    found = go(pairs, ids, out)
    say(f"{counted(found.kept, 'item')} kept, {len(set(ids))} left out, in {out}")
    return DONE


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


app.command(add, name="pairs add")
app.command(remove, name="pairs remove")
