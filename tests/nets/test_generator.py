import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nekogao.errors import ConfigError
from nekogao.nets.generator import count_levels, parse_skips
from nekogao.sizes import Size
from tests.networks import generator as generator_of


@pytest.mark.parametrize("size", [32, 64, 128, 256, 512])
@pytest.mark.parametrize("skips", ["none", "all"])
def test_any_power_of_two_from_32_to_512(size, skips):
    generator = generator_of(size=size, width=1, skips=skips, normalisation="none")
    source = torch.zeros(1, 1, size, size)
    assert generator(source).shape == (1, 3, size, size)
    features = generator.encode(source)
    assert [f.shape[-1] for f in features] == [size >> d for d in range(1, len(features) + 1)]
    assert features[-1].shape[-2:] == (1, 1)


@pytest.mark.parametrize("size", ["48x64", "45x33", "32x512", "33x32", 100])
@pytest.mark.parametrize(
    ("kernel", "upsampling"), [(3, "nearest"), (4, "nearest"), (4, "transposed"), (3, "bilinear")]
)
def test_any_width_and_height(size, kernel, upsampling):
    torch.manual_seed(0)
    generator = generator_of(size=size, width=2, skips="all", kernel=kernel, upsampling=upsampling)
    height, width = Size.of(size).shape
    source = torch.rand(2, 1, height, width, requires_grad=True)
    features = generator.encode(source)
    sides = [tuple(f.shape[2:]) for f in features]
    assert sides == [(-(-height >> d), -(-width >> d)) for d in range(1, len(features) + 1)]
    assert sides[-1] == (1, 1) and max(sides[-2]) == 2
    made = generator(source)
    assert made.shape == (2, 3, height, width)
    made.square().sum().backward()
    assert (source.grad != 0).float().mean() > 0.99


@pytest.mark.parametrize(("size", "most"), [("45x33", 4), ("50x64", 8)])
def test_patches_of_any_width_and_height_repeat_the_border(size, most):
    torch.manual_seed(0)
    generator = generator_of(size=size, width=4, patch=4, skips="all").eval()
    height, width = Size.of(size).shape
    source = torch.rand(1, 1, height, width)
    assert generator(source).shape == (1, 3, height, width)
    whole = F.pad(source, (0, -width % 4, 0, -height % 4), mode="replicate")
    expected = generator.down[0](F.pixel_unshuffle(whole, 4))
    assert torch.equal(generator.encode(source)[0], expected)
    with pytest.raises(ConfigError, match=f"patch 16: .* for pictures of {size} at most {most}"):
        generator_of(size=size, width=4, patch=16)


@pytest.mark.parametrize("size", [16, "31x64", "64x513", 1024])
def test_other_sizes_are_refused(size):
    with pytest.raises(ConfigError, match=f"size {size}: each side must be from 32 to 512"):
        count_levels(size)


@pytest.mark.parametrize(("size", "levels"), [(32, 5), (33, 6), ("48x64", 6), ("512x32", 9)])
def test_the_longer_side_decides_how_many_levels_there_are(size, levels):
    assert count_levels(size) == levels


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("upsampling", ["nearest", "bilinear", "transposed"])
@pytest.mark.parametrize("normalisation", ["batch", "group", "instance", "none"])
def test_every_combination_trains_with_one_pair(kernel, upsampling, normalisation):
    torch.manual_seed(0)
    generator = generator_of(
        size=32, width=8, kernel=kernel, upsampling=upsampling, normalisation=normalisation,
        skips="innermost", dropout=0.5,
    )  # fmt: skip
    generator.check_batch(1)
    source = torch.rand(1, 1, 32, 32)
    target = torch.rand(1, 3, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)
    optimizer = torch.optim.Adam(generator.parameters(), 1e-2)
    losses = []
    for _ in range(20):
        loss = (generator(source) - target).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_a_normalisation_that_cannot_work_says_so():
    with pytest.raises(ConfigError, match="instance normalisation of 1x1 pixels is always zero"):
        generator_of(size=32, width=4, normalisation="instance", bottleneck_norm=True)
    generator = generator_of(size=32, width=4, normalisation="batch", bottleneck_norm=True)
    generator.check_batch(2)
    with pytest.raises(ConfigError, match="one value per channel .* Use the recipe one-pair"):
        generator.check_batch(1)


@pytest.mark.parametrize(
    ("text", "levels"),
    [("none", set()), ("innermost", {6}), ("inner3", {4, 5, 6}), ("all", {1, 2, 3, 4, 5, 6}),
     ("2,5", {2, 5})],
)  # fmt: skip
def test_skips_are_sets_of_levels(text, levels):
    assert parse_skips(text, 7) == levels


@pytest.mark.parametrize("text", ["", "most", "0", "7", "1,x", "-1"])
def test_unknown_skips_are_refused(text):
    with pytest.raises(ConfigError, match="skips .*: must be one of none, innermost"):
        parse_skips(text, 7)


@pytest.mark.parametrize("skips", ["none", "innermost", "2", "all"])
def test_a_skip_carries_its_level_and_no_other(skips):
    torch.manual_seed(0)
    generator = generator_of(size=32, width=4, skips=skips).eval()
    features = generator.encode(torch.rand(1, 1, 32, 32))
    plain = generator.decode(features)
    for level in range(1, generator.levels):
        changed = list(features)
        changed[level - 1] = features[level - 1] + 1
        matters = not torch.equal(generator.decode(changed), plain)
        assert matters == (level in generator.skips)


def test_the_article_network_has_the_article_widths():
    generator = generator_of(
        size=128, width=64, skips="innermost", kernel=3, upsampling="nearest",
        bottleneck_norm=True, decoder="narrow", dropout=0.5,
    )  # fmt: skip
    convolutions = [m for m in generator.modules() if isinstance(m, nn.Conv2d)]
    encoder, decoder = convolutions[:7], convolutions[7:]
    assert [c.out_channels for c in encoder] == [64, 128, 256, 512, 512, 512, 512]
    assert [c.out_channels for c in decoder] == [512, 512, 256, 128, 64, 64, 3]
    assert [c.in_channels for c in decoder] == [512, 1024, 512, 256, 128, 64, 64]
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 12  # every convolution but the first and the last
    assert sum(isinstance(m, nn.Dropout) for m in generator.modules()) == 3


@pytest.mark.parametrize(("size", "patch"), [(64, 8), (128, 16), (32, 2)])
def test_patches_fold_the_outer_levels_into_channels(size, patch):
    torch.manual_seed(0)
    generator = generator_of(size=size, width=4, patch=patch, skips="all").eval()
    first = patch.bit_length()
    source = torch.rand(2, 1, size, size)
    features = generator.encode(source)
    sides = [feature.shape[-1] for feature in features]
    assert sides == [size >> level for level in range(first, size.bit_length())]
    assert generator.skips == set(range(first, generator.levels))
    assert generator(source).shape == (2, 3, size, size)


def test_what_changes_in_a_patch_reaches_the_encoder_from_every_pixel():
    torch.manual_seed(0)
    generator = generator_of(size=64, width=4, patch=8, normalisation="none").eval()
    source = torch.rand(1, 1, 64, 64, requires_grad=True)
    generator(source).sum().backward()
    assert (source.grad != 0).float().mean() > 0.99


@pytest.mark.parametrize("patch", [0, 3, 16])
def test_patches_that_leave_too_little_are_refused(patch):
    with pytest.raises(ConfigError, match=f"generator.patch {patch}: must be a power of two"):
        generator_of(size=64, width=4, patch=patch)


def test_skips_below_the_first_level_are_refused():
    with pytest.raises(ConfigError, match="levels from 4 to 6"):
        generator_of(size=128, width=4, patch=8, skips="3")


def test_nearest_upsampling_leaves_no_checkerboard():
    torch.manual_seed(0)
    generator = generator_of(size=32, width=4, skips="none", kernel=3, upsampling="nearest",
                          normalisation="none").eval()  # fmt: skip
    # The picture doubles pixels before the last convolution; its inner part depends on the
    # place only through the features, so equal features give equal pixels.
    last = generator.up[-1].up
    flat = last(torch.ones(1, 4, 16, 16))[..., 2:-2, 2:-2]
    assert torch.allclose(flat, flat[..., :1, :1].expand_as(flat), atol=1e-6)
