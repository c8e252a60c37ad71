"""Header and items of a pair set, each a line of its manifest."""

import json
import re
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

from nekogao.errors import ConfigError, InputError, PairSetError
from nekogao.files import check_relative
from nekogao.pairs import fields, origin
from nekogao.pairs.origin import Origin
from nekogao.pictures.domains import Domain
from nekogao.sizes import Size

FORMAT = 1
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Header:
    """What all items of a pair set share."""

    size: Size
    """Of every picture."""
    target_channels: int
    """1 or 3."""
    domains: dict[str, Domain]
    """Every domain in which each item has a source."""

    @property
    def source_channels(self) -> int:
        """Channels of the network's input: 3 as soon as one domain has colour."""
        return max(domain.channels for domain in self.domains.values())


@dataclass(frozen=True)
class Item:
    """One line of the manifest."""

    id: str
    category: str
    target: str
    sources: dict[str, str]
    origin: Origin = field(default_factory=Origin)
    sha256: dict[str, str] = field(default_factory=dict)
    """`target` and every domain -> hash of the file as it was written."""

    def files(self) -> dict[str, str]:
        """`target` and every domain -> relative path."""
        return {"target": self.target, **self.sources}

    def to_dict(self) -> dict[str, Any]:
        """The line of the manifest as plain data."""
        return {
            "id": self.id,
            "category": self.category,
            "target": self.target,
            "sources": self.sources,
            "origin": self.origin.to_dict(),
            "sha256": self.sha256,
        }


def header_line(header: Header) -> str:
    """The first line of a manifest."""
    domains = {name: domain.to_dict() for name, domain in header.domains.items()}
    return json.dumps(
        {
            "format": FORMAT,
            "size": header.size.plain,
            "target_channels": header.target_channels,
            "domains": domains,
        }
    )


def parse_header(path: Path, row: dict[str, Any]) -> Header:
    """The header that a manifest's first line says. Raises PairSetError where it is damaged."""
    if row.get("format") != FORMAT:
        raise PairSetError(
            f"{path}, line 1: format {row.get('format')!r}, this version reads {FORMAT}. "
            "Rebuild with `nekogao pairs`."
        )
    try:
        domains = {
            name: Domain.from_dict(fields.checked(data, name, dict))
            for name, data in fields.needed(row, "domains", dict).items()
        }
        header = Header(
            Size.stored(fields.needed(row, "size", str, int)),
            fields.needed(row, "target_channels", int),
            domains,
        )
        if not domains or any(name != d.name for name, d in domains.items()):
            raise TypeError("domains")
        if header.target_channels not in (1, 3):
            raise TypeError(f"target_channels {header.target_channels}")
    except (TypeError, ConfigError) as error:
        raise PairSetError(
            f"{path}, line 1: damaged header ({error}). Rebuild with `nekogao pairs`."
        ) from None
    return header


def parse_item(path: Path, number: int, row: dict[str, Any], header: Header) -> Item:
    """The item that a line of a manifest says. Raises PairSetError where it is damaged, or names
    a file that is not in the manifest's folder."""
    where = f"{path}, line {number}"
    try:
        item = _item(row)
        for relative in item.files().values():
            _check_text(relative)
            check_relative(path.parent, relative)
    except TypeError as error:
        raise PairSetError(f"{where}: damaged item ({error}). Rebuild the pair set.") from None
    except InputError as error:
        raise PairSetError(f"{where}: {error}") from None
    if item.sources.keys() != header.domains.keys():
        raise PairSetError(
            f"{where}: sources for {', '.join(item.sources) or 'no domain'}, the set has "
            f"{', '.join(header.domains)}. Rebuild the pair set."
        )
    return item


def _check_text(relative: str) -> None:
    """Raise TypeError where no file can have this name: JSON can spell half a character."""
    if not relative or "\0" in relative or _HALF.search(relative):
        raise TypeError(f"no file can be named {relative[:60]!r}")


def _item(row: dict[str, Any]) -> Item:
    """An item from plain data. Raises TypeError where a field is unknown or has another type."""
    if unknown := row.keys() - {f.name for f in dataclass_fields(Item)}:
        raise TypeError(f"unknown field {min(unknown)!r}")
    return Item(
        id=fields.needed(row, "id", str),
        category=fields.needed(row, "category", str),
        target=fields.needed(row, "target", str),
        sources=fields.texts(row, "sources"),
        origin=origin.parse(fields.optional(row, "origin", dict) or {}),
        sha256=fields.texts(row, "sha256") if "sha256" in row else {},
    )
