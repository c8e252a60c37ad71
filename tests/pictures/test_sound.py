import sys
from fractions import Fraction

import numpy as np
import pytest

from nekogao.pictures import video
from tests.browser import needs_chromium, play

av = pytest.importorskip("av")

RATE, PITCH = 48_000, 440.0
COPIED = {"aac": "aac", "libmp3lame": "mp3float", "libopus": "opus", "flac": "flac"}
"""Encoder -> what such sound is when it is read."""


def tone(seconds, begins=0.0, layout="stereo", rate=RATE):
    """Frames of 1,024 samples of a sine."""
    channels = len(av.AudioLayout(layout).channels)
    wave = np.sin(2 * np.pi * PITCH * np.arange(round(seconds * rate)) / rate)
    for start in range(0, len(wave) - 1023, 1024):
        part = np.repeat((wave[start : start + 1024] * 9000).astype(np.int16), channels)
        frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), "s16", layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = start + round(begins * rate)
        yield frame


def record(path, codec, frames=50, shown=0.0, **sound):
    """A clip of two seconds whose pictures begin at `shown`, with a tone."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", 25, width=64, height=48, pix_fmt="yuv420p")
        heard = out.add_stream(
            codec, sound.get("rate", RATE), layout=sound.get("layout", "stereo")
        )
        for number in range(frames):
            picture = np.full((48, 64, 3), 4 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.time_base, frame.pts = Fraction(1, 25), number + round(25 * shown)
            out.mux(pictures.encode(frame))
        for frame in tone(2.0, **sound):
            out.mux(heard.encode(frame))
        out.mux(pictures.encode(None))
        out.mux(heard.encode(None))
    return path


def copy(path, out):
    """Write the frames of a clip as they are; return the note."""
    with video.reading(path) as clip:
        return video.write(out, clip.frames, clip, out.name)


def listen(path):
    """The codec of a file's sound, and its samples: the first channel from 0 s on."""
    with av.open(str(path)) as file:
        track = file.streams.audio[0]
        wave = np.zeros(4 * RATE)
        for frame in file.decode(track):
            assert frame.sample_rate == RATE
            part = frame.to_ndarray().astype(float)
            part = part[0, :: 1 if frame.format.is_planar else len(frame.layout.channels)]
            part /= 1 if "flt" in frame.format.name else 32768
            place = round(frame.time * RATE)
            wave[max(place, 0) : place + len(part)] = part[max(-place, 0) :]
        return track.codec_context.name, wave


def span(wave):
    """When the tone begins and ends, in seconds."""
    loud = np.flatnonzero(np.abs(wave) > 0.1)
    return loud[0] / RATE, loud[-1] / RATE


def pitch(wave):
    """The loudest frequency of one second, in hertz."""
    return np.abs(np.fft.rfft(wave[RATE // 2 : 3 * RATE // 2])).argmax()


def packets(path):
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


@pytest.mark.parametrize("codec", COPIED)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_that_browsers_play_is_copied(tmp_path, codec, suffix):
    clip = record(tmp_path / f"clip.{suffix}", codec)
    assert copy(clip, tmp_path / "out.mp4") == ""
    assert packets(tmp_path / "out.mp4") == packets(clip)
    name, wave = listen(tmp_path / "out.mp4")
    assert name == COPIED[codec] and pitch(wave) == PITCH
    assert span(wave) == pytest.approx((0.0, 2.0), abs=0.06)
    with video.reading(tmp_path / "out.mp4") as written:
        levels = [frame.mean() for frame in written.frames]
    assert (written.rate, len(levels)) == (25, 50)
    assert np.abs(np.array(levels) - 4 * np.arange(50)).max() <= 6


@pytest.mark.parametrize(
    ("suffix", "codec", "sound"),
    [
        ("avi", "pcm_s16le", {}),
        ("mov", "pcm_s16le", {"rate": 44_100, "layout": "mono"}),
        ("mkv", "pcm_s16le", {"rate": 11_024}),
        ("mkv", "ac3", {"layout": "5.1"}),
        ("mp4", "alac", {}),
    ],
)
def test_other_sound_becomes_aac(tmp_path, suffix, codec, sound):
    clip = record(tmp_path / f"clip.{suffix}", codec, **sound)
    assert copy(clip, tmp_path / "out.mp4") == ""
    name, wave = listen(tmp_path / "out.mp4")
    assert name == "aac" and pitch(wave) == PITCH
    assert span(wave) == pytest.approx((0.0, 2.0), abs=0.15)


def test_an_avi_file_with_mp3_keeps_it(tmp_path):
    assert copy(record(tmp_path / "clip.avi", "libmp3lame"), tmp_path / "out.mp4") == ""
    name, wave = listen(tmp_path / "out.mp4")
    assert name == "mp3float" and pitch(wave) == PITCH


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize(
    ("shown", "begins", "offset"), [(0.0, 0.5, 0.5), (0.4, 0.4, 0.0), (0.4, 1.0, 0.6)]
)
def test_sound_stays_in_time_with_the_pictures(tmp_path, codec, shown, begins, offset):
    clip = record(tmp_path / "clip.mkv", codec, shown=shown, begins=begins)
    assert copy(clip, tmp_path / "out.mp4") == ""
    assert span(listen(tmp_path / "out.mp4")[1])[0] == pytest.approx(offset, abs=0.03)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_equal_clips_give_equal_files(tmp_path, codec):
    clip = record(tmp_path / "clip.mkv", codec)
    copy(clip, tmp_path / "a")
    copy(clip, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mkv", "a", "b"}


def damage(path, part):
    """Overwrite one of the packets of the sound, which stays as long as it was."""
    data, packet = path.read_bytes(), packets(path)[part]
    noise = np.random.default_rng(0).integers(0, 256, len(packet), np.uint8).tobytes()
    assert data.count(packet) == 1
    path.write_bytes(data.replace(packet, noise))


@pytest.mark.parametrize("part", [1, 40])
@pytest.mark.parametrize("codec", ["aac", "flac", "alac"])
def test_damaged_sound_is_left_out_with_a_note_and_the_pictures_stay(tmp_path, codec, part):
    clip = record(tmp_path / "clip.mp4", codec)
    damage(clip, part if codec == "aac" else part % 20)
    note = copy(clip, tmp_path / "out.mp4")
    assert note.startswith(f"{clip}: written without its sound, which cannot be copied (")
    assert "\n" not in note
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert not file.streams.audio
        assert file.streams.video[0].frames == 50
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "out.mp4"}


def test_a_clip_without_sound_stays_without(tmp_path):
    record(tmp_path / "loud.mp4", "aac")
    with video.reading(tmp_path / "loud.mp4") as clip:
        silent = video.Clip(clip.frames, clip.rate)
        assert video.write(tmp_path / "silent.mp4", clip.frames, silent, "silent.mp4") == ""
    assert copy(tmp_path / "silent.mp4", tmp_path / "out.mp4") == ""
    assert (tmp_path / "out.mp4").exists()
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert not file.streams.audio


def test_without_pyav_a_clip_comes_out_silent(tmp_path, monkeypatch):
    clip = record(tmp_path / "clip.mp4", "aac")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "av", None)
        assert copy(clip, tmp_path / "out.mp4") == ""
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert not file.streams.audio and file.streams.video[0].frames == 50


@needs_chromium
@pytest.mark.parametrize("codec", ["aac", "libopus", "flac", "pcm_s16le"])
def test_a_browser_plays_pictures_with_sound(tmp_path, codec):
    copy(record(tmp_path / "clip.mkv", codec), tmp_path / "out.mp4")
    seen = play(tmp_path / "out.mp4", tmp_path)
    assert (seen.error, seen.width, seen.height) == ("", 64, 48)
    assert seen.seconds == pytest.approx(2.0, abs=0.1)
    assert np.abs(np.array(seen.pixel) - 4 * 37).max() <= 6
    assert seen.loudest == pytest.approx(9000 / 32768, abs=0.03)
