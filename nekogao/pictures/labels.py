"""Label maps: pictures of few colours in flat regions, where a colour is the name of a class.

A mixture of two such colours is no class, or another one. Label maps are therefore scaled by
nearest neighbour, and nothing ever blends them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.pictures import images
from nekogao.pictures.images import Picture

Colour = tuple[int, ...]
Palette = tuple[Colour, ...]

MOST = 256
"""Colours that a label map can have."""
WHITE_LABEL = 0xFFFFFF
"""What is outside a padded map."""
NO_LABELS = (
    "no colour fills a region, so these are no label maps. Leave --labels out, or give maps "
    "without dithering and noise."
)
_FEW = 32
"""So few colours need not be told from the blends at borders."""
_STRAY_SHARE = 0.005
"""Pixels, as a share, that thin labels may have beyond the regions of a clean map."""
_FLAT, _FLAT_INDEXED = 0.3, 0.1
"""Least share of the pixels off the background that lie inside regions: thin lines and dithering
have nearly none. Files with a palette of their own need less."""
_INSIDE = 0.1
"""Least share of a label's pixels that lie inside its regions; blends are at borders alone."""
_APART, _LEAST = 24.0, 0.0005
"""In maps that were compressed with loss: least distance of two labels on 0..255, and least share
of all pixels that lie inside a label's regions."""


@dataclass(frozen=True)
class Census:
    """How many pixels have each colour, packed as 0xRRGGBB."""

    all: Counter[int] = field(default_factory=Counter)
    inside: Counter[int] = field(default_factory=Counter)
    """Those whose eight neighbours have the same colour."""

    def add(self, other: "Census") -> None:
        """Add the pixels of another picture."""
        self.all.update(other.all)
        self.inside.update(other.inside)


def census(picture: Picture) -> Census:
    """The colours of one picture."""
    packed = _pack(picture)
    return Census(_counted(packed), _counted(packed[1:-1, 1:-1][_inside(packed)]))


def survey(
    censuses: Iterable[Census], *, indexed: bool = False, forced: bool = False
) -> list[int]:
    """The labels of a domain's pictures, packed; empty where they are no label maps.

    Args:
        censuses: Of each picture; no more are taken once there are too many colours.
        indexed: Whether the files have palettes of their own.
        forced: Whether they are label maps whatever they look like.
    """
    found = Census()
    for one in censuses:
        found.add(one)
        if len(found.all) > MOST and not forced:
            return []
    if len(found.all) > MOST:
        return _merged(found)
    labels = sorted(c for c, count in found.all.items() if found.inside[c] >= _INSIDE * count)
    return (labels or sorted(found.all)) if forced or _clean(found, labels, indexed) else []


def _clean(found: Census, labels: list[int], indexed: bool) -> bool:
    """Whether few colours fill regions, with little or nothing at their borders."""
    total = sum(found.all.values())
    (background, most), *_ = found.all.most_common(1)
    inside = sum(found.inside.values()) - found.inside[background]
    flat = inside >= (_FLAT_INDEXED if indexed else _FLAT) * (total - most)
    strays = total - sum(found.all[colour] for colour in labels)
    few = indexed or len(found.all) <= _FEW or strays <= _STRAY_SHARE * total
    return len(found.all) > 1 and len(labels) > 1 and few and flat


def _merged(found: Census) -> list[int]:
    """The colours of regions after a lossy compression, each for those that are near it."""
    total, kept = sum(found.all.values()), list[int]()
    for colour, count in found.inside.most_common():
        here = np.array(_unpack(colour), np.float64)
        if count < _LEAST * total:
            break
        if all(np.linalg.norm(here - _unpack(other)) >= _APART for other in kept):
            kept.append(colour)
    return sorted(kept[:MOST])


def palette_of(labels: Iterable[int], channels: int) -> Palette:
    """Packed labels as colours of 1 or 3 numbers from 0 to 255."""
    return tuple(_unpack(label)[:channels] for label in labels)


def strays(picture: Picture, palette: Palette) -> Counter[Colour]:
    """The pixels of each colour that is not in the palette."""
    known = set(_packed(palette))
    channels = 1 if picture.ndim == 2 else 3
    counted = _counted(_pack(picture))
    return Counter({_unpack(c)[:channels]: n for c, n in counted.items() if c not in known})


def is_map(picture: Picture, palette: Palette) -> bool:
    """Whether a picture has no colour but the palette's."""
    sample = np.unique(_pack(picture)[::8, ::8])  # a photograph need not be counted as a whole
    known = _packed(palette)
    return bool(np.isin(sample, known).all() and np.isin(_pack(picture), known).all())


def snap(picture: Picture, palette: Palette) -> Picture:
    """A picture whose stray pixels have the nearest colour of the palette.

    Colours within two pixels of the stray one come first: a blend of two labels may well be nearer
    to a third that is not there.
    """
    packed, known = _pack(picture), np.array(_packed(palette))
    stray = ~np.isin(packed, known)
    colours = images.rgb(picture).astype(np.float32)
    best, chosen = np.full(packed.shape, np.inf, np.float32), np.zeros(packed.shape, np.intp)
    for index, label in enumerate(known.tolist()):
        here = cv2.dilate((packed == label).astype(np.uint8), np.ones((5, 5), np.uint8))
        distance = np.linalg.norm(colours - np.array(_unpack(label), np.float32), axis=2)
        distance[here == 0] += 1000  # farther than any two colours are apart
        nearer = distance < best
        best[nearer], chosen[nearer] = distance[nearer], index
    snapped = np.array(palette, np.uint8)[chosen]
    if picture.ndim == 2:
        return np.where(stray, snapped[..., 0], picture)
    return np.where(stray[..., None], snapped, picture)


def _packed(palette: Palette) -> list[int]:
    rows = (colour * 3 if len(colour) == 1 else colour for colour in palette)
    return [red << 16 | green << 8 | blue for red, green, blue in rows]


def _pack(picture: Picture) -> NDArray[np.int32]:
    red, green, blue = np.moveaxis(images.rgb(picture).astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue


def _unpack(colour: int) -> Colour:
    return colour >> 16, colour >> 8 & 255, colour & 255


def _counted(packed: NDArray[np.int32]) -> Counter[int]:
    values, counts = np.unique(packed, return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def _inside(packed: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether the eight neighbours of each pixel, except at the picture's border, are like it."""
    right = packed[:, :-1] == packed[:, 1:]
    row = right[:, :-1] & right[:, 1:]
    below = packed[:-1, 1:-1] == packed[1:, 1:-1]
    return row[:-2] & row[1:-1] & row[2:] & below[:-1] & below[1:]
