"""Losses as pure functions of pictures, or of a discriminator's logits.

Each adversarial loss is a pair: what the discriminator minimises for real and fake logits, and
what the generator minimises for the logits of its own pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

_SMALLEST_WINDOW, _WINDOWS = 8, 16
"""Side of the windows in which pictures are compared, in pixels, and how many make up the longer
side of a large picture: smaller ones would not see colours that drift slowly."""
_LEAST = (0.01**2, 0.03**2)
"""What keeps flat windows comparable: C1 and C2 of Wang et al. 2004."""


def dissimilarity(
    output: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"]
) -> Float[Tensor, ""]:
    """1 - SSIM of pictures in [-1, 1] (Wang et al. 2004, equation 13): 0 is exact, 1 unrelated.

    It is what `nekogao.measures.quality.ssim` measures, in windows of a sixteenth of the longer
    side, 8 pixels at least, half of that apart: a tenth of the cost of all windows of 7x7.
    """
    window = max(_SMALLEST_WINDOW, max(output.shape[2:]) // _WINDOWS)

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, window, window // 2)

    x, y = (output + 1) / 2, (target + 1) / 2
    mean_x, mean_y = mean(x), mean(y)
    spread = mean(x * x) + mean(y * y) - mean_x * mean_x - mean_y * mean_y
    shared = mean(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + _LEAST[0]) / (mean_x * mean_x + mean_y * mean_y + _LEAST[0])
    structure = (2 * shared + _LEAST[1]) / (spread + _LEAST[1])
    return 1 - (light * structure).mean()


@dataclass(frozen=True)
class AdversarialLoss:
    """The two sides of an adversarial game."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    """(real logits, fake logits) -> scalar."""
    generator: Callable[[Tensor], Tensor]
    """fake logits -> scalar."""


def _vanilla_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Half the cross-entropy, as the paper slows its discriminator (Isola et al. 2017, 3.3)."""
    return (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2


def _vanilla_generator(fake: Tensor) -> Tensor:
    """The non-saturating form, -log D(G(x)) (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean()


def _least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Mao et al. 2017, equation 2 with labels 1 and 0."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def _least_squares_generator(fake: Tensor) -> Tensor:
    return (fake - 1).square().mean()


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Lim and Ye 2017, equation 6, halved like the others."""
    return (F.relu(1 - real).mean() + F.relu(1 + fake).mean()) / 2


def _hinge_generator(fake: Tensor) -> Tensor:
    return -fake.mean()


LOSSES: dict[str, AdversarialLoss] = {
    "vanilla": AdversarialLoss(_vanilla_discriminator, _vanilla_generator),
    "least-squares": AdversarialLoss(_least_squares_discriminator, _least_squares_generator),
    "hinge": AdversarialLoss(_hinge_discriminator, _hinge_generator),
}


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """Share of logits that the discriminator has on the right side of zero."""
    return ((real > 0).float().mean() + (fake <= 0).float().mean()) / 2


ARTICLE_REAL, ARTICLE_FAKE, ARTICLE_AIM = (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)
"""The article's labels: they are inconsistent, which is why its adversary teaches little."""


def article_cross_entropy(probabilities: Tensor, label: tuple[float, float]) -> Tensor:
    """Binary cross-entropy of each of two softmax outputs with its label, averaged."""
    target = torch.tensor(label, device=probabilities.device).expand_as(probabilities)
    return F.binary_cross_entropy(probabilities.clamp(1e-7, 1 - 1e-7), target)
