"""Readings of a drawing: what its strokes stand for, told by what the network makes of them.

A stroke may follow a border between light and dark, as Canny's edges do; then its middle line is
the source. Or it is a dark thing itself, such as a mouth; then its two sides are.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32

from nekogao.models.runner import Runner
from nekogao.pictures import images
from nekogao.pictures.domains import Domain
from nekogao.pictures.images import Picture

_INK = 128
"""Darker than this is ink."""
_REACH = 1 / 32
"""Lines that are further apart than this share of the longer side have nothing in common."""


def best(runner: Runner, readings: Sequence[Picture], domain: Domain) -> Picture:
    """The reading that its own answer agrees with most.

    Every reading is translated, and the answer's own source is compared with the reading: a face
    that is recalled rightly has its lines where they were drawn.

    Args:
        runner: The network.
        readings: Sources of the network's size, at least one.
        domain: Of lines, in which they are sources.
    """
    if len(readings) == 1:
        return readings[0]
    answers = images.from_tensor(runner.outputs(images.to_tensor(readings)))
    apart = [
        distance(reading, runner.source(answer, domain))
        for reading, answer in zip(readings, answers, strict=True)
    ]
    return readings[int(np.argmin(apart))]


def distance(one: Picture, other: Picture) -> float:
    """How far the lines of two pictures are apart: 0 for the same lines, 1 for none in common.

    The chamfer distance (Barrow et al. 1977) to and fro, each pixel's distance clipped at a 32nd
    of the longer side.
    """
    ink, others = (images.luma(picture) < _INK for picture in (one, other))
    if not ink.any() or not others.any():
        return float(ink.any() != others.any())
    there, back = _away(others)[ink], _away(ink)[others]
    return float(there.mean() + back.mean()) / 2


def _away(ink: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """Each pixel's distance to the nearest ink, 1 for the reach and beyond."""
    far = cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(np.minimum(far / (_REACH * max(ink.shape)), 1), np.float32)
