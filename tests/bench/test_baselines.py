import pytest
import torch

from nekogao.bench import baselines
from nekogao.bench.steps import header
from nekogao.config.compose import compose
from nekogao.errors import ConfigError
from nekogao.training.state import new_state


def ours(name, size, width):
    """The networks of a recipe with PatchGAN, by name."""
    widths = {"generator.width": width, "adversary.width": width}
    own = {**widths, "generator.size": size, "adversary.kind": "patchgan"}
    return new_state(compose(name, overrides=own), header(size), 2).learner.modules


def copy(source, target):
    """Give `target` the weights of `source`, whose layers stand in the same order.

    A kernel that is stored without its first rows and columns, since they never meet the picture,
    takes what is left.
    """
    given, wanted = source.state_dict(), target.state_dict()
    assert len(given) == len(wanted)
    taken = {}
    for key, new, old in zip(wanted, given.values(), wanted.values(), strict=True):
        if new.ndim == 4:
            new = new[..., -old.shape[2] :, -old.shape[3] :]
        assert new.shape == old.shape, key
        taken[key] = new
    target.load_state_dict(taken)


@pytest.mark.parametrize("size", [64, pytest.param(128, marks=pytest.mark.slow)])
def test_the_articles_generator_is_that_of_the_recipe(size):
    torch.manual_seed(0)
    plain, own = baselines.ArticleGenerator(size, 8), ours("article", size, 8)["generator"]
    copy(plain, own)
    source = torch.rand(2, 1, size, size)
    torch.testing.assert_close(own.eval()(source), plain.eval()(source), atol=1e-5, rtol=0)


def test_the_papers_networks_are_those_of_the_recipe():
    torch.manual_seed(0)
    plain, own = baselines.TextbookUNet(64, 8), ours("pix2pix", 64, 8)
    shapes = [tuple(p.shape[:2]) for p in plain.parameters()]
    assert shapes == [tuple(p.shape[:2]) for p in own["generator"].parameters()]
    judge, own_judge = baselines.PatchDiscriminator(8), own["discriminator"]
    copy(judge, own_judge)
    source, picture = torch.rand(2, 1, 64, 64), torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(
        own_judge.eval()(source, picture), judge.eval()(source, picture), atol=1e-5, rtol=0
    )


@pytest.mark.slow
@pytest.mark.parametrize("make", [baselines.textbook_unet, baselines.article])
def test_a_baseline_learns_a_tiny_thing(make):
    torch.manual_seed(0)
    baseline = make(size=32, width=8)
    source = torch.rand(2, 1, 32, 32)
    target = torch.rand(2, 3, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)
    errors = [baseline.step(source, target)[0] for _ in range(30)]
    assert sum(errors[-5:]) / 5 < 0.9 * errors[0]
    assert baseline.translate(source).shape == target.shape


def test_the_papers_channels_at_256():
    with torch.device("meta"):
        unet = baselines.TextbookUNet()
    widths = [m.out_channels for m in unet.modules() if hasattr(m, "out_channels")]
    assert widths == [64, 128, 256, 512, 512, 512, 512, 512,
                      512, 512, 512, 512, 256, 128, 64, 3]  # fmt: skip
    assert sum(isinstance(m, torch.nn.Dropout) for m in unet.modules()) == 3


@pytest.mark.parametrize("size", ["192x256", 48])
def test_the_textbook_takes_squares_whose_side_is_a_power_of_two(size):
    with pytest.raises(ConfigError, match="size .*: the textbook baselines take squares whose"):
        baselines.textbook_unet(size)
