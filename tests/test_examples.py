"""The examples in the docstrings of the public names, run as a person would run them."""

import doctest
import inspect
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import nekogao
from nekogao.pictures import images


def functions():
    """Every public function, and the methods that users call first."""
    found = {
        name: thing for name in nekogao.__all__
        if inspect.isfunction(thing := getattr(nekogao, name))
    }  # fmt: skip
    return found | {
        "PairSet.open": nekogao.PairSet.open.__func__,
        "Translator": nekogao.Translator.__call__,
    }


@pytest.fixture
def desk(faces, pair_set, finished, tmp_path, monkeypatch):
    """A folder with photographs, a set, two runs, a picture, and a clip with painted frames."""
    shutil.copytree(faces, tmp_path / "photos")
    shutil.copytree(pair_set, tmp_path / "set")
    for name in ("cats", "others"):
        shutil.copytree(finished, tmp_path / "runs" / name)
    rng = np.random.default_rng(0)
    images.write(tmp_path / "cup.png", cv2.resize(rng.integers(0, 256, (4, 6, 3), np.uint8),
                                                  (60, 40)))  # fmt: skip
    frames = [rng.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(3)]
    first, *rest = map(Image.fromarray, frames)
    first.save(tmp_path / "clip.gif", save_all=True, append_images=rest)
    (tmp_path / "keys").mkdir()
    for number in (0, 2):
        images.write(tmp_path / "keys" / f"key-{number}.png", 255 - frames[number])
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", functions())
def test_the_example_in_the_docstring_does_what_it_shows(name, desk):
    tests = doctest.DocTestFinder(recurse=False).find(
        functions()[name], name, globs={"nekogao": nekogao}
    )
    assert sum(len(test.examples) for test in tests), f"{name} has no example"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    said = []
    for test in tests:
        runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


def test_the_example_of_the_guide_runs(desk, monkeypatch, capsys):
    guide = Path(nekogao.__file__).parents[1] / "docs" / "guide.md"
    (example,) = re.findall(r"^```python\n(.*?)^```", guide.read_text("utf-8"), re.M | re.S)
    assert len(example.splitlines()) <= 25
    # With less to train: what is tested is the example, not the seconds.
    config = nekogao.compose("fast", phases=["all:2"], overrides={"generator.width": 8})
    short = example.replace("seconds=20", "config=config").replace("gray:10", "gray:1")
    exec(compile(short, str(guide), "exec"), {"config": config})
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith("cup.png -> ") for line in said) and Path("cat.png").is_file()
    assert said[-2:] == ["finished after 3 updates", "both.html"] and Path("both.html").is_file()
