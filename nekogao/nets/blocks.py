"""The parts that generators and discriminators are built from."""

from collections.abc import Callable
from math import gcd

from torch import nn

from nekogao.errors import ConfigError
from nekogao.nets.strides import Crop, Doubling, NearestDoubling, Sides


def _group(channels: int, eps: float, momentum: float) -> nn.Module:
    # At least four channels a group, so that a 1x1 level still has something to normalise.
    return nn.GroupNorm(max(1, gcd(channels, 32, max(1, channels // 4))), channels, eps=eps)


NORMALISATIONS: dict[str, Callable[[int, float, float], nn.Module]] = {
    "batch": lambda channels, eps, momentum: nn.BatchNorm2d(channels, eps=eps, momentum=momentum),
    "group": _group,
    "instance": lambda channels, eps, momentum: nn.InstanceNorm2d(channels, eps=eps),
    "none": lambda channels, eps, momentum: nn.Identity(),
}
"""Name -> layer from (channels, eps, momentum); momentum is the weight of the newest batch."""


def _nearest(channels_in: int, channels_out: int, kernel: int, shape: Sides) -> nn.Module:
    if kernel == 3:
        return NearestDoubling(channels_in, channels_out, shape)
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        *_same_size(channels_in, channels_out, kernel),
        Crop(shape),
    )


def _bilinear(channels_in: int, channels_out: int, kernel: int, shape: Sides) -> nn.Module:
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        *_same_size(channels_in, channels_out, kernel),
        Crop(shape),
    )


def _same_size(channels_in: int, channels_out: int, kernel: int) -> list[nn.Module]:
    if kernel % 2:
        return [nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)]
    before = (kernel - 1) // 2
    pad = nn.ZeroPad2d((before, kernel - 1 - before) * 2)
    return [pad, nn.Conv2d(channels_in, channels_out, kernel)]


UPSAMPLINGS: dict[str, Callable[[int, int, int, Sides], nn.Module]] = {
    "nearest": _nearest,
    "bilinear": _bilinear,
    "transposed": Doubling,
}
"""Name -> layer from (channels in, channels out, kernel, (height, width) that it returns) that
doubles height and width."""


def _initialise_normal(module: nn.Module) -> None:
    """N(0, 0.02), and N(1, 0.02) for scales (Isola et al. 2017, section 6.2)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        _zero_bias(module)
    elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def _initialise_glorot(module: nn.Module) -> None:
    """Uniform with variance 2 / (fan in + fan out) (Glorot and Bengio 2010, equation 16)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)
        _zero_bias(module)


def _initialise_he(module: nn.Module) -> None:
    """Normal with variance 2 / fan in (He et al. 2015, equation 10)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        _zero_bias(module)


def _zero_bias(module: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> None:
    if module.bias is not None:
        nn.init.zeros_(module.bias)


INITIALISATIONS: dict[str, Callable[[nn.Module], None]] = {
    "normal": _initialise_normal,
    "glorot": _initialise_glorot,
    "he": _initialise_he,
}
"""Name -> function for nn.Module.apply."""


def check_normalisation(where: str, name: str, values_per_channel: int, pixels: int) -> None:
    """Raise ConfigError where a normalisation would have nothing to take statistics of.

    Args:
        where: The layer, in words, for the message.
        name: A key of NORMALISATIONS.
        values_per_channel: Batch size times pixels.
        pixels: Height times width.
    """
    if name == "batch" and values_per_channel < 2:
        raise ConfigError(
            f"{where}: batch normalisation would see one value per channel (batch 1, 1x1 pixels) "
            "and can learn nothing. Use the recipe one-pair, generator.bottleneck_norm=false, "
            "generator.normalisation=group, or a larger batch."
        )
    if name == "instance" and pixels < 2:
        raise ConfigError(
            f"{where}: instance normalisation of 1x1 pixels is always zero. Use "
            "generator.bottleneck_norm=false or generator.normalisation=group."
        )
