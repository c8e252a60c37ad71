"""`model.safetensors`: one file with the network, its shape, its domains and small faces.

It is all that `apply` needs. The header holds the shape as JSON; beside the network's tensors are
thumbnails of the training targets, to name the face that an output resembles.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from nekogao.errors import ConfigError, DiskError, InputError, WeightsError
from nekogao.files import existing_folder, write_atomically, write_new
from nekogao.models.convolutional import CONVOLUTIONAL
from nekogao.models.families import named
from nekogao.models.junyanz import read_junyanz_unet
from nekogao.models.model import Model
from nekogao.pictures import images
from nekogao.pictures.domains import Domain
from nekogao.pictures.images import Picture

NAME = "model.safetensors"
"""What the file is called in a run's folder."""
_FOREIGN = {".pth", ".pt"}
"""Suffixes of plain state dicts."""
_RUN = "run.toml"
"""What a folder that is a run has."""
FORMAT = "nekogao-1"
THUMBNAIL = 32
"""Side of a thumbnail in pixels."""
MOST_THUMBNAILS = 1000
"""Larger sets travel with this many faces, spread evenly."""

_NETWORK, _THUMBNAILS = "generator.", "thumbnails"
_USUAL = CONVOLUTIONAL.kind
"""The family of files that name none, as all did before there was a second."""


def thumbnails(ids: Sequence[str], target: Callable[[int], Picture]) -> dict[str, Picture]:
    """Small versions of the targets, at most MOST_THUMBNAILS of them.

    Args:
        ids: Every item's id.
        target: Called with an item's index for its target; only those chosen are asked for.
    """
    count = min(len(ids), MOST_THUMBNAILS)
    chosen = np.linspace(0, len(ids) - 1, count).round().astype(int).tolist()
    return {ids[i]: images.rgb(images.resize(target(i), THUMBNAIL, THUMBNAIL)) for i in chosen}


def save(path: Path, model: Model) -> None:
    """Write a model file atomically.

    Raises DiskError where it cannot be written.
    """
    write_atomically(path, lambda temporary: _fill(temporary, path, model))


def strip(model: str | Path, out: Path) -> None:
    """Write the model of a run, or a model file, to a new file without the faces.

    Thumbnails and names of the training faces are left out; the network stays the same.

    Raises WeightsError where there is no model, or it is damaged; InputError where `out` is taken
    or is no name for a model file; DiskError where it cannot be written.
    """
    found = replace(open_model(model), faces={})
    if out.suffix in _FOREIGN:
        raise InputError(f"{out}: is no name for such a file. End it in .safetensors.")
    existing_folder(out.parent)
    write_new(out, lambda temporary: _fill(temporary, out, found))


def _fill(temporary: Path, path: Path, model: Model) -> None:
    """Write a model to a temporary file that becomes `path`."""
    state = model.network.state_dict()
    tensors = {_NETWORK + k: v.detach().cpu().contiguous() for k, v in state.items()}
    faces = list(model.faces.values())
    none = np.empty((0, THUMBNAIL, THUMBNAIL, 3), np.uint8)
    tensors[_THUMBNAILS] = torch.from_numpy(np.stack(faces) if faces else none)
    about = {
        "generator": dict(model.shape),
        "domains": [domain.to_dict() for domain in model.domains.values()],
        "last": model.last,
        "faces": list(model.faces),
    }
    if model.kind != _USUAL:
        about = {"kind": model.kind, **about}
    # A single entry: several would be stored in random order, and equal runs give equal files.
    header = {FORMAT: json.dumps(about)}
    try:
        save_file(tensors, temporary, metadata=header)
    except SafetensorError as error:  # what it makes of a full disk
        raise DiskError(f"{path}: could not be written ({error}). Free some disk space.") from None


def locate(path: str | Path) -> Path:
    """The model file that is meant: that of a run, or the file itself."""
    path = Path(path)
    return path / NAME if path.is_dir() else path


def open_model(path: str | Path) -> Model:
    """The model of a run folder, or a model file; see `load`.

    Raises WeightsError, which for a run says that training makes its model again.
    """
    path = Path(path)
    try:
        return load(locate(path))
    except WeightsError as error:
        if not (path / _RUN).is_file():
            raise
        what = str(error).rpartition(" Name ")[0] or str(error)
        raise WeightsError(f"{what} `nekogao train {path}` makes it again.") from None


def load(path: Path) -> Model:
    """Read a model file, or a state dict of junyanz's `unet_128` or `unet_256` (`.pth`).

    The network comes in evaluation mode, on the CPU.

    Raises WeightsError where the file is missing, damaged, or something else.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file. Name a run folder or a model.safetensors.")
    model = _load_foreign(path) if path.suffix in _FOREIGN else _load_own(path)
    model.network.eval()
    return model


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
        return _parse(json.loads(header[FORMAT]), tensors)
    except (KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{path}: damaged model file ({reason}). Name another.") from None


def _parse(about: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Model:
    kind, shape = about.get("kind", _USUAL), about["generator"]
    with torch.device("meta"):  # no initial weights are drawn only to be replaced
        network = named(kind).build(shape)
    pictures = tensors.pop(_THUMBNAILS).numpy()
    state = {key.removeprefix(_NETWORK): value for key, value in tensors.items()}
    network.load_state_dict(state, assign=True)
    return Model(
        kind=kind,
        shape=shape,
        network=network,
        domains={d["name"]: Domain.from_dict(d) for d in about["domains"]},
        last=str(about["last"]),
        faces=dict(zip(about["faces"], pictures, strict=True)),
    )


def _load_foreign(path: Path) -> Model:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises many kinds on damaged files
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(f"{path}: cannot be read as plain weights ({reason}).") from None
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise WeightsError(f"{path}: is not a state dict. Save `net.state_dict()` alone.")
    return read_junyanz_unet(state)
