"""Generators small enough for a test, and pictures for them."""

import torch

from nekogao.nets.generator import Generator


def network(**settings):
    torch.manual_seed(0)
    shape = {"size": 32, "width": 4, "skips": "innermost", "initialisation": "glorot"}
    return Generator(**{**shape, **settings})


def sources(count=6, seed=1):
    return torch.rand(count, 1, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1
