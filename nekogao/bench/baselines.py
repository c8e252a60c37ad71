"""Textbook baselines: plain PyTorch as one would write it from the papers, with no tricks.

They share no code with nekogao.nets, so that every speed claim compares two implementations.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nekogao.errors import ConfigError
from nekogao.sizes import AnySize, Size


class TextbookUNet(nn.Module):
    """The U-Net generator of Isola et al. 2017, section 6.1.1.

    Encoder C64-C128-C256-C512-..., decoder CD512-CD512-CD512-...-C128-C64, 4x4 kernels, every
    encoder level but the last handed to the decoder. The 1x1 level has no BatchNorm, which would
    leave nothing of a batch of one (as the authors' erratum says).
    """

    def __init__(self, size: int = 256, width: int = 64, channels: int = 1) -> None:
        super().__init__()
        levels = size.bit_length() - 1
        encoded = [width * min(2**i, 8) for i in range(levels)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i, out in enumerate(encoded):
            down: list[nn.Module] = [nn.LeakyReLU(0.2)] if i else []
            down.append(nn.Conv2d(encoded[i - 1] if i else channels, out, 4, stride=2, padding=1))
            if 0 < i < levels - 1:
                down.append(nn.BatchNorm2d(out))
            self.down.append(nn.Sequential(*down))
        inner = encoded[-1]
        for i in range(levels - 2, -1, -1):
            up = [nn.ReLU(), nn.ConvTranspose2d(inner, encoded[i], 4, stride=2, padding=1)]
            up.append(nn.BatchNorm2d(encoded[i]))
            if i >= levels - 4:
                up.append(nn.Dropout(0.5))
            self.up.append(nn.Sequential(*up))
            inner = 2 * encoded[i]
        self.last = nn.ConvTranspose2d(inner, 3, 4, stride=2, padding=1)
        self.apply(_initialise)

    def forward(self, source: Tensor) -> Tensor:
        skips = []
        x = source
        for down in self.down:
            x = down(x)
            skips.append(x)
        for up, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = torch.cat([up(x), skip], dim=1)
        return torch.tanh(self.last(F.relu(x)))


class ArticleGenerator(nn.Module):
    """The article's encoder-decoder: 3x3 kernels, nearest upsampling, one skip at 2x2."""

    def __init__(self, size: int = 128, width: int = 64) -> None:
        super().__init__()
        levels = size.bit_length() - 1
        encoded = [width * min(2**i, 8) for i in range(levels)]
        decoded = [encoded[max(i - 1, 0)] for i in range(levels - 2, -1, -1)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i, out in enumerate(encoded):
            down: list[nn.Module] = [nn.LeakyReLU(0.2)] if i else []
            down.append(nn.Conv2d(encoded[i - 1] if i else 1, out, 3, stride=2, padding=1))
            if i:
                down.append(nn.BatchNorm2d(out, eps=1e-3, momentum=0.01))
            self.down.append(nn.Sequential(*down))
        channels = encoded[-1]
        for i, out in enumerate(decoded):
            up = [nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, padding=1)]
            up.append(nn.BatchNorm2d(out, eps=1e-3, momentum=0.01))
            if i < 3:
                up.append(nn.Dropout(0.5))
            self.up.append(nn.Sequential(*up))
            channels = out + encoded[-2] if i == 0 else out
        self.last = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, source: Tensor) -> Tensor:
        features = [source]
        for down in self.down:
            features.append(down(features[-1]))
        x = torch.cat([self.up[0](features[-1]), features[-2]], dim=1)
        for up in self.up[1:]:
            x = up(x)
        return torch.tanh(self.last(F.interpolate(F.relu(x), scale_factor=2)))


class PatchDiscriminator(nn.Module):
    """The 70x70 PatchGAN of Isola et al. 2017, section 6.1.2: C64-C128-C256-C512."""

    def __init__(self, width: int = 64, channels: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels += 3  # source and picture together
        for i, stride in enumerate((2, 2, 2, 1)):
            out = width * 2**i
            layers.append(nn.Conv2d(channels, out, 4, stride=stride, padding=1))
            if i:
                layers.append(nn.BatchNorm2d(out))
            layers.append(nn.LeakyReLU(0.2))
            channels = out
        layers.append(nn.Conv2d(channels, 1, 4, padding=1))
        self.layers = nn.Sequential(*layers)
        self.apply(_initialise)

    def forward(self, source: Tensor, picture: Tensor) -> Tensor:
        return self.layers(torch.cat([source, picture], dim=1))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class Baseline:
    """A generator and its discriminator, trained in the ordinary way.

    Args:
        generator: From sources b c h w to pictures b 3 h w, both in [-1, 1].
        discriminator: From sources and pictures to logits.
        lr: Adam's learning rate.
        betas: Adam's decays.
        l1: Weight of the mean absolute error; the adversarial loss has 1.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        lr: float,
        betas: tuple[float, float],
        l1: float,
    ) -> None:
        self.generator, self.discriminator, self.l1 = generator, discriminator, l1
        self.generator_adam = torch.optim.Adam(generator.parameters(), lr=lr, betas=betas)
        self.discriminator_adam = torch.optim.Adam(discriminator.parameters(), lr=lr, betas=betas)

    def step(self, source: Tensor, target: Tensor) -> tuple[float, float]:
        """One update of the discriminator, then one of the generator.

        Returns the mean absolute error and the discriminator's loss.
        """
        fake = self.generator(source)
        real_logits = self.discriminator(source, target)
        fake_logits = self.discriminator(source, fake.detach())
        wrong = F.binary_cross_entropy_with_logits
        judged = (
            wrong(real_logits, torch.ones_like(real_logits))
            + wrong(fake_logits, torch.zeros_like(fake_logits))
        ) / 2
        self.discriminator_adam.zero_grad()
        judged.backward()
        self.discriminator_adam.step()

        logits = self.discriminator(source, fake)
        error = F.l1_loss(fake, target)
        self.generator_adam.zero_grad()
        (self.l1 * error + wrong(logits, torch.ones_like(logits))).backward()
        self.generator_adam.step()
        return error.item(), judged.item()

    def translate(self, source: Tensor) -> Tensor:
        """Pictures for sources, in whatever mode the generator is in."""
        with torch.no_grad():
            return self.generator(source)


def _side(size: AnySize) -> int:
    """The side of a square that can be halved down to one pixel; others are refused."""
    width, height = Size.of(size)
    if width != height or width & (width - 1):
        raise ConfigError(
            f"size {Size.of(size)}: the textbook baselines take squares whose side is a power of "
            "two. Name such a pair set with --pairs, or measure other sections with --only."
        )
    return width


def textbook_unet(size: AnySize = 256, width: int = 64, channels: int = 1) -> Baseline:
    """Isola et al. 2017, sections 3.3 and 6: Adam 2e-4, L1 times 100; meant for batches of one.

    `channels` are those of a source. Raises ConfigError for a size that is no square whose side
    is a power of two.
    """
    return Baseline(
        TextbookUNet(_side(size), width, channels), PatchDiscriminator(width, channels),
        lr=2e-4, betas=(0.5, 0.999), l1=100.0,
    )  # fmt: skip


def article(size: int = 128, width: int = 64) -> Baseline:
    """The article's generator with the paper's PatchGAN; meant for batches of five."""
    return Baseline(
        ArticleGenerator(size, width), PatchDiscriminator(width),
        lr=1e-3, betas=(0.9, 0.999), l1=30.0,
    )  # fmt: skip
