"""Label maps from import to apply: their colours stay what they are."""

import json

import h5py
import numpy as np
import pytest
from PIL import Image

import nekogao
from nekogao.cli import main
from nekogao.config.pairs import PairConfig
from nekogao.config.plain import train_config
from nekogao.config.schema import AugmentConfig
from nekogao.errors import ConfigError, InputError
from nekogao.pairs.augment import augment
from nekogao.pairs.doctor import examine, snap_to_palettes
from nekogao.pairs.hdf5 import import_hdf5
from nekogao.pairs.imports import import_aligned, import_folders
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images
from tests.conftest import TINY
from tests.pictures.test_labels import label_map

VALUES = list(range(0, 250, 23))
SMALL = PairConfig(size=64, fit="stretch")


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """Four maps of 11 labels, 150x110, and a face for each."""
    folder = tmp_path_factory.mktemp("sides")
    for side in ("maps", "faces"):
        (folder / side).mkdir()
    for number in range(4):
        drawn = images.resize(label_map(number), 150, 110, nearest=True)
        images.write(folder / "maps" / f"{number}.png", drawn)
        face = characters.draw_face(characters.CHARACTERS[number], 150)[:110]
        images.write(folder / "faces" / f"{number}.png", face)
    return folder


@pytest.fixture(scope="module")
def label_set(sides, tmp_path_factory):
    out = tmp_path_factory.mktemp("sets") / "set"
    import_folders(out, sides / "maps", sides / "faces", SMALL)
    return out


def colours(pictures):
    return np.unique(np.stack(pictures)).tolist()


def test_a_map_of_11_labels_has_11_values_from_import_to_apply(label_set, sides, tmp_path):
    found = PairSet.open(label_set)
    assert colours(found.sources["source"]) == VALUES and examine(label_set) == []
    about = json.loads((label_set / "pairs.jsonl").read_text().splitlines()[0])
    assert about["domains"]["source"] == {"name": "source", "kind": "labels", "channels": 1,
                                          "palette": [[value] for value in VALUES]}  # fmt: skip
    varied = {"flip": 0.5, "shift": 0.1, "rotate": 9.0, "warp": 0.1, "noise": 0.1}
    config = train_config({**TINY, "phases": ["source:10"], "augment": varied})
    list(nekogao.train(tmp_path / "run", label_set, config))  # 20 updates of two pairs
    loaded = nekogao.load(tmp_path / "run")
    assert loaded.model.domains["source"] == found.header.domains["source"]
    done = list(nekogao.apply(loaded, [sides / "maps"], tmp_path / "out",
                              nekogao.Options(domain="as-is")))  # fmt: skip
    assert colours([one.answer.source for one in done]) == VALUES


def test_augmentation_moves_label_maps_by_nearest_neighbour_with_their_targets(label_set):
    found = PairSet.open(label_set)
    batch = found.select([0, 1, 2, 3], "source")
    config = AugmentConfig(flip=0.5, shift=0.2, rotate=30.0, scale=0.3, warp=0.1, brightness=0.3,
                           contrast=0.3, noise=0.2)  # fmt: skip
    # The maps are their own targets: blending moves these, and rounds to the same places.
    source, target = augment(
        batch.source, batch.source, config, np.random.default_rng(1), [True, True, False, True]
    )
    maps = source[[0, 1, 3]]
    assert np.isin(maps.numpy(), batch.source.numpy()).all()
    assert (maps - target[[0, 1, 3]]).abs().median() < 0.02
    plain, other = augment(batch.source, batch.source, config, np.random.default_rng(1))
    assert np.array_equal(source[2], plain[2]) and np.array_equal(target[2], other[2])


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_every_fit_keeps_the_labels(sides, tmp_path, fit):
    import_folders(tmp_path / "set", sides / "maps", sides / "faces", PairConfig(size=32, fit=fit))
    found = PairSet.open(tmp_path / "set")
    # What is outside a padded map is white, a label of its own.
    expected = [*VALUES, 255] if fit == "pad" else VALUES
    assert set(colours(found.sources["source"])) <= set(expected)
    assert [c[0] for c in found.header.domains["source"].palette] == expected
    assert examine(tmp_path / "set") == []


def test_files_with_palettes_keep_their_colours(sides, tmp_path):
    (tmp_path / "maps").mkdir()
    palette = np.random.default_rng(0).integers(0, 256, 768, np.uint8)
    for path in (sides / "maps").iterdir():
        image = Image.open(path)
        indexed = Image.fromarray(np.asarray(image)).convert("P")
        indexed.putpalette(palette.tolist())
        indexed.save(tmp_path / "maps" / path.name)
    import_folders(tmp_path / "set", tmp_path / "maps", sides / "faces", SMALL)
    found = PairSet.open(tmp_path / "set")
    seen = {tuple(c) for s in found.sources["source"] for c in np.unique(s.reshape(-1, 3), axis=0)}
    assert seen == set(found.header.domains["source"].palette) and len(seen) == 11


def test_aligned_and_hdf5_maps_are_label_maps_too(sides, tmp_path):
    (tmp_path / "ab").mkdir()
    with h5py.File(tmp_path / "x.h5", "w") as file:
        maps = [images.read(p, 1) for p in sorted((sides / "maps").iterdir())]
        faces = [images.read(p) for p in sorted((sides / "faces").iterdir())]
        for number, (one, face) in enumerate(zip(maps, faces, strict=True)):
            images.write(tmp_path / "ab" / f"{number}.png", np.hstack([images.rgb(one), face]))
        maps = [images.fit(one, 64, "stretch", nearest=True)[..., None] for one in maps]
        file["train_data_raw"] = np.stack(maps)
        file["train_data_gen"] = np.stack([images.fit(face, 64, "stretch") for face in faces])
    import_aligned(tmp_path / "a", tmp_path / "ab", SMALL)
    import_hdf5(tmp_path / "h", {"maps": tmp_path / "x.h5"})
    assert colours(PairSet.open(tmp_path / "a").sources["source"]) == VALUES
    assert PairSet.open(tmp_path / "h").header.domains["maps"].kind == "labels"


def test_compressed_maps_are_forced_listed_and_snapped(sides, tmp_path, capsys):
    (tmp_path / "maps").mkdir()
    for path in (sides / "maps").iterdir():
        Image.open(path).save(tmp_path / "maps" / f"{path.stem}.jpg", quality=90)
    given = ["--folders", str(tmp_path / "maps"), str(sides / "faces"), "--size", "64"]
    assert main(["import", str(tmp_path / "plain"), *given]) == 0
    assert PairSet.open(tmp_path / "plain").header.domains["source"].kind == "imported"
    assert main(["import", str(tmp_path / "set"), *given, "--labels", "source"]) == 0
    assert "source: label maps of 11 colours" in capsys.readouterr().out
    (fault,) = examine(tmp_path / "set")
    assert "stray pixels in 4 label maps" in fault and "--snap NEW" in fault
    before = {p: p.read_bytes() for p in (tmp_path / "set").rglob("*.*")}
    assert main(["doctor", str(tmp_path / "set"), "--snap", str(tmp_path / "new")]) == 0
    assert examine(tmp_path / "new") == [] and before == {p: p.read_bytes() for p in before}
    assert len(colours(PairSet.open(tmp_path / "new").sources["source"])) == 11
    assert main(["import", str(tmp_path / "no"), *given, "--labels", "other"]) == 2


def test_what_has_no_regions_cannot_be_forced(sides, pair_set, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (110, 150), np.uint8)
    for side, one in (("a", noise), ("b", noise)):
        (tmp_path / side).mkdir()
        images.write(tmp_path / side / "x.png", np.dstack([one, noise.T.reshape(110, 150), one]))
    with pytest.raises(InputError, match="no colour fills a region, so these are no label maps"):
        import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL, labels=True)
    with pytest.raises(ConfigError, match="has no label maps to snap"):
        snap_to_palettes(pair_set, tmp_path / "new")


def test_sets_without_label_maps_keep_the_fingerprint_that_runs_recorded(pair_set):
    header = PairSet.open(pair_set).header
    assert all("palette" not in domain.to_dict() for domain in header.domains.values())
