"""Pair sets from what others have: HDF5 files, aligned A|B pictures, two folders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nekogao.errors import ConfigError, InputError, PairSetError
from nekogao.files import sha256
from nekogao.nets.generator import count_levels
from nekogao.pairs import manifest
from nekogao.pairs.manifest import Entry, Header, channels_of
from nekogao.pictures import images
from nekogao.pictures.domains import IMPORTED, KINDS, Domain
from nekogao.pictures.images import Fit, Picture

_PREFIXES = ("train", "val")
_TOLERANCE = 0.05
"""Largest mean absolute difference, on [0, 1], between two copies of one target. A JPEG save
moves a picture by less than 0.02; different faces lie above 0.1."""


def import_hdf5(out: Path, files: Mapping[str, Path]) -> int:
    """Merge HDF5 files, one a domain, into one pair set; return the number of items.

    Each file holds `train_data_raw` and `train_data_gen` (or `val_data_...`): sources and
    targets, items x height x width x channels, 0 to 255. Files need not share their order: items
    are matched by their targets, one to one, and the first file's targets are kept.

    Raises:
        InputError: A file is missing, is not HDF5, is damaged, or lacks the datasets.
        PairSetError: The targets of two files do not match one to one.
        ConfigError: The pictures' size is not a power of two.
    """
    loaded = {domain: _read_hdf5(path) for domain, path in files.items()}
    first = next(iter(files))
    targets = loaded[first][1]
    size = targets[0].shape[0]
    count_levels(size)
    order = {
        domain: range(len(targets)) if domain == first else _match(targets, theirs, domain, first)
        for domain, (_, theirs) in loaded.items()
    }
    sources = {
        domain: [loaded[domain][0][i] for i in indices] for domain, indices in order.items()
    }
    header = _header(size, targets, sources)
    about = {d: {"file": str(p.resolve()), "sha256": sha256(p)} for d, p in files.items()}
    entries = (
        Entry(
            name=f"{i:02d}",
            category=f"{i:02d}",
            target=target,
            sources={domain: sources[domain][i] for domain in files},
            origin={
                **about[first],
                "box": None,
                "index": i,
                "sources": {d: {**about[d], "index": int(order[d][i])} for d in files},
            },
        )
        for i, target in enumerate(targets)
    )
    return manifest.write(out, header, entries)


def _header(size: int, targets: list[Picture], sources: dict[str, list[Picture]]) -> Header:
    domains = {
        name: Domain(
            name=name,
            kind=name if name in KINDS else IMPORTED,
            channels=channels_of(pictures),
        )
        for name, pictures in sources.items()
    }
    return Header(size=size, target_channels=channels_of(targets), domains=domains)


def _read_hdf5(path: Path) -> tuple[list[Picture], list[Picture]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name an HDF5 file that exists.")
    try:
        with h5py.File(path, "r") as file:
            prefix = next((p for p in _PREFIXES if f"{p}_data_gen" in file), None)
            if prefix is None or f"{prefix}_data_raw" not in file:
                raise InputError(
                    f"{path}: has no train_data_raw and train_data_gen (nor val_data_...); found "
                    f"{', '.join(file) or 'nothing'}. Rename the datasets."
                )
            raw, gen = (np.asarray(file[f"{prefix}_data_{kind}"]) for kind in ("raw", "gen"))
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: damaged or not HDF5 ({reason}). Replace the file.") from None
    if raw.ndim != 4 or gen.ndim != 4 or raw.shape[1:3] != gen.shape[1:3]:
        raise InputError(
            f"{path}: sources of shape {raw.shape} for targets of shape {gen.shape}; expected "
            "items x side x side x 1 or 3, of one size. Replace the file."
        )
    if len(raw) != len(gen) or len(raw) == 0:
        raise InputError(
            f"{path}: {len(raw)} sources for {len(gen)} targets; they must be as many. "
            "Replace the file."
        )
    return _pictures(path, raw), _pictures(path, gen)


def _pictures(path: Path, values: NDArray) -> list[Picture]:
    square = values.ndim == 4 and values.shape[1] == values.shape[2]
    if not square or values.shape[3] not in (1, 3):
        raise InputError(
            f"{path}: a dataset of shape {values.shape}; expected items x side x side x 1 or 3. "
            "Replace the file."
        )
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 255):
        raise InputError(
            f"{path}: values from {low:g} to {high:g}; expected 0 to 255. Rescale the datasets."
        )
    if np.issubdtype(values.dtype, np.floating) and 0 < high <= 1:
        raise InputError(
            f"{path}: values from {low:g} to {high:g} would all be black on 0 to 255. "
            "Rescale the datasets."
        )
    rounded = np.rint(values).astype(np.uint8)
    return list(rounded[..., 0] if rounded.shape[-1] == 1 else rounded)


def _match(
    ours: list[Picture], theirs: list[Picture], domain: str, first: str
) -> NDArray[np.intp]:
    """For each of our targets, the index of its copy among theirs."""
    if len(ours) != len(theirs) or ours[0].shape != theirs[0].shape:
        raise PairSetError(
            f"{domain} has {len(theirs)} targets of shape {theirs[0].shape}, {first} has "
            f"{len(ours)} of {ours[0].shape}; they must be the same faces."
        )
    flat = [
        np.stack(side).reshape(len(side), -1).astype(np.float32) / 255 for side in (ours, theirs)
    ]
    distance = np.stack([np.abs(flat[1] - row).mean(axis=1) for row in flat[0]])
    nearest = distance.argmin(axis=1)
    worst = int(distance.min(axis=1).argmax())
    if distance[worst].min() > _TOLERANCE:
        raise PairSetError(
            f"target {worst} of {first} has no copy in {domain}: the nearest differs by "
            f"{distance[worst].min():.3f} on [0, 1]. Give files that hold the same faces."
        )
    if len(set(nearest.tolist())) != len(ours):
        twice = int(np.bincount(nearest).argmax())
        raise PairSetError(
            f"target {twice} of {domain} is the nearest of several in {first}; the match must be "
            "one to one. Remove double faces from the files."
        )
    return nearest


def import_aligned(
    out: Path,
    folder: Path,
    *,
    direction: Literal["AtoB", "BtoA"] = "AtoB",
    domain: str = "source",
    size: int = 128,
    fit: Fit = "stretch",
) -> int:
    """Read pictures that show A on the left half and B on the right; return the number of items.

    Raises InputError where the folder is missing or empty, or a picture cannot be halved.
    """
    count_levels(size)
    rows = []
    for path in images.find(folder):
        picture = _read_any(path)
        width = picture.shape[1]
        if width % 2:
            raise InputError(
                f"{path}: {width} pixels wide; an aligned picture has two halves of the same "
                "width. Replace the file."
            )
        halves = (picture[:, : width // 2], picture[:, width // 2 :])
        rows.append((path, *(halves if direction == "AtoB" else halves[::-1])))
    return _write_pairs(out, rows, domain, size, fit)


def import_folders(
    out: Path,
    sources: Path,
    targets: Path,
    *,
    domain: str = "source",
    size: int = 128,
    fit: Fit = "stretch",
) -> int:
    """Pair the pictures of two folders by their stems; return the number of items.

    Raises InputError where a folder is missing or empty, or a picture has no partner (all such
    are named).
    """
    count_levels(size)
    sides = []
    for folder in (sources, targets):
        by_stem: dict[str, Path] = {}
        for path in images.find(folder):
            key = path.relative_to(folder).with_suffix("").as_posix()
            if key in by_stem:
                raise InputError(f"{path}: the same stem as {by_stem[key].name}. Rename one.")
            by_stem[key] = path
        sides.append(by_stem)
    alone = sorted(set(sides[0]) ^ set(sides[1]))
    if alone:
        raise InputError(
            f"{sources} and {targets}: no partner for {', '.join(alone)}. "
            "Each picture needs one with the same stem in the other folder."
        )
    rows = []
    for key, path in sides[1].items():
        source, target = _read_any(sides[0][key]), _read_any(path)
        if source.shape[:2] != target.shape[:2]:
            raise InputError(
                f"{key}: source is {source.shape[1]}x{source.shape[0]}, target is "
                f"{target.shape[1]}x{target.shape[0]}; sizes must match. Resize one of them."
            )
        rows.append((path, source, target))
    return _write_pairs(out, rows, domain, size, fit)


def _read_any(path: Path) -> Picture:
    """A picture with as many channels as its file has: one for gray files, otherwise three."""
    picture = images.read(path)
    with Image.open(path) as image:
        return images.luma(picture) if image.mode in {"1", "L", "I;16", "I"} else picture


def _write_pairs(
    out: Path, rows: list[tuple[Path, Picture, Picture]], domain: str, size: int, fit: Fit
) -> int:
    if domain in KINDS:
        raise ConfigError(
            f"domain {domain!r} is made from targets by Nekogao itself. "
            "Give imported sources another name with --domain."
        )
    fitted = [(p, images.fit(s, size, fit), images.fit(t, size, fit)) for p, s, t in rows]
    header = _header(size, [t for *_, t in fitted], {domain: [s for _, s, _ in fitted]})
    entries = (
        Entry(
            name=path.stem,
            category=path.stem,
            target=images.as_channels(target, header.target_channels),
            sources={domain: images.as_channels(source, header.domains[domain].channels)},
            origin={"file": str(path.resolve()), "box": None, "sha256": sha256(path)},
        )
        for path, source, target in fitted
    )
    return manifest.write(out, header, entries)
