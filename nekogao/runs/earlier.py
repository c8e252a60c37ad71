"""Earlier faces: pair sets that a run's network had learned before it went on to other faces.

Nothing is learned from them any more. They are measured at every preview like domains of their
own, named after the domain and the set: `edges-of-cats`.
"""

from collections.abc import Iterator
from contextlib import suppress

from nekogao.errors import NekogaoError, ResumeError, RunError
from nekogao.names import slug
from nekogao.pairs.pair_set import PairSet
from nekogao.runs.folder import Run
from nekogao.runs.places import Places


def name(domain: str, pairs: str) -> str:
    """What a domain of an earlier set is called in measurements and sheets."""
    return f"{domain}-of-{pairs}"


def of(run: Run) -> dict[str, PairSet]:
    """Name -> earlier pair set of a run, where it is now.

    Raises:
        RunError: One is in no place where it was.
        ResumeError: One has changed since.
    """
    recorded = run.about().earlier
    return {each: _opened(run, each) for each in recorded}


def after(run: Run, pairs: PairSet) -> dict[str, PairSet]:
    """The earlier sets of a run that goes on from `run` to other faces: also those of `run`.

    Args:
        run: The run whose faces are left.
        pairs: Its own pair set.
    """
    known = of(run)
    base = slug(pairs.folder.resolve().name)
    free = (each for each in _numbered(base) if each not in known)
    return {**known, next(free): pairs}


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def _opened(run: Run, each: str) -> PairSet:
    recorded, changed = run.about().earlier[each], None
    for path in Places.read(run.folder).of_earlier(run.folder, each, recorded.path):
        with suppress(NekogaoError):
            pairs = PairSet.open(path)
            if pairs.fingerprint == recorded.fingerprint:
                return pairs
            changed = pairs.folder
    if changed:
        raise ResumeError(
            f"{run.folder}: the faces of before, {changed}, have changed since. Restore them, or "
            "name a new folder."
        )
    raise RunError(
        f"{run.folder}: the faces of before, {recorded.path}, are no longer where they were. Put "
        "that pair set back."
    )
