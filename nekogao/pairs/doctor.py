"""The doctor: everything that is wrong with a pair set."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from nekogao.errors import ConfigError, NekogaoError
from nekogao.names import counted
from nekogao.pairs import doubts, manifest
from nekogao.pairs.item import Header, Item
from nekogao.pairs.manifest import Entry
from nekogao.pictures.domains import LABELS
from nekogao.pictures.images import Picture
from nekogao.pictures.labels import Colour, snap, strays
from nekogao.sizes import check_size
from nekogao.workers import ahead

_MOST_SHOWN = 10


def examine(folder: str | Path) -> list[str]:
    """Everything that is wrong with a pair set, one line each; an empty list is a sound set.

    Reads every picture. Raises InputError where the folder is no pair set at all.

    >>> nekogao.examine_pairs("set")
    []
    """
    folder = Path(folder)
    try:
        header, items = manifest.read(folder)
    except NekogaoError as error:
        if not (folder / manifest.NAME).is_file():
            raise
        return [str(error)]
    faults = []
    try:
        check_size(header.size)
    except ConfigError as error:
        faults.append(str(error))
    hashes: dict[str, str] = {}
    maps = {name: _Strays() for name, domain in header.domains.items() if domain.kind == LABELS}
    for item in items:
        faults += _look(folder, header, item, maps)
        twin = hashes.setdefault(json.dumps(item.sha256, sort_keys=True), item.id)
        if twin != item.id:
            faults.append(f"{item.id}: the same pictures as {twin}. Remove one of the two.")
    return faults + [
        strayed.fault(folder, name) for name, strayed in maps.items() if strayed.items
    ]


@dataclass
class _Strays:
    """The pixels of a domain of label maps whose colour is none of its labels."""

    colours: Counter[Colour] = field(default_factory=Counter)
    items: int = 0

    def add(self, found: Counter[Colour]) -> None:
        self.colours.update(found)
        self.items += bool(found)

    def fault(self, folder: Path, domain: str) -> str:
        most = self.colours.most_common(_MOST_SHOWN)
        shown = ", ".join(f"{' '.join(map(str, colour))} ({count})" for colour, count in most)
        more = ", ..." if len(self.colours) > len(most) else ""
        return (
            f"{domain}: {counted(self.colours.total(), 'stray pixel')} in "
            f"{counted(self.items, 'label map')}, of {counted(len(self.colours), 'colour')} "
            f"without a label: {shown}{more}. "
            f"`nekogao doctor {folder} --snap NEW` writes a set without them."
        )


def _look(folder: Path, header: Header, item: Item, maps: dict[str, _Strays]) -> Iterator[str]:
    """What is wrong with the pictures of one item; stray pixels are added to `maps`."""
    found = dict.fromkeys(item.origin.doubts)
    for kind in item.files():
        try:
            picture = manifest.read_picture(folder, header, item, kind)
        except NekogaoError as error:
            yield str(error)
            continue
        found |= dict.fromkeys(doubts.of_picture(kind, picture))
        if kind in maps:
            maps[kind].add(strays(picture, header.domains[kind].palette))
    for doubt in found:
        yield f"{item.id}: {doubt}"


def snap_to_palettes(folder: str | Path, out: str | Path) -> int:
    """Write a new set whose label maps have no colour but their labels; return how many items.

    Args:
        folder: A pair set, which stays as it is.
        out: A new folder; after an error there is none.

    Raises:
        InputError: The folder is no pair set, or `out` is taken.
        PairSetError: The set is damaged.
        ConfigError: It has no label maps.
    """
    folder = Path(folder)
    header, items = manifest.read(folder)
    if not any(domain.palette for domain in header.domains.values()):
        raise ConfigError(f"{folder}: has no label maps to snap. Import some with --labels.")

    def snapped(item: Item, kind: str) -> Picture:
        picture = manifest.read_picture(folder, header, item, kind)
        palette = header.domains[kind].palette
        return snap(picture, palette) if palette else picture

    def entry(item: Item) -> Entry:
        target = manifest.read_picture(folder, header, item, "target")
        sources = {domain: snapped(item, domain) for domain in header.domains}
        return Entry(item.id, item.category, target, sources, item.origin)

    with closing(ahead(entry, items)) as entries:
        return manifest.write(Path(out), header, entries)
