import numpy as np
import pytest
import torch
from torch import nn

from nekogao.nets.winograd import KERNEL, TILE, WinogradConv, transforms


def test_the_transforms_compute_a_correlation():
    a, g, b = (matrix.double().numpy() for matrix in transforms())
    side = KERNEL + TILE - 1
    rng = np.random.default_rng(0)
    tile, kernel = rng.standard_normal((side, side)), rng.standard_normal((KERNEL, KERNEL))
    expected = [
        (tile[i : i + KERNEL, j : j + KERNEL] * kernel).sum() for i in range(TILE)
        for j in range(TILE)
    ]  # fmt: skip
    assert np.allclose(a @ ((g @ kernel.ravel()) * (b @ tile.ravel())), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 16, 16), (3, 15, 15), (2, 31, 14), (2, 4, 5)])
def test_it_is_a_convolution_with_its_gradients(size):
    batch, height, width = size
    torch.manual_seed(0)
    plain = nn.Conv2d(64, 65, 4, padding=1)
    layer = WinogradConv(64, 65)
    layer.load_state_dict(plain.state_dict())
    x = torch.randn(batch, 64, height, width)
    results = []
    for module in (plain, layer):
        given = x.clone().requires_grad_()
        out = module(given)
        out.square().sum().backward()
        results.append((out, given.grad, module.weight.grad, module.bias.grad))
    for theirs, ours in zip(*results, strict=True):
        assert (theirs - ours).abs().max() < 2e-5 * theirs.abs().max()


def test_few_channels_take_the_plain_convolution():
    layer = WinogradConv(2, 3)
    plain = nn.Conv2d(2, 3, 4, padding=1)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(1, 2, 9, 9)
    assert torch.equal(layer(x), plain(x))
