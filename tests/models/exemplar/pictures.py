"""Small scenes for the tests of exemplars: shapes that move, with texture, and their sources."""

import cv2
import numpy as np

SIDE = 64


def scene(shift=0.0, size=SIDE):
    """A textured picture with a disc and a bar that stand `shift` pixels to the right."""
    down, across = np.mgrid[:size, :size].astype(np.float32)
    unit = size / SIDE
    waves = 90 + 40 * np.sin(down / unit / 3)
    picture = np.stack([60 + 60 * down / size, waves, np.full_like(down, 120)], -1)
    disc = np.hypot(across - (22 + shift) * unit, down - 26 * unit) < 11 * unit
    face = [200 - 2 * down / unit, 80 + 2 * (across / unit - shift), 40 + down / unit]
    picture[disc] = np.stack(face, -1)[disc]
    bar = (np.abs(across - (44 + shift) * unit) < 6 * unit) & (down > 30 * unit)
    picture[bar] = (230, 220, 90)
    return np.clip(picture, 0, 255).astype(np.uint8)


def lines(picture):
    """Black lines on white."""
    return np.bitwise_not(cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 60, 120))


def gray(picture):
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


SOURCES = {"lines": lines, "picture": gray}
