"""Clips with a tone, for tests."""

from fractions import Fraction

import numpy as np
import pytest

RATE, PITCH = 48_000, 440.0
LOUDEST = 9000
"""The largest 16-bit sample of the tone."""


def record(path, codec="", starts=range(50), **sound):
    """A clip whose frame n has gray level 4 n, with a tone of two seconds where a codec is named.

    `starts` are the times of the frames, in 25ths of a second; `sound` is what `tone` takes.
    """
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", 25, width=64, height=48, pix_fmt="yuv420p")
        tones = list(tone(**sound)) if codec else []
        if tones:
            heard = out.add_stream(codec, tones[0].sample_rate, layout=tones[0].layout)
        for number, start in enumerate(starts):
            picture = np.full((48, 64, 3), 4 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.time_base, frame.pts = Fraction(1, 25), start
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode(None))
        for frame in (*tones, None) if tones else ():
            out.mux(heard.encode(frame))
    return path


def tone(begins=0.0, layout="stereo", rate=RATE):
    """Frames of 1,024 samples of a sine, for two seconds."""
    av = pytest.importorskip("av")
    channels = len(av.AudioLayout(layout).channels)
    wave = np.sin(2 * np.pi * PITCH * np.arange(2 * rate) / rate) * LOUDEST
    for start in range(0, len(wave) - 1023, 1024):
        part = np.repeat(wave[start : start + 1024].astype(np.int16), channels)
        frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), "s16", layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = start + round(begins * rate)
        yield frame


def tracks(path):
    """The kinds of the streams of a file."""
    av = pytest.importorskip("av")
    with av.open(str(path)) as file:
        return sorted(stream.type for stream in file.streams)


def packets(path):
    """The packets of a file's sound."""
    av = pytest.importorskip("av")
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def damage(path, part):
    """Overwrite one of the packets of a file's sound, which stays as long as it was."""
    data, packet = path.read_bytes(), packets(path)[part]
    noise = np.random.default_rng(0).integers(0, 256, len(packet), np.uint8).tobytes()
    assert data.count(packet) == 1
    path.write_bytes(data.replace(packet, noise))
    return path
