"""Domains: the ways of turning a target into a source.

A pair set may also hold imported domains, whose sources came from elsewhere and cannot be made
from a new picture; their kind is `imported`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from nekogao.errors import ConfigError
from nekogao.pictures import images
from nekogao.pictures.images import Picture

IMPORTED = "imported"
AS_IS = "as-is"
EVERY = "all"


@dataclass(frozen=True, kw_only=True)
class Domain:
    """How the sources of one domain are made."""

    name: str
    """The domain's name in phases, folders and metrics."""
    kind: str
    """A key of KINDS, or `imported` for sources that came from elsewhere."""
    channels: int = 1
    """Channels of a source: 1 or 3."""
    low: int = 128
    """Canny's lower threshold on the gradient (the article's value); `edges` only."""
    high: int = 128
    """Canny's upper threshold on the gradient (the article's value); `edges` only."""

    def __post_init__(self) -> None:
        reserved = {EVERY, AS_IS, "target"}
        if not self.name.replace("-", "").replace("_", "").isalnum() or self.name in reserved:
            raise ConfigError(
                f"domain name {self.name!r}: letters, digits, hyphens and underscores only, and "
                f"not one of {', '.join(sorted(reserved))}. Choose another name."
            )
        if self.kind != IMPORTED and self.kind not in KINDS:
            raise ConfigError(
                f"domain {self.name}: unknown kind {self.kind!r}. "
                f"Choose from {', '.join([*KINDS, IMPORTED])}."
            )
        if self.channels not in (1, 3):
            raise ConfigError(f"domain {self.name}: {self.channels} channels; use 1 or 3.")
        if not 0 <= self.low <= self.high:
            raise ConfigError(
                f"domain {self.name}: Canny thresholds {self.low} and {self.high}; "
                "they must satisfy 0 <= low <= high."
            )

    def source(self, picture: Picture) -> Picture:
        """Make a source from a picture of any number of channels.

        Raises ConfigError for an imported domain.
        """
        if self.kind == IMPORTED:
            raise ConfigError(
                f"domain {self.name}: its sources were imported, so none can be made from a new "
                f"picture. Give ready sources with --domain {AS_IS}."
            )
        return images.as_channels(KINDS[self.kind](picture, self), self.channels)

    def to_dict(self) -> dict[str, Any]:
        """The fields that matter for the kind, as plain data."""
        fields = asdict(self)
        if self.kind != "edges":
            del fields["low"], fields["high"]
        return fields


def _gray(picture: Picture, domain: Domain) -> Picture:
    return images.luma(picture)


def _edges(picture: Picture, domain: Domain) -> Picture:
    # Canny (1986) marks edges white on black; ours are black on white, as in a drawing.
    return np.bitwise_not(cv2.Canny(images.luma(picture), domain.low, domain.high), dtype=np.uint8)


KINDS: dict[str, Callable[[Picture, Domain], Picture]] = {"gray": _gray, "edges": _edges}
"""The domains that can be made from any picture: luma, and Canny's edges, inverted."""


def imported(name: str, channels: int) -> Domain:
    """The domain of imported sources; one named like a built-in domain is of that kind.

    Raises ConfigError for a name that no domain may have.
    """
    return Domain(name=name, kind=name if name in KINDS else IMPORTED, channels=channels)


def built_in(name: str, low: int = Domain.low, high: int = Domain.high) -> Domain:
    """The built-in domain of that name. Raises ConfigError for an unknown one."""
    if name not in KINDS:
        raise ConfigError(f"unknown domain {name!r}. Choose from {', '.join(KINDS)}.")
    return Domain(name=name, kind=name, low=low, high=high)
