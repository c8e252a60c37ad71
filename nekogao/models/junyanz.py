"""Weights of other projects, read into our generator.

The U-Nets of junyanz/pytorch-CycleGAN-and-pix2pix (`unet_128`, `unet_256`) nest every level
inside the one outside it. In a state dict the outermost level is `model.model`, and the level
inside a level is a numbered child: 1 in the outermost, 3 in the others. Convolutions that are
followed by BatchNorm have no bias there, nor have the first and the innermost one.

There the skip carries the tensor after LeakyReLU, whose activation works in place; here it
carries the tensor before. Since the decoder begins with ReLU, and ReLU(LeakyReLU(x)) = ReLU(x),
both compute the same function once the channels stand in our order.
"""

import re
from typing import Any

import torch
from torch import Tensor

from nekogao.errors import WeightsError
from nekogao.models.convolutional import CONVOLUTIONAL
from nekogao.models.model import Model
from nekogao.nets.generator import WIDEST, Generator

_PLAIN: dict[str, Any] = {
    "patch": 1,
    "skips": "all",
    "kernel": 4,
    "upsampling": "transposed",
    "bottleneck_norm": False,
    "norm_eps": 1e-5,
    "norm_momentum": 0.1,
    "dropout": 0.0,
    "decoder": "mirror",
    "initialisation": "normal",
}
"""What every network of theirs has in our terms; dropout is off in use."""

_STATISTICS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def _names(levels: int, normalisation: str) -> dict[str, str]:
    """Their parameter names -> ours, for a U-Net of that many levels."""
    names = {}
    biased = normalisation == "instance"
    prefix = "model.model."
    for level in range(1, levels + 1):
        outermost, innermost = level == 1, level == levels
        down, up = (0, 3) if outermost else (1, 3) if innermost else (1, 5)
        ours_down, ours_up = f"down.{level - 1}", f"up.{levels - level}"
        names[f"{prefix}{down}.weight"] = f"{ours_down}.conv.weight"
        names[f"{prefix}{up}.weight"] = f"{ours_up}.up.weight"
        if biased:
            names[f"{prefix}{down}.bias"] = f"{ours_down}.conv.bias"
        if biased or outermost:
            names[f"{prefix}{up}.bias"] = f"{ours_up}.up.bias"
        if normalisation == "batch":
            for key in _STATISTICS:
                if not (outermost or innermost):
                    names[f"{prefix}2.{key}"] = f"{ours_down}.norm.{key}"
                if not outermost:
                    names[f"{prefix}{up + 1}.{key}"] = f"{ours_up}.norm.{key}"
        prefix += ("1" if outermost else "3") + ".model."
    return names


def read_junyanz_unet(weights: dict[str, Tensor]) -> Model:
    """Build a model from a state dict of that project's `unet_128` or `unet_256`.

    The number of levels, the width, the channels and the normalisation (batch or instance) are
    read from the weights themselves. The network comes in evaluation mode; the same state dict
    gives the same output as there to within 1e-5.

    Raises:
        WeightsError: A key is missing, unknown, or of the wrong shape; the first is named.
    """
    depth = max((key.count(".model") for key in weights), default=0)
    levels = depth if "model.model.0.weight" in weights else 0
    if levels not in (7, 8):
        raise WeightsError(
            f"not a unet_128 or unet_256: found {levels} levels instead of 7 or 8. "
            "Give the generator's state dict (`latest_net_G.pth`)."
        )
    batch = any(re.search(r"running_mean$", key) for key in weights)
    normalisation = "batch" if batch else "instance"
    names = _names(levels, normalisation)
    # The counter is absent in files written before PyTorch 0.4.1, and no output depends on it.
    missing = [
        key for key in names if key not in weights and not key.endswith("num_batches_tracked")
    ]
    unknown = [key for key in weights if key not in names]
    if missing or unknown:
        kind, keys = ("lacks", missing) if missing else ("has the unknown key", unknown)
        raise WeightsError(
            f"the state dict {kind} {keys[0]} ({len(missing)} missing, {len(unknown)} unknown). "
            "Only the plain unet_128 and unet_256 can be read."
        )
    first, last = weights["model.model.0.weight"], weights["model.model.3.weight"]
    shape = {
        **_PLAIN,
        "size": 2**levels,
        "source_channels": first.shape[1],
        "target_channels": last.shape[1],
        "width": first.shape[0],
        "normalisation": normalisation,
    }
    with torch.device("meta"):  # no initial weights are drawn only to be replaced
        generator = Generator(**shape)
    own = generator.state_dict()
    translated = {
        ours: weights[theirs].to(own[ours].dtype)
        for theirs, ours in names.items()
        if theirs in weights
    }
    for key, value in own.items():
        given = translated.get(key)
        if given is None:
            # A convolution without a bias there: ours must then add nothing.
            translated[key] = torch.zeros(value.shape, dtype=value.dtype)
        elif given.shape[:2] != value.shape[:2]:
            raise WeightsError(
                f"{key}: shape {tuple(given.shape)}, expected {tuple(value.shape)} for a width of "
                f"{first.shape[0]} (levels stop widening at {WIDEST} times that)."
            )
    for level in range(1, levels):
        # A skip's channels come first there, and last here.
        key = f"up.{levels - level}.up.weight"
        skip, decoded = translated[key].chunk(2)
        translated[key] = torch.cat([decoded, skip])
    generator.load_state_dict(translated, assign=True)
    return Model(kind=CONVOLUTIONAL.kind, shape=shape, network=generator.eval(), domains={})
