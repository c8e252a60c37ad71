import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from nekogao.errors import InputError, PictureError
from nekogao.pictures import video
from tests.clips import record


def times(durations):
    return list(np.cumsum([0, *durations])[:-1])


@pytest.mark.parametrize("rate", [12.0, 25.0, 29.97, 60.0])
def test_a_constant_rate_stays_what_it_is(rate):
    exact = [i / rate for i in range(50)]
    rounded = [round(time, 3) for time in exact]  # as containers of milliseconds have them
    assert video.timing(exact, rate, 50 / rate) == (rate, [])
    assert video.timing(rounded, rate, 50 / rate) == (rate, [])


@pytest.mark.parametrize(
    "durations",
    [
        [0.04] * 10 + [0.16] * 10,
        [0.033, 0.034, 0.1, 0.5, 0.033, 0.021],
        [1.0, 0.05, 0.05, 2.0],
        [0.5, 0.02, 0.02, 0.02],
    ],
)
def test_every_frame_is_shown_within_one_output_frame_of_its_time(durations):
    shown, length = times(durations), sum(durations)
    rate, repeats = video.timing(shown, len(durations) / length, length)
    starts = np.cumsum([0, *repeats])
    assert len(repeats) == len(durations) and min(repeats) >= 1
    assert np.abs(starts[:-1] / rate - shown).max() <= 1 / rate
    assert starts[-1] / rate == pytest.approx(length, abs=1 / rate)


@pytest.mark.parametrize("shown", [[0.0], [0.0, 0.0, 0.0], [0.0, 0.5, 0.2]])
def test_times_that_say_nothing_leave_the_rate(shown):
    assert video.timing(shown, 25.0, 0.1) == (25.0, [])


@pytest.fixture(params=["PyAV", "OpenCV"])
def encoder(request, monkeypatch):
    """Both ways to write a video; only the second is there without PyAV."""
    if request.param == "OpenCV":
        monkeypatch.setitem(sys.modules, "av", None)
    else:
        pytest.importorskip("av")
    return request.param


def flat(count, size=(48, 64)):
    return (np.full((*size, 3), 10 * i, np.uint8) for i in range(count))


def noise(count, height=144, width=176):
    rng = np.random.default_rng(0)
    return (rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count))


def write(path, frames, rate=25.0, repeats=()):
    return video.write(path, iter(frames), video.Clip(iter(()), rate, repeats), path.name)


def read(path):
    """The rate and the frames of a file."""
    with video.reading(path) as clip:
        assert list(clip.repeats) == []
        return clip.rate, np.array(list(clip.frames))


def fourcc(path):
    capture = cv2.VideoCapture(str(path))
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").lower()


@pytest.mark.usefixtures("encoder")
def test_written_repeats_are_there_and_a_relative_name_may_have_a_colon(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b").mkdir()
    path = (tmp_path / "a:b" / "c:d.mp4").relative_to(tmp_path)
    assert write(path, flat(4), 25.0, [1, 3, 1, 5]) == ""
    rate, frames = read(path)
    levels = frames.mean((1, 2, 3))
    assert rate == 25
    assert np.abs(levels - [0, 10, 10, 10, 20, 30, 30, 30, 30, 30]).max() <= 3


def test_videos_are_written_so_that_browsers_play_them(encoder, tmp_path):
    write(tmp_path / "clip.mp4", flat(3))
    assert fourcc(tmp_path / "clip.mp4") == {"PyAV": b"h264", "OpenCV": b"vp90"}[encoder]


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("rate", [0.5, 12.0, 24000 / 1001, 8.33, 120.0])
def test_the_rate_is_kept(tmp_path, rate):
    write(tmp_path / "clip.mp4", flat(6), rate)
    assert read(tmp_path / "clip.mp4")[0] == pytest.approx(rate, rel=1e-4)


UNEVEN = [*range(10), *range(10, 49, 4), 49]
"""When frames begin that last 0.04 s, and from 0.40 s on 0.16 s, in 25ths of two seconds."""


@pytest.fixture
def uneven(tmp_path):
    return record(tmp_path / "uneven.mp4", starts=UNEVEN)


# The clip is recorded before PyAV disappears.
def test_a_variable_frame_rate_is_kept_in_the_file(uneven, encoder, tmp_path):
    with video.reading(uneven) as clip:
        assert clip.repeats
        video.write(tmp_path / "out.mp4", flat(len(UNEVEN)), clip, "out.mp4")
    rate, frames = read(tmp_path / "out.mp4")
    shown = np.round(frames.mean((1, 2, 3)) / 10).tolist()
    assert len(shown) / rate == pytest.approx(2.0, abs=1 / rate)
    for number, start in enumerate(UNEVEN):
        assert shown.index(number) / rate == pytest.approx(start / 25, abs=1 / rate)


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("size", [(47, 64), (48, 63), (31, 33), (1, 1)])
def test_an_odd_size_gets_its_last_row_and_column_twice(tmp_path, size):
    write(tmp_path / "clip.mp4", flat(8, size))
    _, frames = read(tmp_path / "clip.mp4")
    assert frames.shape == (8, size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
    for number, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - 10 * number).max() <= 6


@pytest.mark.usefixtures("encoder")
def test_gray_frames_are_written_too(tmp_path):
    write(tmp_path / "clip.mp4", (np.full((32, 32), 10 * i, np.uint8) for i in range(3)))
    assert read(tmp_path / "clip.mp4")[1].shape == (3, 32, 32, 3)


@pytest.mark.usefixtures("encoder")
def test_equal_frames_give_equal_files(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, noise(6))
    written = (tmp_path / "a").read_bytes()
    assert written == (tmp_path / "b").read_bytes()
    for box in (b"mvhd", b"tkhd", b"mdhd"):  # when it was made and changed, after four bytes
        assert written.split(box, 1)[1][4:12] == bytes(8)


@pytest.mark.parametrize(
    ("name", "value"), [("codecs_available", {"aac"}), ("__version__", "14.2.0")]
)
def test_where_pyav_has_no_h264_or_is_too_old_opencv_writes(tmp_path, monkeypatch, name, value):
    monkeypatch.setattr(pytest.importorskip("av"), name, value)
    write(tmp_path / "clip.mp4", flat(3))
    assert fourcc(tmp_path / "clip.mp4") == b"vp90"


def test_a_path_that_is_no_text_is_refused_where_opencv_would_crash(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes only text")
    (folder / "clip.mp4").write_bytes(b"no video")
    with (
        pytest.raises(PictureError, match="bytes that are no text"),
        video.reading(folder / "clip.mp4"),
    ):
        pass
    with pytest.raises(PictureError, match="bytes that are no text"):
        write(folder / "out.mp4", flat(3))
    assert [path.name for path in folder.iterdir()] == ["clip.mp4"]


def test_where_there_is_no_vp9_either_a_note_says_that_browsers_do_not_play_it(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "av", None)
    fourcc_of = cv2.VideoWriter.fourcc
    absent = fourcc_of(*"none")
    monkeypatch.setattr(
        cv2.VideoWriter, "fourcc",
        lambda *code: absent if code == tuple("vp09") else fourcc_of(*code),
    )  # fmt: skip
    note = write(tmp_path / "clip.mp4", flat(3))
    assert note.startswith("clip.mp4: browsers do not play it") and "nekogao[video]" in note
    assert len(read(tmp_path / "clip.mp4")[1]) == 3


@pytest.mark.usefixtures("encoder")
def test_a_full_disk_is_reported_by_the_name_of_the_video(tmp_path):
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
    try:
        with pytest.raises(InputError, match=r"^clip\.mp4: .*Make room on the disk") as caught:
            hidden = tmp_path / ".clip.mp4.0.tmp"
            video.write(hidden, noise(20), video.Clip(iter(()), 25.0), "clip.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} <= {".clip.mp4.0.tmp"}


def test_frames_that_do_not_arrive_are_reported_by_the_name_of_the_video(tmp_path, monkeypatch):
    write, calls = cv2.VideoWriter.write, []

    def fill(writer, frame):
        calls.append(0)
        if len(calls) < 3:
            write(writer, frame)

    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(cv2.VideoWriter, "write", fill)
    hidden = tmp_path / ".clip.mp4.0.tmp"
    with pytest.raises(InputError, match=r"^clip\.mp4: 2 of 6 frames could be written"):
        video.write(hidden, flat(6), video.Clip(iter(()), 25.0), "clip.mp4")
