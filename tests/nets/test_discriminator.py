import pytest
import torch

from nekogao.errors import ConfigError
from nekogao.nets.discriminator import PATCHES, ArticleDiscriminator
from nekogao.sizes import Size
from tests.networks import patchgan


@pytest.mark.parametrize(
    ("patch", "field"), [("pixel", 1), ("16", 16), ("34", 34), ("70", 70), ("286", 286)]
)
def test_a_verdict_sees_exactly_its_patch(patch, field):
    size = 512 if patch == "286" else 256
    torch.manual_seed(0)
    judge = patchgan(source_channels=1, patch=patch, width=2, normalisation="none", size=size)
    picture = torch.rand(1, 3, size, size, requires_grad=True)
    verdict = judge(torch.rand(1, 1, size, size), picture)
    middle = verdict.shape[-1] // 2
    verdict[0, 0, middle, middle].backward()
    touched = picture.grad.abs().sum(dim=(0, 1)) > 0
    assert touched.any(dim=0).sum() == field and touched.any(dim=1).sum() == field


@pytest.mark.parametrize("patch", PATCHES)
def test_a_patch_too_large_for_the_picture_is_refused(patch):
    smallest = {"pixel": 32, "16": 32, "34": 32, "70": 32, "286": 128}[patch]
    judge = patchgan(source_channels=1, patch=patch, width=2, size=smallest)
    verdict = judge(torch.rand(1, 1, smallest, smallest), torch.rand(1, 3, smallest, smallest))
    assert verdict.numel() >= 1
    if patch == "286":
        with pytest.raises(ConfigError, match="adversary.patch 286: too large for .* 64x64"):
            patchgan(source_channels=1, patch=patch, size=64)


def test_the_article_discriminator_gives_two_probabilities():
    judge = ArticleDiscriminator(source_channels=1, target_channels=3, width=4, size=64)
    verdict = judge(torch.rand(3, 1, 64, 64), torch.rand(3, 3, 64, 64))
    assert verdict.shape == (3, 2)
    assert torch.allclose(verdict.sum(dim=1), torch.ones(3))


@pytest.mark.parametrize("size", ["48x64", "45x33"])
def test_pictures_of_any_width_and_height_are_judged(size):
    width, height = Size.of(size)
    source, picture = torch.rand(2, 1, height, width), torch.rand(2, 3, height, width)
    assert patchgan(source_channels=1, patch="70", width=4, size=size)(source, picture).numel()
    with pytest.raises(
        ConfigError, match=f"adversary.patch 286: too large for pictures of {size}"
    ):
        patchgan(source_channels=1, patch="286", size=size)
    judge = ArticleDiscriminator(source_channels=1, target_channels=3, width=4, size=size)
    picture.requires_grad_()
    judge(source, picture)[:, 0].sum().backward()
    assert (picture.grad.abs().sum(dim=(0, 1)) > 0).all()  # the last row and column too
