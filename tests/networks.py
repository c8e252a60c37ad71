"""Networks small enough for a test, and pictures for them."""

import json

import torch

from nekogao.models.convolutional import CONVOLUTIONAL
from nekogao.models.model import Model
from nekogao.models.translator import Translator
from nekogao.nets.discriminator import PatchGAN
from nekogao.nets.generator import Generator
from nekogao.pictures.domains import built_in

PAPER = {
    "size": 32,
    "source_channels": 1,
    "target_channels": 3,
    "width": 4,
    "patch": 1,
    "skips": "all",
    "kernel": 4,
    "upsampling": "transposed",
    "normalisation": "batch",
    "bottleneck_norm": False,
    "norm_eps": 1e-5,
    "norm_momentum": 0.1,
    "dropout": 0.0,
    "decoder": "mirror",
    "initialisation": "normal",
}
"""The paper's U-Net, small and narrow."""
ARTICLE = {"skips": "innermost", "initialisation": "glorot"}


def generator(**settings) -> Generator:
    """The paper's U-Net with other settings."""
    return Generator(**{**PAPER, **settings})


def patchgan(**settings) -> PatchGAN:
    """A PatchGAN of the paper's, for pictures of 128x128, with other settings."""
    shape = {"source_channels": 1, "target_channels": 3, "patch": "70", "width": 64,
             "normalisation": "batch", "size": 128}  # fmt: skip
    return PatchGAN(**{**shape, **settings})


def translator(network=None, **settings) -> Translator:
    """An encoder-decoder in use, drawn from seed 0, or a network of these settings."""
    shape = {**PAPER, **ARTICLE, **settings}
    if network is None:
        torch.manual_seed(0)
        network = Generator(**shape).eval().requires_grad_(False)
    domains = {name: built_in(name) for name in ("gray", "edges")}
    kind = CONVOLUTIONAL.kind
    return Translator(Model(kind=kind, shape=shape, network=network, domains=domains, last="gray"))


def sources(count=6, seed=1):
    """Noise, count 1 32 32 in [-1, 1]."""
    return torch.rand(count, 1, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def strict(text: str):
    """JSON as the standard has it: Python's own NaN and Infinity are refused."""

    def refuse(word: str):
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)
