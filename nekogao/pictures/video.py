"""Videos: frames in, frames out, by OpenCV."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import cv2
import numpy as np

from nekogao.errors import InputError, PictureError
from nekogao.pictures import decoding, images
from nekogao.pictures.images import Picture

SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"})
_USUAL_RATE = 25.0
"""Frames per second of a video that does not say."""
_FASTEST = 120.0
"""Frames per second at which a video whose frames last unequally long is written at most."""


@dataclass(frozen=True)
class Clip:
    """A video that is being read."""

    frames: Iterator[Picture]
    """uint8, h w 3, at least one."""
    rate: float
    """Frames per second."""
    repeats: Sequence[int] = ()
    """How often each frame is shown at that rate; empty where it is once each."""


@contextmanager
def reading(path: Path) -> Iterator[Clip]:
    """Open a video. Raises PictureError where it is missing or no frame can be read."""
    with showing(path) as frames:
        with decoding.guarded(str(path)):
            rate, repeats = _timing_of(path)
        yield Clip(frames, rate, repeats)


@contextmanager
def showing(path: Path) -> Iterator[Iterator[Picture]]:
    """Open a video for its frames alone, uint8, h w 3; timing needs one more pass over the file.

    Raises PictureError where it is missing or no frame can be read.
    """
    if not path.is_file():
        raise PictureError(f"{path}: no such file. Name a video that exists.")
    with decoding.guarded(str(path)):
        capture = _open(path)
    try:
        frames = _frames(capture)
        first = next(frames, None)
        if first is None:
            raise PictureError(f"{path}: no frame can be read. Replace the file.")
        yield chain([first], frames)
    finally:
        capture.release()


def _open(path: Path) -> cv2.VideoCapture:
    # FFmpeg takes what stands before a colon in a relative path for a protocol.
    return cv2.VideoCapture(str(path.absolute()))


def _frames(capture: cv2.VideoCapture) -> Iterator[Picture]:
    while True:
        ok, frame = capture.read()
        if not ok:
            return
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def _timing_of(path: Path) -> tuple[float, list[int]]:
    capture = _open(path)
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or _USUAL_RATE
        times = []
        while capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        return timing(times, rate, capture.get(cv2.CAP_PROP_FRAME_COUNT) / rate)
    finally:
        capture.release()


def timing(times: Sequence[float], rate: float, length: float) -> tuple[float, list[int]]:
    """At which constant rate to write a video, and how often to repeat each frame.

    Args:
        times: When each frame is shown, in seconds.
        rate: The mean rate, frames per second.
        length: How long the whole video lasts, in seconds, where that is known.

    Returns:
        The rate, and the repeats; none where each frame is within half a frame of where the mean
        rate has it. Otherwise the rate is that of the shortest frame, at most 120 per second, and
        each frame is shown within half a frame of its time.
    """
    shown = [time - times[0] for time in times]
    gaps = [after - before for before, after in pairwise(shown)]
    constant = all(abs(time - i / rate) <= 0.5 / rate for i, time in enumerate(shown))
    if constant or min(gaps) < 0 or not any(gaps):
        return rate, []
    # Two decimals: MPEG-4 counts time in fractions whose denominator has 16 bits.
    fine = round(min(_FASTEST, 1 / min(gap for gap in gaps if gap > 0)), 2)
    end = length if length > shown[-1] else shown[-1] + gaps[-1]
    starts = [round(time * fine) for time in (*shown, end)]
    starts[-1] = max(starts[-1], starts[-2] + 1)
    return fine, [after - before for before, after in pairwise(starts)]


def write(path: Path, frames: Iterator[Picture], like: Clip, name: str) -> None:
    """Write frames of one size as MPEG-4, with the timing of a clip.

    Raises InputError, which calls the video `name`, where OpenCV cannot write it.
    """
    # The writer chooses the container by suffix, which a temporary name lacks.
    with_suffix = path.with_suffix(".mp4").absolute()
    writer, count = None, 0
    try:
        for number, picture in enumerate(frames):
            if writer is None:
                shape = (picture.shape[1], picture.shape[0])
                code = cv2.VideoWriter.fourcc(*"mp4v")
                writer = cv2.VideoWriter(str(with_suffix), code, like.rate, shape)
                if not writer.isOpened():
                    raise InputError(f"{name}: this OpenCV cannot write mp4 video.")
            shown = cv2.cvtColor(images.rgb(picture), cv2.COLOR_RGB2BGR)
            repeats = like.repeats[number] if number < len(like.repeats) else 1
            for _ in range(repeats):
                writer.write(shown)
            count += repeats
    finally:
        if writer is not None:
            writer.release()
        if with_suffix.exists():
            with_suffix.rename(path)
    _check_written(path, count, name)


def _check_written(path: Path, count: int, name: str) -> None:
    """Raise InputError where fewer frames arrived; OpenCV says nothing of a full disk."""
    capture = _open(path)
    arrived = round(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    if arrived < count:
        raise InputError(
            f"{name}: {arrived} of {count} frames could be written. Make room on the disk, or "
            "name another folder with --out."
        )
