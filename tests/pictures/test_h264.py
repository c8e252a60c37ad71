"""Written videos in a real browser. What else H.264 must do is in test_video.py."""

import sys

import numpy as np
import pytest

from nekogao.pictures import video
from tests.browser import needs_chromium, play

BEFORE, AFTER = (200, 100, 50), (30, 60, 220)


@needs_chromium
@pytest.mark.parametrize("encoder", ["PyAV", "OpenCV"])
def test_a_browser_plays_what_is_written_and_shows_its_colours(encoder, tmp_path, monkeypatch):
    if encoder == "OpenCV":
        monkeypatch.setitem(sys.modules, "av", None)
    else:
        pytest.importorskip("av")
    frames = (np.full((47, 65, 3), BEFORE if i < 25 else AFTER, np.uint8) for i in range(50))
    video.write(tmp_path / "clip.mp4", frames, video.Clip(iter(()), 25.0), "clip.mp4")
    seen = play(tmp_path / "clip.mp4", tmp_path)
    assert (seen.error, seen.width, seen.height, seen.seconds) == ("", 66, 48, 2)
    assert np.abs(np.array(seen.pixel) - AFTER).max() <= 6
