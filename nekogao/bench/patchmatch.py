"""Patch synthesis of EbSynth's kind, as one would write it from the papers, with no tricks.

An exemplar's target is put together anew, patch by patch, so that its guides fit those of the new
source: image analogies (Hertzmann et al. 2001) from coarse to fine, the nearest patches found by
PatchMatch (Barnes et al. 2009), all that cover a pixel voting, with the position as one more guide
(Fišer et al. 2017). It shares no code with nekogao.models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nekogao.pictures.images import Picture

Guides = NDArray[np.float32]
"""h w g in [0, 1]."""

_RADIUS = 2
"""Patches are 5x5."""
_CLIPS = (4, 12, 36)
"""Distances to the nearest line, in pixels of a side of 256, beyond which all count alike."""
_GUIDE_WEIGHT, _STYLE_WEIGHT, _POSITION_WEIGHT = 2.0, 1.0, 2.0
"""Of squared differences: all guides together, the style, and the position."""
_SMALLEST = 32
"""Pixels a side of the coarsest level."""
_PASSES = 2
"""Of PatchMatch between two votes."""
_CHUNK = 2048
"""Patches that are compared at a time, so that they stay in the processor's cache."""
_NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def line_guides(source: Picture) -> Guides:
    """Of black lines on white: the distance to the nearest, clipped at three distances."""
    lines = source < 128
    unit = max(source.shape) / 256
    if lines.any():
        far = cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, 5) / unit
    else:
        far = np.full(source.shape, max(_CLIPS), np.float32)
    return np.stack([np.minimum(far, clip) / clip for clip in _CLIPS], -1).astype(np.float32)


def picture_guides(source: Picture) -> Guides:
    """Of other sources: themselves."""
    return np.atleast_3d(source).astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class Exemplar:
    """A training pair."""

    guides: Guides
    style: NDArray[np.float32]
    """h w c in [0, 1]."""


@dataclass(frozen=True)
class Synthesis:
    """Answers from the training pair whose guides are nearest."""

    exemplars: Sequence[Exemplar]
    lines: bool
    """Whether sources are lines."""
    votes: int = 3

    @classmethod
    def of(
        cls, sources: Sequence[Picture], targets: Sequence[Picture], lines: bool, votes: int = 3
    ) -> "Synthesis":
        """From training pairs."""
        made = line_guides if lines else picture_guides
        pairs = zip(sources, targets, strict=True)
        return cls([Exemplar(made(s), picture_guides(t)) for s, t in pairs], lines, votes)

    def __call__(self, source: Picture) -> Picture:
        """The output for one source of the pairs' size."""
        guides = line_guides(source) if self.lines else picture_guides(source)
        far = [float(np.abs(each.guides - guides).mean()) for each in self.exemplars]
        made = synthesise(guides, self.exemplars[int(np.argmin(far))], self.votes)
        picture = np.clip(np.rint(255 * made), 0, 255).astype(np.uint8)
        return picture[..., 0] if picture.shape[2] == 1 else picture


def synthesise(guides: Guides, exemplar: Exemplar, votes: int) -> NDArray[np.float32]:
    """A picture of the exemplar's patches whose guides are like the new ones, h w c."""
    sizes = [guides.shape[0]]
    while sizes[-1] // 2 >= _SMALLEST:
        sizes.append(sizes[-1] // 2)
    random = torch.Generator().manual_seed(0)
    field = _grid(sizes[-1])
    output = np.zeros(0, np.float32)
    for size in reversed(sizes):
        ours, theirs, style = (_scaled(p, size) for p in (guides, exemplar.guides, exemplar.style))
        if len(field) < size:
            field = _refined(field)
        output = _vote(field, style)
        for _ in range(votes):
            here, there = _described(output, ours), _described(style, theirs)
            field = _matched(field, here, there, random)
            output = _vote(field, style)
    return output


def _scaled(picture: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    scaled = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(scaled, np.float32).reshape(size, size, picture.shape[2])


def _grid(size: int) -> Tensor:
    """Every place itself: h w 2, row before column."""
    along = torch.arange(size)
    return torch.stack(torch.meshgrid(along, along, indexing="ij"), dim=-1)


def _refined(field: Tensor) -> Tensor:
    """A field on the next finer level."""
    size = 2 * len(field)
    doubled = 2 * field.repeat_interleave(2, 0).repeat_interleave(2, 1)
    return doubled + _grid(size) % 2


def _described(style: NDArray[np.float32], guides: Guides) -> Tensor:
    """The patch around each place and where it is: one row a place, ready to be subtracted."""
    size = len(style)
    taps = (2 * _RADIUS + 1) ** 2
    weighted = [
        style * (_STYLE_WEIGHT / taps / style.shape[2]) ** 0.5,
        guides * (_GUIDE_WEIGHT / taps / guides.shape[2]) ** 0.5,
    ]
    around = ((_RADIUS, _RADIUS), (_RADIUS, _RADIUS), (0, 0))
    padded = np.pad(np.concatenate(weighted, axis=2), around, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * _RADIUS + 1,) * 2, (0, 1))
    patches = torch.from_numpy(np.ascontiguousarray(windows).reshape(size * size, -1))
    where = _grid(size).reshape(-1, 2).float() * (_POSITION_WEIGHT**0.5 / size)
    return torch.cat([patches, where], dim=1)


def _matched(field: Tensor, here: Tensor, there: Tensor, random: torch.Generator) -> Tensor:
    """A better field: neighbours' matches, then random places ever nearer to the best so far.

    All places are looked at together, as on a GPU (Barnes et al. 2009, section 3).
    """
    size = len(field)

    def costs(places: Tensor) -> Tensor:
        rows = (places[..., 0] * size + places[..., 1]).reshape(-1)
        parts = zip(here.split(_CHUNK), rows.split(_CHUNK), strict=True)
        far = [(ours - there[chosen]).square_().sum(dim=1) for ours, chosen in parts]
        return torch.cat(far).reshape(size, size)

    best = costs(field)

    def offer(places: Tensor) -> None:
        nonlocal field, best
        places = places.clamp(0, size - 1)
        found = costs(places)
        better = found < best
        field = torch.where(better[..., None], places, field)
        best = torch.where(better, found, best)

    for _ in range(_PASSES):
        for down, across in _NEIGHBOURS:
            moved = torch.roll(field, (down, across), dims=(0, 1))
            offer(moved + torch.tensor([down, across]))
        reach = size // 2
        while reach >= 1:
            step = torch.rand((size, size, 2), generator=random) * 2 - 1
            offer(field + (step * reach).round().long())
            reach //= 2
    return field


def _vote(field: Tensor, style: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of what all patches that cover a pixel have there."""
    size = len(style)
    pixels = torch.from_numpy(style)
    total, counted = torch.zeros_like(pixels), torch.zeros(size, size, 1)
    for down in range(-_RADIUS, _RADIUS + 1):
        for across in range(-_RADIUS, _RADIUS + 1):
            rows, columns = (slice(max(0, -d), size - max(0, d)) for d in (down, across))
            to_rows, to_columns = (slice(max(0, d), size - max(0, -d)) for d in (down, across))
            led = (field[rows, columns] + torch.tensor([down, across])).clamp(0, size - 1)
            total[to_rows, to_columns] += pixels[led[..., 0], led[..., 1]]
            counted[to_rows, to_columns] += 1
    return np.asarray(total / counted, np.float32)
