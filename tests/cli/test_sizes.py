"""Every command on pictures that are no squares; and what the files of squares hold."""

import json
from pathlib import Path

import numpy as np
import pytest

import nekogao
from nekogao.config.pairs import PairConfig
from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.pairs.build import build
from nekogao.pairs.hdf5 import import_hdf5
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import images, video
from nekogao.runs.folder import Run
from nekogao.sizes import Size
from tests.cli.test_cli import run_command  # noqa: F401
from tests.clips import record
from tests.pairs.test_hdf5 import write_hdf5
from tests.studies.conftest import write_file

SIZES = ["45x33", pytest.param("48x64", marks=pytest.mark.slow)]
RECIPES = {
    "fast": ["generator.width=2"],
    "article": ["generator.width=2", "adversary.width=2"],
    "pix2pix": ["generator.width=2", "adversary.width=2", "adversary.patch=34"],
    "one-pair": ["generator.width=2"],
    "exemplar": [],
}


def train(run_command, pairs, run, recipe, *more):  # noqa: F811
    phases = "all:1" if recipe == "exemplar" else "edges:3"
    settings = [*RECIPES[recipe], "threads=1", *([] if recipe == "exemplar" else ["batch=4"])]
    given = ["--pairs", pairs, "--recipe", recipe, "--phases", phases, *more]
    return run_command("train", run, *given, "--set", *settings)


@pytest.fixture(scope="module", params=SIZES)
def oblong(request, faces, tmp_path_factory) -> Path:
    """A pair set of that size."""
    folder = tmp_path_factory.mktemp("oblong") / "set"
    build(faces, folder, PairConfig(size=request.param))
    return folder


@pytest.fixture
def photo(tmp_path):
    """A picture of other proportions."""
    path = tmp_path / "photo.png"
    images.write(path, np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype(np.uint8))
    return path


@pytest.mark.parametrize("recipe", [
    # All levels are halvings in both, as they are in pix2pix.
    pytest.param(recipe, marks=pytest.mark.slow) if recipe in ("article", "one-pair", "pix2pix")
    else recipe
    for recipe in RECIPES
])  # fmt: skip
def test_from_pictures_to_a_report(run_command, oblong, photo, tmp_path, recipe):  # noqa: F811
    size, run = PairSet.open(oblong).size, tmp_path / "run"
    status, out, _ = run_command("doctor", oblong)
    assert status == 0 and f"sound. 4 items, {size}, 2 domains" in out[0]
    status, _, err = train(run_command, oblong, run, recipe)
    assert (status, err) == (0, [])
    assert f'size = "{size}"' in (run / "run.toml").read_text()
    assert Translator.load(run).model.shape["size"] == str(size)
    status, *_ = run_command("report", run)
    assert status == 0
    status, *_ = run_command("explain", run, photo, "--out", tmp_path / "explained")
    assert status == 0 and list((tmp_path / "explained").glob("**/*.png"))
    for fit, expected in (("stretch", (90, 70)), ("pad", (90, 70)), ("crop", None)):
        status, *_ = run_command("apply", run, photo, "--domain", "edges", "--restore", "--fit",
                                 fit, "--nearest", "--out", tmp_path / fit)  # fmt: skip
        made = images.read(tmp_path / fit / "photo.png")
        wide = 90 * size.width > 70 * size.height
        cut = (round(70 * size.height / size.width), 70) if wide else (
            90, round(90 * size.width / size.height))  # fmt: skip
        assert status == 0 and made.shape[:2] == (expected or cut)
    status, *_ = run_command("apply", run, photo, "--out", tmp_path / "as-made", "--side-by-side")
    row = images.read(tmp_path / "as-made" / "photo.png")
    assert status == 0 and row.shape[:2] == (size.height, 3 * size.width + 4)


def test_a_run_is_switched_and_its_model_is_shared(run_command, oblong, photo, tmp_path):  # noqa: F811
    train(run_command, oblong, tmp_path / "run", "fast")
    status, *_ = run_command("switch", tmp_path / "run", tmp_path / "new", "--phases", "gray:1")
    assert status == 0
    status, _, err = train(run_command, oblong, tmp_path / "warm", "fast", "--init-from",
                           tmp_path / "run")  # fmt: skip
    assert (status, err) == (0, [])
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes((tmp_path / "run" / "model.safetensors").read_bytes())
    status, *_ = run_command("explain", alone, photo, "--out", tmp_path / "explained")
    assert status == 0
    thumbnail = next(iter(Translator.load(alone).model.faces.values()))
    assert thumbnail.shape[:2] == PairSet.open(oblong).size.within(32).shape


@pytest.mark.parametrize("recipe", ["fast", "exemplar"])
def test_imported_folders(run_command, tmp_path, recipe):  # noqa: F811
    rng = np.random.default_rng(0)
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        for number in range(4):
            picture = rng.integers(0, 256, (66, 90, 3)).astype(np.uint8)
            images.write(tmp_path / side / f"{number}.png", picture)
    status, *_ = run_command("import", tmp_path / "set", "--folders", tmp_path / "a",
                             tmp_path / "b", "--size", "45x33")  # fmt: skip
    assert status == 0
    found = PairSet.open(tmp_path / "set")
    assert found.picture(0, "source").shape == found.picture(0, "target").shape == (33, 45, 3)
    more = ["--recipe", recipe, "--phases", "all:1", "--set", *RECIPES[recipe], "threads=1"]
    status, *_ = run_command("train", tmp_path / "run", "--pairs", tmp_path / "set", *more)
    assert status == 0


def test_aligned_pictures_and_hdf5_files(run_command, tmp_path):  # noqa: F811
    rng = np.random.default_rng(0)
    (tmp_path / "ab").mkdir()
    for number in range(2):
        picture = rng.integers(0, 256, (64, 2 * 48, 3)).astype(np.uint8)
        images.write(tmp_path / "ab" / f"{number}.png", picture)
    status, *_ = run_command("import", tmp_path / "set", "--aligned", tmp_path / "ab", "--size",
                             "48x64")  # fmt: skip
    assert status == 0 and PairSet.open(tmp_path / "set").size == (48, 64)
    sides = [rng.integers(0, 256, (33, 45, *rest)).astype(float) for rest in ((), (3,))]
    write_hdf5(tmp_path / "x.hdf5", [sides[0]], [sides[1]])
    import_hdf5(tmp_path / "hdf5", {"edges": tmp_path / "x.hdf5"})
    assert PairSet.open(tmp_path / "hdf5").size == (45, 33)


@pytest.mark.slow
def test_a_clip_is_painted_and_comes_out_at_its_own_size(run_command, tmp_path):  # noqa: F811
    clip = record(tmp_path / "clip.avi")
    (tmp_path / "keys").mkdir()
    with video.showing(clip) as frames:
        for number, frame in enumerate(frames):
            if number in (0, 20, 40):
                images.write(tmp_path / "keys" / f"key-{number}.png", 255 - frame)
    status, *_ = run_command("import", tmp_path / "film", "--frames", clip, "--painted",
                             tmp_path / "keys", "--size", "45x34")  # fmt: skip
    assert status == 0
    more = ["--recipe", "exemplar", "--set", "threads=1"]
    run_command("train", tmp_path / "run", "--pairs", tmp_path / "film", *more)
    for restore, shape in (["--restore"], (48, 64)), ([], (34, 46)):
        out = tmp_path / f"out{len(restore)}"
        status, *_ = run_command("apply", tmp_path / "run", clip, "--out", out, *restore)
        with video.showing(out / "clip.mp4") as frames:
            made = list(frames)
        assert status == 0 and len(made) == 50
        assert {frame.shape[:2] for frame in made} == {shape}  # an odd side got one more column


@pytest.mark.slow
def test_a_study_builds_its_sets_and_measures_its_runs(run_command, tmp_path):  # noqa: F811
    base = {"phases": ["edges:1", "gray:1"], "generator": {"width": 2}, "threads": 1}
    path = write_file(tmp_path / "study.toml", {
        "size": "45x33", "seeds": [0], "base": base, "axes": {},
        "measures": ["law", "attractors", "interventions", "variations", "held-out"],
    })  # fmt: skip
    status, _, err = run_command("study", path, "--out", tmp_path / "out", "--workers", 1)
    assert (status, err) == (0, [])
    assert PairSet.open(tmp_path / "out" / "sets" / "drawn-3").size == (45, 33)
    write_file(path, {"size": "45x"})
    status, _, err = run_command("study", path, "--out", tmp_path / "again", "--workers", 1)
    assert status == 1 and "size '45x': must be a side in pixels, or WIDTHxHEIGHT" in err[0]


def test_stopped_and_gone_on_gives_the_same_bits(tiny, oblong, tmp_path):
    events = nekogao.train(tmp_path / "cut", oblong, tiny)
    for event in events:
        if event.step == 7:
            events.close()
            break
    list(nekogao.train(tmp_path / "cut"))
    list(nekogao.train(tmp_path / "whole", oblong, tiny))
    cut, whole = (Run(tmp_path / name).model.read_bytes() for name in ("cut", "whole"))
    assert cut == whole


def test_the_files_of_squares_have_a_number(run_command, faces, tmp_path):  # noqa: F811
    for given in ("64", "64x64"):
        pairs, run = tmp_path / f"set-{given}", tmp_path / f"run-{given}"
        run_command("pairs", faces, pairs, "--size", given)
        lines = (pairs / "pairs.jsonl").read_text().splitlines()
        assert json.loads(lines[0])["size"] == 64
        train(run_command, pairs, run, "fast")
        assert "\nsize = 64\n" in (run / "run.toml").read_text()
        assert Translator.load(run).model.shape["size"] == 64
    first, second = sorted(tmp_path.glob("run-*/model.safetensors"))
    assert first.read_bytes() == second.read_bytes()
    assert b'\\"size\\": 64,' in first.read_bytes()


@pytest.mark.parametrize("size", ["31x64", "64x513", "wide", "48x", "0"])
def test_sizes_that_cannot_be_are_refused_in_one_line(run_command, faces, tmp_path, size):  # noqa: F811
    for command in (["pairs", faces, tmp_path / "set"],
                    ["import", tmp_path / "set", "--aligned", faces]):  # fmt: skip
        status, out, err = run_command(*command, "--size", size)
        assert (status, out, len(err)) == (2, [], 1)
        assert f"size {size}: each side must be from 32 to 512 pixels" in err[0] or (
            f"size '{size}': must be a side in pixels, or WIDTHxHEIGHT" in err[0]
        )


def test_a_set_of_another_size_is_refused(run_command, oblong, pair_set, finished, tmp_path):  # noqa: F811
    size = PairSet.open(oblong).size
    status, _, err = run_command("train", tmp_path / "run", "--pairs", oblong, "--generator",
                                 "unet-128")  # fmt: skip
    assert status == 1 and f"generator.size 128: the pair set is {size}. Rebuild it" in err[0]
    more = ["--set", f"generator.size={size}"]
    status, _, err = run_command("train", tmp_path / "run", "--pairs", pair_set, *more)
    assert status == 1 and f"generator.size {size}: the pair set is 32x32." in err[0]
    assert f"--size {size}`" in err[0]
    picture = images.read(next((oblong / "target").glob("*.png")))
    with pytest.raises(nekogao.NekogaoError, match="Bring it to 32x32 first"):
        Translator.load(finished).sources([picture], None)
    status, _, err = run_command("explain", finished, oblong / "target", "--pairs", oblong)
    assert status == 1 and f"pictures of {size}, the network takes 32x32." in err[0]


def test_a_library_call_gives_a_picture_of_the_size(oblong, tiny, tmp_path):
    list(nekogao.train(tmp_path / "run", oblong, tiny))
    cats = nekogao.load(tmp_path / "run")
    photo = np.zeros((50, 60, 3), np.uint8)
    size = PairSet.open(oblong).size
    assert cats.size == size and isinstance(cats.size, Size)
    assert cats(photo).output.shape == (*size.shape, 3)
    restored = cats(photo, Options(domain="gray", restore=True, settle=2))
    assert restored.output.shape == (50, 60, 3)
