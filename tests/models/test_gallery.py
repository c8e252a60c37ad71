import json
import subprocess
import sys
import threading
import unicodedata
import weakref
from itertools import product

import cv2
import numpy as np
import pytest
from PIL import Image

import nekogao
from nekogao.errors import ConfigError, InputError
from nekogao.models.applied import APPLIED, read_applied
from nekogao.models.gallery import apply, find_inputs
from nekogao.models.options import Options
from nekogao.pictures import images
from tests.clips import damage, record, tracks


@pytest.fixture(scope="module")
def translator(finished):
    return nekogao.load(finished)


@pytest.fixture
def folder(tmp_path):
    """Good and bad inputs, as a person's folder has them."""
    folder, rng = tmp_path / "in", np.random.default_rng(0)
    (folder / "inner").mkdir(parents=True)
    photo = rng.integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(photo).save(folder / "photo.jpg")
    Image.fromarray(rng.integers(0, 65536, (20, 20), np.uint16)).save(folder / "deep.png")
    Image.fromarray(rng.integers(0, 256, (20, 20, 4), np.uint8)).save(folder / "clear.png")
    images.write(folder / "strip.png", rng.integers(0, 256, (20, 300, 3), np.uint8))
    images.write(folder / "inner" / "photo.png", photo)
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:900])
    (folder / "notes.txt").write_text("ignored")
    return folder


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_good_are_translated_and_the_bad_reported(translator, folder, tmp_path):
    before = snapshot(folder)
    done = {d.path.relative_to(folder).as_posix(): d
            for d in apply(translator, [str(folder)], tmp_path / "out")}  # fmt: skip
    assert {n for n, d in done.items() if d.error} == {"text.jpg", "cut.jpg"}
    assert {d.output.name for d in done.values() if d.output} == {
        "photo.png", "photo-2.png", "deep.png", "clear.png", "strip.png",
    }  # fmt: skip
    assert all(images.read(d.output).shape == (32, 32, 3) for d in done.values() if d.output)
    assert snapshot(folder) == before


APPLY = """
import pathlib, sys, nekogao
model, folder, out = map(pathlib.Path, sys.argv[1:])
translator = nekogao.load(model)
print("ready", flush=True)
sys.stdin.readline()
for done in nekogao.apply(translator, [folder], out):
    print(done.output.name)
"""


def test_two_processes_that_apply_the_same_stems_write_all_that_they_tell(finished, tmp_path):
    rng, out = np.random.default_rng(0), tmp_path / "out"
    for place, number in product("abcd", range(10)):
        (tmp_path / "in" / place).mkdir(parents=True, exist_ok=True)
        picture = rng.integers(0, 256, (16, 16, 3), np.uint8)
        images.write(tmp_path / "in" / place / f"{number}.png", picture)
    command = [sys.executable, "-c", APPLY, str(finished), str(tmp_path / "in"), str(out)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    both = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [name for process in both for name in process.communicate()[0].split()]
    written = sorted(path.name for path in out.iterdir())
    assert written == sorted([*told, "applied.jsonl"]) and len(told) == 80
    assert sorted(row.output for row in read_applied(out)) == sorted(told)


def test_threads_that_apply_the_same_stems_write_all_that_they_tell(translator, folder, tmp_path):
    told = []

    def go():
        for _ in range(5):
            told.extend(d.output for d in apply(translator, [str(folder / "photo.jpg")], tmp_path))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(told)) == len(told) == 20 and all(path.is_file() for path in told)


def test_nothing_is_overwritten_even_next_to_the_inputs(translator, folder):
    before = snapshot(folder)
    for _ in range(2):
        list(apply(translator, [str(folder / "photo.jpg"), str(folder / "clear.png")], folder))
    after = snapshot(folder)
    assert all(after[path] == data for path, data in before.items())
    assert {p.name for p in set(after) - set(before)} == {
        "photo.png", "photo-2.png", "clear-2.png", "clear-3.png", "applied.jsonl",
    }  # fmt: skip


def test_every_output_can_be_traced_back(translator, folder, tmp_path):
    options = Options(nearest=True, domain="edges", settle=2)
    list(apply(translator, [str(folder / "photo.jpg")], tmp_path / "out", options))
    (row,) = read_applied(tmp_path / "out")
    assert row.input == str(folder / "photo.jpg") and len(row.sha256) == 64
    assert (row.domain, row.settle, row.output) == ("edges", 2, "photo.png")
    assert row.nearest in translator.model.faces and 0 <= row.distance <= 1
    (tmp_path / "out" / "photo.png").unlink()
    assert read_applied(tmp_path / "out") == []


def test_more_pictures_than_a_batch(translator, tmp_path):
    (tmp_path / "in").mkdir()
    for i in range(37):
        images.write(tmp_path / "in" / f"{i:02d}.png", np.full((8, 8, 3), i * 6, np.uint8))
    done = list(apply(translator, [str(tmp_path / "in")], tmp_path / "out"))
    assert [d.output.stem for d in done] == [f"{i:02d}" for i in range(37)]


def test_names_folders_and_patterns_are_found_once(folder, tmp_path):
    names = [str(folder / "photo.jpg"), str(folder / "*.jpg"), str(folder / "inner")]
    found, faults = find_inputs(names)
    assert [p.relative_to(folder).as_posix() for p in found] == [
        "photo.jpg", "cut.jpg", "text.jpg", "inner/photo.png",
    ]  # fmt: skip
    assert faults == []


def test_what_leads_to_no_picture_gets_its_own_line_and_the_rest_continues(
    translator, folder, tmp_path
):
    (tmp_path / "empty").mkdir()
    names = ["absent.png", str(tmp_path / "empty"), str(folder / "*.webp"), str(folder / "inn*")]
    errors = [d.error for d in apply(translator, names, tmp_path / "out")]
    for error, message in zip(
        errors,
        ["no pictures in", "no file fits this", "no file fits this", "absent.png: no such file"],
        strict=True,
    ):
        assert message in error
    assert not (tmp_path / "out").exists()
    done = list(apply(translator, [*names, str(folder / "photo.jpg")], tmp_path / "out"))
    assert [d.output.name for d in done if d.output] == ["photo.png"]


def test_bad_options_are_refused_before_anything_is_written(translator, folder, tmp_path):
    with pytest.raises(ConfigError, match="unknown domain"):
        list(apply(translator, [str(folder)], tmp_path / "out", Options(domain="depth")))
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a folder"):
        list(apply(translator, [str(folder)], tmp_path / "file"))


def write_video(path, frames=20):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12.0, (64, 48))
    for i in range(frames):
        writer.write(np.full((48, 64, 3), i * 10, np.uint8))
    writer.release()


@pytest.mark.parametrize("side_by_side", [False, True])
def test_a_video_keeps_its_frames_and_its_rate(translator, tmp_path, side_by_side):
    write_video(tmp_path / "clip.mp4")
    options = Options(side_by_side=side_by_side)
    (done,) = apply(translator, [str(tmp_path / "clip.mp4")], tmp_path / "out", options)
    assert done.frames == 20
    capture = cv2.VideoCapture(str(done.output))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 20
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12)
    assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) == (3 * 34 - 2 if side_by_side else 32)
    assert [p.name for p in (tmp_path / "out").iterdir() if p.suffix == ".mp4"] == ["clip.mp4"]


def test_a_broken_video_is_reported_and_leaves_nothing(translator, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    (done,) = apply(translator, [str(tmp_path / "clip.mp4")], tmp_path / "out")
    assert "no frame can be read" in done.error
    assert not (tmp_path / "out").exists()


def test_a_video_that_cannot_be_written_leaves_nothing(translator, tmp_path, monkeypatch):
    write_video(tmp_path / "clip.mp4", frames=2)
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(cv2.VideoWriter, "isOpened", lambda self: False)
    (done,) = apply(translator, [str(tmp_path / "clip.mp4")], tmp_path / "out")
    assert "cannot write mp4" in done.error
    assert list((tmp_path / "out").iterdir()) == []


def test_a_video_keeps_its_sound_and_a_note_says_where_it_is_damaged(translator, tmp_path):
    whole = record(tmp_path / "whole.mp4", "aac")
    bad = damage(record(tmp_path / "bad.mp4", "aac"), 40)
    kept, lost = apply(translator, [whole, bad], tmp_path / "out")
    assert (kept.error, kept.note, lost.error) == ("", "", "")
    assert lost.note.startswith(f"{bad}: written without its sound")
    assert (kept.frames, lost.frames) == (50, 50)
    assert tracks(kept.output) == ["audio", "video"] and tracks(lost.output) == ["video"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"whole.mp4", "bad.mp4", APPLIED}


def test_a_record_that_was_cut_off_is_left_out(translator, folder, tmp_path):
    list(apply(translator, [str(folder / "photo.jpg")], tmp_path / "out"))
    with (tmp_path / "out" / "applied.jsonl").open("a") as handle:
        handle.write('{"output": "ph')
    assert [row.output for row in read_applied(tmp_path / "out")] == ["photo.png"]


ANIMATED = {"GIF": "gif", "WEBP": "webp", "PNG": "png", "AVIF": "avif"}


def animate(path, kind, durations=(40, 100, 300), **options):
    frames = [Image.new("RGB", (40, 30), (80 * i, 255 - 80 * i, 40 * i)) for i in range(3)]
    for i, frame in enumerate(frames):
        frame.paste((255, 255, 0), (5 * i, 5, 5 * i + 10, 15))
    frames[0].save(
        path, kind, save_all=True, append_images=frames[1:], duration=list(durations), loop=0,
        **options,
    )  # fmt: skip
    return frames


def durations_of(path):
    found = []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            found.append(image.info["duration"])
    return found


@pytest.mark.parametrize("kind", ANIMATED)
def test_an_animation_is_translated_frame_by_frame_with_its_timing(translator, tmp_path, kind):
    path = tmp_path / f"a.{ANIMATED[kind]}"
    animate(path, kind)
    (done,) = apply(translator, [path], tmp_path / "out", Options(nearest=True))
    assert (done.frames, done.error) == (3, "")
    assert done.nearest in translator.model.faces
    assert done.output.suffix == path.suffix
    with Image.open(done.output) as image:
        assert (image.format, image.n_frames, image.size) == (kind, 3, (32, 32))
        assert image.info.get("loop", 0) == 0
    assert durations_of(done.output) == [40, 100, 300]


def test_frames_of_an_animation_come_out_as_pictures_do(translator, tmp_path):
    frames = animate(tmp_path / "a.png", "PNG")
    (done,) = apply(translator, [tmp_path / "a.png"], tmp_path / "out")
    expected = translator.translate([np.asarray(frame) for frame in frames])
    with Image.open(done.output) as image:
        for number, result in enumerate(expected):
            image.seek(number)
            assert np.array_equal(np.asarray(image.convert("RGB")), result.output)


def test_a_still_gif_and_the_pages_of_a_tiff_are_pictures(translator, tmp_path):
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.gif")
    pages = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "b.tif", save_all=True, append_images=pages[1:])
    names = [tmp_path / "a.gif", tmp_path / "b.tif"]
    done = list(apply(translator, names, tmp_path / "out"))
    assert [(d.output.name, d.frames) for d in done] == [("a.png", 0), ("b.png", 0)]


def test_an_animation_that_is_cut_off_is_reported_and_leaves_nothing(translator, tmp_path):
    animate(tmp_path / "a.png", "PNG")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: len(data) * 2 // 3])
    (done,) = apply(translator, [tmp_path / "a.png"], tmp_path / "out")
    assert "a.png: damaged picture" in done.error and not list(tmp_path.glob("out/*.png"))


def test_inputs_of_every_kind_come_out_in_order(translator, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "c.png", "e.png"):
        images.write(folder / name, np.zeros((8, 8, 3), np.uint8))
    write_video(folder / "b.mp4", frames=2)
    animate(folder / "d.gif", "GIF")
    done = list(apply(translator, [folder], tmp_path / "out", Options(nearest=True)))
    assert [d.path.stem for d in done] == list("abcde")
    assert all(d.nearest for d in done)
    assert all(row.nearest and row.distance >= 0 for row in read_applied(tmp_path / "out"))


def test_no_more_than_one_picture_is_held_at_full_size(translator, tmp_path, monkeypatch):
    """The networks' square is all that stays of a picture."""
    live = []
    read = images.read

    def counted(path, channels=3):
        picture = read(path, channels).copy()
        reference = weakref.ref(picture)
        live.append(reference)
        assert sum(r() is not None for r in live) <= 2
        return picture

    monkeypatch.setattr(images, "read", counted)
    for i in range(20):
        images.write(tmp_path / f"{i:02d}.png", np.full((80, 60, 3), i, np.uint8))
    names = [tmp_path / f"{i:02d}.png" for i in range(20)]
    options = Options(restore=True)
    assert len(list(apply(translator, names, tmp_path / "out", options))) == len(live) == 20


def test_a_picture_that_is_too_large_is_one_line_and_the_rest_goes_on(
    translator, folder, tmp_path, monkeypatch
):
    fit = images.fit

    def full(picture, size, how, **options):
        if picture.shape[1] == 300:
            raise MemoryError
        return fit(picture, size, how, **options)

    monkeypatch.setattr(images, "fit", full)
    names = [folder / "strip.png", folder / "photo.jpg"]
    large, good = apply(translator, names, tmp_path / "out")
    assert "strip.png: too large for this machine's memory" in large.error
    assert good.output.name == "photo.png"


def test_the_left_half_of_a_b_is_the_source_of_as_is(translator, tmp_path):
    both = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)
    images.write(tmp_path / "both.png", both)
    images.write(tmp_path / "left.png", both[:, :64])
    options = Options(domain="as-is")
    done = list(
        apply(translator, [tmp_path / "both.png", tmp_path / "left.png"], tmp_path / "o", options)
    )
    assert np.array_equal(done[0].answer.output, done[1].answer.output)
    assert "taken as A|B" in done[0].note and done[1].note == ""
    whole = Options(domain="as-is", fit="pad")
    (padded,) = apply(translator, [tmp_path / "both.png"], tmp_path / "o", whole)
    assert padded.note == ""


@pytest.mark.parametrize(
    ("fit", "shape"), [("stretch", (50, 70)), ("pad", (50, 70)), ("crop", (50, 50))]
)
def test_a_row_has_the_size_of_the_picture_where_it_is_restored(
    translator, folder, tmp_path, fit, shape
):
    options = Options(fit=fit, restore=True, side_by_side=True, nearest=True)
    (done,) = apply(translator, [folder / "photo.jpg"], tmp_path / "out", options)
    height, width = shape
    assert images.read(done.output).shape == (height, 4 * width + 3 * 2, 3)


def test_names_that_differ_in_case_or_composition_alone_are_kept_apart(translator, tmp_path):
    names = ["CAT", "Cat", "cat", "caf\u00e9", "cafe\u0301"]
    for i, name in enumerate(names):
        (tmp_path / str(i)).mkdir()
        images.write(tmp_path / str(i) / f"{name}.png", np.zeros((8, 8, 3), np.uint8))
    paths = [tmp_path / str(i) / f"{name}.png" for i, name in enumerate(names)]
    list(apply(translator, paths[:2], tmp_path / "out"))
    list(apply(translator, paths[2:], tmp_path / "out"))
    made = [path.name for path in (tmp_path / "out").glob("*.png")]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in made}) == 5


@pytest.mark.parametrize("row", [
    {"output": 3}, {"output": None}, {"output": []}, {"output": "a\0b"}, {"output": "../a.png"},
    {"output": "a" * 5000}, {"output": "a.png", "input": 3}, {"output": "a.png", "distance": "x"},
    {"output": "a.png", "settle": 1.5}, {"output": "a.png", "nearest": {}}, {"input": "a"},
])  # fmt: skip
def test_rows_that_somebody_changed_are_left_out(tmp_path, row):
    (tmp_path / "a.png").touch()
    good = {"output": "a.png", "input": "b.png"}
    text = "".join(json.dumps(line) + "\n" for line in (row, good))
    (tmp_path / APPLIED).write_text(text)
    assert [found.input for found in read_applied(tmp_path)] == ["b.png"]
