import shutil
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import nekogao
from nekogao.config.pairs import FROM_IMPORTS
from nekogao.config.plain import train_config
from nekogao.errors import ConfigError, InputError, PictureError
from nekogao.pairs.doctor import examine
from nekogao.pairs.frames import import_frames
from nekogao.pairs.manifest import NAME
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images, photographs, video
from tests.conftest import TINY

SMALL = replace(FROM_IMPORTS, size=32)
WIDTH, HEIGHT = 128, 72


def frame(number):
    """A drawn face that moves and turns before a slope of light."""
    light = np.linspace(90, 220, WIDTH).astype(np.uint8)
    ground = np.repeat(np.tile(light, (HEIGHT, 1))[..., None], 3, axis=2)
    face = characters.draw_face(characters.CHARACTERS[1], 64)
    turn = cv2.getRotationMatrix2D((32, 32), 25 * np.sin(number / 6), 1)
    turn[:, 2] += (4 + 2 * number, 4 + 4 * np.sin(number / 3))
    over = cv2.warpAffine(np.full((64, 64), 255, np.uint8), turn, (WIDTH, HEIGHT))
    moved = cv2.warpAffine(face, turn, (WIDTH, HEIGHT))
    return np.where(over[..., None] > 127, moved, ground)


COUNT = 30
FRAMES = [frame(number) for number in range(COUNT)]
PAINTS = {
    "other hues": lambda p: np.ascontiguousarray(p[..., [1, 2, 0]]),
    "bright and dark exchanged": lambda p: 255 - p,
    "faint and dark": lambda p: (p // 4 + 20).astype(np.uint8),
    "few flat colours": lambda p: np.array([[20, 200, 90], [230, 40, 10], [60, 60, 220],
                                            [250, 240, 90]], np.uint8)[images.luma(p) // 64],
    "lines": lambda p: cv2.adaptiveThreshold(
        images.luma(p), 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 4),
}  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The frames as a video, which loses some detail."""
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    video.write(path, iter(FRAMES), video.Clip(iter(()), 25.0), path.name)
    return path


def paint(folder, names, way="other hues", size=(WIDTH, HEIGHT)):
    """A folder with painted frames: name -> the frame's number."""
    folder.mkdir(exist_ok=True)
    for name, number in names.items():
        painted = PAINTS[way](FRAMES[number])
        images.write(folder / name, images.resize(painted, *size))
    return folder


def matched(folder):
    """What became of a set's pictures: name -> frame."""
    return {item.id: item.origin.index for item in PairSet.open(folder).items}


def test_a_picture_belongs_to_the_frame_whose_number_its_name_ends_with(film, tmp_path):
    names = {"key_20.jpg": 20, "0005.png": 5, "frame-0.png": 0}
    painted = paint(tmp_path / "keys", names)
    assert import_frames(str(tmp_path / "set"), str(film), str(painted), SMALL) == 3
    assert list(matched(tmp_path / "set").items()) == [("frame-0", 0), ("0005", 5), ("key_20", 20)]
    found = PairSet.open(tmp_path / "set")
    assert found.domains == ["frames"] and examine(tmp_path / "set") == []
    domain = found.header.domains["frames"]
    assert (domain.kind, domain.channels) == ("colour", 3)
    for place, item in enumerate(found.items):
        file = next(painted.glob(f"{item.id}.*"))
        assert item.origin.file == str(file.resolve())
        assert np.array_equal(found.targets[place], images.fit(images.read(file), 32, "stretch"))
        with video.reading(film) as clip:
            shown = list(clip.frames)[item.origin.index]
        assert np.array_equal(found.sources["frames"][place], images.fit(shown, 32, "stretch"))
        source = item.origin.sources["frames"]
        assert (source.file, source.index) == (str(film.resolve()), item.origin.index)


@pytest.mark.parametrize("way", PAINTS)
def test_where_a_name_has_no_number_pictures_go_to_the_frames_that_they_resemble(
    film, tmp_path, way
):
    names = {"start.png": 2, "middle.png": 14, "nr-3.png": 27}
    painted = paint(tmp_path / "keys", names, way, (2 * WIDTH, 2 * HEIGHT))
    import_frames(tmp_path / "set", film, painted, SMALL)
    assert matched(tmp_path / "set") == {"start": 2, "middle": 14, "nr-3": 27}


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_is_a_clip_too(tmp_path, suffix):
    first, *rest = map(Image.fromarray, FRAMES)
    clip = tmp_path / f"clip.{suffix}"
    first.save(clip, save_all=True, append_images=rest, duration=40)
    import_frames(tmp_path / "set", clip, paint(tmp_path / "a", {"a11.png": 11}), SMALL)
    assert matched(tmp_path / "set") == {"a11": 11}
    source = PairSet.open(tmp_path / "set").sources["frames"][0].astype(int)
    assert np.abs(source - images.fit(FRAMES[11], 32, "stretch")).mean() < 4
    import_frames(tmp_path / "like", clip, paint(tmp_path / "b", {"b.png": 17}), SMALL)
    assert matched(tmp_path / "like") == {"b": 17}


def test_a_loop_is_matched_although_its_frames_come_back(tmp_path):
    clip = tmp_path / "loop.mp4"
    video.write(clip, iter(FRAMES[::2] * 3), video.Clip(iter(()), 25.0), clip.name)
    import_frames(tmp_path / "set", clip, paint(tmp_path / "keys", {"a.png": 12}), SMALL)
    assert matched(tmp_path / "set")["a"] % 15 == 6


def test_gray_paint_makes_gray_targets_and_coloured_sources(film, tmp_path):
    import_frames(tmp_path / "set", film, paint(tmp_path / "a", {"3.png": 3}, "lines"), SMALL)
    header = PairSet.open(tmp_path / "set").header
    assert (header.source_channels, header.target_channels) == (3, 1)


def test_a_run_on_painted_frames_makes_its_sources_of_the_clip_by_itself(film, tmp_path):
    painted = paint(tmp_path / "keys", {"3.png": 3, "20.png": 20})
    nekogao.import_frames(tmp_path / "set", film, painted, SMALL, domain="scene")
    config = train_config({**TINY, "phases": ["scene:1"]})
    list(nekogao.train(tmp_path / "run", tmp_path / "set", config))
    cats = nekogao.load(tmp_path / "run")
    (done,) = nekogao.apply(cats, film, tmp_path / "out", nekogao.Options(restore=True))
    assert done.frames == COUNT and done.error == ""
    with video.reading(tmp_path / "out" / "clip.mp4") as clip:
        assert next(clip.frames).shape == (HEIGHT, WIDTH, 3)
    shown = cats.translate([FRAMES[3]])[0].source
    assert np.array_equal(shown, images.fit(FRAMES[3], 32, "stretch"))


def refused(tmp_path, clip, painted, message, error: type[Exception] = InputError, **more):
    """The import raises this one line, and leaves neither a set nor a thread."""
    before = set(tmp_path.iterdir())
    with pytest.raises(error, match=message) as caught:
        import_frames(tmp_path / "set", clip, painted, SMALL, **more)
    assert "\n" not in str(caught.value)
    assert set(tmp_path.iterdir()) == before
    assert not [t for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def test_two_pictures_of_one_frame_are_refused(film, tmp_path):
    painted = paint(tmp_path / "a", {"a7.png": 7, "b07.png": 7})
    refused(tmp_path, film, painted, r"a7\.png and b07\.png: both belong to frame 7 of clip\.mp4")
    painted = paint(tmp_path / "b", {"a.png": 7, "b.png": 7})
    refused(tmp_path, film, painted, r"a\.png and b\.png: both belong to frame 7 of clip\.mp4")


def test_a_number_after_the_end_is_refused_with_the_count_of_frames(film, tmp_path):
    painted = paint(tmp_path / "a", {"0.png": 0, "29.png": 29, "30.png": 29, "99.png": 29})
    message = r"a/30\.png: belongs to frame 30, and clip\.mp4 has 30 frames, 0 to 29\. Name each"
    refused(tmp_path, film, painted, message)
    (painted / "30.png").unlink()
    (painted / "99.png").unlink()
    assert import_frames(tmp_path / "set", film, painted, SMALL) == 2


@pytest.mark.parametrize("name", ["photograph", "noise", "flat"])
def test_a_picture_of_something_else_is_refused(film, tmp_path, name):
    (tmp_path / "a").mkdir()
    other = {
        "photograph": images.resize(next(iter(photographs.unseen(64).values())), WIDTH, HEIGHT),
        "noise": np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8),
        "flat": np.full((HEIGHT, WIDTH, 3), 200, np.uint8),
    }
    images.write(tmp_path / "a" / "x.png", other[name])
    message = r"x\.png: resembles none of the 30 frames of clip\.mp4 clearly.*as in key-50\.png"
    refused(tmp_path, film, tmp_path / "a", message)
    shutil.move(tmp_path / "a" / "x.png", tmp_path / "a" / "x4.png")
    assert import_frames(tmp_path / "set", film, tmp_path / "a", SMALL) == 1


@pytest.mark.parametrize("count", [1, 2, 12])
def test_frames_that_are_all_alike_cannot_be_told_apart(tmp_path, count):
    clip = tmp_path / "still.mp4"
    video.write(clip, iter([FRAMES[3]] * count), video.Clip(iter(()), 25.0), clip.name)
    painted = paint(tmp_path / "a", {"x.png": 3})
    refused(tmp_path, clip, painted, "resembles none of the")


def test_other_proportions_are_refused_and_rounded_ones_are_not(film, tmp_path):
    painted = paint(tmp_path / "a", {"3.png": 3}, size=(72, 72))
    message = r"3\.png: 72x72 pixels, the frames of clip\.mp4 are 128x72; any size of the same"
    refused(tmp_path, film, painted, message, PictureError)
    paint(tmp_path / "a", {"3.png": 3}, size=(85, 48))
    assert import_frames(tmp_path / "set", film, painted, SMALL) == 1


def test_folders_and_clips_that_cannot_be_used_are_refused(film, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path, film, tmp_path / "empty", "empty: no pictures in this folder")
    refused(tmp_path, film, tmp_path / "absent", "absent: no such folder")
    painted = paint(tmp_path / "a", {"3.png": 3})
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    unreadable = {
        "bad.mp4": "bad.mp4: no frame can be read", "none.mp4": "none.mp4: no such file",
        "a": "a: is not a file. Name a video or an animation", "a/3.png": "3.png: is neither a",
    }  # fmt: skip
    for name, message in unreadable.items():
        refused(tmp_path, tmp_path / name, painted, message, PictureError)
    (painted / "b4.png").write_text("none")
    (painted / "b5.png").write_text("none")
    refused(tmp_path, film, painted, r"b4\.png: is not a picture.*b5\.png: is not", PictureError)


@pytest.mark.parametrize("name", ["gray", "edges", "con", "all", "a b"])
def test_a_domain_that_cannot_have_this_name_is_refused(film, tmp_path, name):
    painted = paint(tmp_path / "a", {"3.png": 3})
    refused(tmp_path, film, painted, "omain", ConfigError, domain=name)


def test_a_set_that_is_there_is_left_alone(film, tmp_path):
    painted = paint(tmp_path / "a", {"3.png": 3})
    import_frames(tmp_path / "set", film, painted, SMALL)
    before = (tmp_path / "set" / NAME).read_bytes()
    with pytest.raises(InputError, match="exists and is not empty"):
        import_frames(tmp_path / "set", film, painted, SMALL)
    assert (tmp_path / "set" / NAME).read_bytes() == before


@pytest.mark.parametrize("names", [{"a.png": 2, "b.png": 27}, {"2.png": 2, "119.png": 27}])
def test_memory_holds_few_frames_at_full_size(tmp_path, names):
    side, count = (320, 180), 120
    clip = tmp_path / "clip.mp4"
    large = (images.resize(FRAMES[i * COUNT // count], *side) for i in range(count))
    video.write(clip, large, video.Clip(iter(()), 25.0), clip.name)
    painted = paint(tmp_path / "a", names, size=side)
    tracemalloc.start()
    try:
        import_frames(tmp_path / "set", clip, painted, SMALL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * side[0] * side[1] * 3  # of 120 frames


def lines_of(capsys, *arguments) -> tuple[int, list[str], list[str]]:
    from nekogao.cli import main

    status = main(list(map(str, arguments)))
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err.splitlines()


def test_the_command_says_which_picture_went_to_which_frame_and_why(film, tmp_path, capsys):
    painted, out = paint(tmp_path / "keys", {"b20.png": 20, "a5.png": 5}), tmp_path / "set"
    command = ("import", out, "--frames", film, "--painted", painted, "--size", 32)
    assert lines_of(capsys, *command) == (
        0,
        ["a5.png -> frame 5, by the number in its name",
         "b20.png -> frame 20, by the number in its name", f"2 items in {out}"],
        [],
    )  # fmt: skip
    assert PairSet.open(out).domains == ["frames"]
    Path(painted / "a5.png").rename(painted / "a.png")
    command = ("import", tmp_path / "other", *command[2:], "--domain", "scene")
    status, said, _ = lines_of(capsys, *command)
    assert status == 0
    assert said[:2] == ["a.png -> frame 5, by likeness", "b20.png -> frame 20, by likeness"]
    assert PairSet.open(tmp_path / "other").domains == ["scene"]
    status, said, err = lines_of(capsys, "import", tmp_path / "x", "--frames", film,
                                 "--painted", tmp_path / "none")  # fmt: skip
    assert (status, said, len(err)) == (1, [], 1)
