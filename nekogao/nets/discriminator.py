"""Discriminators: PatchGANs of five receptive fields, and the article's broken one."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nekogao.errors import ConfigError
from nekogao.nets.blocks import INITIALISATIONS, NORMALISATIONS
from nekogao.nets.strides import halved
from nekogao.nets.winograd import WinogradConv
from nekogao.sizes import AnySize, Size

PATCHES: dict[str, int] = {"pixel": 0, "16": 1, "34": 2, "70": 3, "286": 5}
"""Receptive field in pixels -> number of strided convolutions (Isola et al. 2017, 6.1.2)."""


class PatchGAN(nn.Module):
    """Judge every patch of a picture given its source (Isola et al. 2017, section 3.2.2).

    Args:
        source_channels: Channels of the source.
        target_channels: Channels of the picture that is judged.
        patch: A key of PATCHES.
        width: Channels after the first convolution.
        normalisation: A key of NORMALISATIONS.
        size: Of the pictures: the side of a square, or WIDTHxHEIGHT.

    Raises:
        ConfigError: The picture is too small for the receptive field.
    """

    def __init__(
        self,
        *,
        source_channels: int,
        target_channels: int,
        patch: str,
        width: int,
        normalisation: str,
        size: AnySize,
    ) -> None:
        super().__init__()
        channels, halvings = source_channels + target_channels, PATCHES[patch]
        size = Size.of(size)
        if size.shorter >> halvings < 3 and halvings:
            raise ConfigError(
                f"adversary.patch {patch}: too large for pictures of {size}. "
                "Choose a smaller patch."
            )

        def norm(channels: int) -> nn.Module:
            return NORMALISATIONS[normalisation](channels, 1e-5, 0.1)

        if halvings == 0:
            self.layers = nn.Sequential(
                nn.Conv2d(channels, width, 1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(width, 2 * width, 1),
                norm(2 * width),
                nn.LeakyReLU(0.2),
                nn.Conv2d(2 * width, 1, 1),
            )
        else:
            layers: list[nn.Module] = []
            for level in range(halvings + 1):
                out = width * min(2**level, 8)
                if level < halvings:
                    layers.append(nn.Conv2d(channels, out, 4, stride=2, padding=1))
                else:
                    layers.append(WinogradConv(channels, out))
                if level:
                    layers.append(norm(out))
                layers.append(nn.LeakyReLU(0.2))
                channels = out
            layers.append(nn.Conv2d(channels, 1, 4, padding=1))
            self.layers = nn.Sequential(*layers)
        self.apply(INITIALISATIONS["normal"])

    def forward(
        self, source: Float[Tensor, "b c h w"], picture: Float[Tensor, "b d h w"]
    ) -> Float[Tensor, "b 1 p q"]:
        """One logit a patch; positive means real."""
        return self.layers(torch.cat([source, picture], dim=1))


class ArticleDiscriminator(nn.Module):
    """The article's discriminator as it was really wired.

    Four quarters of source and picture each pass two input convolutions and one more, after
    which two dense layers with softmax give two numbers. The convolutions between the first and
    the last were built but never connected, so they are left out here. Of an odd side quarters
    have ceil(n / 2) pixels, and those on both sides see the middle row or column.
    """

    def __init__(
        self,
        *,
        source_channels: int,
        target_channels: int,
        width: int,
        size: AnySize,
    ) -> None:
        super().__init__()
        size = Size.of(size)
        self.quarter = halved(size.shape)
        self.starts = [(0, side // 2) for side in size.shape]

        def halve(channels: int, out: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(channels, out, 3, stride=2, padding=1),
                nn.BatchNorm2d(out, eps=1e-3, momentum=0.01),
                nn.LeakyReLU(0.2),
            )

        self.picture = halve(target_channels, width)
        self.source = halve(source_channels, width)
        self.last = halve(2 * width, 8 * width)
        rows, columns = halved(self.quarter, 2)
        self.dense = nn.Linear(8 * width * rows * columns, 2)
        self.out = nn.Linear(8, 2)
        self.apply(INITIALISATIONS["glorot"])

    def forward(
        self, source: Float[Tensor, "b c h w"], picture: Float[Tensor, "b d h w"]
    ) -> Float[Tensor, "b 2"]:
        """Two probabilities that sum to one."""
        height, width = self.quarter
        verdicts = []
        for top in self.starts[0]:
            for left in self.starts[1]:
                where = (..., slice(top, top + height), slice(left, left + width))
                both = torch.cat([self.picture(picture[where]), self.source(source[where])], 1)
                verdicts.append(self.dense(self.last(both).flatten(1)).softmax(1))
        return self.out(torch.cat(verdicts, 1)).softmax(1)
