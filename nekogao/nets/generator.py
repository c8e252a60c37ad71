"""The generator: an encoder-decoder whose skips are a set of levels.

Levels count the halvings of the picture: level 1 is half the input's size, level L the 1x1
bottleneck (for a picture whose longer side has up to 2^L pixels). A side of n pixels has
ceil(n / 2) at the next level. A skip at level d hands the encoder's output
at that level straight to the decoder. No skips make an encoder-decoder, all make a U-Net
(Isola et al. 2017, section 3.2; Ronneberger et al. 2015).

With patches of 2^p pixels a side, what would be levels 1 .. p is one rearrangement without
weights: the pixels of a patch become channels (space-to-depth), and the decoder's last channels
become pixels again (Shi et al. 2016, equation 4). Levels keep their numbers; the first that the
encoder computes is p + 1. A side that is no multiple of the patch is padded at its end, right or
bottom, by repeating the border, and what was added is cut off again.
"""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from nekogao.errors import ConfigError
from nekogao.nets.blocks import INITIALISATIONS, NORMALISATIONS, UPSAMPLINGS, check_normalisation
from nekogao.nets.strides import Doubling, Halving, cropped, halved
from nekogao.sizes import AnySize, Size, check_size

WIDEST = 8
"""Channels stop doubling at this multiple of the width."""

_FEWEST_PATCHES = 8, 4
"""Patches that the longer and the shorter side of a picture keep at least: as many levels as a
square has, three."""

SKIPS: dict[str, Callable[[int, int], frozenset[int]]] = {
    "none": lambda first, levels: frozenset(),
    "innermost": lambda first, levels: frozenset({levels - 1}),
    "inner3": lambda first, levels: frozenset(range(max(first, levels - 3), levels)),
    "all": lambda first, levels: frozenset(range(first, levels)),
}
"""Named sets of skips, from the first level and the last. `innermost` is the article's network."""


def count_levels(size: AnySize) -> int:
    """How often a picture must be halved until one pixel is left.

    Raises ConfigError unless both sides are from 32 to 512 pixels.
    """
    return (check_size(size).longer - 1).bit_length()


def largest_patch(size: Size) -> int:
    """The largest power of two that leaves eight patches on the longer side, four on the other."""
    longer, shorter = _FEWEST_PATCHES
    return 1 << min(size.longer // longer, size.shorter // shorter).bit_length() - 1


def check_patch(patch: int, size: Size) -> None:
    """Raise ConfigError unless patch is a power of two that leaves enough patches a side."""
    most = largest_patch(size)
    if patch < 1 or patch & (patch - 1) or patch > most:
        raise ConfigError(
            f"generator.patch {patch}: must be a power of two, and for pictures of {size} "
            f"at most {most}."
        )


def parse_skips(text: str, levels: int, first: int = 1) -> frozenset[int]:
    """The levels named by a key of SKIPS or by numbers, as in "5,6".

    Raises ConfigError for anything else, and for levels outside first .. levels - 1.
    """
    if text in SKIPS:
        return SKIPS[text](first, levels)
    try:
        chosen = frozenset(int(part) for part in text.split(","))
    except ValueError:
        chosen = frozenset()
    if not chosen or not chosen <= set(range(first, levels)):
        raise ConfigError(
            f"skips {text!r}: must be one of {', '.join(SKIPS)}, or levels from {first} to "
            f"{levels - 1} separated by commas."
        )
    return chosen


class Down(nn.Module):
    """Halve the picture: activation (but for the first), strided convolution, normalisation."""

    def __init__(self, conv: Halving, norm: nn.Module, first: bool) -> None:
        super().__init__()
        self.activation = nn.Identity() if first else nn.LeakyReLU(0.2)
        self.conv = conv
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.activation(x)))


class Up(nn.Module):
    """Double the picture: ReLU, upsampling with convolution, normalisation, dropout."""

    def __init__(self, up: nn.Module, norm: nn.Module, dropout: float) -> None:
        super().__init__()
        self.activation = nn.ReLU()
        self.up = up
        self.norm = norm
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(self.up(self.activation(x))))


class Generator(nn.Module):
    """Translate a source to a target of the same size.

    Args:
        size: Of source and target: the side of a square, or WIDTHxHEIGHT; sides from 32 to 512.
        source_channels: Channels of the source.
        target_channels: Channels of the target.
        width: Channels at the first level; they double at every level, up to 8 times the width.
        patch: Pixels a side that become channels before the first level, and pixels again after
            the last; a power of two, at most an eighth of the longer side and a quarter of the
            shorter one. 1 leaves the picture as it is.
        skips: A key of SKIPS, or level numbers as in "5,6".
        kernel: Side of the convolution kernels, 3 (the article) or 4 (the paper).
        upsampling: A key of UPSAMPLINGS.
        normalisation: A key of NORMALISATIONS.
        bottleneck_norm: Whether the 1x1 level is normalised too (the article does, the paper
            does not).
        norm_eps: Added to the variance.
        norm_momentum: Weight of the newest batch in the running statistics.
        dropout: Probability, after the first three decoder levels.
        decoder: `mirror` gives each decoder level the channels of the encoder at its size;
            `narrow` those of the encoder one level further out, as the article's network has.
        initialisation: A key of INITIALISATIONS.

    Raises:
        ConfigError: A name or number is outside what is listed above.
    """

    def __init__(
        self,
        *,
        size: AnySize,
        source_channels: int,
        target_channels: int,
        width: int,
        patch: int,
        skips: str,
        kernel: int,
        upsampling: str,
        normalisation: str,
        bottleneck_norm: bool,
        norm_eps: float,
        norm_momentum: float,
        dropout: float,
        decoder: Literal["mirror", "narrow"],
        initialisation: str,
    ) -> None:
        super().__init__()
        levels = count_levels(size)
        self.size, self.levels, self.patch = Size.of(size), levels, patch
        check_patch(patch, self.size)
        self.first = patch.bit_length()
        self.source_channels, self.target_channels = source_channels, target_channels
        self.skips = parse_skips(skips, levels, self.first)
        self.normalisation, self.bottleneck_norm = normalisation, bottleneck_norm
        if normalisation == "instance" and bottleneck_norm:
            check_normalisation("the bottleneck", "instance", 1, 1)

        def norm(channels: int) -> nn.Module:
            return NORMALISATIONS[normalisation](channels, norm_eps, norm_momentum)

        encoded = {
            level: width * min(2 ** (level - self.first), WIDEST)
            for level in range(self.first, levels + 1)
        }
        self.down = nn.ModuleList()  # from the first level to the last
        channels = source_channels * patch**2
        for level, out in encoded.items():
            conv = Halving(channels, out, kernel, self.shape_at(level - 1))
            plain = level == self.first or (level == levels and not bottleneck_norm)
            self.down.append(
                Down(conv, nn.Identity() if plain else norm(out), first=level == self.first)
            )
            channels = out
        self.up = nn.ModuleList()  # from the last but one out to the patches themselves
        for level in range(levels - 1, self.first - 1, -1):
            out = encoded[max(level - (1 if decoder == "narrow" else 0), self.first)]
            drop = dropout if level >= levels - 3 else 0.0
            up = UPSAMPLINGS[upsampling](channels, out, kernel, self.shape_at(level))
            self.up.append(Up(up, norm(out), drop))
            channels = out + (encoded[level] if level in self.skips else 0)
        last = UPSAMPLINGS[upsampling](
            channels, target_channels * patch**2, kernel, self.shape_at(self.first - 1)
        )
        self.up.append(Up(last, nn.Identity(), 0.0))
        if not next(self.parameters()).is_meta:  # there, nothing can be drawn
            self.apply(INITIALISATIONS[initialisation])
        for module in self.modules():
            if isinstance(module, (Halving, Doubling)):
                module.keep_live_taps()

    def shape_at(self, level: int) -> tuple[int, int]:
        """Height and width at a level; the level before the first is that of the patches."""
        return halved(self.size.shape, level)

    def encode(self, source: Float[Tensor, "b c h w"]) -> list[Tensor]:
        """The encoder's output at every level that it computes, `first` first."""
        missing = [-side % self.patch for side in self.size]
        if any(missing):
            source = F.pad(source, (0, missing[0], 0, missing[1]), mode="replicate")
        features = [F.pixel_unshuffle(source, self.patch)]
        for down in self.down:
            features.append(down(features[-1]))  # b min(2^(d-first), 8)*width h/2^d w/2^d
        return features[1:]

    def decode(self, features: list[Tensor]) -> Float[Tensor, "b d h w"]:
        """The picture, in [-1, 1], for what `encode` returned."""
        x = features[-1]
        for level, up in zip(range(self.levels - 1, self.first - 2, -1), self.up, strict=True):
            x = up(x)
            if level in self.skips:
                x = torch.cat([x, features[level - self.first]], dim=1)
        return self.finish(x)

    def finish(self, x: Float[Tensor, "b c p q"]) -> Float[Tensor, "b d h w"]:
        """The picture, in [-1, 1], for what the last layer made."""
        return torch.tanh(cropped(F.pixel_shuffle(x, self.patch), self.size.shape))

    def forward(self, source: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Translate sources in [-1, 1]; the result is in [-1, 1] too."""
        return self.decode(self.encode(source))

    def check_batch(self, batch: int) -> None:
        """Raise ConfigError where training with batches of this size cannot work."""
        if self.bottleneck_norm:
            check_normalisation("the 1x1 bottleneck", self.normalisation, batch, 1)
