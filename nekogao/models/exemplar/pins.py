"""Three pins of a face: its eyes, and its nose or mouth; in drawings and in pictures."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.errors import InputError
from nekogao.models.exemplar import blobs
from nekogao.models.exemplar.blobs import SIDE, Eyes, Ink
from nekogao.pictures import images
from nekogao.pictures.domains import built_in
from nekogao.pictures.images import Picture

Pins = NDArray[np.float32]
"""3 2: x and y, in pixels, of the left eye (the one with the smaller x), of the right eye, and of
the nose or mouth."""

_SEARCH = 256
"""Pictures are this many pixels wide when OpenCV looks for eyes in them."""
_SMALLEST, _LARGEST = 24, 110
"""Sides of an eye's window, in pixels of that."""
_SUPPORT = 8
"""Windows that must agree on each eye: by fewer, noses and fur are eyes as well."""
_APART, _STEEPEST, _LOWEST, _OFF = (0.22, 0.65), 0.4, 0.65, 0.2
"""Two eyes: their distance, as a share of the side; their slope; how far down and how far from
the vertical middle their own middle may be."""
_DARKNESS = 0.7
"""Share of darkness, rather than of lines, in finding the nose of a picture."""
_AROUND = 10.0
"""A nose is darker than what is this many pixels of 128 around it."""


def of_lines(lines: NDArray[np.uint8]) -> Pins | None:
    """The pins of a face in a drawing: h w, dark lines on white.

    None where nothing looks like a face. Upright faces are found, and those tilted by up to some
    15 degrees.

    Raises InputError for anything but a uint8 array h w.
    """
    if images.check_picture(lines, "lines").ndim != 2:
        raise InputError(f"lines: shape {lines.shape}; expected height x width. Give one channel.")
    drawn = blobs.ink(lines)
    eyes = blobs.eyes(drawn)
    if eyes is None or eyes.score <= 0:
        return None
    return _placed(eyes, [(1.0, drawn)], lines)


def of_face(picture: Picture) -> Pins | None:
    """The pins of a face that fills its picture, h w 3, RGB.

    OpenCV's cascade for eyes (Viola and Jones 2001) is asked first, then the picture's edges.
    None where nothing looks like a face.

    Raises InputError for anything but a uint8 picture.
    """
    picture = images.check_picture(picture, "picture")
    lines = built_in("edges").source(picture)
    drawn = blobs.ink(lines)
    eyes = _seen(picture) or blobs.eyes(drawn)
    if eyes is None or eyes.score <= 0:
        return None
    return _placed(eyes, [(1 - _DARKNESS, drawn), (_DARKNESS, _darkness(picture))], lines)


def of_pair(source: Picture, target: Picture) -> Pins | None:
    """The pins of a training pair: of its target, or else of its source taken as a drawing.

    None where neither looks like a face. Raises InputError for anything but uint8 pictures.
    """
    found = of_face(target)
    if found is not None:
        return found
    return of_lines(images.luma(images.check_picture(source, "source")))


def _placed(eyes: Eyes, views: list[tuple[float, Ink]], picture: Picture) -> Pins:
    """Pins in pixels of the picture, of eyes in the square of 128 that it was fitted into."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    fitted = np.array([round(width * scale), round(height * scale)])
    third = blobs.third(eyes.left, eyes.right, views)
    places = np.stack([eyes.left, eyes.right, third]) - (SIDE - fitted) // 2
    found = (places + 0.5) / scale - 0.5
    return found.clip(0, [width - 1, height - 1]).astype(np.float32)


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_eye.xml"))


def _seen(picture: Picture) -> Eyes | None:
    """The best supported two eyes that OpenCV sees and that may belong to one face."""
    luma = _squared(images.luma(picture), _SEARCH)
    windows, supports = _cascade().detectMultiScale2(
        luma, 1.05, 1, minSize=(_SMALLEST, _SMALLEST), maxSize=(_LARGEST, _LARGEST)
    )
    strong = [
        (np.array([x + w / 2, y + h / 2]).astype(np.float32) / np.float32(_SEARCH), float(support))
        for (x, y, w, h), support in zip(windows, np.ravel(supports), strict=True)
        if support >= _SUPPORT
    ]
    best: Eyes | None = None
    for left, one in strong:
        for right, other in strong:
            score = one * other
            if _may_be_eyes(left, right) and (best is None or score > best.score):
                best = Eyes(left * SIDE - 0.5, right * SIDE - 0.5, score)
    return best


def _may_be_eyes(left: NDArray[np.float32], right: NDArray[np.float32]) -> bool:
    """Whether two places, as shares of the side, are as far apart and as level as eyes."""
    across, down = right - left
    middle = (left + right) / 2
    return bool(
        _APART[0] < across < _APART[1]
        and abs(down) < _STEEPEST * across
        and middle[1] < _LOWEST
        and abs(middle[0] - 0.5) < _OFF
    )


def _darkness(picture: Picture) -> Ink:
    """How much darker a point is than its surroundings, in green, where red noses are dark."""
    green = _squared(picture[..., 1] if picture.ndim == 3 else picture, SIDE).astype(np.float32)
    darker = np.maximum(cv2.GaussianBlur(green, (0, 0), _AROUND) - green, 0)
    return np.minimum(darker / (np.percentile(darker, 97) + 5), 1).astype(np.float32)


def _squared(channel: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A channel h w fitted into the middle of a square, as ink is; its border is repeated."""
    height, width = channel.shape
    scale = side / max(height, width)
    shape = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(channel, shape, interpolation=way)
    left, top = (side - shape[0]) // 2, (side - shape[1]) // 2
    return cv2.copyMakeBorder(
        small, top, side - shape[1] - top, left, side - shape[0] - left, cv2.BORDER_REPLICATE
    ).astype(np.uint8)
