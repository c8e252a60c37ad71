"""Characters: faces of cats and dogs, drawn by code."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.sizes import AnySize, Size
from nekogao.workers import ahead

Colour = tuple[int, int, int]

_CANVAS = 512
"""Faces are drawn this large and scaled down, which smooths their edges."""


@dataclass(frozen=True)
class Character:
    """What makes a drawn face recognisable; lengths are shares of the picture's side."""

    name: str
    fur: Colour
    accent: Colour
    """Ears, patches or stripes."""
    background: Colour
    eyes: Colour
    ears: str = "pointed"
    """pointed (cats), floppy or round (dogs)."""
    marking: str = "none"
    """none, stripes, patch, mask or muzzle."""
    head: tuple[float, float] = (0.36, 0.33)
    """Half width and half height of the head."""
    eye_size: float = 0.075
    spacing: float = 0.15
    """Distance of each eye from the middle."""
    sleepy: bool = False
    tongue: bool = False
    whiskers: bool = True


CHARACTERS = (
    Character(
        "kuro", (52, 50, 58), (200, 140, 150), (244, 196, 84), (236, 214, 70), eye_size=0.09,
    ),
    Character(
        "tora", (232, 160, 82), (150, 84, 34), (120, 190, 210), (90, 140, 60), marking="stripes"
    ),
    Character(
        "mike", (248, 240, 228), (214, 122, 54), (150, 200, 140), (80, 130, 190), marking="patch"
    ),
    Character(
        "sora", (150, 160, 178), (110, 120, 140), (250, 214, 220), (70, 150, 220),
        head=(0.30, 0.30), eye_size=0.1, spacing=0.13,
    ),
    Character(
        "siam", (240, 226, 204), (92, 70, 62), (70, 96, 150), (100, 180, 230), marking="mask",
        head=(0.28, 0.36), spacing=0.12,
    ),
    Character(
        "pochi", (206, 150, 96), (120, 78, 46), (176, 214, 240), (60, 40, 30), ears="floppy",
        marking="muzzle", tongue=True, whiskers=False,
    ),
    Character(
        "shiro", (250, 248, 244), (222, 214, 204), (110, 170, 110), (40, 34, 30), ears="floppy",
        head=(0.32, 0.38), sleepy=True, whiskers=False,
    ),
    Character(
        "shiba", (222, 132, 66), (250, 236, 214), (196, 170, 214), (50, 34, 26), marking="muzzle",
        head=(0.40, 0.34), eye_size=0.06, spacing=0.19, whiskers=False,
    ),
    Character(
        "kuma", (122, 82, 56), (84, 54, 38), (236, 226, 150), (30, 24, 20), ears="round",
        head=(0.40, 0.38), eye_size=0.07, whiskers=False,
    ),
)  # fmt: skip
"""Nine cats and dogs that nobody would mix up; with the photographed cat they make ten."""


def _point(canvas: Picture, x: float, y: float) -> tuple[int, int]:
    return round(x * len(canvas)), round(y * len(canvas))


def _pen(canvas: Picture, width: int) -> int:
    """A line's width, given in pixels of the largest canvas."""
    return max(1, round(width * len(canvas) / _CANVAS))


def _oval(canvas: Picture, x: float, y: float, a: float, b: float, colour: Colour) -> None:
    axes = (2 * a * len(canvas), 2 * b * len(canvas))
    cv2.ellipse(canvas, (_point(canvas, x, y), axes, 0), colour, -1)


def _polygon(canvas: Picture, points: list[tuple[float, float]], colour: Colour) -> None:
    cv2.fillPoly(canvas, [np.array([_point(canvas, x, y) for x, y in points])], colour)


def draw_face(
    who: Character, size: int = 128, dx: float = 0.0, dy: float = 0.0, side: int = _CANVAS
) -> Picture:
    """Draw a character, size x size x 3; dx and dy shift the head, as shares of the side.

    It is drawn `side` pixels wide and scaled down: the smaller, the faster and the coarser.
    """
    shade = np.linspace(1.08, 0.86, side)[:, None, None]
    rows = np.clip(np.array(who.background) * shade, 0, 255).astype(np.uint8)
    canvas = np.repeat(rows, side, axis=1)
    x, y = 0.5 + dx, 0.54 + dy
    _draw_ears(canvas, who, x, y)
    a, b = who.head
    _oval(canvas, x, y, a, b, who.fur)
    _draw_marking(canvas, who, x, y)
    _draw_eyes(canvas, who, x, y)
    _draw_mouth(canvas, who, x, y)
    return images.resize(canvas, size, size)


def _draw_ears(canvas: Picture, who: Character, x: float, y: float) -> None:
    a, b = who.head
    for side in (-1, 1):
        if who.ears == "pointed":
            for scale, colour in ((1.0, who.fur), (0.6, who.accent)):
                tip = (x + side * a * 0.85, y - b * (1.05 + 0.45 * scale))
                inner = (x + side * a * (0.5 - 0.35 * scale), y - b * 0.8)
                outer = (x + side * a * (0.6 + 0.4 * scale), y - b * 0.35)
                _polygon(canvas, [tip, inner, outer], colour)
        elif who.ears == "floppy":
            _oval(canvas, x + side * a * 0.98, y - b * 0.05, a * 0.3, b * 0.75, who.accent)
        else:
            _oval(canvas, x + side * a * 0.75, y - b * 0.8, a * 0.34, a * 0.34, who.fur)
            _oval(canvas, x + side * a * 0.75, y - b * 0.8, a * 0.2, a * 0.2, who.accent)


def _draw_marking(canvas: Picture, who: Character, x: float, y: float) -> None:
    a, b = who.head
    if who.marking == "stripes":
        for i in (-1, 0, 1):
            top, low = y - b * (0.95 - 0.08 * abs(i)), y - b * 0.45
            across = x + i * a * 0.25
            _polygon(
                canvas, [(across - 0.02, top), (across + 0.02, top), (across, low)], who.accent
            )
        for side in (-1, 1):
            for lift in (0.0, 0.28):
                edge, height = x + side * a * 0.98, y + b * (0.1 + lift)
                points = [
                    (edge, height - 0.02),
                    (edge, height + 0.02),
                    (x + side * a * 0.55, height),
                ]
                _polygon(canvas, points, who.accent)
    elif who.marking == "patch":
        _oval(canvas, x - a * 0.45, y - b * 0.4, a * 0.42, b * 0.42, who.accent)
        _oval(canvas, x + a * 0.6, y - b * 0.55, a * 0.28, b * 0.3, (60, 52, 50))
    elif who.marking == "mask":
        _oval(canvas, x, y + b * 0.25, a * 0.62, b * 0.62, who.accent)
    elif who.marking == "muzzle":
        _oval(canvas, x, y + b * 0.45, a * 0.5, b * 0.45, (250, 240, 224))


def _draw_eyes(canvas: Picture, who: Character, x: float, y: float) -> None:
    eye = who.eye_size
    for side in (-1, 1):
        across, height = x + side * who.spacing, y - 0.04
        if who.sleepy:
            centre = _point(canvas, across, height)
            axes = _point(canvas, eye, eye * 0.7)
            cv2.ellipse(canvas, centre, axes, 0, 10, 170, who.eyes, _pen(canvas, 14))
            continue
        _oval(canvas, across, height, eye, eye, who.eyes)
        slit = eye * (0.4 if who.ears == "pointed" else 0.65)
        _oval(canvas, across, height, slit, eye * 0.85, (16, 14, 16))
        _oval(canvas, across - eye * 0.3, height - eye * 0.35, eye * 0.2, eye * 0.2, (255,) * 3)


def _draw_mouth(canvas: Picture, who: Character, x: float, y: float) -> None:
    dog = who.ears != "pointed"
    height = y + who.head[1] * 0.38
    dark, pink = (44, 36, 36), (226, 120, 130)
    if who.tongue:
        _oval(canvas, x, height + 0.14, 0.045, 0.07, pink)
    for side in (-1, 1):
        centre = _point(canvas, x + side * 0.045, height + 0.05)
        axes = _point(canvas, 0.045, 0.035)
        cv2.ellipse(canvas, centre, axes, 0, 0, 180, dark, _pen(canvas, 8))
    if dog:
        _oval(canvas, x, height, 0.065, 0.05, dark)
    else:
        _polygon(canvas, [(x - 0.045, height), (x + 0.045, height), (x, height + 0.05)], pink)
    if who.whiskers:
        ink = (230, 230, 230) if sum(who.fur) < 300 else (110, 100, 96)
        for side in (-1, 1):
            for slope in (-0.05, 0.0, 0.05):
                start = _point(canvas, x + side * 0.13, height + 0.03 + slope * 0.3)
                end = _point(canvas, x + side * 0.36, height + 0.02 + slope)
                cv2.line(canvas, start, end, ink, _pen(canvas, 4))


def many_faces(count: int, size: AnySize = 128, seed: int = 0) -> Iterator[tuple[str, Picture]]:
    """Any number of faces that are all different, by name, drawn one after another.

    A face is a function of (seed, its number, size): a longer series begins with the shorter one.
    They are drawn as squares, of which other proportions are cut.
    """
    size = Size.of(size)
    side = size.longer

    def draw(number: int) -> tuple[str, Picture]:
        rng = np.random.default_rng([seed, number])
        name = f"face-{number:06d}"
        dx, dy = rng.uniform(-0.04, 0.04, 2)
        large = draw_face(_character(name, rng), 2 * side, dx, dy, side=2 * side)
        # A fiftieth of the time that Lanczos takes.
        small = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
        return name, images.fit(np.asarray(small, np.uint8), size, "crop")

    return ahead(draw, range(count))


_EARS = ("pointed", "floppy", "round")
_MARKINGS = ("none", "stripes", "patch", "mask", "muzzle")


def _character(name: str, rng: np.random.Generator) -> Character:
    """A character made up at random: four colours of 24 bits, so that no two are alike."""
    fur, accent, eyes, shift = rng.integers(0, 256, (4, 3)).tolist()
    # Half the circle away from the fur, and up to an eighth on, so that the head stands out.
    away = [128 + step // 8 for step in shift]
    background = [(colour + far) % 256 for colour, far in zip(fur, away, strict=True)]
    wide, high, eye, spacing = rng.uniform((0.28, 0.30, 0.06, 0.12), (0.40, 0.38, 0.10, 0.19))
    sleepy, tongue, whiskers = (rng.random(3) < (0.15, 0.3, 0.6)).tolist()
    ears, marking = rng.integers(0, (len(_EARS), len(_MARKINGS)))
    return Character(
        name,
        fur=tuple(fur),
        accent=tuple(accent),
        background=tuple(background),
        eyes=tuple(eyes),
        ears=_EARS[ears],
        marking=_MARKINGS[marking],
        head=(wide, high),
        eye_size=eye,
        spacing=spacing,
        sleepy=sleepy,
        tongue=tongue,
        whiskers=whiskers,
    )
