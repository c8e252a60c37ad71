"""Line drawings of faces, with known pins."""

import cv2
import numpy as np

EYES, NOSE = (0.42, -0.15), 0.28
"""Places of the eyes and the nose, in half heads from the middle of the head."""


def face(size=128, tilt=0.0, pen=1.0, at=(0.5, 0.52), head=0.33, style="ring"):
    """A cat's head in lines, size x size, and its true pins; lengths are shares of `size`."""
    large = 512
    turn = cv2.getRotationMatrix2D((0, 0), -tilt, head * large)[:, :2]
    paper = np.full((large, large), 255, np.uint8)
    width = max(1, round(5 * pen))

    def place(points):
        return np.atleast_2d(points) @ turn.T + np.array(at) * large

    def line(points):
        drawn = np.round(place(points)).astype(np.int32)
        cv2.polylines(paper, [drawn], False, 0, width, cv2.LINE_AA)

    def oval(x, y, a, b, first=0, last=360):
        angles = np.deg2rad(np.linspace(first, last, 40))
        line(np.stack([x + a * np.cos(angles), y + b * np.sin(angles)], axis=1))

    oval(0, 0, 1, 0.95)
    for side in (-1, 1):
        line([(side * 0.95, -0.35), (side * 0.85, -1.4), (side * 0.3, -0.9)])
        x, y = side * EYES[0], EYES[1]
        if style == "ring":
            oval(x, y, 0.17, 0.17)
            oval(x, y, 0.05, 0.05)
        elif style == "dot":
            for radius in (0.02, 0.05, 0.08):
                oval(x, y, radius, radius)
        else:
            oval(x, y - 0.05, 0.17, 0.12, 10, 170)
        oval(side * 0.12, NOSE + 0.15, 0.12, 0.1, 0, 180)
    line([(-0.1, NOSE - 0.06), (0.1, NOSE - 0.06), (0, NOSE + 0.07), (-0.1, NOSE - 0.06)])
    pins = place([(-EYES[0], EYES[1]), EYES, (0, NOSE)]) * size / large - 0.5
    small = cv2.resize(paper, (size, size), interpolation=cv2.INTER_AREA)
    return small, pins.astype(np.float32)
