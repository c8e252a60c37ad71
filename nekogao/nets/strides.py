"""Convolutions that halve or double a picture, each computed in the form that suits its shape.

Every layer here equals a plain layer of PyTorch up to rounding, and draws the same initial
weights; only the arithmetic differs:

- Where the smaller side is one pixel, most taps of a kernel only ever meet padding. The others,
  the live taps, are all that is kept, and the layer is one matrix product.
- Where a batch has few pixels, a large kernel is read from memory for little work. One matrix
  product over gathered pixels reads it fewer times than a convolution does.
- Nearest upsampling before a 3x3 convolution equals a transposed 4x4 convolution of stride 2,
  whose kernel sums those taps that meet copies of the same pixel: 4 products instead of 9 (the
  sub-pixel view of Shi et al. 2016, "Is the deconvolution layer the same as a convolutional
  layer?").
"""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

FEW_ROWS = 100
"""Up to this many pixels a batch (on the smaller side) a matrix product is the faster form.

Measured on two CPU cores, forward and backward, at 128 to 1024 channels and 5 to 320 rows.
"""

SMALLEST_FOLDED = 8
"""Below this side a folded kernel costs more to make than it saves (measured at batch 5)."""

_LIVE = slice(1, 3)
"""The taps of a 3x3 or 4x4 kernel that meet the picture where the smaller side is one pixel."""


class Halving(nn.Conv2d):
    """A convolution of stride 2 and padding 1 that halves pictures of one size.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        kernel: Side of the kernel, 3 or 4.
        side: Height and width of the input.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, side: int) -> None:
        super().__init__(channels_in, channels_out, kernel, stride=2, padding=1)
        self.side = side

    def keep_live_taps(self) -> None:
        """Drop the taps that only ever meet padding. To be called once weights are drawn."""
        if self.side == 2:
            self.weight = _cropped(self.weight)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        _crop_given(self, state, prefix)
        super()._load_from_state_dict(state, prefix, *rest)

    def forward(self, x: Float[Tensor, "b c h h"]) -> Float[Tensor, "b d h/2 h/2"]:
        half = self.side // 2
        if self.weight.shape[-1] < self.kernel_size[0]:
            return F.linear(x.flatten(1), self.weight.flatten(1), self.bias)[..., None, None]
        if len(x) * half**2 > FEW_ROWS:
            return super().forward(x)
        patches = F.unfold(x, self.kernel_size, padding=1, stride=2)  # b ck^2 (h/2)^2
        rows = F.linear(patches.mT, self.weight.flatten(1), self.bias)  # b (h/2)^2 d
        return rows.mT.unflatten(2, (half, half))


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution of stride 2 and padding 1 that doubles pictures of one size.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        kernel: Side of the kernel, 3 or 4.
        side: Height and width of the input.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, side: int) -> None:
        # k=4: (n-1)*2 - 2 + 4 = 2n; k=3 needs one more row and column.
        super().__init__(
            channels_in, channels_out, kernel, stride=2, padding=1, output_padding=4 - kernel
        )
        self.side = side
        self.bias: nn.Parameter

    def keep_live_taps(self) -> None:
        """Drop the taps whose results fall outside. To be called once weights are drawn."""
        if self.side == 1:
            self.weight = _cropped(self.weight)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        _crop_given(self, state, prefix)
        super()._load_from_state_dict(state, prefix, *rest)

    def forward(self, x: Float[Tensor, "b c h h"]) -> Float[Tensor, "b d 2*h 2*h"]:  # type: ignore[override]
        if self.weight.shape[-1] < self.kernel_size[0]:
            out = (x.flatten(1) @ self.weight.flatten(1)).unflatten(1, (-1, 2, 2))
            return out + self.bias[:, None, None]
        if len(x) * self.side**2 > FEW_ROWS:
            return super().forward(x)
        rows = x.flatten(2).mT @ self.weight.flatten(1)  # b h^2 dk^2
        out = F.fold(rows.mT, 2 * self.side, self.kernel_size, stride=2, padding=1)
        return out + self.bias[:, None, None]


class NearestDoubling(nn.Conv2d):
    """Nearest upsampling by 2, then a 3x3 convolution, for pictures of one size.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        side: Height and width of the input.
    """

    def __init__(self, channels_in: int, channels_out: int, side: int) -> None:
        super().__init__(channels_in, channels_out, 3, padding=1)
        self.side = side

    def forward(self, x: Float[Tensor, "b c h h"]) -> Float[Tensor, "b d 2*h 2*h"]:
        if self.side < SMALLEST_FOLDED:
            return super().forward(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        fold = _fold_matrix(self.weight.device)
        folded = (self.weight.flatten(2) @ fold).unflatten(2, (4, 4))  # d c 4 4
        return F.conv_transpose2d(x, folded.transpose(0, 1), self.bias, stride=2, padding=1)


@lru_cache
def _fold_matrix(device: torch.device) -> Float[Tensor, "9 16"]:
    """Which of the 3x3 taps sum to which of the 4x4 taps: tap t meets outputs 2 - t and 3 - t."""
    with torch.inference_mode(False):  # it is kept, and training may be the next to use it
        line = torch.zeros(3, 4)
        for tap in range(3):
            line[tap, 2 - tap] = line[tap, 3 - tap] = 1
        return torch.kron(line, line).to(device)


def _cropped(weight: Tensor) -> nn.Parameter:
    live = weight.detach()[..., _LIVE, _LIVE]
    return nn.Parameter(live if live.is_meta else live.clone())


def _crop_given(layer: Halving | Doubling, state: dict[str, Any], prefix: str) -> None:
    """Take the live taps of a whole kernel, as other programs store it."""
    given = state.get(prefix + "weight")
    whole = layer.kernel_size
    if given is not None and layer.weight.shape[2:] != whole and given.shape[2:] == whole:
        state[prefix + "weight"] = given[..., _LIVE, _LIVE]
