"""Convolutions that halve or double a picture, each computed in the form that suits its shape.

Every layer here equals a plain layer of PyTorch up to rounding, and draws the same initial
weights; only the arithmetic differs:

- Where the smaller picture is one pixel, most taps of a kernel only ever meet padding. The
  others, the live taps, are all that is kept, and the layer is one matrix product.
- Where a batch has few pixels, a large kernel is read from memory for little work. One matrix
  product over gathered pixels reads it fewer times than a convolution does.
- Nearest upsampling before a 3x3 convolution equals a transposed 4x4 convolution of stride 2,
  whose kernel sums those taps that meet copies of the same pixel: 4 products instead of 9 (the
  sub-pixel view of Shi et al. 2016, "Is the deconvolution layer the same as a convolutional
  layer?").

The larger picture may have any height and width; a side of n pixels has ceil(n / 2) in the
smaller one. Halving pads an odd side with one more row or column of zeros at its end where the
kernel needs it, and doubling drops the last row or column of an odd side.
"""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

FEW_ROWS = 100
"""Up to this many pixels a batch (of the smaller pictures) a matrix product is the faster form.

Measured on two CPU cores, forward and backward, at 128 to 1024 channels and 5 to 320 rows.
"""

SMALLEST_FOLDED = 8
"""Of smaller pictures than squares of this side a folded kernel costs more to make than it saves
(measured at batch 5)."""

_LIVE = slice(1, 3)
"""The taps of a 3x3 or 4x4 kernel that meet the picture where the smaller one is one pixel."""

Sides = tuple[int, int]
"""Height and width."""


def halved(shape: Sides, times: int = 1) -> Sides:
    """The height and width of a picture that was halved so often: ceil(n / 2) each time."""
    height, width = (-(-side >> times) for side in shape)
    return height, width


def cropped(x: Float[Tensor, "b c h w"], shape: Sides) -> Float[Tensor, "b c p q"]:
    """The first rows and columns of pictures; those of that shape stay as they are."""
    return x if x.shape[2:] == shape else x[..., : shape[0], : shape[1]]


class Crop(nn.Module):
    """`cropped`, as the last part of a layer."""

    def __init__(self, shape: Sides) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return cropped(x, self.shape)


class Halving(nn.Conv2d):
    """A convolution of stride 2 and padding 1 that halves pictures of one size.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        kernel: Side of the kernel, 3 or 4.
        shape: Height and width of the input.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, shape: Sides) -> None:
        super().__init__(channels_in, channels_out, kernel, stride=2, padding=1)
        self.small = halved(shape)
        height, width = shape
        self.live = max(shape) <= 2
        # A kernel of 3 meets the end of an odd side; one of 4 does not.
        odd = self.live or kernel % 2 == 0
        self.missing = (0, width % 2, 0, height % 2) if odd else (0, 0, 0, 0)

    def keep_live_taps(self) -> None:
        """Drop the taps that only ever meet padding. To be called once weights are drawn."""
        if self.live:
            self.weight = _live_taps(self.weight)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        _crop_given(self, state, prefix)
        super()._load_from_state_dict(state, prefix, *rest)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d (h+1)//2 (w+1)//2"]:
        x = F.pad(x, self.missing) if any(self.missing) else x
        if self.weight.shape[-1] < self.kernel_size[0]:
            return F.linear(x.flatten(1), self.weight.flatten(1), self.bias)[..., None, None]
        if len(x) * self.small[0] * self.small[1] > FEW_ROWS:
            return super().forward(x)
        patches = F.unfold(x, self.kernel_size, padding=1, stride=2)  # b ck^2 h/2*w/2
        rows = F.linear(patches.mT, self.weight.flatten(1), self.bias)  # b h/2*w/2 d
        return rows.mT.unflatten(2, self.small)


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution of stride 2 and padding 1 that doubles pictures of one size.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        kernel: Side of the kernel, 3 or 4.
        shape: Height and width of the output.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, shape: Sides) -> None:
        # k=4: (n-1)*2 - 2 + 4 = 2n; k=3 needs one more row and column.
        super().__init__(
            channels_in, channels_out, kernel, stride=2, padding=1, output_padding=4 - kernel
        )
        self.shape, self.small = shape, halved(shape)
        self.bias: nn.Parameter

    def keep_live_taps(self) -> None:
        """Drop the taps whose results fall outside. To be called once weights are drawn."""
        if max(self.shape) <= 2:
            self.weight = _live_taps(self.weight)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        _crop_given(self, state, prefix)
        super()._load_from_state_dict(state, prefix, *rest)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d p q"]:  # type: ignore[override]
        height, width = self.small
        if self.weight.shape[-1] < self.kernel_size[0]:
            out = (x.flatten(1) @ self.weight.flatten(1)).unflatten(1, (-1, 2, 2))
            return cropped(out + self.bias[:, None, None], self.shape)
        if len(x) * height * width > FEW_ROWS:
            return cropped(super().forward(x), self.shape)
        rows = x.flatten(2).mT @ self.weight.flatten(1)  # b h*w dk^2
        whole = (2 * height, 2 * width)
        out = F.fold(rows.mT, whole, self.kernel_size, stride=2, padding=1)
        return cropped(out + self.bias[:, None, None], self.shape)


class NearestDoubling(nn.Conv2d):
    """Nearest upsampling by 2, then a 3x3 convolution, for pictures of one size.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        shape: Height and width of the output.
    """

    def __init__(self, channels_in: int, channels_out: int, shape: Sides) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)
        self.shape = shape
        height, width = halved(shape)
        self.folded = height * width >= SMALLEST_FOLDED**2

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d p q"]:
        if not self.folded:
            doubled = F.interpolate(x, scale_factor=2.0, mode="nearest")
            return cropped(super().forward(doubled), self.shape)
        fold = _fold_matrix(self.weight.device)
        folded = (self.weight.flatten(2) @ fold).unflatten(2, (4, 4))  # d c 4 4
        out = F.conv_transpose2d(x, folded.transpose(0, 1), self.bias, stride=2, padding=1)
        return cropped(out, self.shape)


@lru_cache
def _fold_matrix(device: torch.device) -> Float[Tensor, "9 16"]:
    """Which of the 3x3 taps sum to which of the 4x4 taps: tap t meets outputs 2 - t and 3 - t."""
    with torch.inference_mode(False):  # it is kept, and training may be the next to use it
        line = torch.zeros(3, 4)
        for tap in range(3):
            line[tap, 2 - tap] = line[tap, 3 - tap] = 1
        return torch.kron(line, line).to(device)


def _live_taps(weight: Tensor) -> nn.Parameter:
    live = weight.detach()[..., _LIVE, _LIVE]
    return nn.Parameter(live if live.is_meta else live.clone())


def _crop_given(layer: Halving | Doubling, state: dict[str, Any], prefix: str) -> None:
    """Take the live taps of a whole kernel, as other programs store it."""
    given = state.get(prefix + "weight")
    whole = layer.kernel_size
    if given is not None and layer.weight.shape[2:] != whole and given.shape[2:] == whole:
        state[prefix + "weight"] = given[..., _LIVE, _LIVE]
