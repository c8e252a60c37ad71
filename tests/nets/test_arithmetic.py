import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nekogao.config.compose import compose
from nekogao.models.convolutional import resolve
from nekogao.models.convolutional import shape as shape_of
from nekogao.nets.arithmetic import Layer, discriminator_layers, generator_layers, needed_flops
from nekogao.nets.generator import Generator
from nekogao.pairs.item import Header
from nekogao.pictures.domains import built_in
from nekogao.sizes import Size
from tests.networks import patchgan


def taps(**about):
    """Meetings of a tap with a pixel in a layer of one channel."""
    return Layer(channels_in=1, channels_out=1, **about).flops() // 2


def test_only_taps_that_meet_a_pixel_count():
    assert taps(kernel=4, shape=(2, 2)) == 4  # of sixteen, all but the middle four meet padding
    assert taps(kernel=3, shape=(2, 2)) == 4
    assert taps(kernel=4, shape=(4, 4)) == 6**2  # 3 + 3 along an axis
    assert taps(kernel=3, shape=(4, 4)) == 5**2  # 2 + 3
    assert taps(kernel=3, shape=(3, 3), stride=1) == 7**2  # 2 + 3 + 2
    assert taps(kernel=1, shape=(5, 5), stride=1, padding=0) == 25


def test_upsampling_counts_in_its_folded_form():
    assert taps(kernel=3, shape=(2, 2), kind="nearest") == 4  # one pixel, four outputs
    assert (
        taps(kernel=3, shape=(16, 16), kind="nearest") == (2 * 16 - 2) ** 2
    )  # the rim lacks a neighbour
    assert taps(kernel=4, shape=(16, 16), kind="transposed") == (2 * 16 - 2) ** 2
    assert taps(kernel=3, shape=(2, 2), kind="transposed") == 4
    assert taps(kernel=4, shape=(4, 4), kind="nearest") == (2 + 2 + 2 + 1) ** 2
    assert taps(kernel=3, shape=(1, 16), kind="nearest") == 1 * (2 * 16 - 2)


def test_odd_sides_are_counted_along_their_own_axis():
    assert taps(kernel=4, shape=(3, 4), kind="halving") == (3 + 2) * (3 + 3)
    assert taps(kernel=3, shape=(5, 4), kind="halving") == (2 + 3 + 2) * (2 + 3)
    assert taps(kernel=4, shape=(5, 4)) == (3 + 4) * (3 + 3)  # PatchGAN drops the last row
    assert taps(kernel=4, shape=(3, 2), kind="transposed") == (2 + 2 + 1) * 2


def counted(task):
    with FlopCounterMode(display=False) as counter:
        task()
    return counter.get_total_flops()


def test_without_padding_the_count_is_that_of_torch():
    generator = nn.Sequential(nn.Conv2d(1, 5, 2, 2), nn.Conv2d(5, 7, 2, 2))
    discriminator = nn.Sequential(nn.Conv2d(4, 6, 2, 2), nn.Conv2d(6, 1, 2, 1))
    layers = [
        Layer(channels_in=1, channels_out=5, kernel=2, shape=(16, 16), padding=0),
        Layer(channels_in=5, channels_out=7, kernel=2, shape=(8, 8), padding=0),
    ]
    source = torch.zeros(3, 1, 16, 16)
    alone = counted(lambda: generator(source).sum().backward())
    assert needed_flops(layers, [], 3) == alone
    judges = [
        Layer(channels_in=4, channels_out=6, kernel=2, shape=(16, 16), padding=0),
        Layer(channels_in=6, channels_out=1, kernel=2, shape=(8, 8), stride=1, padding=0),
    ]
    shown = torch.zeros(3, 4, 16, 16)
    own = counted(lambda: discriminator(shown).sum().backward())
    discriminator.requires_grad_(False)
    shown.requires_grad_()
    through = counted(lambda: discriminator(shown).sum().backward())
    assert needed_flops(layers, judges, 3, judged=4) == alone + 2 * own + through
    first = 3 * 2 * (4 - 3) * 6 * 16**2  # the source's channel needs no gradient: 6 x 64 x 4 taps
    assert needed_flops(layers, judges, 3) == alone + 2 * own + through - first


def test_a_whole_update_by_hand():
    layer = Layer(channels_in=1, channels_out=3, kernel=1, shape=(4, 4), stride=1, padding=0)
    judge = Layer(channels_in=4, channels_out=1, kernel=1, shape=(4, 4), stride=1, padding=0)
    forward = 2 * 16 * 3  # = gradient of the weights; the source needs none
    judged = 2 * 16 * 4  # forward and weights, real and generated; then forward and 3 channels
    assert needed_flops([layer], [judge], 5) == 5 * (2 * forward + 5 * judged + judged * 3 // 4)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("article", 128),
        ("pix2pix", 256),
        ("fast", 128),
        ("article", "48x64"),
        ("pix2pix", "192x256"),
    ],
)
def test_the_layers_are_those_of_the_networks(name, size):
    header = Header(size=Size.of(size), target_channels=3, domains={"edges": built_in("edges")})
    shape = shape_of(resolve(compose(name).model, header, 10), header)
    with torch.device("meta"):
        generator, judge = Generator(**shape), patchgan(size=size)
        source, picture = (torch.zeros(2, n, *header.size.shape) for n in (1, 3))
    layers = 2 * generator_layers(shape)  # for a batch of two
    plain = counted(lambda: generator(source))
    assert sum(layer.flops() for layer in layers) <= plain
    assert plain < 2.5 * sum(layer.flops() for layer in layers)
    judges = discriminator_layers("70", 64, size, 4)
    channels = [(layer.channels_in, layer.channels_out) for layer in judges]
    convolutions = [m for m in judge.modules() if isinstance(m, nn.Conv2d)]
    assert channels == [(m.in_channels, m.out_channels) for m in convolutions]
    plain = counted(lambda: judge(source, picture)) // 2
    assert 0.8 * plain < sum(layer.flops() for layer in judges) <= plain


def test_a_pixel_discriminator_has_no_padding():
    layers = discriminator_layers("pixel", 64, 32, 4)
    assert sum(layer.flops() for layer in layers) == 2 * 32**2 * (4 * 64 + 64 * 128 + 128)
