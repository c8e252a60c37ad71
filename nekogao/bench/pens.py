"""Pens: drawings of faces made by code in three styles, none of which uses Canny's edges.

Each takes a face, uint8 h w 3, and gives a drawing of it on 512 pixels. Equal faces give equal
drawings.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.pictures import images
from nekogao.pictures.images import WHITE, Picture

SIDE = 512
_FINE, _SOFT = 4.0, 8.0
"""Blurs, in pixels of the drawing: of lines that a fine pen follows, and a thick one."""
_SPECK = 150
"""Nobody draws spots of fewer pixels."""


def ink(face: Picture) -> Picture:
    """Blue-black lines and small filled regions where it is darker than around, with soft borders.

    The extended difference of Gaussians (Winnemöller 2011), without its specks.
    """
    light = _light(face, 2.0)
    near, far = (cv2.GaussianBlur(light, (0, 0), blur) for blur in (_FINE, 1.6 * _FINE))
    valley = (near - far) + 0.01
    tone = np.where(valley >= 0, 1.0, 1 + np.tanh(250 * valley))
    _, spots, about, _ = cv2.connectedComponentsWithStats((tone < 0.9).astype(np.uint8))
    tone = np.where(about[spots, cv2.CC_STAT_AREA] < _SPECK, 1.0, tone)[..., None]
    colour = np.array([38, 36, 78], np.float64)
    return (tone * WHITE + (1 - tone) * colour).round().astype(np.uint8)


def marker(face: Picture) -> Picture:
    """A few thick strokes, white on black, along the borders between light and dark."""
    from skimage.measure import approximate_polygon, find_contours

    light = _light(face, _SOFT)
    drawing = np.zeros((SIDE, SIDE), np.uint8)
    for level in np.quantile(light, (0.25, 0.6)):
        for contour in find_contours(light, level):
            if len(contour) < 0.15 * SIDE:
                continue
            points = np.rint(approximate_polygon(contour, 5.0)[:, ::-1]).astype(np.int32)
            cv2.polylines(drawing, [points], False, WHITE, round(0.025 * SIDE), cv2.LINE_AA)
    return images.rgb(drawing)


def pencil(face: Picture) -> Picture:
    """Gray, broken strokes, each drawn twice, photographed: uneven light, noise, JPEG."""
    rng = np.random.default_rng(np.frombuffer(face.tobytes(), np.uint8)[:64].tolist())
    paper = np.full((SIDE, SIDE), 1.0)
    for path in _ridges(face):
        for start in range(0, len(path) - 8, 36):
            part = path[start : start + int(rng.integers(18, 34))].astype(np.float64)
            for _ in range(2):
                wobble = cv2.GaussianBlur(rng.normal(0, 5, part.shape), (1, 0), 0, sigmaY=6.0)
                _stroke(paper, part + wobble + rng.normal(0, 1.5, 2), rng.uniform(0.25, 0.5))
    return _photographed(paper, rng)


def _stroke(paper: NDArray[np.float64], points: NDArray[np.float64], dark: float) -> None:
    mark = np.zeros(paper.shape, np.uint8)
    fixed = np.rint(points[:, ::-1] * 16).astype(np.int32)
    cv2.polylines(mark, [fixed], False, WHITE, 2, cv2.LINE_AA, 4)
    paper *= 1 - dark * mark / WHITE


def _ridges(face: Picture) -> list[NDArray[np.int32]]:
    """Where colours change most, as paths of pixels (row, column), longer ones only."""
    from skimage.filters import apply_hysteresis_threshold
    from skimage.measure import label, regionprops
    from skimage.morphology import skeletonize

    large = cv2.GaussianBlur(_large(face).astype(np.float32), (0, 0), _FINE)
    right, down = cv2.Sobel(large, cv2.CV_32F, 1, 0), cv2.Sobel(large, cv2.CV_32F, 0, 1)
    size = np.sqrt((right**2 + down**2).sum(axis=2))
    high = float(np.quantile(size, 0.93))
    lines = skeletonize(apply_hysteresis_threshold(size, 0.7 * high, high))
    pieces = regionprops(label(_without_crossings(lines), connectivity=2))
    return [_in_order(piece.coords) for piece in pieces if piece.num_pixels >= 24]


def _without_crossings(lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    around = cv2.filter2D(
        lines.astype(np.uint8), -1, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT
    )
    return lines & (around <= 3)


def _in_order(points: NDArray[np.int64]) -> NDArray[np.int32]:
    """The pixels of a line without crossings, from one end to the other."""
    left = {tuple(point) for point in points.tolist()}
    steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
    steps.sort(key=lambda step: abs(step[0]) + abs(step[1]))
    ends = [p for p in left if sum((p[0] + a, p[1] + b) in left for a, b in steps) <= 1]
    found = [min(ends or left)]
    while True:
        row, column = found[-1]
        left.discard((row, column))
        after = [(row + a, column + b) for a, b in steps if (row + a, column + b) in left]
        if not after:
            return np.array(found, np.int32)
        found.append(after[0])


def _photographed(paper: NDArray[np.float64], rng: np.random.Generator) -> Picture:
    down, right = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    angle = rng.uniform(0, 2 * np.pi)
    slope = (right - 0.5) * np.cos(angle) + (down - 0.5) * np.sin(angle)
    light = (paper * (0.78 + 0.35 * slope))[..., None] * np.array([1.0, 0.97, 0.9])
    grain = rng.normal(0, 0.02, light.shape)
    seen = ((light + grain).clip(0, 1) * WHITE).round().astype(np.uint8)
    _, coded = cv2.imencode(".jpg", seen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 70])
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def _large(face: Picture) -> Picture:
    return np.asarray(cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def _light(face: Picture, blur: float) -> NDArray[np.float32]:
    """The face's luma on [0, 1], enlarged and blurred."""
    light = images.luma(_large(face)).astype(np.float32) / WHITE
    return np.asarray(cv2.GaussianBlur(light, (0, 0), blur), np.float32)


PENS: dict[str, Callable[[Picture], Picture]] = {"ink": ink, "marker": marker, "pencil": pencil}
"""Name of a style -> the drawing of a face in it."""
