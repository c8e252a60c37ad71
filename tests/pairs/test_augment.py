import numpy as np
import pytest
import torch

from nekogao.config.schema import AugmentConfig
from nekogao.pairs.augment import augment


def rng():
    return np.random.default_rng(3)


def smooth(channels, seed):
    noise = torch.randn(4, channels, 4, 4, generator=torch.Generator().manual_seed(seed))
    big = torch.nn.functional.interpolate(noise, 32, mode="bicubic", align_corners=False)
    return big.clamp(-1, 1)


@pytest.mark.parametrize(
    "setting", [{"flip": 0.5}, {"shift": 0.2}, {"rotate": 30.0}, {"scale": 0.3}, {"warp": 0.1}]
)
def test_geometry_moves_source_and_target_alike(setting):
    target = smooth(3, 0)
    source, moved = augment(target[:, :1], target, AugmentConfig(**setting), rng())
    assert torch.equal(source, moved[:, :1])
    assert not torch.allclose(moved, target, atol=0.05)
    assert moved.shape == target.shape


@pytest.mark.parametrize(
    "setting", [{"shift": 0.2}, {"rotate": 30.0}, {"scale": 0.3}, {"warp": 0.1}]
)
def test_a_picture_that_is_no_square_is_moved_about_its_own_middle(setting):
    target = smooth(3, 0)[..., :20]
    source, moved = augment(target[:, :1], target, AugmentConfig(**setting), rng())
    assert torch.equal(source, moved[:, :1]) and moved.shape == target.shape
    assert not torch.allclose(moved, target, atol=0.05)


@pytest.mark.parametrize("setting", [{"brightness": 0.2}, {"contrast": 0.5}, {"noise": 0.1}])
def test_light_touches_the_source_alone(setting):
    target = smooth(3, 0)
    source, same = augment(target[:, :1], target, AugmentConfig(**setting), rng())
    assert torch.equal(same, target) and not torch.equal(source, target[:, :1])
    assert source.abs().max() <= 1


def test_a_certain_flip_is_a_mirror_image():
    target = smooth(3, 1)
    _, moved = augment(target[:, :1], target, AugmentConfig(flip=1.0), rng())
    assert torch.equal(moved, target.flip(-1))


def test_a_warp_of_nothing_changes_nothing():
    target = smooth(3, 2)
    _, moved = augment(target[:, :1], target, AugmentConfig(warp=1e-9), rng())
    assert torch.allclose(moved, target, atol=0.02)


def test_the_noise_has_the_strength_that_was_asked_for():
    target = torch.zeros(4, 3, 64, 64)
    source, _ = augment(target[:, :1], target, AugmentConfig(noise=0.1), rng())
    assert abs(source.std().item() / 2 - 0.1) < 0.005  # [-1, 1] is twice as wide as [0, 1]


def test_a_batch_stays_on_its_device():
    """The device `meta` computes nothing, but refuses to mix with the CPU as a GPU does."""
    target = torch.empty(4, 3, 32, 32, device="meta")
    every = AugmentConfig(flip=0.5, shift=0.1, rotate=10.0, scale=0.1, warp=0.1, brightness=0.1,
                          contrast=0.1, noise=0.1)  # fmt: skip
    source, moved = augment(target[:, :1], target, every, rng())
    assert (source.device.type, moved.device.type) == ("meta", "meta")
    assert (source.shape, moved.shape) == ((4, 1, 32, 32), (4, 3, 32, 32))
