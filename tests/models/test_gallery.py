import subprocess
import sys
import threading
from itertools import product

import cv2
import numpy as np
import pytest
from PIL import Image

import nekogao
from nekogao.errors import ConfigError, InputError
from nekogao.models.gallery import apply, find_inputs, read_applied
from nekogao.models.translator import Options
from nekogao.pictures import images


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
    monkeypatch.setattr(cv2.VideoWriter, "isOpened", lambda self: False)
    (done,) = apply(translator, [str(tmp_path / "clip.mp4")], tmp_path / "out")
    assert "cannot write mp4" in done.error
    assert list((tmp_path / "out").iterdir()) == []


def test_a_record_that_was_cut_off_is_left_out(translator, folder, tmp_path):
    list(apply(translator, [str(folder / "photo.jpg")], tmp_path / "out"))
    with (tmp_path / "out" / "applied.jsonl").open("a") as handle:
        handle.write('{"output": "ph')
    assert [row.output for row in read_applied(tmp_path / "out")] == ["photo.png"]
