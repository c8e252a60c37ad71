import pytest
import torch

from nekogao.nets.blocks import INITIALISATIONS, NORMALISATIONS, UPSAMPLINGS
from nekogao.nets.strides import halved


@pytest.mark.parametrize("name", UPSAMPLINGS)
@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("side", [1, 2, 5])
def test_upsampling_doubles_exactly(name, kernel, side):
    layer = UPSAMPLINGS[name](2, 5, kernel, (2 * side, 2 * side))
    assert layer(torch.zeros(1, 2, side, side)).shape[2:] == (2 * side, 2 * side)


@pytest.mark.parametrize("name", UPSAMPLINGS)
@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("shape", [(1, 2), (3, 6), (9, 1)])
def test_upsampling_gives_the_height_and_width_that_are_asked_for(name, kernel, shape):
    layer = UPSAMPLINGS[name](2, 5, kernel, shape)
    assert layer(torch.zeros(1, 2, *halved(shape))).shape[2:] == shape


@pytest.mark.parametrize("channels", [2, 8, 12, 64, 512])
def test_group_normalisation_leaves_something_at_one_pixel(channels):
    layer = NORMALISATIONS["group"](channels, 1e-5, 0.1)
    out = layer(torch.arange(channels, dtype=torch.float32).reshape(1, -1, 1, 1))
    assert channels // layer.num_groups >= min(4, channels)
    assert out.abs().max() > 0.5


@pytest.mark.parametrize(
    ("name", "deviation"),
    [("normal", 0.02), ("glorot", (2 / 288) ** 0.5), ("he", (2 / 144) ** 0.5)],
)
def test_initial_weights_have_the_deviation_of_their_paper(name, deviation):
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(16, 16, 3)
    layer.apply(INITIALISATIONS[name])
    assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)
    assert layer.bias.abs().max() == 0
