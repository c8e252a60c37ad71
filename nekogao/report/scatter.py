"""The map: where pictures and faces lie at the deciding level, as marks to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000, 620
FACE, PICTURE = 54, 40
"""Sides of the marks, in the map's own unit."""
_MARGIN = 50
_ROUNDS = 400


@dataclass(frozen=True)
class Mark:
    """A small picture on the map, moved aside where it would hide another."""

    x: float
    y: float
    side: int


def marks(
    faces: NDArray[np.float64], pictures: NDArray[np.float64]
) -> tuple[list[Mark], list[Mark]]:
    """Places in any coordinates as marks on the map: the faces', the pictures'."""
    sides = np.array([FACE] * len(faces) + [PICTURE] * len(pictures), float)
    moved = _apart(_scaled(np.concatenate([faces, pictures])), sides)
    found = [
        Mark(float(x), float(y), int(side)) for (x, y), side in zip(moved, sides, strict=True)
    ]
    return found[: len(faces)], found[len(faces) :]


def _scaled(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """One scale for both axes, so that distances stay comparable; y points up."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array([WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN])
    scale = float((room / np.maximum(high - low, 1e-9)).min())
    centred = (places - (low + high) / 2) * [scale, -scale]
    return centred + np.array([WIDTH / 2, HEIGHT / 2])


def _apart(places: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push overlapping squares apart along the shorter way, a little at a time."""
    # Squares at the very same place leave it on a spiral, in all directions.
    turn = np.arange(len(places))
    spiral = np.stack([np.cos(2.4 * turn), np.sin(2.4 * turn)], axis=1)
    moved = places + 0.1 * np.sqrt(turn)[:, None] * spiral
    need = (sides[:, None] + sides[None]) / 2 + 3
    low, high = sides[:, None] / 2, [WIDTH, HEIGHT] - sides[:, None] / 2
    for _ in range(_ROUNDS):
        gap = moved[:, None] - moved[None]
        overlap = np.maximum(need[..., None] - np.abs(gap), 0)
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
