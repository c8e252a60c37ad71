import numpy as np
import pytest
from PIL import Image

from nekogao.cli import main
from nekogao.pairs import doubts
from nekogao.pairs.doctor import examine
from nekogao.pairs.imports import import_folders
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import characters, images
from nekogao.sizes import Size


def a_face(side=64):
    return characters.draw_face(characters.CHARACTERS[0], side)


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (Image.new("RGB", (1, 1), (9, 8, 7)), "the picture is 1x1 pixels, enlarged 32 times"),
        (Image.new("RGBA", (64, 64), (9, 8, 7, 0)), "one flat colour (255, 255, 255): empty"),
        (Image.fromarray(np.tile(a_face(10), (1, 200, 1))), "is 2000x10 pixels; crop keeps 0.50%"),
        (Image.fromarray(np.tile(a_face(10), (200, 1, 1))), "is 10x2000 pixels; crop keeps 0.50%"),
        (Image.fromarray(a_face(64)).resize((3, 3)), "the picture is 3x3 pixels, enlarged 11"),
    ],
)
def test_useless_pictures_are_reported_by_pairs_and_by_doctor(tmp_path, capsys, picture, said):
    (tmp_path / "in").mkdir()
    picture.save(tmp_path / "in" / "odd.png")
    images.write(tmp_path / "in" / "sound.png", a_face())
    assert main(["pairs", str(tmp_path / "in"), str(tmp_path / "set"), "--size", "32"]) == 0
    told = capsys.readouterr().err
    assert said in told and "nekogao: odd: " in told and "sound" not in told
    assert main(["doctor", str(tmp_path / "set")]) == 1
    found = capsys.readouterr().out
    assert said in found and "sound" not in found


def test_proportions_are_compared_with_those_of_the_set():
    assert not doubts.of_shape(512, 40, Size(512, 64), "crop")
    assert not doubts.of_shape(64, 64, Size(512, 64), "crop")
    (said,) = doubts.of_shape(64, 512, Size(256, 128), "crop")
    assert said == (
        "the picture is 64x512 pixels; crop keeps 6.25% of it. Cut out a piece of the "
        "proportions 256x128."
    )
    (said,) = doubts.of_shape(60, 10, Size(512, 64), "stretch")
    assert "is 60x10 pixels, enlarged 9 times" in said


def turned_pair(tmp_path, source=1, target=1, shape=(48, 48)):
    for side, orientation in (("a", source), ("b", target)):
        (tmp_path / side).mkdir(exist_ok=True)
        exif = Image.Exif()
        if orientation != 1:
            exif[0x0112] = orientation
        image = Image.fromarray(images.resize(a_face(), *shape))
        image.save(tmp_path / side / "x.png", exif=exif)
    import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b")
    return examine(tmp_path / "set")


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_pair_of_which_exif_turns_one_side_is_reported(tmp_path, orientation):
    (fault,) = turned_pair(tmp_path, target=orientation)
    assert f"x: EXIF orientation {orientation} turns the target, and the source has none" in fault


def test_both_sides_turned_alike_are_sound_and_otherwise_are_reported(tmp_path):
    assert turned_pair(tmp_path, source=6, target=6) == []
    (tmp_path / "c").mkdir()
    (fault,) = turned_pair(tmp_path / "c", source=3, target=6)
    assert "EXIF orientation 3 turns the source, and 6 the target" in fault


def test_masks_of_0_and_1_are_reported(tmp_path):
    for side, picture in (("a", a_face()[..., 0] // 128), ("b", a_face())):
        (tmp_path / side).mkdir()
        images.write(tmp_path / side / "x.png", picture)
    import_folders(tmp_path / "set", tmp_path / "a", tmp_path / "b")
    said = "source holds nothing but 0 and 1, both black on 0 to 255"
    assert said in PairSet.open(tmp_path / "set").items[0].origin.doubts[0]
    (fault,) = examine(tmp_path / "set")
    assert said in fault
