"""Videos: frames in, frames out, by OpenCV."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from nekogao.errors import InputError, PictureError
from nekogao.pictures import images
from nekogao.pictures.images import Picture

SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"})
_USUAL_RATE = 25.0
"""Frames per second of a video that does not say."""


@dataclass(frozen=True)
class Clip:
    """A video that is being read."""

    frames: Iterator[Picture]
    """uint8, h w 3, at least one."""
    rate: float
    """Frames per second."""


@contextmanager
def reading(path: Path) -> Iterator[Clip]:
    """Open a video. Raises PictureError where it is missing or no frame can be read."""
    if not path.is_file():
        raise PictureError(f"{path}: no such file. Name a video that exists.")
    capture = cv2.VideoCapture(str(path))
    try:
        frames = _frames(capture)
        first = next(frames, None)
        if first is None:
            raise PictureError(f"{path}: no frame can be read. Replace the file.")
        yield Clip(chain([first], frames), capture.get(cv2.CAP_PROP_FPS) or _USUAL_RATE)
    finally:
        capture.release()


def _frames(capture: cv2.VideoCapture) -> Iterator[Picture]:
    while True:
        ok, frame = capture.read()
        if not ok:
            return
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def write(path: Path, frames: Iterator[Picture], rate: float) -> int:
    """Write frames of one size as MPEG-4; return how many there were.

    Raises InputError where this OpenCV cannot write such a video.
    """
    # The writer chooses the container by suffix, which a temporary name lacks.
    with_suffix = path.with_suffix(".mp4")
    writer, count = None, 0
    try:
        for picture in frames:
            if writer is None:
                shape = (picture.shape[1], picture.shape[0])
                code = cv2.VideoWriter.fourcc(*"mp4v")
                writer = cv2.VideoWriter(str(with_suffix), code, rate, shape)
                if not writer.isOpened():
                    raise InputError(f"{path}: this OpenCV cannot write mp4 video.")
            writer.write(cv2.cvtColor(images.rgb(picture), cv2.COLOR_RGB2BGR))
            count += 1
    finally:
        if writer is not None:
            writer.release()
        if with_suffix.exists():
            with_suffix.rename(path)
    return count
