"""Views of a source: what may decide which training source it is taken for.

A view turns sources, float tensors m c h w in [-1, 1], into one row of numbers each.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from nekogao.models.translator import Translator
from nekogao.pictures import images
from nekogao.pictures.domains import built_in

PICTURE = ("pixels", "pooled-8", "pooled-4", "intensity", "edge-density")
"""Views of the picture alone."""


def views(translator: Translator, sources: Float[Tensor, "m c h w"]) -> dict[str, Tensor]:
    """Every view that this network has, each m x d.

    - `pixels`; `pooled-8` and `pooled-4`, the means over 8x8 or 4x4 fields; `intensity`, the
      mean; `edge-density`, the share of pixels on an edge (Canny 128/128).
    - Whatever the network's family lets one look at, and `output` in any case.
    """
    return of_picture(sources) | translator.views(sources)


def of_picture(sources: Float[Tensor, "m c h w"]) -> dict[str, Tensor]:
    """The views of the picture alone, each m x d."""
    edges = built_in("edges")
    drawn = [edges.source(picture) for picture in images.from_tensor(sources)]
    return {
        "pixels": sources.flatten(1),
        "pooled-8": F.adaptive_avg_pool2d(sources, 8).flatten(1),
        "pooled-4": F.adaptive_avg_pool2d(sources, 4).flatten(1),
        "intensity": sources.flatten(1).mean(dim=1, keepdim=True),
        "edge-density": torch.tensor([[float((lines == 0).mean())] for lines in drawn]),
    }
