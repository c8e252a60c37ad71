"""The map: where pictures and faces lie at the deciding level, as marks to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000, 620
FACE, PICTURE = 54, 40
"""Sides of the marks, in the map's own unit."""
LABEL, _LETTER = 18, 9
"""Height of a face's name below it, and what a letter is wide."""
LONGEST = 12
"""Letters of a name that are shown; the rest is in its tooltip."""
_MARGIN = 50
_ROUNDS = 400


@dataclass(frozen=True)
class Mark:
    """A small picture on the map, moved aside where it would hide another."""

    x: float
    """Of the middle."""
    y: float
    side: int
    label: str = ""
    """Written below; empty for pictures."""


def marks(
    faces: NDArray[np.float64], pictures: NDArray[np.float64], names: Sequence[str]
) -> tuple[list[Mark], list[Mark]]:
    """Places in any coordinates as marks on the map: the named faces', the pictures'."""
    labels = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    sizes = [(max(FACE, _LETTER * len(label)), FACE + LABEL) for label in labels]
    boxes = np.array([*sizes, *([(PICTURE, PICTURE)] * len(pictures))], float)
    moved = _apart(_scaled(np.concatenate([faces, pictures])), boxes).tolist()
    count = len(faces)
    return (
        # The name takes the lower part of a face's box.
        [
            Mark(x, y - LABEL / 2, FACE, text)
            for (x, y), text in zip(moved[:count], labels, strict=True)
        ],
        [Mark(x, y, PICTURE) for x, y in moved[count:]],
    )


def _scaled(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """One scale for both axes, so that distances stay comparable; y points up."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN])
    scale = float((room / np.maximum(high - low, 1e-9)).min())
    centred = (places - (low + high) / 2) * [scale, -scale]
    return centred + np.array([WIDTH / 2, HEIGHT / 2])


def _apart(places: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push overlapping boxes (width, height) apart along the shorter way, a little at a time."""
    # Boxes at the very same place leave it on a spiral, in all directions.
    turn = np.arange(len(places))
    spiral = np.stack([np.cos(2.4 * turn), np.sin(2.4 * turn)], axis=1)
    moved = places + 0.1 * np.sqrt(turn)[:, None] * spiral
    need = (boxes[:, None] + boxes[None]) / 2 + 3
    low, high = boxes / 2, [WIDTH, HEIGHT] - boxes / 2
    for _ in range(_ROUNDS):
        gap = moved[:, None] - moved[None]
        overlap = np.maximum(need - np.abs(gap), 0)
        overlap *= (overlap.min(axis=-1) > 0)[..., None]
        if not np.triu(overlap.max(axis=-1), 1).any():
            break
        first = overlap[..., 0] <= overlap[..., 1]
        push = overlap * np.sign(gap) * np.stack([first, ~first], axis=-1)
        push[np.arange(len(places)), np.arange(len(places))] = 0
        moved = np.clip(moved + 0.3 * push.sum(axis=1), low, high)
    return moved


def colours(count: int) -> Sequence[str]:
    """One colour per face: hues evenly spread, light and dark in turn."""
    return [
        f"oklch({0.58 if i % 2 else 0.72} 0.15 {(25 + 360 * i / count) % 360:.0f})"
        for i in range(count)
    ]
