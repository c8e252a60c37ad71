"""Every form of a layer against the plain layer of PyTorch, output and gradients."""

from math import prod

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nekogao.nets.strides import (
    FEW_ROWS,
    SMALLEST_FOLDED,
    Crop,
    Doubling,
    Halving,
    NearestDoubling,
    halved,
)

SHAPES = [
    (2, 2),
    (4, 4),
    (8, 8),
    (16, 16),
    (32, 32),
    (1, 2),
    (2, 1),
    (1, 1),
    (3, 3),
    (3, 2),
    (1, 9),
    (7, 16),
    (15, 6),
    (33, 21),
]
"""Heights and widths of the larger picture: squares, oblong, odd and tiny ones."""
LARGE = (2 * SMALLEST_FOLDED, 2 * SMALLEST_FOLDED)
BOUND = 1e-5
"""Largest difference from the plain layer, as a share of the largest value."""


def assert_near(plain, ours):
    assert (plain - ours).abs().max() <= BOUND * plain.abs().max()


def both(plain, layer, batch, shape):
    """Outputs and input gradients of two layers with the same weights, for the same input."""
    x = torch.randn(batch, 6, *shape)
    results = []
    for module in (plain, layer):
        given = x.clone().requires_grad_()
        out = module(given)
        (out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum().backward()
        results.append((out, given.grad))
    return results


def assert_equal(plain, layer, batch, shape):
    (out, gradient), (ours, our_gradient) = both(plain, layer, batch, shape)
    assert out.shape == ours.shape
    assert_near(out, ours)
    assert_near(gradient, our_gradient)


def few_and_many(small):
    """Batch sizes on both sides of the border between the two forms."""
    return 1, FEW_ROWS // prod(small) + 1


class Padded(nn.Module):
    """A layer after zeros at the end of odd sides, where a kernel of 4 needs them."""

    def __init__(self, layer, shape, kernel):
        super().__init__()
        self.layer, (height, width) = layer, shape
        self.missing = (0, width % 2, 0, height % 2) if kernel == 4 else (0, 0, 0, 0)

    def forward(self, x):
        return self.layer(F.pad(x, self.missing))


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_halving_is_a_strided_convolution(kernel, shape):
    for batch in few_and_many(halved(shape)):
        torch.manual_seed(0)
        plain = nn.Conv2d(6, 7, kernel, stride=2, padding=1)
        torch.manual_seed(0)
        layer = Halving(6, 7, kernel, shape)
        layer.keep_live_taps()
        assert_equal(Padded(plain, shape, kernel), layer, batch, shape)
        assert_near(plain.bias.grad, layer.bias.grad)
        live = plain.weight.grad[..., 1:3, 1:3] if max(shape) <= 2 else plain.weight.grad
        assert_near(live, layer.weight.grad)


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_doubling_is_a_transposed_convolution(kernel, shape):
    for batch in few_and_many(halved(shape)):
        torch.manual_seed(0)
        plain = nn.ConvTranspose2d(6, 7, kernel, stride=2, padding=1, output_padding=4 - kernel)
        torch.manual_seed(0)
        layer = Doubling(6, 7, kernel, shape)
        layer.keep_live_taps()
        assert_equal(nn.Sequential(plain, Crop(shape)), layer, batch, halved(shape))
        live = plain.weight.grad[..., 1:3, 1:3] if max(shape) <= 2 else plain.weight.grad
        assert_near(live, layer.weight.grad)


@pytest.mark.parametrize("shape", [*SHAPES, (SMALLEST_FOLDED, 2 * SMALLEST_FOLDED), (31, 40)])
def test_nearest_doubling_is_upsampling_and_a_convolution(shape):
    torch.manual_seed(0)
    plain = nn.Conv2d(6, 7, 3, padding=1)
    torch.manual_seed(0)
    layer = NearestDoubling(6, 7, shape)
    upsampled = nn.Sequential(nn.Upsample(scale_factor=2), plain, Crop(shape))
    assert_equal(upsampled, layer, 2, halved(shape))
    assert_near(plain.weight.grad, layer.weight.grad)


def test_dropped_taps_have_no_gradient_in_the_plain_layer():
    for plain, side in ((nn.Conv2d(2, 3, 4, 2, 1), 2), (nn.ConvTranspose2d(2, 3, 4, 2, 1), 1)):
        plain(torch.randn(5, 2, side, side)).square().sum().backward()
        dead = torch.ones(4, 4, dtype=torch.bool)
        dead[1:3, 1:3] = False
        assert plain.weight.grad[..., dead].abs().max() == 0
        assert plain.weight.grad[..., ~dead].abs().max() > 0


@pytest.mark.parametrize("kind", [Halving, Doubling])
@pytest.mark.parametrize("shape", [(2, 2), (1, 2)])
def test_whole_kernels_are_taken_in(kind, shape):
    layer = kind(2, 3, 4, shape)
    whole = {key: value.clone() for key, value in layer.state_dict().items()}
    layer.keep_live_taps()
    assert layer.weight.shape[2:] == (2, 2)
    layer.load_state_dict(whole)
    assert torch.equal(layer.weight, whole["weight"][..., 1:3, 1:3])
    assert F.mse_loss(layer.bias, whole["bias"]) == 0


def test_a_layer_that_was_used_for_inference_can_be_trained():
    with torch.inference_mode():
        NearestDoubling(2, 3, LARGE)(torch.randn(1, 2, SMALLEST_FOLDED, SMALLEST_FOLDED))
    layer = NearestDoubling(2, 3, LARGE)
    layer(torch.randn(1, 2, SMALLEST_FOLDED, SMALLEST_FOLDED)).sum().backward()
    assert layer.weight.grad.abs().max() > 0
