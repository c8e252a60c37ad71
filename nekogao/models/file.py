"""`model.safetensors`: one file with the generator, its shape, its domains and small faces.

It is all that `apply` needs. The header holds the configuration as JSON; beside the generator's
tensors lie thumbnails of the training targets, to name the face an output resembles.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from nekogao.errors import ConfigError, DiskError, WeightsError
from nekogao.files import write_atomically
from nekogao.models.junyanz import read_junyanz_unet
from nekogao.nets.generator import Generator
from nekogao.pictures import images
from nekogao.pictures.domains import Domain
from nekogao.pictures.images import Picture

NAME = "model.safetensors"
"""What the file is called in a run's folder."""
FORMAT = "nekogao-1"
THUMBNAIL = 32
"""Side of a thumbnail in pixels."""
MOST_THUMBNAILS = 1000
"""Larger sets travel with this many faces, spread evenly."""

_GENERATOR, _THUMBNAILS = "generator.", "thumbnails"


@dataclass(frozen=True)
class Model:
    """A generator with what is needed to use it."""

    generator: Generator
    """In evaluation mode, on the CPU."""
    domains: dict[str, Domain]
    """The domains that it was trained on."""
    last: str
    """The domain to make sources with unless told otherwise; empty where none is known."""
    faces: dict[str, Picture]
    """Id -> thumbnail of a training target."""


def thumbnails(ids: Sequence[str], target: Callable[[int], Picture]) -> dict[str, Picture]:
    """Small versions of the targets, at most MOST_THUMBNAILS of them.

    Args:
        ids: Every item's id.
        target: Called with an item's index for its target; only those chosen are asked for.
    """
    count = min(len(ids), MOST_THUMBNAILS)
    chosen = np.linspace(0, len(ids) - 1, count).round().astype(int).tolist()
    return {ids[i]: images.rgb(images.resize(target(i), THUMBNAIL, THUMBNAIL)) for i in chosen}


def save(
    path: Path,
    *,
    shape: Mapping[str, Any],
    state: Mapping[str, torch.Tensor],
    domains: Mapping[str, Domain],
    last: str,
    faces: Mapping[str, Picture],
) -> None:
    """Write a model file atomically.

    Args:
        path: The file.
        shape: The arguments of Generator.
        state: The generator's state dict.
        domains: The domains that it was trained on.
        last: The one it was trained on last.
        faces: Id -> thumbnail.
    """
    tensors = {_GENERATOR + k: v.detach().cpu().contiguous() for k, v in state.items()}
    tensors[_THUMBNAILS] = torch.from_numpy(np.stack(list(faces.values())))
    about = {
        "generator": dict(shape),
        "domains": [domain.to_dict() for domain in domains.values()],
        "last": last,
        "faces": list(faces),
    }
    # A single entry: several would stand in random order, and equal runs give equal files.
    header = {FORMAT: json.dumps(about)}
    try:
        write_atomically(path, lambda temporary: save_file(tensors, temporary, metadata=header))
    except SafetensorError as error:  # what it makes of a full disk
        raise DiskError(f"{path}: could not be written ({error}). Free some disk space.") from None


def load(path: Path) -> Model:
    """Read a model file, or a state dict of junyanz's `unet_128` or `unet_256` (`.pth`).

    Raises WeightsError where the file is missing, damaged, or something else.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file. Name a run folder or a model.safetensors.")
    return _load_foreign(path) if path.suffix in {".pth", ".pt"} else _load_own(path)


def _load_own(path: Path) -> Model:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{path}: not a safetensors file ({reason}). Name another.") from None
    if FORMAT not in header:
        raise WeightsError(
            f"{path}: its header has no entry {FORMAT!r} (found {', '.join(header) or 'none'}). "
            "Name a model.safetensors that nekogao wrote."
        )
    try:
        about = json.loads(header[FORMAT])
        with torch.device("meta"):  # no initial weights are drawn only to be replaced
            generator = Generator(**about["generator"])
        domains = {d["name"]: Domain(**d) for d in about["domains"]}
        pictures = tensors.pop(_THUMBNAILS).numpy()
        faces = dict(zip(about["faces"], pictures, strict=True))
        state = {key.removeprefix(_GENERATOR): value for key, value in tensors.items()}
        generator.load_state_dict(state, assign=True)
        last = str(about["last"])
    except (KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{path}: damaged model file ({reason}). Name another.") from None
    return Model(generator.eval(), domains, last, faces)


def _load_foreign(path: Path) -> Model:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises many kinds on damaged files
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(f"{path}: cannot be read as plain weights ({reason}).") from None
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise WeightsError(f"{path}: is not a state dict. Save `net.state_dict()` alone.")
    return Model(read_junyanz_unet(state), {}, "", {})
