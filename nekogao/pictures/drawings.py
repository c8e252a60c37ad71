"""Drawings: pictures that are lines on paper, whatever the pen, and those lines as Canny has them.

Lines are dark on a light ground or light on a dark one. The ground may be unevenly lit, as on a
photograph of a sheet of paper.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from nekogao.names import Fit
from nekogao.pictures import images
from nekogao.pictures.images import WHITE, Picture
from nekogao.sizes import AnySize, Size

Ground = Literal["white", "black"]
Ink = Bool[np.ndarray, "h w"]
Darkness = Float32[np.ndarray, "h w"]

_SIDE = 512
"""The longer side of a picture when it is looked at, at most."""
_GROUND_SIDE = 128
"""The same, when its ground is estimated."""
_ROOM = 1 / 5
"""Dark places narrower than this share of the longer side are on the ground, not part of it."""

_LEAST_LIGHT = {"white": 100, "black": 180}
"""How light a ground is at least, from 0 to 255; a black one after inversion."""
_MOST_UNEVEN = 0.09
"""Mean deviation of a ground from itself, much blurred, as a share of it. It was 0.07 at most for
paper with some of the table around it, and 0.14 to 0.18 for faces painted in few colours."""
_MOST_LIGHTER = 0.08
"""Root mean square by which pixels are lighter than the ground around them."""
_SHARES = (0.0005, 0.45)
"""Share of the pixels that are ink, least and most."""
_LEAST_INK = 0.2
"""How much darker than the ground ink is at least."""
_LEAST_TWOFOLD = 0.84
"""Share of the variance that the split into ink and ground explains (Otsu 1979)."""
_LEAST_CLEAN = 25
"""How many times darker ink is than the deviation of the ground between the lines. It was 29 at
least for drawings; a photograph that passes all else has 8 to 20."""
_WIDEST = 0.06
"""Width of a line, the median, as a share of the longer side."""
_MOST_UNEQUAL = 4.5
"""Width of a drawing's widest tenth over the median."""
_MOST_KNOTS = 0.25
"""Share of a line's pixels where it ends, forks or crosses; textures have more."""
_LONG = 0.04
"""Lines that are longer than this share of the longer side are no specks."""
_LEAST_LONG = 0.5
"""Share of the ink that is in such lines."""
_EXACT, _LEAST_LONG_EXACT = 0.9999, 0.2
"""Where the split explains everything and lines are one pixel wide, as Canny's are, they may be
short and have knots."""

_FINEST = 4
"""Pixels for each one of the size asked for, at most, when a drawing is thinned."""
_MOST_BLOCKS = 0.02
"""Lines are thin where not more of their pixels than this share fill a square of 2 x 2."""
_SPECK = 2
"""Spots that reach less far than this many pixels of the size asked for are specks."""
_SOLID = 2.5
"""Ink that is this many times as wide as a drawing's lines is a filled region, not a line."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What a picture that is recognised as a drawing looks like."""

    ground: Ground
    """What it is drawn on: `white` stands for every light ground, `black` for every dark one."""
    width: float
    """Of its lines, the median, in pixels of the picture."""

    @property
    def words(self) -> str:
        """The drawing in a few words, as in `a drawing: black lines 6 pixels wide on white`."""
        ink = "black" if self.ground == "white" else "white"
        pixels = max(1, round(self.width))
        wide = "1 pixel" if pixels == 1 else f"{pixels} pixels"
        return f"a drawing: {ink} lines {wide} wide on {self.ground}"


def recognise(picture: Picture) -> Drawing | None:
    """What sort of drawing a picture is; None where it is no drawing of lines.

    Asked are: a light or dark ground, even but for its lighting; ink that differs from it
    clearly, with little in between; and that the ink forms lines. A printed page is lines on
    paper as well, and passes where it is photographed cleanly.

    Args:
        picture: uint8, h w 3 or h w, of any size.
    """
    scale = max(1.0, max(picture.shape[:2]) / _SIDE)
    grounds: tuple[Ground, ...] = ("white", "black")
    for ground in grounds:
        seen = _shrunk(_on_white(picture, ground), scale)
        light = _ground(seen)
        if float(np.median(light)) < _LEAST_LIGHT[ground]:
            continue
        width = _drawn(seen, light)
        if width is not None:
            return Drawing(ground=ground, width=width * scale)
    return None


def lines(
    picture: Picture, size: AnySize, fit: Fit = "stretch", drawing: Drawing | None = None
) -> Picture:
    """The lines of a drawing at a size: black, one pixel wide, on white, as Canny's edges are.

    Filled regions become their outlines. Lines that are that thin already, in a picture of that
    size, stay as they are.

    Args:
        picture: uint8, h w 3 or h w, of any size.
        size: Of the result.
        fit: How the picture gets the size's proportions.
        drawing: What `recognise` found, so that it need not be asked again.

    Returns:
        uint8, h w, of 0 and 255 only.
    """
    size, own = Size.of(size), Size.shaped(picture.shape)
    found = drawing or recognise(picture) or Drawing(ground="white", width=1)
    level = _on_white(picture, found.ground)
    if own == size and _is_thin(level):
        return level.copy()
    fine = min(_FINEST, max(1, -(-own.longer // size.longer)))
    shrunk = _shrunk(level, max(1.0, own.longer / (_FINEST * size.longer)))
    darker = np.clip(_darker(shrunk, _ground(shrunk)), 0, 1)
    paper = np.rint(WHITE * (1 - darker)).astype(np.uint8)
    paper = images.fit(paper, Size(size.width * fine, size.height * fine), fit)
    ink = _cleaned(paper <= WHITE - _split(WHITE - paper), fine)
    return np.where(_thinned(_joined(ink, fine)), 0, WHITE).astype(np.uint8)


def _on_white(picture: Picture, ground: Ground) -> Picture:
    """The channel in which ink is darkest, as if the ground were white."""
    if ground == "white":
        return picture if picture.ndim == 2 else picture.min(axis=2)
    return np.bitwise_not(picture if picture.ndim == 2 else picture.max(axis=2))


def _shrunk(level: Picture, scale: float) -> Picture:
    if scale <= 1:
        return level
    width, height = (max(1, round(side / scale)) for side in Size.shaped(level.shape))
    return np.asarray(cv2.resize(level, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _ground(level: Picture) -> Darkness:
    """How light the ground is everywhere, in a small picture: closed over ink, and smooth."""
    small = _shrunk(level, max(level.shape) / _GROUND_SIDE)
    small = np.asarray(cv2.medianBlur(small, 3), np.uint8)
    room = _room(small.shape)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (room, room))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, around, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.GaussianBlur(closed.astype(np.float32), (0, 0), room / 8), np.float32)


def _room(shape: tuple[int, ...]) -> int:
    return max(3, round(_ROOM * max(shape))) | 1


def _darker(level: Picture, ground: Darkness) -> Darkness:
    """How much darker than the ground pixels are: 0 for ground, 1 for black, below 0 lighter."""
    wide = cv2.resize(ground, level.shape[::-1], interpolation=cv2.INTER_LINEAR)
    darker = 1 - level / np.maximum(wide, 1)
    middle = float(np.median(darker))
    return np.asarray((darker - middle) / max(1 - middle, 0.1), np.float32)


def _drawn(level: Picture, ground: Darkness) -> float | None:
    """The width of lines on a white ground, in pixels; None where there is something else."""
    even = cv2.GaussianBlur(ground, (0, 0), _room(ground.shape) / 2)
    if float(np.mean(np.abs(ground - even) / np.maximum(even, 1))) > _MOST_UNEVEN:
        return None
    darker = _darker(level, ground)
    if float(np.sqrt(np.mean(np.minimum(darker, 0) ** 2))) > _MOST_LIGHTER:
        return None
    darker = np.clip(darker, 0, 1)
    ink = darker > _split(np.rint(WHITE * darker).astype(np.uint8)) / WHITE
    share = float(ink.mean())
    if not _SHARES[0] <= share <= _SHARES[1]:
        return None
    apart = float(darker[ink].mean() - darker[~ink].mean())
    twofold = share * (1 - share) * apart**2 / float(darker.var())
    between = cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    stain = float(np.sqrt(np.mean(darker[between] ** 2))) if between.any() else 0.0
    strength = float(np.median(darker[ink]))
    if strength < _LEAST_INK or twofold < _LEAST_TWOFOLD or strength < _LEAST_CLEAN * stain:
        return None
    return _width(ink, exact=twofold > _EXACT)


def _width(ink: Ink, exact: bool) -> float | None:
    """The median width of ink that forms lines; None where it forms something else."""
    spine, half = _spine(ink)
    widths = 2 * half[spine] - 1
    usual, widest = float(np.median(widths)), float(np.quantile(widths, 0.9))
    side = max(ink.shape)
    if usual > max(1.0, _WIDEST * side) or widest > _MOST_UNEQUAL * max(1.0, usual):
        return None
    count, pieces, about, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    length, area = np.bincount(pieces[spine], minlength=count), about[:, cv2.CC_STAT_AREA]
    long = (length >= _LONG * side) & (length**2 >= _SOLID * area)
    share = float(area[1:][long[1:]].sum() / area[1:].sum())
    around = cv2.filter2D(
        spine.astype(np.uint8), -1, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT
    )
    knots = float(np.mean(around[spine] != 3))
    thin = exact and usual <= 1
    if share < (_LEAST_LONG_EXACT if thin else _LEAST_LONG) or (knots > _MOST_KNOTS and not thin):
        return None
    return usual


def _spine(ink: Ink) -> tuple[Ink, Darkness]:
    """The middle lines of ink (Zhang and Suen 1984), and each pixel's distance to its border."""
    half = cv2.distanceTransform(
        np.pad(ink.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, cv2.DIST_MASK_5
    )[1:-1, 1:-1]
    return _thinned(ink), np.asarray(half, np.float32)


def _thinned(ink: Ink) -> Ink:
    from skimage.morphology import skeletonize

    return np.asarray(skeletonize(ink), np.bool_)


def _split(darkness: Picture) -> float:
    """Where Otsu (1979) splits pixels, 0..255, into ground and ink."""
    least = 0.4 * _LEAST_INK * WHITE
    return max(least, cv2.threshold(darkness, 0, WHITE, cv2.THRESH_OTSU)[0])


def _is_thin(level: Picture) -> bool:
    """Whether a picture is nothing but black lines one pixel wide on white."""
    ink = level == 0
    if not (ink | (level == WHITE)).all():
        return False
    blocks = ink[1:, 1:] & ink[1:, :-1] & ink[:-1, 1:] & ink[:-1, :-1]
    return int(blocks.sum()) <= _MOST_BLOCKS * int(ink.sum())


def _cleaned(ink: Ink, fine: int) -> Ink:
    """Ink without specks, and with its filled regions hollow."""
    _, pieces, about, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    extent = about[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    extent[0] = 0
    ink = (extent >= _SPECK * fine)[pieces]
    if not ink.any():
        return ink
    spine, half = _spine(ink)
    wide = _SOLID * max(float(np.median(half[spine])), fine)
    core = half > wide
    if not core.any():
        return ink
    reach = 2 * round(wide) + 3
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    solid = ink & (cv2.dilate(core.astype(np.uint8), disc) > 0)
    return np.asarray(ink & ~(solid & (half > max(1.0, fine / 2))), np.bool_)


def _joined(ink: Ink, fine: int) -> Ink:
    """The middle lines of ink, at the size that was asked for: neighbours stay neighbours."""
    if fine == 1:
        return ink
    height, width = ink.shape[0] // fine, ink.shape[1] // fine
    blocks = _thinned(ink).reshape(height, fine, width, fine)
    return np.asarray(blocks.any(axis=(1, 3)), np.bool_)
