"""Interventions: change a picture, and see whether the winner moves when the law says so.

Pictures are uint8, h w 3 or h w.
"""

from collections.abc import Callable

import cv2
import numpy as np

from nekogao.pictures.images import Picture

_HALVINGS = 12
"""Bisections after the scan: the flip is known to 1/4096 of a scan's interval."""


def brighten(picture: Picture, amount: float) -> Picture:
    """Add `amount`, of the range [0, 1], to every pixel; negative darkens; clipped."""
    return _rounded(picture.astype(np.float64) + 255 * amount)


def blur(picture: Picture, amount: float) -> Picture:
    """Gaussian blur with a standard deviation of `amount` pixels; 0 leaves it as it is."""
    if amount <= 0:
        return picture.copy()
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), amount), np.uint8)


def shift(picture: Picture, amount: float) -> Picture:
    """Move right by `amount` of the width, negative left; the edge's pixels fill the gap."""
    height, width = picture.shape[:2]
    move = np.array([[1, 0, amount * width], [0, 1, 0]], np.float64)
    moved = cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def flip(picture: Picture, amount: float) -> Picture:
    """Mix in `amount`, from 0 to 1, of the mirror image; 1 is the mirror image itself."""
    return morph(picture, picture[:, ::-1], amount)


def morph(a: Picture, b: Picture, t: float) -> Picture:
    """(1 - t) a + t b, for two pictures of one shape and t from 0 to 1."""
    return _rounded((1 - t) * a.astype(np.float64) + t * b.astype(np.float64))


def _rounded(values: np.ndarray) -> Picture:
    return values.round().clip(0, 255).astype(np.uint8)


INTERVENTIONS: dict[str, Callable[[Picture, float], Picture]] = {
    "brighten": brighten,
    "blur": blur,
    "shift": shift,
    "flip": flip,
}
"""Name -> function (picture, amount) -> picture; an amount of 0 leaves the picture as it is."""


def flip_point(
    winner_of: Callable[[Picture], int], a: Picture, b: Picture, steps: int = 20
) -> float | None:
    """The smallest t at which a morph from a to b has another winner than a.

    The morph is scanned at `steps` equal intervals, then the first interval with a change is
    bisected; a change back within one interval stays unseen.

    Args:
        winner_of: The winner of a picture.
        a: The picture at t = 0.
        b: The picture at t = 1, of the same shape.
        steps: Intervals of the scan.

    Returns:
        t from 0 to 1, or None where the winner never changes.
    """
    own = winner_of(a)
    for step in range(1, steps + 1):
        if winner_of(morph(a, b, step / steps)) != own:
            break
    else:
        return None
    low, high = (step - 1) / steps, step / steps
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if winner_of(morph(a, b, middle)) == own:
            low = middle
        else:
            high = middle
    return high
