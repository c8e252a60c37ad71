import sys

import numpy as np
import pytest

from nekogao.pictures import video
from tests.browser import needs_chromium, play
from tests.clips import LOUDEST, PITCH, RATE, damage, packets, record, tracks

av = pytest.importorskip("av")

COPIED = {"aac": "aac", "libmp3lame": "mp3float", "libopus": "opus", "flac": "flac"}
"""Encoder -> what such sound is when it is read."""
OTHERS_PLAYED = ("libopus", "flac", "pcm_s16le")
"""Encoders whose sound a browser is shown by `make test-slow` alone."""


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
    ("shown", "begins", "offset"), [(0, 0.5, 0.5), (10, 0.4, 0.0), (10, 1.0, 0.6)]
)
def test_sound_stays_in_time_with_the_pictures(tmp_path, codec, shown, begins, offset):
    clip = record(tmp_path / "clip.mkv", codec, range(shown, shown + 50), begins=begins)
    assert copy(clip, tmp_path / "out.mp4") == ""
    assert span(listen(tmp_path / "out.mp4")[1])[0] == pytest.approx(offset, abs=0.03)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_equal_clips_give_equal_files(tmp_path, codec):
    clip = record(tmp_path / "clip.mkv", codec)
    copy(clip, tmp_path / "a")
    copy(clip, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mkv", "a", "b"}


@pytest.mark.parametrize("part", [1, 40])
@pytest.mark.parametrize("codec", ["aac", "flac", "alac"])
def test_damaged_sound_is_left_out_with_a_note_and_the_pictures_stay(tmp_path, codec, part):
    clip = damage(record(tmp_path / "clip.mp4", codec), part if codec == "aac" else part % 20)
    note = copy(clip, tmp_path / "out.mp4")
    assert note.startswith(f"{clip}: written without its sound, which cannot be copied (")
    assert "\n" not in note
    assert tracks(tmp_path / "out.mp4") == ["video"]
    with video.showing(tmp_path / "out.mp4") as frames:
        assert len(list(frames)) == 50
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "out.mp4"}


def test_a_clip_without_sound_stays_without(tmp_path):
    assert copy(record(tmp_path / "clip.mp4"), tmp_path / "out.mp4") == ""
    assert tracks(tmp_path / "out.mp4") == ["video"]


def test_without_pyav_a_clip_comes_out_silent(tmp_path, monkeypatch):
    clip = record(tmp_path / "clip.mp4", "aac")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "av", None)
        assert copy(clip, tmp_path / "out.mp4") == ""
    assert tracks(tmp_path / "out.mp4") == ["video"]


@needs_chromium
@pytest.mark.parametrize(
    "codec", ["aac", *(pytest.param(c, marks=pytest.mark.slow) for c in OTHERS_PLAYED)]
)
def test_a_browser_plays_pictures_with_sound(tmp_path, codec):
    copy(record(tmp_path / "clip.mkv", codec), tmp_path / "out.mp4")
    seen = play(tmp_path / "out.mp4", tmp_path)
    assert (seen.error, seen.width, seen.height) == ("", 64, 48)
    assert seen.seconds == pytest.approx(2.0, abs=0.1)
    assert np.abs(np.array(seen.pixel) - 4 * 37).max() <= 6
    assert seen.loudest == pytest.approx(LOUDEST / 32768, abs=0.03)
