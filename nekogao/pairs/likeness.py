"""Likeness of pictures that show the same shapes in other colours."""

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.pictures import images
from nekogao.pictures.images import Picture

_SIDE, _CELLS = 128, 32
"""Pixels a side at which gradients are taken, and cells a side of which each has their mean."""
_FAINT = 4.0
"""Gradients, in levels per pixel, below which a direction counts less and less."""
_NEAR = 10
"""Frames within a tenth of the clip are too near to the best one to be compared with it."""
_RANK = 0.25
"""Of frames far away, the one that a quarter of them do not fall short of: repeats are allowed."""
_CLEARLY = 0.17
"""By which share the best distance falls short of that one's, at least. With panned photographs
and drawn faces that move, pictures of something else reached 0.16."""

View = NDArray[np.float32]


def view(picture: Picture) -> View:
    """In which direction edges run in each part of a picture, whatever its colours.

    Brightness and contrast change with the paint, edges hardly move. Their direction is that of
    the structure tensor of all channels (Di Zenzo 1986), as a doubled angle: it stays where
    bright and dark change places. Returns 2048 numbers of length 1; 0 for one flat colour.
    """
    small = cv2.resize(images.rgb(picture), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    pixels = small.astype(np.float32)
    across, down = (cv2.Sobel(pixels, cv2.CV_32F, *axis) / 8 for axis in ((1, 0), (0, 1)))
    xx, yy, xy = ((a * b).sum(axis=2) for a, b in
                  ((across, across), (down, down), (across, down)))  # fmt: skip
    strength = np.sqrt(xx + yy)
    weight = 1 / ((strength + _FAINT) * (strength + 1e-6))
    cells = (_CELLS, _CELLS)
    parts = ((xx - yy) * weight, 2 * xy * weight)
    means = [cv2.resize(part, cells, interpolation=cv2.INTER_AREA).ravel() for part in parts]
    whole = np.concatenate(means)
    length = max(float(np.linalg.norm(whole)), 1e-6)
    return np.asarray(whole / length, np.float32)


def distances(views: View, other: View) -> NDArray[np.float32]:
    """How far each of some views, n x 2048, is from another one: 1 less the cosine."""
    return 1 - views @ other


def nearest(found: NDArray[np.float32]) -> int | None:
    """The frame with the smallest distance, of the distances of all frames in their order.

    None where frames far from it are about as near.
    """
    best = int(found.argmin())
    gaps = np.abs(np.arange(len(found)) - best)
    far = found[gaps > max(1, len(found) // _NEAR)]
    far = far if far.size else found[gaps > 0]
    if not far.size:
        return None
    usual = float(np.quantile(far, _RANK))
    return best if usual - float(found[best]) > _CLEARLY * usual else None
