"""The arithmetic of a network: what a training step must compute.

Only multiplications of a kernel's tap with a pixel that exists are counted. Padding is zero, so
its products need not be formed; and nearest upsampling repeats pixels, so that taps which meet
copies of one pixel can be added up beforehand. Everything but convolutions is left out: it is
memory traffic rather than arithmetic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from nekogao.nets.discriminator import PATCHES
from nekogao.nets.generator import WIDEST, count_levels, parse_skips
from nekogao.nets.strides import Sides, halved
from nekogao.sizes import AnySize, Size


def _halved(size: int, kernel: int, stride: int, padding: int) -> int:
    return _met(size, kernel, stride, padding, -(-size // stride))


def _convolved(size: int, kernel: int, stride: int, padding: int) -> int:
    return _met(size, kernel, stride, padding, (size + 2 * padding - kernel) // stride + 1)


def _met(size: int, kernel: int, stride: int, padding: int, count: int) -> int:
    places = (o * stride + tap - padding for o in range(count) for tap in range(kernel))
    return sum(0 <= place < size for place in places)


def _transposed(size: int, kernel: int, stride: int, padding: int) -> int:
    small = -(-size // stride)
    places = (i * stride + tap - padding for i in range(small) for tap in range(kernel))
    return sum(0 <= place < size for place in places)


def _nearest(size: int, kernel: int, stride: int, padding: int) -> int:
    before = (kernel - 1) // 2
    meetings, whole = 0, stride * -(-size // stride)
    for out in range(size):
        places = range(out - before, out - before + kernel)
        meetings += len({place // stride for place in places if 0 <= place < whole})
    return meetings


_MEETINGS: dict[str, Callable[[int, int, int, int], int]] = {
    "convolution": _convolved,
    # An odd side may get one more pixel of padding, so that ceil(n / 2) come out.
    "halving": _halved,
    "transposed": _transposed,
    "nearest": _nearest,
    # Blending neighbours adds no products once the blend is folded into the kernel, but it
    # reaches a pixel further; counted as nearest it is a lower bound.
    "bilinear": _nearest,
}
"""Kind -> meetings of a tap with a pixel along one axis, from (side of the larger picture, kernel,
stride, padding). The axes are independent, so that a layer has the product of both."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A convolution, as far as its arithmetic goes."""

    channels_in: int
    channels_out: int
    kernel: int
    shape: Sides
    """Height and width that come in; of the kinds that upsample, that come out."""
    stride: int = 2
    """Also the factor by which the kinds that upsample make the picture larger."""
    padding: int = 1
    kind: str = "convolution"
    """A key of the table above."""

    def flops(self) -> int:
        """Floating-point operations for one picture: a multiplication and an addition each.

        The gradients of the input and of the weights take as many, each.
        """
        meet = _MEETINGS[self.kind]
        down, across = (meet(side, self.kernel, self.stride, self.padding) for side in self.shape)
        return 2 * down * across * self.channels_in * self.channels_out


def generator_layers(shape: Mapping[str, Any]) -> list[Layer]:
    """The convolutions of a Generator with these arguments, from the source to the picture."""
    size, patch, kernel = Size.of(shape["size"]), shape["patch"], shape["kernel"]
    levels, first = count_levels(size), patch.bit_length()
    skips = parse_skips(shape["skips"], levels, first)
    encoded = {
        level: shape["width"] * min(2 ** (level - first), WIDEST)
        for level in range(first, levels + 1)
    }
    layers = []
    channels, kind = shape["source_channels"] * patch**2, shape["upsampling"]
    for level, out in encoded.items():
        layers.append(_layer(channels, out, kernel, halved(size.shape, level - 1), "halving"))
        channels = out
    for level in range(levels - 1, first - 2, -1):
        out = encoded[max(level - (1 if shape["decoder"] == "narrow" else 0), first)]
        if level < first:
            out = shape["target_channels"] * patch**2
        layers.append(_layer(channels, out, kernel, halved(size.shape, level), kind))
        channels = out + (encoded[level] if level in skips else 0)
    return layers


def _layer(channels_in: int, channels_out: int, kernel: int, shape: Sides, kind: str) -> Layer:
    return Layer(
        channels_in=channels_in, channels_out=channels_out, kernel=kernel, shape=shape, kind=kind
    )


def discriminator_layers(patch: str, width: int, size: AnySize, channels: int) -> list[Layer]:
    """The convolutions of a PatchGAN.

    Args:
        patch: A key of PATCHES.
        width: Channels after its first convolution.
        size: Of the pictures.
        channels: Those of source and picture together.
    """
    halvings, (height, across) = PATCHES[patch], Size.of(size).shape
    if not halvings:
        widths = [channels, width, 2 * width, 1]
        return [
            Layer(
                channels_in=i,
                channels_out=o,
                kernel=1,
                shape=(height, across),
                stride=1,
                padding=0,
            )
            for i, o in pairwise(widths)
        ]
    layers = []
    for level in range(halvings + 2):
        out = 1 if level > halvings else width * min(2**level, 8)
        stride = 2 if level < halvings else 1
        shape = (height, across)
        layer = Layer(channels_in=channels, channels_out=out, kernel=4, shape=shape, stride=stride)
        layers.append(layer)
        height, across = ((side + 2 - 4) // stride + 1 for side in shape)
        channels = out
    return layers


def needed_flops(
    generator: Sequence[Layer], discriminator: Sequence[Layer], batch: int, judged: int = 3
) -> int:
    """Floating-point operations that one update of both networks must do.

    The generator: forward, gradients of weights, gradients of inputs but for the source. The
    discriminator's own update: the same on real and on generated pictures. Then, on the generated
    ones, once forward and once back to the picture, without gradients of weights.

    Args:
        generator: Its layers, the first one first.
        discriminator: Its layers likewise; empty where there is none.
        batch: Pairs in the update.
        judged: Channels of the picture, the only ones whose gradient the generator needs.
    """
    own = _trained(generator)
    if not discriminator:
        return batch * own
    first, *others = discriminator
    forward = sum(layer.flops() for layer in discriminator)
    back = sum(layer.flops() for layer in others) + replace(first, channels_in=judged).flops()
    return batch * (own + 2 * _trained(discriminator) + forward + back)


def _trained(layers: Sequence[Layer]) -> int:
    return 3 * sum(layer.flops() for layer in layers) - layers[0].flops()
