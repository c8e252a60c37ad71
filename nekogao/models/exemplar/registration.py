"""Registration: where each place of a new source is in a training source.

A flow is h w 2, in pixels, x before y: what is at p in the new picture is at p + flow(p) in the
training picture.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from nekogao.models.exemplar.descriptors import Descriptor
from nekogao.models.exemplar.spline import Flow, unfold

Places = NDArray[np.float32]
"""h w 2: x and y."""

_SMOOTHNESS, _CAREFUL_SMOOTHNESS = 40.0, 28.0
"""Weight of smoothness in the variational refinement, OpenCV's being 20: lines are sparse. Where
several flows are blended each may follow them more closely."""


@lru_cache(maxsize=8)
def grid(height: int, width: int) -> Places:
    """The place of every pixel itself."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([across, down], axis=-1).astype(np.float32)


def places(flow: Flow) -> Places:
    """Where a flow leads every pixel."""
    return grid(*flow.shape[:2]) + flow


def bent(picture: NDArray[np.uint8], flow: Flow, interpolation: int) -> NDArray[np.uint8]:
    """A training picture bent to fit the new one; beyond its border the border goes on."""
    across, down = cv2.split(places(flow))
    warped = cv2.remap(picture, across, down, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8).reshape(*flow.shape[:2], *picture.shape[2:])


def carried(values: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    """A map h w of the picture that a flow leads to, brought to where it leads from."""
    across, down = cv2.split(places(flow))
    warped = cv2.remap(values, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32)


def flows(new: Descriptor, held: Descriptor, *, careful: bool = False) -> list[Flow]:
    """Dense flows from a new source to a training source, one a chain of flow pictures (Kroeger et
    al. 2016, dense inverse search).

    Args:
        new: The new source.
        held: The training source.
        careful: Whether there are few pairs: folds are smoothed out of their flows.
    """
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    engine.setVariationalRefinementAlpha(_CAREFUL_SMOOTHNESS if careful else _SMOOTHNESS)
    found = []
    for ours, theirs in zip(new.flow, held.flow, strict=True):
        flow = np.zeros((*ours[0].shape, 2), np.float32)
        for picture, other in zip(ours, theirs, strict=True):
            flow = np.asarray(engine.calc(picture, other, flow.copy()), np.float32)
        found.append(unfold(flow) if careful else flow)
    return found
