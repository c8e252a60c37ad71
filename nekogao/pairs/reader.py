"""Where the pictures of a batch come from: memory, for sets that fit there, or files.

Both ways give the same bytes. Pixels stay 0..255 here; the pair set brings them to [-1, 1].
"""

import math
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import UInt8
from torch import Tensor

from nekogao.pairs import manifest
from nekogao.pairs.draws import Draw, Place
from nekogao.pairs.item import Header, Item
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.workers import ahead

MOST_RESIDENT = 2**30
"""Sets of up to so many bytes of pixels are decoded once and kept: 1 GiB is 13,000 items of
128x128 in gray and edges, and leaves a laptop room to train."""


class Pixels(NamedTuple):
    """Sources and targets of a batch as they were stored."""

    source: UInt8[Tensor, "b c h w"]
    target: UInt8[Tensor, "b d h w"]


class Files:
    """The pictures of a pair set on disk, each checked whenever it is read."""

    def __init__(self, folder: Path, header: Header, items: Sequence[Item]) -> None:
        self.folder, self.header, self.items = folder, header, items

    def read(self, index: int, kind: str) -> Picture:
        """A target or, with as many channels as the network's input, a source.

        Raises PairSetError where it is missing or changed.
        """
        picture = manifest.read_picture(self.folder, self.header, self.items[index], kind)
        if kind == "target":
            return picture
        return images.as_channels(picture, self.header.source_channels)


class Streamed:
    """Pictures read whenever a batch needs them: memory holds a few batches."""

    def __init__(self, files: Files, device: torch.device | str = "cpu") -> None:
        self.files, self.device = files, torch.device(device)

    def on(self, device: torch.device) -> "Streamed":
        """This reader, giving pixels on another device."""
        return Streamed(self.files, device)

    def fetch(self, places: Sequence[Place]) -> Pixels:
        """The pictures of one batch. Raises PairSetError where one is missing or changed."""
        return self._move(self._read(places))

    def fetch_all(self, draws: Iterable[Draw]) -> Generator[tuple[Draw, Pixels], None, None]:
        """The pictures of one batch after another, read ahead by threads."""
        for draw, pixels in ahead(lambda draw: (draw, self._read(draw.places)), draws):
            yield draw, self._move(pixels)

    def _read(self, places: Sequence[Place]) -> Pixels:
        pixels = Pixels(
            images.stack([self.files.read(item, domain) for item, domain in places]),
            images.stack([self.files.read(item, "target") for item, _ in places]),
        )
        if self.device.type == "cuda":
            # Only from pinned memory can a copy run alongside the computation.
            return Pixels(*(tensor.pin_memory() for tensor in pixels))
        return pixels

    def _move(self, pixels: Pixels) -> Pixels:
        return Pixels(*(tensor.to(self.device, non_blocking=True) for tensor in pixels))


class Resident:
    """All pictures of a small set in memory, on the device that trains."""

    def __init__(self, pixels: Pixels, domains: Sequence[str]) -> None:
        """`pixels.source` holds all sources of the first domain, then those of the next."""
        self.pixels, self.domains = pixels, list(domains)

    @classmethod
    def load(cls, files: Files) -> "Resident":
        """Decode a whole set. Raises PairSetError where a picture is missing or changed."""
        header, count = files.header, len(files.items)
        kinds = ["target", *header.domains]
        shape, channels = header.size.shape, header.source_channels
        target = torch.empty(count, header.target_channels, *shape, dtype=torch.uint8)
        source = torch.empty(len(header.domains), count, channels, *shape, dtype=torch.uint8)
        places = [target.numpy(), *source.numpy()]

        def read(index: int) -> None:
            for place, kind in zip(places, kinds, strict=True):
                place[index] = images.stack([files.read(index, kind)])[0].numpy()

        for _ in ahead(read, range(count)):
            pass
        return cls(Pixels(source.flatten(0, 1), target), list(header.domains))

    def on(self, device: torch.device) -> "Resident":
        """This set on another device; nothing is copied where it is there already."""
        return Resident(Pixels(*(tensor.to(device) for tensor in self.pixels)), self.domains)

    def fetch(self, places: Sequence[Place]) -> Pixels:
        """The pictures of one batch."""
        source, target = self.pixels
        rows = [self.domains.index(domain) * len(target) + item for item, domain in places]
        wanted = torch.tensor([rows, [item for item, _ in places]]).to(target.device)
        return Pixels(source.index_select(0, wanted[0]), target.index_select(0, wanted[1]))

    def fetch_all(self, draws: Iterable[Draw]) -> Generator[tuple[Draw, Pixels], None, None]:
        """The pictures of one batch after another."""
        for draw in draws:
            yield draw, self.fetch(draw.places)


Reader = Resident | Streamed


def reader(files: Files) -> Reader:
    """The way to read a set that suits its size."""
    header = files.header
    channels = header.target_channels + len(header.domains) * header.source_channels
    fits = len(files.items) * math.prod(header.size) * channels <= MOST_RESIDENT
    return Resident.load(files) if fits else Streamed(files)
