"""Faces in a photograph, and cutting them out.

OpenCV's cascades (Viola and Jones 2001) look for cats' and people's faces in the photograph as
it is and slightly turned, and two eyes confirm what few of them see. Dogs have no cascade of their
own and come out through the other two, less often.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np

from nekogao.pictures import images
from nekogao.pictures.images import Picture

Kind = Literal["auto", "cat", "human"]
MISS = "miss"
"""The kind of a box that stands for a photograph without a face, until it is edited."""

_CASCADES = {
    "cat": ("haarcascade_frontalcatface.xml", "haarcascade_frontalcatface_extended.xml"),
    "human": ("haarcascade_frontalface_default.xml", "haarcascade_frontalface_alt2.xml"),
}
_ANGLES = (0.0, -15.0, 15.0, -30.0, 30.0)
_SEARCH_SIDE = 480
"""Photographs are searched with this many pixels on their longer side."""
_LARGEST_ENLARGEMENT = 2.0
_BORDER = 0.25
"""Border added for the search, as a share of the shorter side: the cascades want room around
a face, and a face often fills its picture."""
_SMALLEST = 0.1
"""Smallest face, as a share of the photograph's shorter side."""
_OVERLAP = 0.3
"""Hits whose intersection over union is larger are one face."""
_AGREEING, _SUPPORT = 3, 25
"""Hits that must agree on a face (over cascades and angles), and windows behind them together.
One cascade at one angle finds faces in clouds and coffee cups."""
_AGREEING_WITH_EYES, _SUPPORT_WITH_EYES = 2, 15
"""The same where two eyes are seen."""
_EYES = ("haarcascade_eye.xml", "haarcascade_eye_tree_eyeglasses.xml")
_EYES_SIDE = 192
"""Pixels a side of a face in which eyes are looked for."""
_EYE_SIZES = (18, 80)
_EYES_ABOVE = 0.68
"""Eyes are higher than this share of the face."""
_EYES_LEVEL, _EYES_APART = 0.16, (0.21, 0.65)
"""How far one eye may be above the other, and how far apart they are, as shares of the face."""


class Box(NamedTuple):
    """A face in a photograph, in its pixels after EXIF orientation."""

    x: int
    """Left edge of the square before turning."""
    y: int
    """Top edge, likewise."""
    width: int
    height: int
    angle: float
    """Degrees, counter-clockwise, by which the photograph is turned about the box's centre to
    bring the face upright."""
    kind: str
    """cat, human, centre (nothing found, cut all the same), miss (nothing found, nothing cut) or
    hand (from an edited table)."""
    score: float
    """Windows that the cascades accepted for this face, over all angles; 0 without a hit."""


class _Hit(NamedTuple):
    centre: tuple[float, float]
    side: float
    angle: float
    kind: str
    score: float


@lru_cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))


def detect(photo: Picture, kind: Kind = "auto", margin: float = 0.1) -> list[Box]:
    """Find faces, best first.

    Args:
        photo: Height x width x 3.
        kind: Which cascades to use; `auto` uses both.
        margin: Added on each side of the hit, as a share of its side.
    """
    height, width = photo.shape[:2]
    scale = min(_LARGEST_ENLARGEMENT, _SEARCH_SIDE / max(height, width))
    small = images.resize(
        images.luma(photo), max(1, round(width * scale)), max(1, round(height * scale))
    )
    border = round(_BORDER * min(small.shape))
    framed = np.pad(small, border, mode="edge")
    smallest = max(24, round(_SMALLEST * min(small.shape)))
    kinds = tuple(_CASCADES) if kind == "auto" else (kind,)
    hits = [hit for k in kinds for angle in _ANGLES for hit in _hits(framed, k, angle, smallest)]
    boxes = []
    for hit, agreeing in _merge(hits):
        side = min(round(hit.side * (1 + 2 * margin) / scale), height, width)
        x, y = (
            int(np.clip(round((c - border) / scale - side / 2), 0, extent - side))
            for c, extent in zip(hit.centre, (width, height), strict=True)
        )
        box = Box(x, y, side, side, hit.angle, hit.kind, hit.score)
        if agreeing >= _AGREEING and hit.score >= _SUPPORT:
            boxes.append(box)
        elif agreeing >= _AGREEING_WITH_EYES and hit.score >= _SUPPORT_WITH_EYES:
            boxes += [box] if _has_eyes(cut(photo, box)) else []
    return boxes


def _has_eyes(face: Picture) -> bool:
    """Whether two eyes are seen in an upright face, one in each half and about as large."""
    side = _EYES_SIDE
    light = cv2.resize(images.luma(face), (side, side), interpolation=cv2.INTER_CUBIC)
    small, large = _EYE_SIZES
    for name in _EYES:
        found = _cascade(name).detectMultiScale(
            light, scaleFactor=1.05, minNeighbors=3, minSize=(small, small), maxSize=(large, large)
        )
        eyes = [(x + w / 2, y + h / 2, w) for x, y, w, h in found
                if y + h / 2 < _EYES_ABOVE * side]  # fmt: skip
        for (left, high, one), (right, low, other) in permutations(eyes, 2):
            apart = _EYES_APART[0] * side < right - left < _EYES_APART[1] * side
            level = abs(high - low) < _EYES_LEVEL * side
            if left < side / 2 < right and apart and level and one / 2 < other < 2 * one:
                return True
    return False


def _hits(gray: Picture, kind: str, angle: float, smallest: int) -> Iterator[_Hit]:
    height, width = gray.shape
    middle = (width / 2, height / 2)
    turn = cv2.getRotationMatrix2D(middle, angle, 1.0)
    turned = cv2.warpAffine(gray, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    back = cv2.invertAffineTransform(turn)
    for name in _CASCADES[kind]:
        found, counts = _cascade(name).detectMultiScale2(
            turned, scaleFactor=1.1, minNeighbors=3, minSize=(smallest, smallest)
        )
        for (x, y, w, h), count in zip(found, np.ravel(counts), strict=True):
            centre = back @ np.array([x + w / 2, y + h / 2, 1.0])
            yield _Hit((centre[0], centre[1]), float(max(w, h)), angle, kind, float(count))


def _merge(hits: Sequence[_Hit]) -> list[tuple[_Hit, int]]:
    """One hit a place, the best supported, with the support of all its group and their number;
    best first."""
    left = sorted(hits, key=lambda hit: (hit.score, -abs(hit.angle)), reverse=True)
    merged = []
    while left:
        best = left[0]
        group = [hit for hit in left if _overlap(best, hit) > _OVERLAP]
        left = [hit for hit in left if _overlap(best, hit) <= _OVERLAP]
        support = sum(hit.score for hit in group)
        merged.append((best._replace(score=support), len(group)))
    return sorted(merged, key=lambda found: found[0].score, reverse=True)


def _overlap(a: _Hit, b: _Hit) -> float:
    """Intersection over union of two squares, their turning neglected."""
    shared = 1.0
    for axis in (0, 1):
        low = max(a.centre[axis] - a.side / 2, b.centre[axis] - b.side / 2)
        high = min(a.centre[axis] + a.side / 2, b.centre[axis] + b.side / 2)
        shared *= max(0.0, high - low)
    return shared / (a.side**2 + b.side**2 - shared)


def centre_box(photo: Picture, kind: str = "centre") -> Box:
    """The centre square of a photograph in which nothing was found."""
    height, width = photo.shape[:2]
    side = min(height, width)
    return Box((width - side) // 2, (height - side) // 2, side, side, 0.0, kind, 0.0)


def cut(photo: Picture, box: Box) -> Picture:
    """The upright square of a box; outside the photograph its border is repeated."""
    side = max(box.width, box.height)
    centre = (box.x + box.width / 2, box.y + box.height / 2)
    turn = cv2.getRotationMatrix2D(centre, box.angle, 1.0)
    turn[:, 2] = turn[:, 2] + side / 2 - np.array(centre)
    crop = cv2.warpAffine(
        photo, turn, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)
