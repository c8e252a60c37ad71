"""Videos: frames in by OpenCV, frames out by PyAV where it is installed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
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

_CODES = {
    "vp09": "",
    "mp4v": "browsers do not play it. Install PyAV with `pip install 'nekogao[video]'`.",
}
"""OpenCV's codecs for mp4, the preferred first -> what is to be known of them."""


@dataclass(frozen=True)
class Clip:
    """A video that is being read."""

    frames: Iterator[Picture]
    """uint8, h w 3, at least one."""
    rate: float
    """Frames per second."""
    repeats: Sequence[int] = ()
    """How often each frame is shown at that rate; empty where it is once each."""
    path: Path | None = None
    """The file, for its sound."""


@contextmanager
def reading(path: Path) -> Iterator[Clip]:
    """Open a video. Raises PictureError where it is missing or no frame can be read."""
    with showing(path) as frames:
        with decoding.guarded(str(path)):
            rate, repeats = _timing_of(path)
        yield Clip(frames, rate, repeats, path)


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
    return cv2.VideoCapture(_location(path))


def _location(path: Path) -> str:
    """A path as FFmpeg takes it. Raises PictureError where OpenCV would crash."""
    # FFmpeg takes what stands before a colon in a relative path for a protocol.
    location = str(path.absolute())
    try:
        location.encode()
    except UnicodeEncodeError:
        raise PictureError(
            f"{path}: a video whose path has bytes that are no text cannot be opened. Rename the "
            "file or its folder."
        ) from None
    return location


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


def write(path: Path, frames: Iterator[Picture], like: Clip, name: str) -> str:
    """Write frames of one size as mp4, with the timing of a clip.

    With PyAV they become H.264, with the sound of the clip's file; otherwise VP9 or, where OpenCV
    has none, MPEG-4 part 2, without sound. A frame of odd width or height gets its last column or
    row twice, since players want even ones.

    Args:
        path: The file, whatever its suffix.
        frames: uint8, h w 3 or h w; at least one.
        like: The clip.
        name: What errors call the video.

    Returns:
        What a person should know of the result; empty where all is as usual.

    Raises:
        InputError: It cannot be written.
    """
    _location(path)
    count = 0

    def shown() -> Iterator[Picture]:
        nonlocal count
        for number, picture in enumerate(frames):
            repeats = like.repeats[number] if number < len(like.repeats) else 1
            count += repeats
            yield from repeat(_even(images.rgb(picture)), repeats)

    encode = _write_by_pyav if _has_pyav() else _write_by_opencv
    note = encode(path, shown(), like, name)
    _check_written(path, count, name)
    return note


def _even(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _has_pyav() -> bool:
    """Whether PyAV can write what is needed; before version 15 copied H.264 came out damaged."""
    try:
        import av

        from nekogao.pictures import h264
    except ImportError:
        return False
    return int(av.__version__.split(".")[0]) >= 15 and h264.CODEC in av.codecs_available


def _write_by_pyav(path: Path, frames: Iterator[Picture], like: Clip, name: str) -> str:
    from nekogao.pictures import h264, sound

    h264.write(path, frames, like.rate, name)
    if like.path is None:
        return ""
    try:
        sound.add(path, like.path)
    except sound.SoundError as error:
        return f"{like.path}: written without its sound, which cannot be copied ({error})."
    return ""


def _write_by_opencv(path: Path, frames: Iterator[Picture], like: Clip, name: str) -> str:
    # The writer chooses the container by suffix, which a temporary name lacks.
    with_suffix = path.with_suffix(".mp4").absolute()
    writer, note = None, ""
    try:
        for picture in frames:
            if writer is None:
                writer, note = _writer(with_suffix, picture, like.rate, name)
            writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    finally:
        if writer is not None:
            writer.release()
        if with_suffix.exists():
            with_suffix.rename(path)
    return note


def _writer(path: Path, first: Picture, rate: float, name: str) -> tuple[cv2.VideoWriter, str]:
    """A writer of frames like the first, and what is to be known of its codec."""
    shape = (first.shape[1], first.shape[0])
    for code, note in _CODES.items():
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), rate, shape)
        if writer.isOpened():
            return writer, f"{name}: {note}" if note else ""
    raise InputError(f"{name}: this OpenCV cannot write mp4 video.")


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
