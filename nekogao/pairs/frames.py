"""Pair sets from a clip of which a few frames were painted: frames are sources, paint targets.

The clip is read from its beginning, one frame after another, and none is kept at full size.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from nekogao.config.pairs import FROM_IMPORTS, PairConfig
from nekogao.errors import InputError, PictureError, expect
from nekogao.files import sha256
from nekogao.names import counted
from nekogao.pairs import doubts, likeness, manifest
from nekogao.pairs.item import Header
from nekogao.pairs.manifest import Entry
from nekogao.pairs.origin import Member, Origin
from nekogao.pictures import animations, images, outlines, video
from nekogao.pictures.domains import of_kind
from nekogao.pictures.images import Picture
from nekogao.pictures.outlines import Outline
from nekogao.sizes import Size
from nekogao.workers import ahead

_RENAME = "Name each painted picture by the number of its frame, counted from 0, as in key-50.png"
_TOLERANCE = 0.01
"""By how much the proportions of a painted picture may differ from the clip's."""

T = TypeVar("T")


def import_frames(
    out: str | Path,
    clip: str | Path,
    painted: str | Path,
    config: PairConfig = FROM_IMPORTS,
    *,
    domain: str = "frames",
) -> int:
    """Pair painted pictures with the frames of a clip; return the number of items.

    A picture belongs to the frame whose number its name ends with, counted from 0. Where any name
    ends with none, each belongs to the frame that it resembles most. Items are in the order of
    their frames; the origin of each says which frame it is.

    >>> nekogao.import_frames("film", "clip.gif", "keys", nekogao.PairConfig(size=32))
    2
    >>> [item.origin.index for item in nekogao.PairSet.open("film").items]
    [0, 2]

    Args:
        out: A new folder; after an error there is none.
        clip: A video or an animation.
        painted: A folder of painted frames, of the clip's proportions and of any size.
        config: Size and fit of both sides; the rest is ignored.
        domain: The name of the domain. Its kind is `colour`: sources are made of any picture.

    Raises:
        InputError: The folder is missing or empty, `out` is taken, two pictures belong to one
            frame, or one to none.
        PictureError: The clip or a picture cannot be read, or has other proportions.
        ConfigError: The domain's name is that of another kind, or none that a domain may have.
    """
    expect(config, PairConfig)
    clip, made = Path(clip), of_kind("colour", domain)
    found = outlines.read_all(images.find(painted))
    _check_proportions(clip, found)
    named = numbers(found)
    matched = _by_likeness(clip, list(found)) if named is None else _apart(clip, named)
    channels = max(outline.channels for outline in found.values())
    header = Header(size=Size.of(config.size), target_channels=channels, domains={domain: made})
    whole = Member(str(clip.resolve()), sha256(clip), 0)

    def entry(taken: tuple[Path, int, Picture]) -> Entry:
        path, number, source = taken
        picture = images.read(path)
        height, width = picture.shape[:2]
        target = images.fit(picture, config.size, config.fit)
        doubtful = doubts.of_shape(width, height, header.size, config.fit)
        doubtful += doubts.of_picture("target", target) + doubts.of_picture(domain, source)
        origin = Origin.painted(path, replace(whole, index=number), domain, tuple(doubtful))
        target = images.as_channels(target, channels)
        return Entry(path.stem, path.stem, target, {domain: source}, origin)

    def fitted(frame: Picture) -> Picture:
        return made.source(images.fit(frame, config.size, config.fit))

    with closing(ahead(entry, _taken(clip, matched, fitted))) as entries:
        return manifest.write(Path(out), header, entries)


def numbers(painted: Collection[Path]) -> dict[Path, int] | None:
    """The numbers that the pictures' names end with; None where any name ends with none."""
    found = {path: re.search(r"\d+$", path.stem) for path in painted}
    whole = {path: int(match[0]) for path, match in found.items() if match}
    return whole if len(whole) == len(found) else None


@contextmanager
def _showing(clip: Path) -> Iterator[Iterator[Picture]]:
    """The frames of a video or an animation. Raises PictureError where there are none."""
    if not clip.is_file():
        state = "is not a file" if clip.exists() else "no such file"
        raise PictureError(f"{clip}: {state}. Name a video or an animation.")
    if clip.suffix.lower() in video.SUFFIXES:
        with video.showing(clip) as frames:
            yield frames
    elif animations.is_animation(clip):
        with animations.reading(clip) as animation:
            yield animation.frames
    else:
        raise PictureError(
            f"{clip}: is neither a video ({', '.join(sorted(video.SUFFIXES))}) nor an animation "
            "of several frames. Name one."
        )


def _check_proportions(clip: Path, painted: Mapping[Path, Outline]) -> None:
    """Raise PictureError where a painted picture has other proportions than the clip."""
    with _showing(clip) as frames:
        height, width = next(frames).shape[:2]
    for path, outline in painted.items():
        ours, theirs = outline.width * height, outline.height * width
        # Either side may have been rounded to whole pixels.
        if abs(ours - theirs) > max(_TOLERANCE * theirs, height, width):
            raise PictureError(
                f"{path}: {outline.width}x{outline.height} pixels, the frames of {clip.name} are "
                f"{width}x{height}; any size of the same proportions will do. Cut or scale it so."
            )


def _apart(clip: Path, matched: Mapping[Path, int]) -> dict[int, Path]:
    """Frame -> picture. Raises InputError where two pictures belong to one frame."""
    found: dict[int, Path] = {}
    for path, number in matched.items():
        if number in found:
            raise InputError(
                f"{found[number]} and {path.name}: both belong to frame {number} of {clip.name}. "
                f"Remove one. {_RENAME}."
            )
        found[number] = path
    return found


def _by_likeness(clip: Path, painted: list[Path]) -> dict[int, Path]:
    """Frame -> the picture that resembles it; see `_apart`.

    Raises InputError where a picture resembles no frame.
    """
    views = np.stack([likeness.view(images.read(path)) for path in painted])
    with _showing(clip) as frames:
        distances = np.stack([likeness.distances(views, likeness.view(f)) for f in frames])
    matched = {}
    for path, column in zip(painted, distances.T, strict=True):
        best = likeness.nearest(column)
        if best is None:
            raise InputError(
                f"{path}: resembles none of the {counted(len(column), 'frame')} of {clip.name} "
                f"clearly more than the others. {_RENAME}."
            )
        matched[path] = best
    return _apart(clip, matched)


def _taken(
    clip: Path, matched: Mapping[int, Path], fitted: Callable[[Picture], T]
) -> Iterator[tuple[Path, int, T]]:
    """The painted pictures in the order of their frames, each with its frame, fitted.

    Raises InputError where the clip ends before one.
    """
    left, count, last = dict(matched), 0, max(matched)
    with _showing(clip) as frames:
        for number, frame in enumerate(frames):
            count = number + 1
            if number in left:
                yield left.pop(number), number, fitted(frame)
            if number == last:
                return
    number = min(left)
    raise InputError(
        f"{left[number]}: belongs to frame {number}, and {clip.name} has "
        f"{counted(count, 'frame')}, 0 to {count - 1}. {_RENAME}."
    )
