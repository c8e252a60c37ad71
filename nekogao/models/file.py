"""`model.safetensors`: one file with the network, its shape, its domains and small faces.

It is all that `apply` needs. The header holds the shape as JSON; beside the network's tensors are
thumbnails of the training targets, to name the face that an output resembles.
"""

import json
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from nekogao.config.rules import shown
from nekogao.errors import ConfigError, DiskError, InputError, WeightsError, reason
from nekogao.files import existing_folder, write_atomically, write_new
from nekogao.models.convolutional import CONVOLUTIONAL
from nekogao.models.families import named
from nekogao.models.junyanz import read_junyanz_unet
from nekogao.models.model import Model
from nekogao.pictures import images
from nekogao.pictures.domains import Domain
from nekogao.pictures.images import Picture
from nekogao.sizes import Size

NAME = "model.safetensors"
"""What the file is called in a run's folder."""
_FOREIGN = {".pth", ".pt"}
"""Suffixes of plain state dicts."""
_RUN = "run.toml"
"""What a folder that is a run has."""
FORMAT = "nekogao-1"
THUMBNAIL = 32
"""The longer side of a thumbnail in pixels."""
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
    return {ids[i]: _thumbnail(target(i)) for i in chosen}


def _thumbnail(target: Picture) -> Picture:
    return images.rgb(images.resize(target, *Size.shaped(target.shape).within(THUMBNAIL)))


def save(path: Path, model: Model) -> None:
    """Write a model file atomically.

    Raises DiskError where it cannot be written.
    """
    write_atomically(path, lambda temporary: _fill(temporary, path, model))


def strip(model: str | Path, out: Path) -> None:
    """Write the model of a run, or a model file, to a new file without the faces.

    Thumbnails and names of the training faces are left out; the network stays the same.

    Raises WeightsError where there is no model, or it is damaged; InputError where `out` is taken
    or is no name for a model file; ConfigError where the model is its training pictures; DiskError
    where it cannot be written.
    """
    found = replace(open_model(model), faces={})
    if reason := named(found.kind).bare:
        raise ConfigError(f"{model}: {reason}.")
    if out.suffix in _FOREIGN:
        raise InputError(f"{out}: is no name for such a file. End it in .safetensors.")
    existing_folder(out.parent)
    write_new(out, lambda temporary: _fill(temporary, out, found))


def _fill(temporary: Path, path: Path, model: Model) -> None:
    """Write a model to a temporary file that becomes `path`."""
    state = model.network.state_dict()
    tensors = {_NETWORK + k: v.detach().cpu().contiguous() for k, v in state.items()}
    faces = list(model.faces.values())
    none = np.empty((0, *model.size.within(THUMBNAIL).shape, 3), np.uint8)
    tensors[_THUMBNAILS] = torch.from_numpy(np.stack(faces) if faces else none)
    about = {
        "generator": {**model.shape, "size": model.size.plain},
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

    Raises WeightsError where the file is missing, damaged, or something else, and where a weight
    is not finite.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file. Name a run folder or a model.safetensors.")
    model = _load_foreign(path) if path.suffix.lower() in _FOREIGN else _load_own(path)
    model.network.eval()
    return model


def _load_own(path: Path) -> Model:
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        raise WeightsError(
            f"{path}: safetensors opens no name that is not UTF-8. Rename the file or folder."
        )
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError) as error:
        raise WeightsError(
            f"{path}: not a safetensors file ({reason(error)}). Name another."
        ) from None
    if FORMAT not in header:
        found = shown(", ".join(header)) if header else "none"
        raise WeightsError(
            f"{path}: its header has no entry {FORMAT!r} (found {found}). "
            "Name a model.safetensors that nekogao wrote."
        )
    try:
        model = _parse(json.loads(header[FORMAT]), tensors)
    except KeyError as error:
        missing = shown(error.args[0])
        raise WeightsError(
            f"{path}: damaged model file (lacks {missing}). Name another."
        ) from None
    except (TypeError, ValueError, RuntimeError, OverflowError, ConfigError) as error:
        damage = reason(error).removesuffix(".")
        raise WeightsError(f"{path}: damaged model file ({damage}). Name another.") from None
    check_finite(model.network, path)
    return model


def check_finite(network: nn.Module, path: Path) -> None:
    """Raise WeightsError where a weight is infinite or no number: all outputs would be black."""
    for name, value in network.state_dict().items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            bad = int((~value.isfinite()).sum())
            raise WeightsError(
                f"{path}: {name} is not finite ({bad} of {value.numel()} values). The training "
                "diverged, or the file is damaged; name another."
            )


def _parse(about: Any, tensors: dict[str, torch.Tensor]) -> Model:
    """The model that a header describes. Raises what is wrong with it, in many kinds."""
    if not isinstance(about, dict) or not isinstance(about["generator"], dict):
        raise TypeError("the header is no table")
    kind, shape = about.get("kind", _USUAL), about["generator"]
    if not isinstance(kind, str):
        raise TypeError(f"kind is {shown(kind)}")
    with torch.device("meta"):  # no initial weights are drawn only to be replaced
        network = named(kind).build(shape)
    small = Size.stored(shape["size"]).within(THUMBNAIL)
    faces = _faces(about["faces"], tensors.pop(_THUMBNAILS, None), small)
    state = {key.removeprefix(_NETWORK): value for key, value in tensors.items()}
    for key, value in network.state_dict().items():
        if key in state and state[key].dtype != value.dtype:
            raise TypeError(f"{key} is {state[key].dtype}, must be {value.dtype}")
    network.load_state_dict(state, assign=True)
    if not isinstance(about["last"], str):
        raise TypeError(f"last is {shown(about['last'])}")
    return Model(
        kind=kind,
        shape=shape,
        network=network,
        domains={d["name"]: Domain.from_dict(d) for d in about["domains"]},
        last=about["last"],
        faces=faces,
    )


def _faces(ids: Any, pictures: torch.Tensor | None, size: Size) -> dict[str, Picture]:
    """Id -> thumbnail of that size; none where a file has neither."""
    if not isinstance(ids, list) or not all(isinstance(name, str) for name in ids):
        raise TypeError("faces is no list of texts")
    if pictures is None:
        pictures = torch.empty((0, *size.shape, 3), dtype=torch.uint8)
    if pictures.dtype != torch.uint8 or pictures.shape[1:] != (*size.shape, 3):
        raise TypeError(f"thumbnails are {pictures.dtype} of shape {tuple(pictures.shape)}")
    if len(ids) != len(pictures) or len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids)} names of faces, {len(pictures)} thumbnails")
    return dict(zip(ids, pictures.numpy(), strict=True))


def _load_foreign(path: Path) -> Model:
    try:
        with warnings.catch_warnings():  # of what is in the file, not of what was asked
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises many kinds on damaged files
        # What it says itself is long, and advises to trust the file.
        objects = re.search(r"GLOBAL\s+(?:\S*\s)?([\w.]+)|class ([\w.]+)", str(error))
        what = (
            f"holds Python objects ({next(filter(None, objects.groups()))}), not weights alone"
            if objects
            else "is damaged, or not what torch.save wrote"
        )
        raise WeightsError(
            f"{path}: {what}. Save the generator's `net.state_dict()` with torch.save."
        ) from None
    if not isinstance(state, dict) or not all(map(_is_weight, state.items())):
        raise WeightsError(f"{path}: is not a state dict. Save `net.state_dict()` alone.")
    try:
        model = read_junyanz_unet(state)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None
    check_finite(model.network, path)
    return model


def _is_weight(entry: tuple[Any, Any]) -> bool:
    key, value = entry
    plain = isinstance(value, torch.Tensor) and value.layout == torch.strided
    return isinstance(key, str) and plain and not (value.is_meta or value.is_quantized)
