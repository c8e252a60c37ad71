"""A clip as tasks: frames to learn from, and frames that are held out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from nekogao.errors import InputError
from nekogao.pairs import manifest
from nekogao.pairs.item import Header
from nekogao.pairs.manifest import Entry
from nekogao.pairs.origin import Origin
from nekogao.pictures import images, video
from nekogao.pictures.domains import Domain, built_in, imported, of_kind
from nekogao.pictures.images import Picture
from nekogao.sizes import Size

_LOW, _HIGH = 60, 120
"""Canny's thresholds."""
_LEVELS = 6
"""Labels of a posterised frame."""
_MEDIAN = 9
"""Side of the median filter before posterising, in pixels of a side of 256."""
_STEP = 10
"""Every so manieth frame is learned from."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How much of a clip is used, and how."""

    frames: int = 100
    """Frames, evenly spaced over the clip."""
    size: int = 256
    """Pixels a side."""
    large: int = 512
    """Pixels a side where the time of a larger picture is asked."""
    many: int = 300
    """Pairs where the time among many pairs is asked."""
    seconds: float = 30.0
    """How long each network is trained, the measurement of its speed aside."""
    width: int = 64
    """Of the textbook's networks."""
    votes: int = 3
    """Rounds of matching and voting on each level of the patch synthesis."""
    timed: int = 9
    """Pictures whose time is measured."""
    several: tuple[str, ...] = ("edges", "gray", "labels")
    """Keys of SOURCES that are measured with every tenth frame as a pair."""
    single: tuple[str, ...] = ("edges", "gray", "labels")
    """Keys of SOURCES that are measured with one pair."""


FULL = Protocol()
QUICK = Protocol(
    frames=30, size=64, large=128, many=20, seconds=0.3, width=8, votes=1, timed=3,
    several=("edges", "gray"), single=("edges",),
)  # fmt: skip
"""Small enough for a test."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Frames in one domain: some are training pairs, some are held out."""

    name: str
    domain: Domain
    sources: Sequence[Picture]
    """Of all frames, in order."""
    targets: Sequence[Picture]
    """Of all frames, in order."""
    keys: Sequence[int]
    """The frames that are learned from."""
    held: Sequence[int]
    """The frames that are held out and measured."""

    @property
    def known(self) -> list[Picture]:
        """The sources that are learned from."""
        return [self.sources[k] for k in self.keys]

    @property
    def shown(self) -> list[Picture]:
        """Their targets."""
        return [self.targets[k] for k in self.keys]

    @property
    def new(self) -> list[Picture]:
        """The sources that are held out."""
        return [self.sources[k] for k in self.held]

    @property
    def truth(self) -> list[Picture]:
        """Their targets, which no method sees."""
        return [self.targets[k] for k in self.held]


def squares(clip: Path, count: int, size: int) -> list[Picture]:
    """Frames int(k n / count) of a clip of n, the centre square of each, scaled cubically.

    Raises PictureError where the clip cannot be read, InputError where it is too short.
    """
    with video.showing(clip) as frames:
        total = sum(1 for _ in frames)
    if total < count:
        raise InputError(f"{clip}: has {total} frames; {count} are needed. Name a longer clip.")
    wanted = {int(k * total / count) for k in range(count)}
    with video.showing(clip) as frames:
        return [_square(frame, size) for number, frame in enumerate(frames) if number in wanted]


def _square(frame: Picture, size: int) -> Picture:
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = frame[top : top + side, left : left + side]
    return np.asarray(cv2.resize(cut, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def painted(frame: Picture) -> Picture:
    """A frame as a painting: stylised (Gastal and Oliveira 2011), other hues, eight values."""
    smooth = cv2.stylization(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), sigma_s=40, sigma_r=0.35)
    hue, saturation, value = cv2.split(cv2.cvtColor(smooth, cv2.COLOR_BGR2HSV).astype(np.int32))
    strong = np.minimum(saturation * 3 // 2, 255)
    stepped = value // 32 * 32 + 16
    mixed = np.stack([(hue + 25) % 180, strong, stepped], axis=-1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(mixed, cv2.COLOR_HSV2RGB), np.uint8)


def posterised(frame: Picture) -> Picture:
    """A label map: luma through a median filter, cut into six levels, each a label."""
    side = max(3, _MEDIAN * max(frame.shape[:2]) // 256 | 1)
    level = cv2.medianBlur(images.luma(frame), side).astype(np.int32) * _LEVELS // 256
    return (level * 255 // (_LEVELS - 1)).astype(np.uint8)


def _palette() -> tuple[tuple[int], ...]:
    return tuple((level * 255 // (_LEVELS - 1),) for level in range(_LEVELS))


EDGES = built_in("edges", _LOW, _HIGH)
GRAY = built_in("gray")
LABELS = imported("labels", 1, _palette())
FRAMES = of_kind("colour", "frames")
SOURCES: dict[str, tuple[Domain, Callable[[Picture], Picture]]] = {
    "edges": (EDGES, EDGES.source),
    "gray": (GRAY, GRAY.source),
    "labels": (LABELS, posterised),
}
"""Name -> the domain, and its source of a frame."""


def task(name: str, frames: Sequence[Picture], keys: Sequence[int]) -> Task:
    """Frames in a domain of SOURCES, a third of those that are no keys held out.

    `keys` are the frames that are learned from, by their number.
    """
    domain, source = SOURCES[name]
    usual = range(0, len(frames), _STEP)
    return Task(
        name=f"{name}-{len(keys)}",
        domain=domain,
        sources=[source(frame) for frame in frames],
        targets=frames,
        keys=keys,
        held=[k for k in range(0, len(frames), 3) if k not in usual],
    )


def painting(frames: Sequence[Picture]) -> Task:
    """Frames of which three were painted: the first, the middle and the last."""
    count = len(frames)
    keys = [0, count // 2, count - 1]
    return Task(
        name="painted-3",
        domain=FRAMES,
        sources=frames,
        targets=[painted(frame) for frame in frames],
        keys=keys,
        held=[k for k in range(3, count - 5, 6) if k not in keys],
    )


def tasks(frames: Sequence[Picture], protocol: Protocol = FULL) -> list[Task]:
    """Domains with every tenth frame as a pair, and with the first alone; then painted frames."""
    usual = range(0, len(frames), _STEP)
    several = [task(name, frames, usual) for name in protocol.several]
    single = [task(name, frames, [0]) for name in protocol.single]
    return [*several, *single, painting(frames)]


def write_set(
    folder: Path, domain: Domain, sources: Sequence[Picture], targets: Sequence[Picture]
) -> Path:
    """A pair set in one domain; return its folder."""
    header = Header(
        size=Size.shaped(targets[0].shape),
        target_channels=1 if targets[0].ndim == 2 else 3,
        domains={domain.name: domain},
    )
    manifest.write(
        folder,
        header,
        (
            Entry(f"{number:03d}", f"{number:03d}", target, {domain.name: source}, Origin())
            for number, (source, target) in enumerate(zip(sources, targets, strict=True))
        ),
    )
    return folder
