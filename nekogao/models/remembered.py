"""The training faces that a model file knows by their thumbnails, compared with outputs."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from nekogao.models.composition import Basis
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.sizes import Size


class Share(NamedTuple):
    """One training face, and how much of an output it makes up."""

    face: str
    """Its id in the pair set."""
    share: float
    """From 0 to 1; the shares of all faces sum to 1."""


class Nearness(NamedTuple):
    """The training face nearest to an output."""

    face: str
    distance: float
    """MAE of thumbnails on [0, 1]."""
    confidence: float
    """1 - distance / distance of the next nearest face: 1 for a copy of the face, 0 half-way
    between two faces. A single face is compared with mid-gray."""


class Remembered:
    """Training faces, by id, as thumbnails; at least one."""

    def __init__(self, faces: Mapping[str, Picture]) -> None:
        self.ids = list(faces)
        self._faces = np.stack(list(faces.values())).astype(np.float32) / 255

    def nearest(self, output: Picture) -> Nearness:
        """The face nearest to an output of any size, uint8 h w 3 or h w."""
        distances = np.abs(self._faces - self._thumbnail(output)).mean(axis=(1, 2, 3))
        best = int(distances.argmin())
        if len(distances) > 1:
            second = float(np.delete(distances, best).min())
        else:
            second = float(np.abs(self._faces[best] - 0.5).mean())
        first = float(distances[best])
        confidence = max(0.0, 1 - first / second) if second else 0.0
        return Nearness(self.ids[best], first, confidence)

    def shares(self, output: Picture) -> tuple[Share, ...]:
        """How an output is mixed from the faces, those without a share left out, most first.

        They are the weights of the convex combination of thumbnails that comes nearest to the
        output; see nekogao.models.composition.
        """
        weights = self._basis.weights(self._thumbnail(output))
        order = np.argsort(-weights, kind="stable")
        return tuple(Share(self.ids[i], float(weights[i])) for i in order if weights[i] > 0)

    @cached_property
    def _basis(self) -> Basis:
        return Basis(self._faces)

    def _thumbnail(self, output: Picture) -> Float[np.ndarray, "h w c"]:
        size = Size.shaped(self._faces.shape[1:])
        return images.rgb(images.resize(output, *size)).astype(np.float32) / 255


def shares_of_pixels(pair: Int[np.ndarray, "h w"], ids: Sequence[str]) -> tuple[Share, ...]:
    """How many of an output's pixels come from each pair, those without any left out.

    Args:
        pair: The number of the pair that each pixel comes from.
        ids: The pairs' ids, in order.
    """
    counts = np.bincount(pair.ravel(), minlength=len(ids)) / pair.size
    order = np.argsort(-counts, kind="stable")
    return tuple(Share(ids[i], float(counts[i])) for i in order if i < len(ids) and counts[i] > 0)
