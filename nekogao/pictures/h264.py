"""H.264: videos that browsers play, by PyAV."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av import VideoFrame

from nekogao.errors import InputError, reason
from nekogao.pictures.images import Picture

CODEC: Final = "libx264"
"""The encoder, which not every build of FFmpeg has."""
_ENCODING = {
    "crf": "18",
    # With it about 1 % of equal inputs gave other bytes on a CPU with AVX-512, without it none.
    "x264-params": "mbtree=0",
    # As sRGB turned into YUV by BT.601; players guess where a file does not say.
    "color_primaries": "bt709",
    "color_trc": "iec61966-2-1",
    "colorspace": "smpte170m",
    "color_range": "tv",
}
_THREADS = 4
"""Fixed, since the bytes depend on it."""
CONTAINER = {"movflags": "+faststart"}
"""Options of an mp4 file: it plays before all of it has arrived."""
_FINEST = 60_000
"""The largest denominator of a rate; 24,000/1001 and its like need 1001."""


def write(path: Path, frames: Iterator[Picture], rate: float, name: str) -> None:
    """Write an mp4 file without sound.

    Args:
        path: The file, whatever its suffix.
        frames: uint8, h w 3, at least one; all of one size, which is even.
        rate: Frames per second.
        name: What errors call the video.

    Raises:
        InputError: It cannot be written.
    """
    try:
        _encode(path, frames, Fraction(rate).limit_denominator(_FINEST))
    except av.FFmpegError as error:
        raise InputError(
            f"{name}: cannot be written ({error.strerror or reason(error)}). Make room on the "
            "disk, or name another folder with --out."
        ) from None


def _encode(path: Path, frames: Iterator[Picture], rate: Fraction) -> None:
    with av.open(str(path.absolute()), "w", format="mp4", options=CONTAINER) as out:
        stream = out.add_stream(CODEC, rate, options=_ENCODING)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = _THREADS
        for number, picture in enumerate(frames):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = VideoFrame.from_ndarray(picture, "rgb24")
            out.mux(stream.encode(_in_yuv(frame)))
        out.mux(stream.encode(None))


def _in_yuv(frame: VideoFrame) -> VideoFrame:
    return frame.reformat(format="yuv420p", dst_colorspace="ITU601", dst_color_range="MPEG")
