"""The commands that the README and the guide show are run as they stand there, only shorter."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from nekogao.cli import main
from nekogao.pictures import images
from nekogao.studies import grid

ROOT = Path(__file__).parent.parent
SMALL = "--set generator.width=1 adversary.width=1 threads=1"


def commands(document):
    """Every `nekogao ...` line of a document's code blocks, without its comment."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("nekogao ")]


def shortened(line):
    """Small pictures, one epoch a phase and a narrow network; the rest as it is written."""
    if line.startswith("nekogao pairs faces"):
        line = re.sub(r" --size \d+|$", " --size 32", line, count=1)
    if line.startswith("nekogao make"):
        line = f"{line} --time 1s"
    if line.startswith(("nekogao train", "nekogao switch")):
        line = re.sub(r"(\w):\d+", r"\1:1", line)
    if line.startswith("nekogao train") and "--recipe exemplar" not in line:
        phases = "" if "--phases" in line or "--config" in line else "--phases all:1"
        line = f"{line} {phases} " + ("" if "--config" in line else SMALL)
    return line.replace("'", "").split()[1:]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with what the documents take for granted."""
    monkeypatch.chdir(tmp_path)
    for name in ("photos", "holiday", "more", "folder", "sketches"):
        Path(name).mkdir()
    # Small, since searching for faces takes most of these tests' time.
    face = np.ascontiguousarray(data.astronaut()[:320:4, 64:384:4])
    for path in ("photos/anna.png", "photos/bert.jpg", "holiday/sea.png", "more/one.png",
                 "sketches/anna.png", "cup.jpg", "drawing.png"):  # fmt: skip
        images.write(Path(path), face)
    images.write(Path("more/one.png"), np.ascontiguousarray(255 - face))
    images.write(Path("photos/bert.jpg"), np.ascontiguousarray(face[:, ::-1]))
    images.write(Path("sketches/bert.png"), images.luma(face))
    images.write(Path("folder/pair.png"), np.hstack([face, face]))
    Path("keys").mkdir()
    images.write(Path("keys/0000.png"), face)
    clip = cv2.VideoWriter("clip.mp4", cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (32, 32))
    clip.write(np.zeros((32, 32, 3), np.uint8))
    clip.release()
    return tmp_path


def test_the_readmes_show_the_same_commands():
    japanese = commands("README.ja.md")
    assert japanese and japanese == [x for x in commands("README.md") if x in japanese]


def test_the_commands_of_the_readme_work_in_their_order(workplace, capsys):
    lines = commands("README.md")
    studies = [line for line in lines if line.startswith("nekogao study")]
    lines = [line for line in lines if line not in studies]
    assert [line.split()[1] for line in lines][:6] == [
        "make", "faces", "pairs", "train", "apply", "train",
    ]  # fmt: skip
    # A study takes minutes; that its file is sound takes none.
    assert all(grid.read(ROOT / line.split()[2]).cells for line in studies)
    for line in lines:
        assert main(shortened(line)) == 0, (line, capsys.readouterr())
    assert Path("runs/cats/report.html").is_file() and Path("answers/cup.png").is_file()
    assert Path("cats/runs/cats/report.html").is_file() and Path("compare.html").is_file()


@pytest.mark.slow
def test_the_commands_of_the_guide_work(workplace, capsys):
    for line in commands("docs/guide.md"):
        if "--hdf5" in line:
            continue  # the author's files, which another test imports
        if line.startswith("nekogao import set"):
            shutil.rmtree("set", ignore_errors=True)
        if line == "nekogao train runs/cats --pairs set" and not Path("runs/edges").exists():
            shutil.rmtree("set")
            shutil.rmtree("larger")
            assert main(["pairs", "faces", "set"]) == 0
            assert main(["pairs", "add", "set", "more", "--out", "larger"]) == 0
            first = "nekogao train runs/edges --pairs set --phases edges:1"
            assert main(shortened(first)) == 0
        assert main(shortened(line)) == 0, (line, capsys.readouterr())
    assert Path("runs/both/report.html").is_file() and Path("cats/clip.mp4").is_file()
    assert Path("pieces/drawing-choice-4.png").is_file()
    assert Path("runs/film/applied/clip.mp4").is_file()
