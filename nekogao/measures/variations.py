"""Unseen variations of trained pictures, and domains that were never trained.

Pictures are uint8; a source is h w. Sizes are in pixels of a picture 128 a side, and grow with it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from skimage.morphology import skeletonize

from nekogao.measures.interventions import shift
from nekogao.pictures import images
from nekogao.pictures.domains import LINES, Domain
from nekogao.pictures.images import WHITE, Picture

Variation = Callable[[Picture], Picture]

_NORMAL_SIDE = 128


def blurred(source: Picture, sigma: float) -> Picture:
    """Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(source, (0, 0), sigma * _scale(source)), np.uint8)


def noisy(source: Picture, deviation: float, seed: int = 0) -> Picture:
    """Gaussian noise; the deviation is on [0, 1]. Equal pictures get equal noise."""
    drawn = np.random.default_rng(seed).normal(0, 255 * deviation, source.shape)
    return (source + drawn).round().clip(0, WHITE).astype(np.uint8)


def gamma(source: Picture, exponent: float) -> Picture:
    """x -> x^exponent on [0, 1]; below 1 is brighter."""
    return (WHITE * (source / WHITE) ** exponent).round().astype(np.uint8)


def rotated(source: Picture, degrees: float) -> Picture:
    """Rotated about the centre, counter-clockwise; the edge's pixels fill the corners."""
    height, width = source.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turned = cv2.warpAffine(source, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def rearranged(source: Picture) -> list[Picture]:
    """A source mirrored, upside down, and moved by an eighth of its side in four directions.

    The edge's pixels fill the gap, so that no value appears that the source does not have: what
    is true of label maps stays true.
    """
    height, width = source.shape[:2]
    down, right = np.arange(height), np.arange(width)
    found = [source[:, ::-1], source[::-1]]
    for step in (1, -1):
        found.append(source[(down + step * height // 8).clip(0, height - 1)])
        found.append(source[:, (right + step * width // 8).clip(0, width - 1)])
    return [np.ascontiguousarray(each) for each in found]


def thickened(edges: Picture) -> Picture:
    """Black lines one pixel thicker on each side."""
    side = 1 + 2 * max(1, round(_scale(edges)))
    return np.asarray(cv2.erode(edges, np.ones((side, side), np.uint8)), np.uint8)


def thinned(edges: Picture) -> Picture:
    """Black lines reduced to their skeleton, one pixel wide (Zhang and Suen 1984)."""
    return np.where(skeletonize(edges < 128), 0, WHITE).astype(np.uint8)


def inverted(source: Picture) -> Picture:
    """The negative of the luma."""
    return WHITE - images.luma(source)


def posterised(source: Picture, tones: int = 4) -> Picture:
    """The luma in a few equally spaced tones, black and white among them."""
    steps = np.rint(images.luma(source) / WHITE * (tones - 1))
    return np.rint(steps * WHITE / (tones - 1)).astype(np.uint8)


def sobel(source: Picture) -> Picture:
    """The magnitude of the luma's gradient (Sobel 3x3), black on white, clipped."""
    gray = images.luma(source)
    across, down = (cv2.Sobel(gray, cv2.CV_64F, *axis) for axis in ((1, 0), (0, 1)))
    return WHITE - (np.hypot(across, down) / 4).clip(0, WHITE).round().astype(np.uint8)


def _scale(picture: Picture) -> float:
    return max(picture.shape[:2]) / _NORMAL_SIDE


VARIATIONS: dict[str, Variation] = {
    "blurred": partial(blurred, sigma=1.5),
    "noise": partial(noisy, deviation=0.1),
    "gamma-0.6": partial(gamma, exponent=0.6),
    "gamma-1.6": partial(gamma, exponent=1.6),
    "rotated": partial(rotated, degrees=5),
    "shifted": partial(shift, amount=0.05),
}
"""Of sources in any domain."""

GEOMETRIC = frozenset({"rotated", "shifted"})
"""Variations that move things: score them against the target too that was moved alike (they
take h w 3 as well), since a translator should follow and a memory should not."""

EDGES: dict[str, Variation] = {"thickened": thickened, "thinned": thinned}
"""Of edges, black lines on white."""

UNTRAINED: dict[str, Variation] = {
    "inverted": inverted,
    "posterised": posterised,
    "sobel": sobel,
}
"""Domains that were never trained, from a gray source or a target."""

_THRESHOLDS = (64, 96, 192, 255)


def thresholds(domain: Domain) -> dict[str, Variation]:
    """Edges with other Canny thresholds, each made from a target, not from a source.

    Empty for domains of another kind.
    """
    if domain.kind not in LINES:
        return {}
    others = (t for t in _THRESHOLDS if (t, t) != (domain.low, domain.high))
    return {f"canny-{t}": replace(domain, low=t, high=t).source for t in others}
