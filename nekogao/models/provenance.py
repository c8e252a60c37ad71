"""Provenance: where each pixel of an answer comes from, drawn and as numbers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nekogao.models.family import Patchwork
from nekogao.pictures import images
from nekogao.pictures.images import Picture

NAME = "provenance"
_TABLE = (
    (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189),
    (140, 86, 75), (227, 119, 194), (188, 189, 34), (23, 190, 207), (120, 120, 120),
)  # fmt: skip
_STRENGTH = 0.55
"""Of the colours over the output."""
_CELLS = 12
"""Lines of the grid a side."""
_HATCH = 6
"""Pixels between the strokes that mark what nothing in the pairs explains, on a side of 256."""


def colours(pairs: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """A colour for each training pair of an answer, the heaviest first."""
    return {pair: _TABLE[place % len(_TABLE)] for place, pair in enumerate(pairs)}


def draw(answer: Patchwork) -> Picture:
    """The output, each pixel tinted by the pair that it comes from.

    Over it is the grid of the training pictures, bent as their pieces are; black strokes mark what
    nothing in the pairs explains.
    """
    height, width = answer.pair.shape
    tint = np.zeros((height, width, 3), np.float32)
    for pair, colour in colours(answer.chosen).items():
        tint[answer.pair == pair] = colour
    gray = images.luma(answer.output)[..., None].astype(np.float32)
    drawn = (1 - _STRENGTH) * gray + _STRENGTH * tint
    drawn[_lines(answer)] = 255
    unit = max(1, round(max(height, width) / 256 * _HATCH))
    down, across = np.mgrid[:height, :width]
    drawn[(answer.doubt > 1) & ((down + across) % unit == 0)] = 0
    return np.rint(drawn).astype(np.uint8)


def _lines(answer: Patchwork) -> np.ndarray:
    """Where the bent grid has a line: where the cell of the place changes.

    A line bends with its piece. Where the next pixel is of another piece there is none, or the
    small pieces of patches would be all lines.
    """
    side = max(answer.pair.shape) / _CELLS
    cell = np.floor(answer.place / side).astype(np.int32)
    lines = np.zeros(answer.pair.shape, bool)
    for axis, later in enumerate((lines[1:], lines[:, 1:])):
        step = np.abs(np.diff(answer.place, axis=axis)).max(axis=-1)
        near = (step < side / 2) & (np.diff(answer.pair, axis=axis) == 0)
        crossed = (np.diff(cell, axis=axis) != 0).any(axis=-1)
        np.logical_or(later, near & crossed, out=later)
    return lines


def write(answer: Patchwork, ids: Sequence[str], path: Path) -> None:
    """Write the numbers of an answer as an .npz file.

    It holds `pair` (h w, the number of the training pair), `place` (h w 2, x and y in it),
    `doubt` (h w, above 1 where nothing in the pairs explains the source), and `ids` (the names of
    the pairs by number, where the model has them).
    """
    with path.open("wb") as file:
        np.savez_compressed(
            file, pair=answer.pair, place=answer.place.astype(np.float16),
            doubt=answer.doubt.astype(np.float16), ids=np.array(list(ids), np.str_),
        )  # fmt: skip
