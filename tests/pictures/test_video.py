import cv2
import numpy as np
import pytest

from nekogao.errors import InputError
from nekogao.pictures import video


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


def write_frames(path, count, like, name="clip.mp4"):
    frames = (np.full((48, 64, 3), 10 * i, np.uint8) for i in range(count))
    video.write(path, frames, like, name)


def test_written_repeats_are_there_and_a_relative_name_may_have_a_colon(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b").mkdir()
    path = (tmp_path / "a:b" / "c:d.mp4").relative_to(tmp_path)
    write_frames(path, 4, video.Clip(iter(()), 25.0, [1, 3, 1, 5]))
    with video.reading(path) as clip:
        assert clip.rate == 25 and list(clip.repeats) == []
        levels = [int(frame.mean()) for frame in clip.frames]
    assert np.abs(np.array(levels) - [0, 10, 10, 10, 20, 30, 30, 30, 30, 30]).max() <= 3


def test_frames_that_do_not_arrive_are_reported_by_the_name_of_the_video(tmp_path, monkeypatch):
    write, calls = cv2.VideoWriter.write, []

    def fill(writer, frame):
        calls.append(0)
        if len(calls) < 3:
            write(writer, frame)

    monkeypatch.setattr(cv2.VideoWriter, "write", fill)
    hidden = tmp_path / ".clip.mp4.0.tmp"
    with pytest.raises(InputError, match=r"^clip\.mp4: 2 of 6 frames could be written"):
        write_frames(hidden, 6, video.Clip(iter(()), 25.0))
