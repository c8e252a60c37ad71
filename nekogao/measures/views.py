"""Views of a source: what may decide which training source it is taken for.

A view turns sources, float tensors m c h w in [-1, 1], into one row of numbers each.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from nekogao.nets.generator import LARGEST, Generator, count_levels
from nekogao.pictures import images
from nekogao.pictures.domains import built_in
from nekogao.training.sheets import borrowed

LEVELS = range(1, count_levels(LARGEST) + 1)
"""Levels that some generator may compute."""
PICTURE = ("pixels", "pooled-8", "pooled-4", "intensity", "edge-density")
"""Views of the picture alone."""
NETWORK = (
    *(f"level-{level}" for level in LEVELS),
    "decoder-input",
    *(f"decoder-{level}" for level in LEVELS),
    "output",
)
"""Views through the network; those of levels that it does not compute are missing."""

_CHUNK = 16
"""Pictures in a pass."""


def views(generator: Generator, sources: Float[Tensor, "m c h w"]) -> dict[str, Tensor]:
    """Every view that this generator has, each m x d; it is run in evaluation mode.

    - `pixels`; `pooled-8` and `pooled-4`, the means over 8x8 or 4x4 fields; `intensity`, the
      mean; `edge-density`, the share of pixels on a contour (Canny 128/128).
    - `level-5`, what the encoder computes at that level.
    - `decoder-input`, all that the decoder is given: the bottleneck and the skips, rectified as
      by its first operation, each divided by the root of its size to count alike.
    - `decoder-5`, what the decoder's next layer reads at that level: its own features joined
      with the skip, rectified.
    - `output`, the picture after one step: no prediction, but an upper reference.
    """
    parts = [_of_picture(chunk) | _of_network(generator, chunk) for chunk in sources.split(_CHUNK)]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _of_picture(sources: Tensor) -> dict[str, Tensor]:
    contour = built_in("edges")
    drawn = [contour.source(picture) for picture in images.from_tensor(sources)]
    return {
        "pixels": sources.flatten(1),
        "pooled-8": F.adaptive_avg_pool2d(sources, 8).flatten(1),
        "pooled-4": F.adaptive_avg_pool2d(sources, 4).flatten(1),
        "intensity": sources.flatten(1).mean(dim=1, keepdim=True),
        "edge-density": torch.tensor([[float((lines == 0).mean())] for lines in drawn]),
    }


def _of_network(generator: Generator, sources: Tensor) -> dict[str, Tensor]:
    first, last = generator.first, generator.levels
    with borrowed(generator):
        encoded = dict(enumerate(generator.encode(sources), first))
        found = {f"level-{level}": features for level, features in encoded.items()}
        given = [encoded[level].relu().flatten(1) for level in (last, *sorted(generator.skips))]
        found["decoder-input"] = torch.cat([part / part.shape[1] ** 0.5 for part in given], dim=1)
        x = encoded[last]
        for level, up in zip(range(last - 1, first - 2, -1), generator.up, strict=True):
            x = up(x)
            if level in generator.skips:
                x = torch.cat([x, encoded[level]], dim=1)
            found[f"decoder-{level}" if level >= first else "output"] = x.relu()
        found["output"] = torch.tanh(x)
    return {name: view.flatten(1) for name, view in found.items()}
