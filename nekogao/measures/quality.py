"""Measures of how well targets are reproduced: pure functions of arrays.

Outputs and targets are float arrays n h w c in [0, 1].
"""

from typing import TypedDict

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

Pictures = Float[np.ndarray, "n h w c"]

_SMALLEST_ERROR = 1e-10
"""Mean squared errors below this count as this, so that PSNR stays a number (100 dB)."""
_SMALLEST_GRADIENT = 1e-6
"""Mean gradients below this count as this, so that sharpness stays a number."""


class Measures(TypedDict):
    """Means over the pictures; sharpness is one number for all of them."""

    mae: float
    psnr: float
    ssim: float
    skill: float
    identity: float
    sharpness: float


def measure(outputs: Pictures, targets: Pictures) -> Measures:
    """All measures at once."""
    return {
        "mae": float(np.abs(outputs - targets).mean()),
        "psnr": float(psnr(outputs, targets).mean()),
        "ssim": float(ssim(outputs, targets).mean()),
        "skill": float(skill(outputs, targets).mean()),
        "identity": float(identity(outputs, targets).mean()),
        "sharpness": sharpness(outputs, targets),
    }


def psnr(outputs: Pictures, targets: Pictures) -> NDArray[np.floating]:
    """Peak signal-to-noise ratio of each picture, in dB, 100 at most."""
    error = np.square(outputs - targets).mean(axis=(1, 2, 3))
    return -10 * np.log10(np.maximum(error, _SMALLEST_ERROR))


def ssim(outputs: Pictures, targets: Pictures) -> NDArray[np.floating]:
    """Structural similarity of each picture (Wang et al. 2004), 7x7 uniform window."""
    pairs = zip(outputs, targets, strict=True)
    return np.array(
        [structural_similarity(o, t, channel_axis=-1, data_range=1.0) for o, t in pairs]
    )


def skill(outputs: Pictures, targets: Pictures) -> NDArray[np.floating]:
    """1 - d(output, target) / d(mean of the other targets, target), with d the MAE.

    1 is exact, 0 no better than the mean face, negative worse; not clipped. With one picture, or
    where the others' mean is the target itself, mid-gray stands in for the mean.
    """
    count = len(targets)
    error = np.abs(outputs - targets).mean(axis=(1, 2, 3))
    mean = (targets.sum(axis=0) - targets) / max(1, count - 1)
    reference = np.abs(mean - targets).mean(axis=(1, 2, 3)) if count > 1 else np.zeros(1)
    gray = np.abs(0.5 - targets).mean(axis=(1, 2, 3))
    reference = np.where(reference > 1e-6, reference, np.maximum(gray, 1e-6))
    return 1 - error / reference


def identity(outputs: Pictures, targets: Pictures) -> NDArray[np.bool_]:
    """Whether each output's nearest target, by MAE, is its own; chance is 1/n."""
    nearest = [int(np.abs(targets - o).mean(axis=(1, 2, 3)).argmin()) for o in outputs]
    return np.array(nearest) == np.arange(len(targets))


def sharpness(outputs: Pictures, targets: Pictures) -> float:
    """Mean gradient magnitude of all outputs over that of all targets.

    1 is as sharp as the targets, less is blurred, more is noisy or ringing; not clipped. Flat
    outputs for flat targets have 1.
    """
    drawn, wanted = (max(_gradient(p), _SMALLEST_GRADIENT) for p in (outputs, targets))
    return drawn / wanted


def _gradient(pictures: Pictures) -> float:
    """Mean of sqrt(gx^2 + gy^2) over pixels, channels and pictures, by forward differences.

    The last row and column, which have no neighbour ahead in both directions, are left out.
    """
    here = pictures[:, :-1, :-1]
    down, right = pictures[:, 1:, :-1] - here, pictures[:, :-1, 1:] - here
    return float(np.hypot(down, right).mean())
