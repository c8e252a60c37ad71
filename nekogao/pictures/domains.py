"""Domains: the ways of turning a target into a source.

A pair set may also hold imported domains, whose sources came from elsewhere and cannot be made
from a new picture; their kind is `imported`, or `labels` where the sources are label maps.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import cv2
import numpy as np

from nekogao.errors import ConfigError
from nekogao.names import is_reserved
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.pictures.labels import Palette
from nekogao.pictures.sketches import sketch

IMPORTED = "imported"
LABELS = "labels"
AS_IS = "as-is"
EVERY = "all"
_TAKEN = frozenset({EVERY, AS_IS, "target"})


@dataclass(frozen=True, kw_only=True)
class Domain:
    """How the sources of one domain are made."""

    name: str
    """The domain's name in phases, folders and metrics."""
    kind: str
    """A key of KINDS; or, for sources that came from elsewhere, `imported` or `labels`."""
    channels: int = 1
    """Channels of a source: 1 or 3; always 3 for a kind in COLOURED."""
    low: int = 128
    """Canny's lower threshold on the gradient (the article's value); LINES only."""
    high: int = 128
    """Canny's upper threshold on the gradient (the article's value); LINES only."""
    palette: Palette = ()
    """The colours of label maps, each of `channels` numbers from 0 to 255; `labels` only."""

    def __post_init__(self) -> None:
        numbers = (self.channels, self.low, self.high)
        texts = isinstance(self.name, str) and isinstance(self.kind, str)
        if not texts or any(type(n) is not int or abs(n) > 2**31 for n in numbers):
            raise ConfigError(
                f"domain {str(self.name)[:40]!r}: its name and kind must be texts, its channels "
                "and thresholds whole numbers. Restore the file."
            )
        if not self.name.replace("-", "").replace("_", "").isalnum() or self.name in _TAKEN:
            raise ConfigError(
                f"domain name {self.name!r}: letters, digits, hyphens and underscores only, and "
                f"not one of {', '.join(sorted(_TAKEN))}. Choose another name."
            )
        if not self.imported and self.kind not in KINDS:
            raise ConfigError(
                f"domain {self.name}: unknown kind {self.kind!r}. "
                f"Choose from {', '.join([*KINDS, IMPORTED, LABELS])}."
            )
        if self.channels not in (1, 3):
            raise ConfigError(f"domain {self.name}: {self.channels} channels; use 1 or 3.")
        if self.kind in COLOURED and self.channels != 3:
            raise ConfigError(
                f"domain {self.name}: 1 channel for the kind {self.kind}, whose sources have 3. "
                "Use 3."
            )
        if not 0 <= self.low <= self.high:
            raise ConfigError(
                f"domain {self.name}: Canny thresholds {self.low} and {self.high}; "
                "they must satisfy 0 <= low <= high."
            )
        right = all(len(c) == self.channels and set(c) <= set(range(256)) for c in self.palette)
        if bool(self.palette) != (self.kind == LABELS) or not right:
            raise ConfigError(
                f"domain {self.name}: a palette of {len(self.palette)} colours for the kind "
                f"{self.kind}; label maps alone have one, with {self.channels} numbers from 0 to "
                "255 for each colour."
            )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Domain":
        """The domain that `to_dict` wrote. Raises ConfigError where it is none."""
        kinds = {"name": str, "kind": str, "channels": int, "low": int, "high": int}
        known = {f.name for f in fields(cls)}
        for name, value in data.items():
            if name not in known:
                raise ConfigError(f"a domain has an unknown field {name!r}.")
            if name != "palette" and type(value) is not kinds[name]:
                raise ConfigError(f"a domain's {name} is {str(value)[:60]!r}. Rebuild the file.")
        if not data.keys() >= {"name", "kind"}:
            raise ConfigError("a domain has no name or no kind. Rebuild the file.")
        colours = data.get("palette", [])
        if not isinstance(colours, list) or not all(
            isinstance(c, list) and all(type(number) is int for number in c) for c in colours
        ):
            raise ConfigError("a domain's palette is no list of colours. Rebuild the file.")
        return cls(**{**data, "palette": tuple(tuple(colour) for colour in colours)})

    @property
    def imported(self) -> bool:
        """Whether the sources came from elsewhere, so that none can be made."""
        return self.kind in (IMPORTED, LABELS)

    def source(self, picture: Picture) -> Picture:
        """Make a source from a picture of any number of channels.

        Raises ConfigError for an imported domain.
        """
        if self.imported:
            raise ConfigError(
                f"domain {self.name}: its sources were imported, so none can be made from a new "
                f"picture. Give ready sources with domain={AS_IS!r} (--domain {AS_IS})."
            )
        return images.as_channels(KINDS[self.kind](picture, self), self.channels)

    def to_dict(self) -> dict[str, Any]:
        """The fields that matter for the kind, as plain data."""
        found = asdict(self)
        if self.kind not in LINES:
            del found["low"], found["high"]
        if self.kind != LABELS:
            del found["palette"]
        return found


def _gray(picture: Picture, domain: Domain) -> Picture:
    return images.luma(picture)


def _edges(picture: Picture, domain: Domain) -> Picture:
    # Canny (1986) marks edges white on black; ours are black on white, as in a drawing.
    return np.bitwise_not(cv2.Canny(images.luma(picture), domain.low, domain.high), dtype=np.uint8)


def _sketch(picture: Picture, domain: Domain) -> Picture:
    return sketch(_edges(picture, domain))


def _colour(picture: Picture, domain: Domain) -> Picture:
    return images.rgb(picture)


KINDS: dict[str, Callable[[Picture, Domain], Picture]] = {
    "gray": _gray,
    "edges": _edges,
    "colour": _colour,
    "sketch": _sketch,
}
"""The domains that can be made from any picture: luma; Canny's edges, inverted; the picture; its
edges as a hand would draw them."""
LINES = frozenset({"edges", "sketch"})
"""Those of them whose sources are black lines, one pixel wide, on white; made with Canny's
thresholds."""
COLOURED = frozenset({"colour"})
"""Those of them whose sources always have three channels."""


def imported(name: str, channels: int, palette: Palette = ()) -> Domain:
    """The domain of imported sources; one named like a built-in domain is of that kind.

    Sources with a palette are label maps.

    Raises ConfigError for a name that no domain may have, and for one that no folder may have.
    """
    _check_folder(name)
    if palette:
        return Domain(name=name, kind=LABELS, channels=channels, palette=palette)
    if name in COLOURED:
        channels = 3
    return Domain(name=name, kind=name if name in KINDS else IMPORTED, channels=channels)


def of_kind(kind: str, name: str) -> Domain:
    """A domain of a built-in kind under a name of its own.

    Raises ConfigError for a name that no domain or no folder may have, for an unknown kind, and
    for the name of another kind.
    """
    _check_folder(name)
    if name in KINDS and name != kind:
        raise ConfigError(
            f"domain {name!r} is made in another way than {kind!r}. Choose another name with "
            "--domain."
        )
    return replace(built_in(kind), name=name)


def _check_folder(name: str) -> None:
    if is_reserved(name) or name.casefold() in _TAKEN:
        raise ConfigError(f"domain name {name!r}: cannot name a folder. Choose another name.")


def built_in(name: str, low: int = Domain.low, high: int = Domain.high) -> Domain:
    """The built-in domain of that name. Raises ConfigError for an unknown one."""
    if name not in KINDS:
        raise ConfigError(f"unknown domain {name!r}. Choose from {', '.join(KINDS)}.")
    channels = 3 if name in COLOURED else 1
    return Domain(name=name, kind=name, channels=channels, low=low, high=high)
