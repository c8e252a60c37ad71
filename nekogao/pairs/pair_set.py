"""Pair sets: open one, and take its pictures and batches."""

import hashlib
import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from nekogao.config.schema import AugmentConfig
from nekogao.errors import ConfigError
from nekogao.pairs import manifest
from nekogao.pairs.augment import augment as vary
from nekogao.pairs.draws import Draw, Place
from nekogao.pairs.item import Header, Item
from nekogao.pairs.reader import Files, Pixels, Reader
from nekogao.pairs.reader import reader as choose_reader
from nekogao.pictures import images
from nekogao.pictures.domains import EVERY, LABELS
from nekogao.pictures.images import Picture
from nekogao.randomness import Purpose, stream
from nekogao.sizes import Size


class Batch(NamedTuple):
    """Sources and targets in [-1, 1]."""

    source: Float[Tensor, "b c h w"]
    target: Float[Tensor, "b d h w"]


class PairSet:
    """A pair set whose manifest has been read; pictures are read when first needed.

    Pictures are uint8 arrays of the set's size, h w 3 (RGB) or h w, 0..255. Batches are float
    tensors b c h w in [-1, 1]; every source has the channels of the domain that has most.
    """

    def __init__(self, folder: Path, header: Header, items: Sequence[Item]) -> None:
        self.folder, self.header, self.items = folder, header, list(items)

    @classmethod
    def open(cls, folder: str | Path) -> "PairSet":
        """Read a pair set's manifest.

        >>> pairs = nekogao.PairSet.open("set")
        >>> len(pairs), pairs.domains, pairs.picture(0, "gray").shape
        (4, ['gray', 'edges'], (32, 32))

        Raises InputError where the folder is no pair set, PairSetError where it is damaged.
        """
        folder = Path(folder)
        return cls(folder, *manifest.read(folder))

    def __len__(self) -> int:
        return len(self.items)

    @property
    def size(self) -> Size:
        """The size of every picture."""
        return self.header.size

    @property
    def domains(self) -> list[str]:
        """Names of the domains."""
        return list(self.header.domains)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Id -> number of the item."""
        return {item.id: index for index, item in enumerate(self.items)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal over the pictures and their order, wherever the set is."""
        items = [[item.id, item.sha256] for item in self.items]
        header = {**asdict(self.header), "size": self.header.size.plain}
        for domain in header["domains"].values():
            if not domain["palette"]:
                del domain["palette"]  # sets without label maps keep the fingerprint they had
        about = [header, items]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    @cached_property
    def targets(self) -> list[Picture]:
        """Every target (uint8, h w 3 or h w), for small sets.

        Raises PairSetError where one is missing or changed.
        """
        return [self.picture(index, "target") for index in range(len(self))]

    @cached_property
    def sources(self) -> dict[str, list[Picture]]:
        """Domain -> every source (uint8, h w 3 or h w), for small sets.

        Raises PairSetError where one is missing or changed.
        """
        return {d: [self.picture(index, d) for index in range(len(self))] for d in self.domains}

    def picture(self, index: int, kind: str) -> Picture:
        """One picture of an item, read from its file: uint8, h w 3 or h w.

        Args:
            index: The item's, from 0.
            kind: `target`, or the name of a domain.

        Raises ConfigError where there is no such item or domain, and PairSetError where the
        picture is missing or changed.
        """
        self._check([index], kind)
        return self.files.read(index, kind)

    def _check(self, indices: Sequence[int], kind: str) -> None:
        if kind not in ("target", *self.domains):
            known = ", ".join(["target", *self.domains])
            raise ConfigError(f"no {kind!r} in {self.folder.name}. Choose from {known}.")
        last = len(self) - 1
        for index in indices:
            if not isinstance(index, Integral) or not 0 <= index <= last:
                raise ConfigError(
                    f"no pair {index!r} in {self.folder.name}: its pairs have the numbers 0 to "
                    f"{last}."
                )

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
        """The domains that a phase names: `all` is every one of this set.

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

    def batch(self, draw: Draw, *, seed: int = 0, augment: AugmentConfig | None = None) -> Batch:
        """The batch of a training step, on the CPU: a function of its arguments alone.

        Args:
            draw: Which items and domains the step shows; see `nekogao.pairs.draws`.
            seed: The run's seed, for the random variation.
            augment: Random variation of the pairs; None for none.

        Raises PairSetError where a picture is missing or changed.
        """
        return self._finish(draw, self.reader.fetch(draw.places), seed, augment)

    def batches(
        self,
        draws: Iterable[Draw],
        *,
        seed: int = 0,
        augment: AugmentConfig | None = None,
        device: torch.device | str = "cpu",
    ) -> Generator[Batch, None, None]:
        """The batch of each of `draws` as `batch` would give it, on a device.

        Of a set that does not fit in memory the next ones are read ahead by threads, which end
        with the iterator. Raises PairSetError at the step that needs a missing or changed picture.
        """
        reader = self.reader.on(torch.device(device))
        with closing(reader.fetch_all(draws)) as fetched:
            for drawn, pixels in fetched:
                yield self._finish(drawn, pixels, seed, augment)

    def select(self, indices: Sequence[int], domain: str) -> Batch:
        """Some items in one domain, without variation, on the CPU.

        Raises ConfigError where there is no such item or domain, and PairSetError where a picture
        is missing or changed.
        """
        self._check(indices, domain)
        pixels = self.reader.fetch([Place(index, domain) for index in indices])
        return Batch(*map(images.scale, pixels))

    def _finish(
        self, drawn: Draw, pixels: Pixels, seed: int, augment: AugmentConfig | None
    ) -> Batch:
        """Pixels as a network takes them, with the step's random variation."""
        batch = Batch(*map(images.scale, pixels))
        if augment is None or not augment.active:
            return batch
        labels = [self.header.domains[place.domain].kind == LABELS for place in drawn.places]
        rng = stream(seed, Purpose.AUGMENT, drawn.step)
        return Batch(*vary(*batch, augment, rng, labels))
