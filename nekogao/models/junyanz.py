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

from nekogao.config.rules import shown
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

MOST_CHANNELS = 512
"""At the first level; theirs have 64."""
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


def _spell(key: str) -> str:
    return key if key.isprintable() and len(key) < 80 else shown(key)


def _check_kind(theirs: str, ours: str, value: Tensor) -> None:
    """Raise WeightsError for a value that is none of the kind its name says."""
    counter = ours.endswith("num_batches_tracked")
    kernel = ours.endswith((".conv.weight", ".up.weight"))
    fits = value.shape[2:] == (4, 4) if kernel else value.ndim == (0 if counter else 1)
    if not fits or not (counter or value.is_floating_point()):
        raise WeightsError(
            f"{theirs}: {value.dtype} of shape {tuple(value.shape)}, which no layer of unet_128 "
            "or unet_256 has. Give the generator's state dict (`latest_net_G.pth`)."
        )


def _plain_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights without what DataParallel (`module.`) and torch.compile (`_orig_mod.`) put
    into their names. Raises WeightsError where two would then share one."""
    found: dict[str, Tensor] = {}
    for key, value in weights.items():
        parts = [part for part in key.split(".") if part != "_orig_mod"]
        while parts[:1] == ["module"]:
            del parts[0]
        name = ".".join(parts)
        if name in found:
            raise WeightsError(f"the state dict has {shown(name)} twice. Save one network alone.")
        found[name] = value
    return found


def read_junyanz_unet(weights: dict[str, Tensor]) -> Model:
    """Build a model from a state dict of that project's `unet_128` or `unet_256`.

    The number of levels, the width, the channels and the normalisation (batch or instance) are
    read from the weights themselves. The network comes in evaluation mode; the same state dict
    gives the same output as there to within 1e-5.

    Raises:
        WeightsError: A key is missing, unknown, or of the wrong shape; the first is named.
    """
    weights = _plain_names(weights)
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
            f"the state dict {kind} {_spell(keys[0])} ({len(missing)} missing, {len(unknown)} "
            "unknown). Only the plain unet_128 and unet_256 can be read."
        )
    for theirs, ours in names.items():
        if theirs in weights:
            _check_kind(theirs, ours, weights[theirs])
    first, last = weights["model.model.0.weight"], weights["model.model.3.weight"]
    width, source, target = first.shape[0], first.shape[1], last.shape[1]
    if source not in (1, 3) or target not in (1, 3) or not 1 <= width <= MOST_CHANNELS:
        raise WeightsError(
            f"the network has {source} source and {target} target channels and the width {width}: "
            f"channels must be 1 or 3, the width at most {MOST_CHANNELS}. Only pictures in gray "
            "or colour can be read."
        )
    shape = {
        **_PLAIN,
        "size": 2**levels,
        "source_channels": source,
        "target_channels": target,
        "width": width,
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
                f"{width} (levels stop widening at {WIDEST} times that)."
            )
    for level in range(1, levels):
        # A skip's channels come first there, and last here.
        key = f"up.{levels - level}.up.weight"
        skip, decoded = translated[key].chunk(2)
        translated[key] = torch.cat([decoded, skip])
    generator.load_state_dict(translated, assign=True)
    return Model(kind=CONVOLUTIONAL.kind, shape=shape, network=generator.eval(), domains={})
