"""Pair sets: build one from faces, open one, draw batches, and examine one."""

import hashlib
import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from nekogao.config.schema import AugmentConfig
from nekogao.errors import ConfigError, NekogaoError
from nekogao.files import sha256
from nekogao.nets.generator import count_levels
from nekogao.pairs import manifest
from nekogao.pairs.augment import augment as vary
from nekogao.pairs.draws import Draw, Place, draw
from nekogao.pairs.manifest import Entry, Header, Item
from nekogao.pairs.reader import Files, Pixels, Reader
from nekogao.pairs.reader import reader as choose_reader
from nekogao.pictures import boxes, images
from nekogao.pictures.domains import EVERY, built_in
from nekogao.pictures.images import Fit, Picture
from nekogao.randomness import Purpose, stream
from nekogao.workers import ahead


class Batch(NamedTuple):
    """Sources and targets in [-1, 1]."""

    source: Float[Tensor, "b c h w"]
    target: Float[Tensor, "b d h w"]


def build(
    faces: Path,
    out: Path,
    *,
    domains: Sequence[str] = ("gray", "edges"),
    size: int = 128,
    fit: Fit = "crop",
    low: int = 128,
    high: int = 128,
) -> int:
    """Make a pair set from face crops or any folder of pictures; return the number of items.

    Args:
        faces: What `nekogao faces` wrote, or a folder of pictures; sub-folders are categories.
        out: A new folder.
        domains: Keys of nekogao.pictures.domains.KINDS.
        size: Pixels a side, a power of two from 32 to 512.
        fit: How a picture that is not square becomes so.
        low: Canny's lower threshold, for `edges`.
        high: Canny's upper threshold, for `edges`.

    Raises:
        InputError: A folder is missing, empty or taken, or a picture cannot be read.
        ConfigError: The size or a domain is unknown.
    """
    header = _header(domains, size, low, high)
    known = boxes.origins(faces)
    root = faces / boxes.CROPS if (faces / boxes.CROPS).is_dir() else faces

    def entry(path: Path) -> Entry:
        default = {"file": str(path.resolve()), "box": None, "sha256": sha256(path)}
        origin = known.get(path.relative_to(root).as_posix(), default)
        category = path.parent.name if path.parent != root else path.stem
        return _entry(
            path.stem, category, images.fit(images.read(path), size, fit), header, origin
        )

    with closing(ahead(entry, images.find(root))) as entries:
        return manifest.write(out, header, entries)


def build_from(
    pictures: Iterable[tuple[str, Picture]],
    out: Path,
    *,
    domains: Sequence[str] = ("gray", "edges"),
    size: int = 128,
    fit: Fit = "crop",
    low: int = 128,
    high: int = 128,
) -> int:
    """Make a pair set from named pictures that come from no file; return the number of items.

    The pictures are taken one after another, so that they need not fit in memory together. The
    other arguments are those of `build`, and so are the errors.
    """
    header = _header(domains, size, low, high)
    nowhere = {"file": "", "box": None, "sha256": ""}

    def entry(named: tuple[str, Picture]) -> Entry:
        name, picture = named
        return _entry(name, name, images.fit(images.rgb(picture), size, fit), header, nowhere)

    with closing(ahead(entry, pictures)) as entries:
        return manifest.write(out, header, entries)


def _header(domains: Sequence[str], size: int, low: int, high: int) -> Header:
    count_levels(size)
    if not domains:
        raise ConfigError("no domain was named. Give at least one, as in --domains gray edges.")
    chosen = {name: built_in(name, low, high) for name in domains}
    return Header(size=size, target_channels=3, domains=chosen)


def _entry(
    name: str, category: str, target: Picture, header: Header, origin: dict[str, Any]
) -> Entry:
    sources = {key: domain.source(target) for key, domain in header.domains.items()}
    return Entry(name, category, target, sources, origin)


class PairSet:
    """A pair set whose manifest has been read; pictures are read when first needed."""

    def __init__(self, folder: Path, header: Header, items: Sequence[Item]) -> None:
        self.folder, self.header, self.items = folder, header, list(items)

    @classmethod
    def open(cls, folder: str | Path) -> "PairSet":
        """Read a pair set's manifest.

        Raises InputError where the folder is no pair set, PairSetError where it is damaged.
        """
        folder = Path(folder)
        return cls(folder, *manifest.read(folder))

    def __len__(self) -> int:
        return len(self.items)

    @property
    def size(self) -> int:
        """Pixels a side."""
        return self.header.size

    @property
    def domains(self) -> list[str]:
        """Names of the domains."""
        return list(self.header.domains)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the pictures and their order, wherever the set lies and came from."""
        items = [[item.id, item.sha256] for item in self.items]
        about = [asdict(self.header), items]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    @cached_property
    def targets(self) -> list[Picture]:
        """Every target, for small sets. Raises PairSetError where one is missing or changed."""
        return [self.picture(index, "target") for index in range(len(self))]

    @cached_property
    def sources(self) -> dict[str, list[Picture]]:
        """Domain -> every source, for small sets. Raises PairSetError as `targets` does."""
        return {d: [self.picture(index, d) for index in range(len(self))] for d in self.domains}

    def picture(self, index: int, kind: str) -> Picture:
        """One picture of an item, `target` or a domain, read from its file.

        Raises PairSetError where it is missing or changed.
        """
        return self.files.read(index, kind)

    @cached_property
    def files(self) -> Files:
        """The pictures on disk."""
        return Files(self.folder, self.header, self.items)

    @cached_property
    def reader(self) -> Reader:
        """Where batches come from. A set that fits in memory is decoded now, as a whole.

        Raises PairSetError where a picture of such a set is missing or changed.
        """
        return choose_reader(self.files)

    def resolve(self, domains: Sequence[str]) -> list[str]:
        """The domains meant by a phase: `all` is every one of this set.

        Raises ConfigError for a domain that the set does not have.
        """
        if tuple(domains) == (EVERY,):
            return self.domains
        for name in domains:
            if name not in self.domains:
                raise ConfigError(
                    f"phase names the domain {name!r}, but {self.folder} has "
                    f"{', '.join(self.domains)}. Choose from these, or `{EVERY}`."
                )
        return list(domains)

    def batch(
        self,
        step: int,
        *,
        domains: Sequence[str],
        size: int,
        seed: int = 0,
        augment: AugmentConfig | None = None,
        earlier: Sequence[str] = (),
        replay: float = 0.0,
    ) -> Batch:
        """The batch of a training step: a function of its arguments, of nothing else.

        Args:
            step: Count of updates from the start of the run.
            domains: Names of domains to mix.
            size: Pairs in the batch.
            seed: The run's seed.
            augment: Random variation of the pairs.
            earlier: Domains of earlier phases that are not among `domains`.
            replay: Share of the pairs that show them, below 1.
        """
        drawn = self.draw(
            step, domains=domains, size=size, seed=seed, earlier=earlier, replay=replay
        )
        return _finish(drawn, self.reader.fetch(drawn.places), seed, augment)

    def draw(
        self,
        step: int,
        *,
        domains: Sequence[str],
        size: int,
        seed: int = 0,
        earlier: Sequence[str] = (),
        replay: float = 0.0,
    ) -> Draw:
        """Which items and domains a training step shows; see nekogao.data.order."""
        return draw(
            step,
            count=len(self),
            domains=domains,
            size=size,
            seed=seed,
            earlier=earlier,
            replay=replay,
        )

    def batches(
        self,
        draws: Iterable[Draw],
        *,
        seed: int = 0,
        augment: AugmentConfig | None = None,
        device: torch.device | str = "cpu",
    ) -> Generator[Batch, None, None]:
        """The batches of the steps of `draws` as `batch` would give them, on a device.

        Of a set that does not fit in memory the next ones are read ahead by threads, which end
        with the iterator. Raises PairSetError at the step that needs a missing or changed picture.
        """
        reader = self.reader.on(torch.device(device))
        with closing(reader.fetch_all(draws)) as fetched:
            for drawn, pixels in fetched:
                yield _finish(drawn, pixels, seed, augment)

    def select(self, indices: Sequence[int], domain: str) -> Batch:
        """Some items in one domain, as they are. Raises PairSetError as `batches` does."""
        pixels = self.reader.fetch([Place(index, domain) for index in indices])
        return Batch(*map(images.scale, pixels))


def _finish(drawn: Draw, pixels: Pixels, seed: int, augment: AugmentConfig | None) -> Batch:
    """Pixels as a network takes them, varied as the step asks."""
    batch = Batch(*map(images.scale, pixels))
    if augment is None or not augment.active:
        return batch
    return Batch(*vary(*batch, augment, stream(seed, Purpose.AUGMENT, drawn.step)))


def examine(folder: Path) -> list[str]:
    """Everything that is wrong with a pair set, one line each; an empty list is a sound set.

    Raises InputError where the folder is no pair set at all.
    """
    try:
        header, items = manifest.read(folder)
    except NekogaoError as error:
        if not (folder / manifest.NAME).is_file():
            raise
        return [str(error)]
    faults = []
    try:
        count_levels(header.size)
    except ConfigError as error:
        faults.append(str(error))
    hashes: dict[str, str] = {}
    for item in items:
        for kind in item.files():
            try:
                manifest.read_picture(folder, header, item, kind)
            except NekogaoError as error:
                faults.append(str(error))
        twin = hashes.setdefault(json.dumps(item.sha256, sort_keys=True), item.id)
        if twin != item.id:
            faults.append(f"{item.id}: the same pictures as {twin}. Remove one of the two.")
    return faults
