"""Descriptors: what is compared where two sources are compared, by the kind of their domain.

Each has two parts. `flow` are gray pictures whose smooth slopes lead a registration from far;
`shape` are channels whose difference says how badly two registered sources fit.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.pictures import images
from nekogao.pictures.domains import LABELS, LINES, Domain
from nekogao.pictures.images import Picture
from nekogao.pictures.strokes import is_drawn

Shape = NDArray[np.uint8]
"""h w c."""

_REACHES = ((12,), (24,))
"""How far, in pixels of a side of 256, lines pull at each other in the pictures of each chain."""
_CAREFUL = ((160, 96, 48, 24, 12), (96, 48, 24, 12), (24,), (12,), (48, 6))
"""The same, where there are few pairs and things have moved far."""
_CLIPS = (4, 12, 36)
"""Distances, in such pixels, beyond which lines count as equally far in the mismatch."""
_SIDE = 256
_BLUR = 2.0
"""Of lines before their orientation is taken, in such pixels."""
_INK = 128
"""What is darker is a line."""
_MOST_NUMBERS = 64
"""Labels up to here are numbers and no colours."""
_TEXTURE, _STRUCTURE = 0.4, 0.6
"""How the flow picture of a label map is mixed: its labels, and its borders."""


class Descriptor(NamedTuple):
    """What is compared of one source."""

    flow: tuple[tuple[Picture, ...], ...]
    """Chains of gray pictures for the registration. Each chain gives a flow of its own; within
    one, each picture's flow is the start of the next one's."""
    shape: Shape
    """Channels for the mismatch."""
    near: int | None = None
    """The channel that is below 255 near lines; None where every place counts."""


Describe = Callable[[Picture, bool], Descriptor]
"""(source, whether it is to be registered carefully) -> its descriptor."""


def of_lines(source: Picture, careful: bool = False) -> Descriptor:
    """Of black lines on white: distances to the nearest line, and which way it runs."""
    lines = images.luma(source) < _INK
    unit = max(lines.shape) / _SIDE
    distance = _distance_to(lines) / unit
    clipped = [255 * np.minimum(distance, clip) / clip for clip in _CLIPS]
    ink = cv2.GaussianBlur(lines.astype(np.float32), (0, 0), _BLUR * unit)
    right, down = cv2.Sobel(ink, cv2.CV_32F, 1, 0), cv2.Sobel(ink, cv2.CV_32F, 0, 1)
    size = np.hypot(right, down) + 1e-3
    # The angle doubled, so that a line's two sides agree.
    turned = [(right**2 - down**2) / size, 2 * right * down / size]
    shape = np.stack([*clipped, *(127.5 + 127.5 * unit * t for t in turned)], axis=-1)
    chains = tuple(
        tuple(_rooted(distance, reach) for reach in chain)
        for chain in (_CAREFUL if careful else _REACHES)
    )
    return Descriptor(chains, np.clip(shape, 0, 255).astype(np.uint8), near=1)


def of_labels(source: Picture, careful: bool = False) -> Descriptor:
    """Of a label map: distances to the borders of regions, beside the labels themselves."""
    luma = spread(images.luma(source))
    unit = max(luma.shape) / _SIDE
    edges = cv2.morphologyEx(images.rgb(source), cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    distance = _distance_to(edges.max(axis=2) > 0) / unit
    clipped = [255 * np.minimum(distance, clip) / clip for clip in _CLIPS[:2]]
    chains = tuple(
        tuple(
            (_STRUCTURE * _rooted(distance, reach) + _TEXTURE * luma).astype(np.uint8)
            for reach in chain
        )
        for chain in (_CAREFUL if careful else _REACHES[1:])
    )
    shape = np.stack([*clipped, luma], axis=-1)
    return Descriptor(chains, shape.astype(np.uint8))


def of_picture(source: Picture, careful: bool = False) -> Descriptor:
    """Of gray and colour pictures: their light, as it is and beside its neighbourhood's."""
    luma = images.luma(source)
    unit = max(luma.shape) / _SIDE
    blurred = cv2.GaussianBlur(luma, (0, 0), 8 * unit)
    local = np.clip(127.5 + luma.astype(np.float32) - blurred, 0, 255)
    return Descriptor(((luma,),), np.stack([luma, local.astype(np.uint8)], axis=-1))


KINDS: dict[str, Describe] = {"lines": of_lines, "labels": of_labels, "picture": of_picture}
"""Kind of source -> its descriptor."""


def kind_of(domain: Domain, sources: Sequence[Picture]) -> str:
    """Which of KINDS the sources of a domain are; imported ones are looked at."""
    if domain.kind in LINES:
        return "lines"
    if domain.kind == LABELS:
        return "labels"
    if domain.kind in ("gray", "colour"):
        return "picture"
    return "lines" if sources and all(map(is_drawn, sources)) else "picture"


def _distance_to(marked: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The distance of every pixel to the nearest marked one; the picture's side where none is."""
    if not marked.any():
        return np.full(marked.shape, max(marked.shape), np.float32)
    found = cv2.distanceTransform((~marked).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(found, np.float32)


def _rooted(distance: NDArray[np.float32], reach: float) -> Picture:
    """The root makes the slope steepest at the line, where registration must be exact."""
    return (255 * np.sqrt(np.minimum(distance, reach) / reach)).astype(np.uint8)


def spread(luma: Picture) -> Picture:
    """Labels that are small numbers, brought to the whole range."""
    most = int(luma.max())
    if most == 0 or most > _MOST_NUMBERS:
        return luma
    return (luma.astype(np.uint16) * 255 // most).astype(np.uint8)
