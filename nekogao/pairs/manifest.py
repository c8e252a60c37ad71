"""The pair set on disk: `pairs.jsonl` and the pictures that it names.

The first line is the header, every further line an item. Paths are relative to the folder.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Never

from nekogao.errors import InputError, PairSetError
from nekogao.files import inside, new_folder
from nekogao.names import same_name_key, slug
from nekogao.pairs.item import Header, Item, header_line, parse_header, parse_item
from nekogao.pairs.origin import Origin
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.workers import ahead

NAME = "pairs.jsonl"


@dataclass(frozen=True)
class Entry:
    """An item before it is written: pictures of the set's size, and where they come from."""

    name: str
    category: str
    target: Picture
    sources: dict[str, Picture]
    origin: Origin


class Kept(NamedTuple):
    """Items of another pair set that a new one shares."""

    folder: Path
    items: Sequence[Item]


def write(out: Path, header: Header, entries: Iterable[Entry], kept: Kept | None = None) -> int:
    """Write a whole pair set, or nothing. Returns the number of items.

    Args:
        out: A new folder.
        header: Of the set.
        entries: Its items.
        kept: Items of a set with the same header, which come first under the ids that they have.

    Raises InputError where `out` holds something already, PairSetError where there is no item, or
    a file of a kept one is missing or has changed.
    """
    count, taken = 0, set[str]()
    with (
        new_folder(out) as folder,
        (folder / NAME).open("w", encoding="utf-8", errors="backslashreplace") as lines,
    ):
        for kind in ("target", *header.domains):
            (folder / kind).mkdir()
        lines.write(header_line(header) + "\n")
        for item in kept.items if kept else ():
            assert kept is not None
            _link(kept.folder, folder, header, item)
            lines.write(json.dumps(item.to_dict(), ensure_ascii=False) + "\n")
            taken |= {same_name_key(Path(path).stem) for path in (item.id, *item.files().values())}
            count += 1
        named = _named(entries, taken)
        with closing(ahead(lambda named: _write_item(folder, *named), named)) as rows:
            for row in rows:
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
        if not count:
            raise PairSetError(f"{out}: no item to write. Give at least one picture.")
    return count


def _link(old: Path, new: Path, header: Header, item: Item) -> None:
    """Let a new set share the files of an item of an old one; each is checked first."""
    for kind, relative in item.files().items():
        read_picture(old, header, item, kind)
        there = new / relative
        there.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link((old / relative).resolve(), there)
        except OSError:  # another file system, or one without links
            shutil.copyfile(old / relative, there)


def _named(entries: Iterable[Entry], taken: set[str]) -> Iterator[tuple[str, Entry]]:
    """Each entry with a name that is not taken, which then is."""
    # Names already given are not tried again, for a set may hold 100,000 of one stem.
    last: dict[str, int] = {}
    for entry in entries:
        base = slug(entry.name)
        key = same_name_key(base)
        name, number = base, last.get(key, 1)
        while same_name_key(name) in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(same_name_key(name))
        last[key] = number
        yield name, entry


def _write_item(folder: Path, name: str, entry: Entry) -> dict[str, Any]:
    paths, hashes = {}, {}
    for kind, picture in {"target": entry.target, **entry.sources}.items():
        paths[kind] = f"{kind}/{name}.png"
        data = images.encode(picture)
        hashes[kind] = hashlib.sha256(data).hexdigest()
        (folder / paths[kind]).write_bytes(data)
    target = paths.pop("target")
    return Item(name, entry.category, target, paths, entry.origin, hashes).to_dict()


def read(folder: Path) -> tuple[Header, list[Item]]:
    """Read a pair set's manifest; the pictures are not touched.

    Raises InputError where the folder is no pair set, PairSetError where a line is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        state = f"has no {NAME}" if folder.is_dir() else "no such folder"
        raise InputError(f"{folder}: {state}. Make a pair set with `nekogao pairs` or `import`.")
    rows = _rows(path)
    try:
        _, first = next(rows, (0, None))
        if first is None:
            raise PairSetError(f"{path}: is empty. Rebuild with `nekogao pairs`.")
        header = parse_header(path, first)
        items = [parse_item(path, number, row, header) for number, row in rows]
    except UnicodeDecodeError:
        raise PairSetError(f"{path}: is not text. Rebuild with `nekogao pairs`.") from None
    if not items:
        raise PairSetError(f"{path}: holds no item. Rebuild with `nekogao pairs`.")
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise PairSetError(
                f"{path}: the id {item.id} is there twice. Remove one of the lines."
            )
        seen.add(item.id)
    return header, items


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a manifest, each with the number of its line; empty lines are left out."""
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if not line.isspace():
                yield number, _parse(path, number, line)


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        reason = error.msg if isinstance(error, json.JSONDecodeError) else reason
        raise PairSetError(
            f"{path}, line {number}: is not JSON ({reason}). Rebuild with `nekogao pairs`."
        ) from None
    if not isinstance(row, dict):
        raise PairSetError(
            f"{path}, line {number}: is not an object. Rebuild with `nekogao pairs`."
        )
    return row


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")


def read_picture(folder: Path, header: Header, item: Item, kind: str) -> Picture:
    """Read one picture of an item (`target` or a domain), checked against the manifest.

    The file is read once: what is decoded is what was hashed. Threads may call this.

    Raises PairSetError where it is missing, unreadable, changed, of the wrong size, or where a
    link leads out of the folder.
    """
    channels = header.target_channels if kind == "target" else header.domains[kind].channels
    try:
        path = inside(folder, item.files()[kind])
        data = images.contents(path)
        picture = images.decode(data, channels, str(path))
    except InputError as error:
        raise PairSetError(f"{item.id}: {kind}: {error}") from None
    except OSError as error:  # a name too long, a loop of links
        raise PairSetError(f"{item.id}: {kind}: {error.strerror}. Rebuild the set.") from None
    height, width = picture.shape[:2]
    if (height, width) != header.size.shape:
        raise PairSetError(
            f"{item.id}: {kind} is {width}x{height}, the set is {header.size}. "
            "Rebuild with `nekogao pairs`."
        )
    if item.sha256.get(kind) != hashlib.sha256(data).hexdigest():
        raise PairSetError(
            f"{item.id}: {path} is not the file that was written when the set was built. "
            "Restore it, or rebuild with `nekogao pairs`."
        )
    return picture


def channels_of(pictures: Sequence[Picture]) -> int:
    """1 where every picture has one channel, otherwise 3."""
    return 1 if all(picture.ndim == 2 for picture in pictures) else 3
