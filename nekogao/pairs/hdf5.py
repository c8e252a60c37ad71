"""Pair sets from HDF5 files, one per domain."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nekogao.errors import InputError, PairSetError
from nekogao.files import sha256
from nekogao.names import counted
from nekogao.pairs import manifest
from nekogao.pairs.datasets import read_sides
from nekogao.pairs.item import Header
from nekogao.pairs.manifest import Entry, channels_of
from nekogao.pairs.origin import Member, Origin
from nekogao.pictures.domains import KINDS, Domain, imported
from nekogao.pictures.images import Picture
from nekogao.pictures.labels import NO_LABELS, census, palette_of, survey
from nekogao.sizes import Size, check_size

_TOLERANCE = 0.05
"""Largest mean absolute difference, on [0, 1], between two copies of one target. A JPEG save
changes a picture by less than 0.02; different faces differ by more than 0.1."""


def import_hdf5(
    out: str | Path, files: Mapping[str, str | Path], *, labels: Collection[str] = ()
) -> int:
    """Merge HDF5 files, one per domain, into one pair set; return the number of items.

    Each file holds `train_data_raw` and `train_data_gen` (or `val_data_...`): sources and
    targets, items x height x width x channels, 0 to 255. Files need not share their order: items
    are matched by their targets, one to one, and the first file's targets are kept.

    Args:
        out: A new folder; after an error there is none.
        files: Domain -> its file.
        labels: Domains whose sources are label maps even if they do not look like it.

    Raises:
        InputError: A file is missing, is not HDF5, is damaged, or lacks the datasets, or `out`
            is taken.
        PairSetError: The targets of two files do not match one to one.
        ConfigError: A side of the pictures is not from 32 to 512 pixels.
    """
    paths = {domain: Path(path) for domain, path in files.items()}
    loaded = {domain: read_sides(path) for domain, path in paths.items()}
    first = next(iter(paths))
    targets = loaded[first][1]
    size = check_size(Size.shaped(targets[0].shape))
    order = {
        domain: range(len(targets)) if domain == first else _match(targets, theirs, domain, first)
        for domain, (_, theirs) in loaded.items()
    }
    sources = {
        domain: [loaded[domain][0][i] for i in indices] for domain, indices in order.items()
    }
    domains = {
        name: _domain(name, found, paths[name], name in labels) for name, found in sources.items()
    }
    header = Header(size=size, target_channels=channels_of(targets), domains=domains)
    about = {domain: (str(path.resolve()), sha256(path)) for domain, path in paths.items()}
    entries = (
        Entry(
            name=f"{i:02d}",
            category=f"{i:02d}",
            target=target,
            sources={domain: sources[domain][i] for domain in paths},
            origin=Origin(
                *about[first],
                index=i,
                sources={d: Member(*about[d], int(order[d][i])) for d in paths},
            ),
        )
        for i, target in enumerate(targets)
    )
    return manifest.write(Path(out), header, entries)


def _domain(name: str, sources: Sequence[Picture], path: Path, forced: bool) -> Domain:
    """The domain of sources; those of another name than a built-in one may be label maps."""
    channels = channels_of(sources)
    if name in KINDS and not forced:
        return imported(name, channels)
    labels = survey(map(census, sources), forced=forced)
    if forced and not labels:
        raise InputError(f"{path}: {NO_LABELS}")
    return imported(name, channels, palette_of(labels, channels))


def _match(
    ours: list[Picture], theirs: list[Picture], domain: str, first: str
) -> NDArray[np.intp]:
    """For each of our targets, the index of its copy among theirs."""
    if len(ours) != len(theirs) or ours[0].shape != theirs[0].shape:
        raise PairSetError(
            f"{domain} has {counted(len(theirs), 'target')} of shape {theirs[0].shape}, {first} "
            f"has {len(ours)} of {ours[0].shape}; they must be the same faces."
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
