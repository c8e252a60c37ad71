import threading
import tracemalloc
from dataclasses import replace
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from nekogao.config.pairs import FROM_IMPORTS
from nekogao.errors import ConfigError, InputError
from nekogao.pairs.imports import import_aligned, import_folders
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images

SMALL = replace(FROM_IMPORTS, size=32)


def a_face():
    return characters.draw_face(characters.CHARACTERS[0], 32)


def test_aligned_pictures_are_halved_in_either_direction(tmp_path):
    face = a_face()
    (tmp_path / "ab").mkdir()
    images.write(tmp_path / "ab" / "x.png", np.hstack([255 - face, face]))
    for direction, source, target in (("AtoB", 255 - face, face), ("BtoA", face, 255 - face)):
        import_aligned(tmp_path / direction, tmp_path / "ab", SMALL, direction=direction)
        found = PairSet.open(tmp_path / direction)
        assert np.array_equal(found.sources["source"][0], source)
        assert np.array_equal(found.targets[0], target)
        assert found.header.source_channels == 3
    images.write(tmp_path / "ab" / "y.png", np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(InputError, match="5 pixels wide; an aligned picture has two halves"):
        import_aligned(tmp_path / "c", tmp_path / "ab", SMALL)


def test_two_folders_are_paired_by_stem(tmp_path):
    face = a_face()
    for side, picture in (("a", images.luma(face)), ("b", face)):
        (tmp_path / side).mkdir()
        images.write(tmp_path / side / "x.png", picture)
    import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL)
    found = PairSet.open(tmp_path / "set")
    assert found.header.source_channels == 1 and found.header.target_channels == 3
    assert np.array_equal(found.sources["source"][0], images.luma(face))
    with pytest.raises(ConfigError, match="made from targets by Nekogao itself"):
        import_folders(tmp_path / "c", tmp_path / "a", tmp_path / "b", SMALL, domain="gray")
    images.write(tmp_path / "a" / "alone.png", face)
    with pytest.raises(InputError, match="no partner for alone"):
        import_folders(tmp_path / "d", tmp_path / "a", tmp_path / "b", SMALL)


def test_gray_targets_make_a_gray_set(tmp_path):
    face = a_face()
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        images.write(tmp_path / side / "x.png", images.luma(face))
    import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL)
    found = PairSet.open(tmp_path / "set")
    assert found.header.target_channels == 1
    assert found.select([0], "source").target.shape == (1, 1, 32, 32)


def write_pair(tmp_path, stem, source, target):
    for side, picture in (("a", source), ("b", target)):
        (tmp_path / side).mkdir(exist_ok=True)
        images.write(tmp_path / side / f"{stem}.png", picture)


def test_one_coloured_picture_makes_its_whole_side_coloured(tmp_path):
    face = a_face()
    write_pair(tmp_path, "x", images.luma(face), images.luma(face))
    write_pair(tmp_path, "y", face, face)
    import_folders(str(tmp_path / "set"), str(tmp_path / "a"), str(tmp_path / "b"), SMALL)
    found = PairSet.open(tmp_path / "set")
    assert found.header.source_channels == found.header.target_channels == 3
    assert np.array_equal(found.targets[0], images.rgb(images.luma(face)))
    assert np.array_equal(found.sources["source"][1], face)


def test_sizes_are_compared_as_the_pictures_are_seen(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    write_pair(tmp_path, "x", np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60, 3), np.uint8))
    Image.new("RGB", (40, 60)).save(tmp_path / "a" / "x.png", exif=exif)
    assert import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL) == 1
    Image.new("RGB", (60, 40)).save(tmp_path / "a" / "x.png", exif=exif)
    with pytest.raises(InputError, match="x: source is 40x60, target is 60x40; sizes must match"):
        import_folders(tmp_path / "c", tmp_path / "a", tmp_path / "b", SMALL)


def test_a_damaged_picture_leaves_no_set_and_no_thread(tmp_path):
    face = a_face()
    for stem in "vwxyz":
        write_pair(tmp_path, stem, face, face)
    whole = (tmp_path / "b" / "z.png").read_bytes()
    (tmp_path / "b" / "z.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"z.png: damaged picture"):
        import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert not [t for t in threading.enumerate() if t.name.startswith("nekogao-worker")]


def test_memory_holds_few_pictures_at_full_size(tmp_path):
    side, count = 500, 60
    for number in range(count):
        write_pair(tmp_path, str(number), *[np.full((side, side, 3), number, np.uint8)] * 2)
    tracemalloc.start()
    try:
        import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < count * side * side * 3  # half of what all pictures together have


def test_names_pair_whether_their_letters_are_composed_or_not(tmp_path):
    for name in ("Mädchen", "ガール", "plain"):
        for side, form in (("a", "NFC"), ("b", "NFD")):
            (tmp_path / side).mkdir(exist_ok=True)
            images.write(tmp_path / side / f"{normalize(form, name)}.png", a_face())
    assert import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL) == 3
    found = PairSet.open(tmp_path / "set")
    assert {item.id for item in found.items} == {"Mädchen", "ガール", "plain"}


def test_twins_of_which_one_is_composed_stay_apart(tmp_path):
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        for value, form in ((50, "NFC"), (200, "NFD")):
            picture = a_face() // 2 + value // 2
            images.write(tmp_path / side / f"{normalize(form, 'é')}.png", picture)
    assert import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b", SMALL) == 2
    found = PairSet.open(tmp_path / "set")
    assert {item.id for item in found.items} == {"é", "é-2"}
    assert all(np.array_equal(found.targets[i], found.sources["source"][i]) for i in range(2))


@pytest.mark.parametrize("name", ["con", "AUX", "nul", "Target", "ALL"])
def test_a_domain_that_cannot_name_a_folder_is_refused(tmp_path, name):
    write_pair(tmp_path, "x", a_face(), a_face())
    with pytest.raises(ConfigError, match="cannot name a folder|not one of"):
        import_folders(tmp_path / "s", tmp_path / "a", tmp_path / "b", SMALL, domain=name)
