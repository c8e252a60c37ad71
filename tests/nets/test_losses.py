import math

import numpy as np
import pytest
import torch

from nekogao.measures.quality import ssim
from nekogao.nets import losses
from nekogao.pictures import images, photographs

REAL, FAKE = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 1.0])


def test_the_values_are_those_of_the_papers():
    def softplus(x):
        return math.log1p(math.exp(x))

    expected = {
        "vanilla": (
            (softplus(-2) + softplus(0)) / 4 + (softplus(-1) + softplus(1)) / 4,
            (softplus(1) + softplus(-1)) / 2,
        ),
        "least-squares": ((1 + 1) / 4 + (1 + 1) / 4, (4 + 0) / 2),
        "hinge": ((0 + 1) / 4 + (0 + 2) / 4, 0.0),
    }
    assert set(expected) == set(losses.LOSSES)
    for name, (discriminator, generator) in expected.items():
        loss = losses.LOSSES[name]
        assert loss.discriminator(REAL, FAKE).item() == pytest.approx(discriminator)
        assert loss.generator(FAKE).item() == pytest.approx(generator)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_each_side_gains_by_moving_its_own_way(name):
    loss = losses.LOSSES[name]
    real, fake = torch.tensor([0.5, 0.0]), torch.tensor([0.3, 0.8])
    assert loss.discriminator(real + 0.1, fake - 0.1) < loss.discriminator(real, fake)
    assert loss.generator(fake + 0.1) < loss.generator(fake)


def test_dissimilarity_is_one_less_the_measured_similarity():
    faces = np.stack(list(photographs.ten_faces(64).values()))
    targets = images.to_tensor(faces)
    assert losses.dissimilarity(targets, targets).item() == pytest.approx(0, abs=1e-5)
    for amount in (0.05, 0.2, 0.6):
        torch.manual_seed(0)
        outputs = (targets + amount * torch.randn(targets.shape)).clamp(-1, 1)
        measured = 1 - ssim(images.to_unit(outputs), images.to_unit(targets)).mean()
        found = losses.dissimilarity(outputs, targets).item()
        assert found == pytest.approx(measured, rel=0.1)
    outputs.requires_grad_()
    losses.dissimilarity(outputs, targets).backward()
    nearer = outputs - 100 * outputs.grad
    assert losses.dissimilarity(nearer, targets) < losses.dissimilarity(outputs, targets)


def test_windows_grow_with_the_picture():
    # Stains of 32 pixels: in windows of 8 most of them would be flat on both sides.
    torch.manual_seed(0)
    target = torch.zeros(1, 1, 512, 512)
    stains = 0.1 * torch.randn(1, 1, 16, 16).repeat_interleave(32, 2).repeat_interleave(32, 3)
    large = losses.dissimilarity(target + stains, target).item()
    parts = (target + stains).unfold(2, 128, 128).unfold(3, 128, 128).reshape(-1, 1, 128, 128)
    small = losses.dissimilarity(parts, torch.zeros_like(parts)).item()
    assert large > 1.5 * small


def test_accuracy_counts_both_sides():
    assert losses.accuracy(REAL, FAKE).item() == 0.5
    assert losses.accuracy(torch.ones(3), -torch.ones(3)).item() == 1.0


def test_the_article_labels_disagree_with_each_other():
    even = torch.tensor([[0.5, 0.5]])
    for label in (losses.ARTICLE_REAL, losses.ARTICLE_FAKE, losses.ARTICLE_AIM):
        assert losses.article_cross_entropy(even, label).item() == pytest.approx(math.log(2))
    # A real picture is best answered with an even verdict, not with a certain one.
    sure = torch.tensor([[0.01, 0.99]])
    real = losses.article_cross_entropy
    assert real(sure, losses.ARTICLE_REAL) > real(even, losses.ARTICLE_REAL)
