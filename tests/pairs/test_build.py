import shutil
import threading

import numpy as np
import pytest

from nekogao.config.pairs import PairConfig
from nekogao.errors import BusyError, ConfigError, InputError, PairSetError
from nekogao.pairs.build import build, build_from
from nekogao.pairs.doctor import examine
from nekogao.pairs.origin import Origin
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images, photographs


def test_building_is_deterministic(pair_set, faces, tmp_path):
    build(faces, tmp_path / "again", PairConfig(size=32))
    for path in pair_set.rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes() == (tmp_path / "again" / path.relative_to(pair_set)).read_bytes()
            )


def test_names_that_clash_stay_apart(tmp_path):
    face = np.zeros((32, 32, 3), np.uint8)
    for category in ("cats", "dogs"):
        (tmp_path / "in" / category).mkdir(parents=True)
        images.write(tmp_path / "in" / category / "a.png", face)
    build(tmp_path / "in", tmp_path / "out", PairConfig(size=32))
    items = PairSet.open(tmp_path / "out").items
    assert [(i.id, i.category) for i in items] == [("a", "cats"), ("a-2", "dogs")]


def test_a_picture_that_cannot_be_read_leaves_no_set(faces, tmp_path):
    shutil.copytree(faces, tmp_path / "in")
    (tmp_path / "in" / "zzz.png").write_text("no picture")
    with pytest.raises(InputError, match="zzz.png: is not a picture"):
        build(tmp_path / "in", tmp_path / "out", PairConfig(size=32))
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_a_set_built_from_drawings_is_that_of_their_files(tmp_path):
    drawn = dict(characters.many_faces(20, 32))
    photographs.write_folder(drawn, tmp_path / "faces")
    assert build(tmp_path / "faces", tmp_path / "a", PairConfig(size=32)) == 20
    assert build_from(iter(drawn.items()), tmp_path / "b", PairConfig(size=32)) == 20
    one, two = PairSet.open(tmp_path / "a"), PairSet.open(tmp_path / "b")
    assert one.fingerprint == two.fingerprint
    assert examine(tmp_path / "b") == []
    assert two.items[3].origin == Origin()


def test_an_error_between_drawings_leaves_no_set(tmp_path):
    def drawings():
        yield from characters.many_faces(30, 32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_from(drawings(), tmp_path / "out", PairConfig(size=32))
    with pytest.raises(PairSetError, match="no item to write"):
        build_from([], tmp_path / "out", PairConfig(size=32))
    assert not list(tmp_path.iterdir())
    assert not [t for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def test_drawings_may_be_gray_and_share_a_name(tmp_path):
    given = [(name, np.full((40, 32), 9, np.uint8)) for name in ("a", "A", "a", "a-2", "a")]
    build_from(given, tmp_path / "out", PairConfig(size=32, domains=("gray",)))
    found = PairSet.open(tmp_path / "out")
    assert [item.id for item in found.items] == ["a", "A-2", "a-3", "a-2-2", "a-4"]
    assert found.targets[0].shape == (32, 32, 3)


def test_text_and_paths_name_the_same_folders(faces, tmp_path):
    assert build(str(faces), str(tmp_path / "out"), PairConfig(size=32)) == 4
    assert examine(str(tmp_path / "out")) == []


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (
            np.zeros((8, 8, 3)),
            "a: an array of float64, shape .*multiply values from 0 to 1 by 255",
        ),
        (np.zeros((8, 8, 4), np.uint8), "drop alpha"),
        (np.zeros((0, 8, 3), np.uint8), "has no pixels"),
    ],
)
def test_what_is_no_picture_is_refused_before_it_is_written(tmp_path, picture, message):
    with pytest.raises(InputError, match=message):
        build_from(iter([("a", picture)]), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_unknown_domain_and_thresholds_out_of_order_are_refused(faces, tmp_path):
    for config, message in (
        (PairConfig(domains=("depth",)), "unknown domain 'depth'"),
        (PairConfig(low=9, high=3), "0 <= low <= high"),
    ):
        with pytest.raises(ConfigError, match=message):
            build(faces, tmp_path / "out", config)
    assert not list(tmp_path.iterdir())


def test_a_pair_set_is_made_by_one_process_at_a_time(faces, tmp_path):
    def pictures():
        yield "a", np.zeros((32, 32, 3), np.uint8)
        with pytest.raises(BusyError, match="set: is being written by process"):
            build(faces, tmp_path / "set", PairConfig(size=32))
        yield "b", np.zeros((32, 32, 3), np.uint8)

    assert build_from(pictures(), tmp_path / "set", PairConfig(size=32)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
