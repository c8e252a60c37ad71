"""Revisions: a new pair set beside an old one, with pairs added or left out.

The old set stays as it is. Both share files by hard links where the file system has them, and by
copies elsewhere.
"""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from nekogao.errors import ConfigError, InputError
from nekogao.names import Fit
from nekogao.pairs import manifest
from nekogao.pairs.build import entries_of
from nekogao.pairs.manifest import Entry, Kept
from nekogao.pairs.pair_set import PairSet


@dataclass(frozen=True)
class Revision:
    """What became of a set."""

    kept: int
    """Pairs that both sets have."""
    added: int
    known: tuple[str, ...] = ()
    """Ids of pairs that were made from files which were to be added again."""


def add(pairs: str | Path, pictures: str | Path, out: str | Path, fit: Fit = "crop") -> Revision:
    """Make a set of the pairs of another and of further pictures, in the same domains.

    Pictures that the set was made from already are left out.

    >>> nekogao.add_pairs("set", "photos", "larger").added
    0

    Args:
        pairs: The old set.
        pictures: What `nekogao faces` wrote, or a folder of pictures.
        out: A new folder; after an error there is none.
        fit: How a picture of other proportions gets the set's.

    Raises:
        InputError: A folder is missing, empty or taken.
        ConfigError: A domain's sources were imported, so that none can be made.
        PairSetError: A file of the old set is missing or has changed.
        PictureError: A picture cannot be read; PicturesError for several, which names all.
    """
    old = PairSet.open(pairs)
    header = old.header
    for domain in header.domains.values():
        if domain.imported:
            raise ConfigError(
                f"{old.folder}: the sources of {domain.name} were imported, so none can be made "
                "for new pictures. Import all pairs again, with the new ones among them."
            )
    made_from = {item.origin.sha256: item.id for item in old.items if item.origin.sha256}
    known: list[str] = []

    def new(found: Iterator[Entry]) -> Iterator[Entry]:
        for entry in found:
            if entry.origin.sha256 in made_from:
                known.append(made_from[entry.origin.sha256])
            else:
                yield entry

    with closing(entries_of(Path(pictures), header, fit)) as found:
        both = manifest.write(Path(out), header, new(found), Kept(old.folder, old.items))
    return Revision(len(old.items), both - len(old.items), tuple(dict.fromkeys(known)))


def remove(pairs: str | Path, ids: Collection[str], out: str | Path) -> Revision:
    """Make a set of the pairs of another but some.

    >>> nekogao.remove_pairs("set", ["tora"], "smaller").kept
    3

    Args:
        pairs: The old set.
        ids: What to leave out.
        out: A new folder; after an error there is none.

    Raises:
        InputError: There is no such id, none is left, or a folder is missing or taken.
        PairSetError: A file of the old set is missing or has changed.
    """
    old = PairSet.open(pairs)
    for name in ids:
        if name not in old.ids:
            near = get_close_matches(name, old.ids, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Its ids are in {manifest.NAME}."
            raise InputError(f"{old.folder}: has no pair {name}. {hint}")
    kept = [item for item in old.items if item.id not in ids]
    if not kept:
        raise InputError(f"{old.folder}: no pair would be left. Leave at least one.")
    if len(kept) == len(old.items):
        raise InputError(f"{old.folder}: no pair was named. Name the ids to leave out.")
    manifest.write(Path(out), old.header, (), Kept(old.folder, kept))
    return Revision(len(kept), 0)
