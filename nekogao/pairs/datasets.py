"""Datasets of an HDF5 file: checked before anything is read, and read item by item.

A file may be anyone's: it may declare more than any memory holds, and it may name other files of
this machine as its contents. Only what is in the file itself is read.
"""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from nekogao.errors import InputError
from nekogao.names import counted
from nekogao.pictures.images import Picture
from nekogao.sizes import Size, check_size

_PREFIXES = ("train", "val")
_MOST_LINKS = 20
_SMALL, _PACKED = 2**26, 1100
"""Datasets of more bytes than the first are refused where they are more than so many times as
large as what is stored of them; no compression does better."""
_MOST_NAMES = 10


def read_sides(path: Path) -> tuple[list[Picture], list[Picture]]:
    """The sources and targets of a file: `train_data_raw` and `train_data_gen`, or `val_data_...`.

    Raises InputError where it is missing, damaged, or holds anything else.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name an HDF5 file that exists.")
    try:
        with h5py.File(path, "r") as file:
            prefix = next((p for p in _PREFIXES if f"{p}_data_gen" in _names(file)), None)
            if prefix is None or f"{prefix}_data_raw" not in _names(file):
                found = ", ".join(map(repr, _names(file)[:_MOST_NAMES])).replace("'", "")
                raise InputError(
                    f"{path}: has no train_data_raw and train_data_gen (nor val_data_...); found "
                    f"{found or 'nothing'}. Rename the datasets."
                )
            raw, gen = (_dataset(path, file, f"{prefix}_data_{kind}") for kind in ("raw", "gen"))
            _check_sides(path, raw, gen)
            return _pictures(path, raw), _pictures(path, gen)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path}: damaged or not HDF5 ({reason}). Replace the file.") from None


def _names(group: h5py.Group) -> list[str]:
    return [name if isinstance(name, str) else repr(name) for name in group]


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset whose values are in the file itself, and not too many to be there."""
    _check_links(path, file, name)
    found = file[name]
    if not isinstance(found, h5py.Dataset):
        raise InputError(f"{path}: {name} is no dataset. Replace the file.")
    if found.is_virtual or found.external:
        raise InputError(
            f"{path}: the values of {name} are in other files. Copy them into this one "
            "(`h5repack`, or read and write them with h5py)."
        )
    if found.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} has values of type {found.dtype}; expected numbers.")
    declared, stored = found.size * found.dtype.itemsize, found.id.get_storage_size()
    if declared > max(_SMALL, _PACKED * stored):
        raise InputError(
            f"{path}: {name} declares {declared:,} bytes (shape {found.shape}) and stores "
            f"{stored:,}; it cannot be whole. Replace the file."
        )
    return found


def _check_links(path: Path, file: h5py.File, name: str) -> None:
    """Raise InputError where a name of a file leads out of it, by whatever chain of links."""
    left, place = [part for part in name.split("/") if part], "/"
    for _ in range(_MOST_LINKS):
        if not left:
            return
        part, left = left[0], left[1:]
        link = file[place].get(part, getlink=True)
        if isinstance(link, h5py.SoftLink):
            target = link.path
            place = "/" if target.startswith("/") else place
            left = [piece for piece in target.split("/") if piece] + left
        elif isinstance(link, h5py.HardLink):
            place = f"{place.rstrip('/')}/{part}"
        else:
            break
    raise InputError(
        f"{path}: {name} is a link to another file, or leads nowhere. Copy the data into this one."
    )


def _check_sides(path: Path, raw: h5py.Dataset, gen: h5py.Dataset) -> None:
    if len(raw.shape) != 4 or len(gen.shape) != 4 or raw.shape[1:3] != gen.shape[1:3]:
        raise InputError(
            f"{path}: sources of shape {raw.shape} for targets of shape {gen.shape}; expected "
            "items x height x width x 1 or 3, of one size. Replace the file."
        )
    if len(raw) != len(gen) or len(raw) == 0:
        raise InputError(
            f"{path}: {counted(len(raw), 'source')} for {counted(len(gen), 'target')}; they must "
            "be as many. Replace the file."
        )
    for side in (raw, gen):
        if side.shape[3] not in (1, 3):
            raise InputError(
                f"{path}: a dataset of shape {side.shape}; expected items x height x width x 1 or "
                "3. Replace the file."
            )
    check_size(Size.shaped(raw.shape[1:]))


def _pictures(path: Path, values: h5py.Dataset) -> list[Picture]:
    """The pictures of a dataset; one of booleans is black and white."""
    if values.dtype.kind == "b":
        return [_picture(item.astype(np.uint8) * 255) for item in values]
    found, highest, lowest = [], 0.0, 0.0
    for item in values:
        low, high = float(item.min()), float(item.max())
        if not (low >= 0 and high <= 255):
            raise InputError(
                f"{path}: values from {low:g} to {high:g}; expected 0 to 255. Rescale the "
                "datasets."
            )
        lowest, highest = min(low, lowest), max(high, highest)
        found.append(_picture(np.rint(item).astype(np.uint8)))
    if 0 < highest <= 1:
        raise InputError(
            f"{path}: values from {lowest:g} to {highest:g} would all be black on 0 to 255. "
            "Rescale the datasets."
        )
    return found


def _picture(item: NDArray[np.uint8]) -> Picture:
    return item[..., 0] if item.shape[-1] == 1 else item
