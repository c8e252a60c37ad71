"""A 4x4 convolution of stride 1 in a quarter of the products: Winograd's minimal filtering.

PatchGAN spends most of its arithmetic in one such layer. Tiles of 3x3 outputs are computed from
6x6 inputs in 36 products instead of 144: F(3x3, 4x4) of Lavin and Gray 2016, section 4, equation
8. The transforms are those of Toom and Cook at the points 0, 1, -1, 2, -1/2 and infinity, whose
rounding errors were the smallest of four choices tried.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

KERNEL, TILE = 4, 3
"""Sides of the kernel, and of the outputs that are computed at a time."""
_SIDE = KERNEL + TILE - 1
_POINTS = (0.0, 1.0, -1.0, 2.0, -0.5)
_FEWEST_PRODUCTS = 64 * 64
"""With fewer pairs of channels the transforms cost more than the products that are saved."""


def transforms() -> tuple[Float[Tensor, "9 36"], Float[Tensor, "36 16"], Float[Tensor, "36 36"]]:
    """The matrices A, G and B: outputs = A ((G kernel) * (B inputs)), all flattened."""

    def powers(count: int) -> np.ndarray:
        """The points' powers below `count`; infinity has only the highest."""
        rows = [[point**power for power in range(count)] for point in _POINTS]
        return np.array([*rows, [0.0] * (count - 1) + [1.0]])

    # Correlation is the transpose of multiplying polynomials by evaluation and interpolation.
    lines = powers(TILE).T, powers(KERNEL), np.linalg.inv(powers(_SIDE)).T
    a, g, b = (torch.from_numpy(np.kron(line, line)).float() for line in lines)
    return a, g, b


class WinogradConv(nn.Conv2d):
    """A 4x4 convolution of stride 1 and padding 1.

    Equal to nn.Conv2d to within 1e-5 of the largest output. Off the CPU, and with few channels,
    it is that very layer.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, KERNEL, padding=1)
        self.bias: nn.Parameter
        self.a: Tensor
        self.g: Tensor
        self.b: Tensor
        for name, matrix in zip("agb", transforms(), strict=True):
            self.register_buffer(name, matrix, persistent=False)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h-1 w-1"]:
        few = self.in_channels * self.out_channels < _FEWEST_PRODUCTS
        if few or x.device.type != "cpu" or x.dtype != torch.float32:
            return super().forward(x)
        n, c, height, width = x.shape
        d, rows, columns = self.out_channels, -(-(height - 1) // TILE), -(-(width - 1) // TILE)
        missing = (0, columns * TILE - (width - 1), 0, rows * TILE - (height - 1))
        tiles = F.unfold(F.pad(x, missing), _SIDE, padding=1, stride=TILE)  # n 36c rows*columns
        inputs = self.b @ tiles.view(n * c, _SIDE**2, rows * columns)
        inputs = inputs.view(n, c, _SIDE**2, -1).permute(2, 1, 0, 3).reshape(_SIDE**2, c, -1)
        kernels = (self.g @ self.weight.view(d * c, -1).mT).view(_SIDE**2, d, c)
        products = torch.bmm(kernels, inputs)  # 36 d n*rows*columns
        out = (self.a @ products.flatten(1)).view(TILE, TILE, d, n, rows, columns)
        out = out.permute(3, 2, 4, 0, 5, 1).reshape(n, d, rows * TILE, columns * TILE)
        return out[..., : height - 1, : width - 1] + self.bias[:, None, None]
