import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest
import skimage.data

from nekogao.cli import main
from nekogao.config.pairs import PairConfig
from nekogao.errors import InputError
from nekogao.pairs.build import build
from nekogao.pairs.pair_set import PairSet
from nekogao.pictures import boxes, faces, images
from nekogao.pictures.detection import Box, cut


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    (folder / "people").mkdir()
    # Small, for the search's sake; test_detection searches all of it.
    face = np.ascontiguousarray(skimage.data.astronaut()[:320:4, 64:384:4])
    images.write(folder / "people" / "astronaut.png", face)
    images.write(folder / "coffee.png", skimage.data.coffee())
    (folder / "broken.jpg").write_text("nothing")
    return folder


@pytest.fixture(scope="module")
def cropped(photos, tmp_path_factory):
    """What `faces` found in them, and its folder, which is only read."""
    before = contents(photos)
    folder = tmp_path_factory.mktemp("cropped") / "out"
    found = faces.crop(photos, folder)
    return found, folder, before


@pytest.fixture
def blanks(tmp_path):
    """Two small photographs without any face."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, level in (("sky", 200), ("wall", 90)):
        images.write(folder / f"{name}.png", np.full((64, 96, 3), level, np.uint8))
    return folder


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_hits_misses_and_broken_files_are_kept_apart(cropped):
    found, out, _ = cropped
    found = {f.path.name: f for f in found}
    assert [len(found[n].boxes) for n in ("astronaut.png", "coffee.png", "broken.jpg")] == [
        1,
        0,
        0,
    ]
    assert "is not a picture" in found["broken.jpg"].error
    misses = (out / faces.MISSES).read_text().splitlines()
    assert [line.split("\t")[1][:13] for line in misses] == [found["broken.jpg"].error[:13],
                                                             "no face found"]  # fmt: skip
    miss, row = rows(out / boxes.BOXES)
    assert miss["kind"] == "miss" and miss["crop"] == ""
    assert [p.name for p in (out / "crops").iterdir()] == ["people"]
    assert row["crop"] == "people/astronaut.png" and row["kind"] == "human"
    crop = images.read(out / "crops" / row["crop"])
    assert crop.shape == (int(row["width"]), int(row["height"]), 3)
    assert images.read(out / faces.SHEET).shape[1] > 2 * 256


def test_an_edited_table_of_boxes_is_followed(photos, tmp_path):
    table = tmp_path / "boxes.csv"
    table.write_text(f"file,x,y,width,height\n{photos / 'coffee.png'},100,50,80,60\n")
    found = faces.crop(photos, tmp_path / "out", boxes=table)
    assert [f.path.name for f in found if f.boxes] == ["coffee.png"]
    crop = images.read(tmp_path / "out" / "crops" / "coffee" / "coffee.png")
    assert np.array_equal(crop, skimage.data.coffee()[40:120, 100:180])


def test_the_table_that_was_written_can_be_given_back(photos, cropped, tmp_path):
    _, one, _ = cropped
    faces.crop(photos, tmp_path / "two", boxes=one / boxes.BOXES)
    name = "crops/people/astronaut.png"
    assert (one / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_fallback_crops_the_centre_and_still_counts_as_a_miss(blanks, tmp_path):
    faces.crop(blanks, tmp_path / "out", fallback="centre")
    assert images.read(tmp_path / "out" / "crops" / "sky" / "sky.png").shape == (64, 64, 3)
    assert "sky.png\tno face found" in (tmp_path / "out" / faces.MISSES).read_text()


def test_a_folder_without_any_face_leaves_nothing_behind(tmp_path):
    (tmp_path / "in").mkdir()
    images.write(tmp_path / "in" / "moon.png", skimage.data.moon())
    with pytest.raises(InputError, match="no face found in 1 picture\\. Try"):
        faces.crop(tmp_path / "in", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


def test_a_photograph_may_be_named_in_any_clear_way(photos, tmp_path, monkeypatch):
    table = tmp_path / "boxes.csv"
    monkeypatch.chdir(photos)
    for name in ("astronaut.png", "people/astronaut.png", str(photos / "people/astronaut.png")):
        table.write_text(f"\ufefffile,x,y,width,height\n{name},1.4,2,30,30\n", encoding="utf-8")
        matched = boxes.match(table, photos, images.find(photos))
        assert [(p.name, r[0].box[:4]) for p, r in matched.items()] == [
            ("astronaut.png", (1, 2, 30, 30))
        ]
    for name in ("moon.png", "other/astronaut.png"):
        table.write_text(f"file,x,y,width,height\n{name},1,2,30,30\n")
        with pytest.raises(InputError, match=f"{name} is no photograph in"):
            faces.crop(photos, tmp_path / "out", boxes=table)


def test_an_edited_table_never_makes_the_contact_sheet_a_face(cropped, tmp_path):
    shutil.copytree(cropped[1], tmp_path / "faces")
    table = tmp_path / "faces" / boxes.BOXES
    table.write_text(table.read_text().replace(",", ";"))
    with pytest.raises(InputError, match="damaged table"):
        build(tmp_path / "faces", tmp_path / "pairs", PairConfig(size=32))
    table.unlink()
    build(tmp_path / "faces", tmp_path / "pairs", PairConfig(size=32))
    assert [item.id for item in PairSet.open(tmp_path / "pairs").items] == ["astronaut"]


def test_the_sheet_draws_a_turned_box_where_the_crop_was_cut(tmp_path):
    photo = np.full((256, 256, 3), 255, np.uint8)
    box = Box(88, 108, 80, 80, 30.0, "cat", 1.0)
    drawn = faces._thumbnail(photo, [box])
    # The crop's border shows the frame's colour along all four sides, and nothing inside does.
    turned = cut(drawn, box)
    red = (turned[..., 1] < 160).astype(float)
    assert all(side.mean() > 0.8 for side in (red[0], red[-1], red[:, 0], red[:, -1]))
    assert red[8:-8, 8:-8].max() == 0


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "file,x,y,width,height\na.png,1,2,x,4\n",
                                  "file,x,y,width,height\na.png,1,2,0,4\n"])  # fmt: skip
def test_a_damaged_table_is_refused(photos, tmp_path, text):
    (tmp_path / "b.csv").write_text(text)
    with pytest.raises(InputError, match="damaged table"):
        faces.crop(photos, tmp_path / "out", boxes=tmp_path / "b.csv")


def test_photographs_are_never_changed(photos, cropped):
    assert cropped[2] == contents(photos) and len(cropped[2]) == 3


def test_a_pair_set_made_from_crops_remembers_the_photograph(photos, cropped, tmp_path):
    build(cropped[1], tmp_path / "pairs", PairConfig(size=32))
    (item,) = PairSet.open(tmp_path / "pairs").items
    assert item.category == "people"
    assert item.origin.file == str((photos / "people" / "astronaut.png").resolve())
    assert len(item.origin.box) == 4 and len(item.origin.sha256) == 64


HEAD = "file,x,y,width,height"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("coffee.png,inf,0,60,60", "line 2: x is inf, beyond any photograph"),
        ("coffee.png,0,-Infinity,60,60", "line 2: y is -Infinity, beyond any photograph"),
        ("coffee.png,0,0,nan,60", "line 2: width is nan, beyond any photograph"),
        ("coffee.png,0,0,1e300,60", "line 2: width is 1e300, beyond any photograph"),
        ("coffee.png,5000,5000,60,60", "line 2: the box of 60x60 at 5000, 5000 is not inside"),
        ("coffee.png,-900,10,60,60", "line 2: the box of 60x60 at -900, 10 is not inside"),
        ("coffee.png,0,0,30000,30000", "line 2: the box of 30000x30000 at 0, 0 is not inside"),
        ("coffee.png,-9000,-9000,19000,19000", "is not inside coffee.png, which is 600x400"),
        ("coffee.png,1,2,0.2,4", "line 2: a box of 0.2x4"),
        ("coffee.png,1,2,,4", "line 2: width is '', not a number"),
        ("coffee.png,1,2", "line 2: width is '', not a number"),
        (",1,2,3,4", "line 2: a box of 3x4 in ''"),
        ("moon.png,1,2,3,4", "line 2: moon.png is no photograph in"),
        ('"a\nb.png",1,2,3,4', r"line 3: 'a\\nb.png' is no photograph in"),
        ("a\0b.png,1,2,3,4", "damaged table|is no photograph in"),
    ],
)
def test_a_box_that_cannot_be_is_refused_with_its_line(photos, tmp_path, line, reason):
    (tmp_path / "b.csv").write_text(f"{HEAD}\n{line}\n")
    with pytest.raises(InputError, match=reason) as caught:
        faces.crop(photos, tmp_path / "out", boxes=tmp_path / "b.csv")
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\ncoffee.png,10,10,60,60\n\n,,,,\n",
        f"{HEAD}\n\n , , \ncoffee.png,10,10,60,60\n  \n",
        "file, x, y , width, height\ncoffee.png, 10, 10 , 60, 60\n",
        f"{HEAD}\r\ncoffee.png,10,10,60,60,\r\n,,,,,,\r\n",
    ],
)
def test_empty_lines_and_spaces_after_commas_are_fine(photos, tmp_path, text):
    (tmp_path / "b.csv").write_text(text, newline="")
    found = faces.crop(photos, tmp_path / "out", boxes=tmp_path / "b.csv")
    assert [f.boxes[0][:4] for f in found if f.boxes] == [(10, 10, 60, 60)]


def test_a_miss_counts_once_it_is_edited(photos, cropped, tmp_path):
    table = cropped[1] / boxes.BOXES
    miss = next(row for row in boxes.read(table) if row.box.kind == "miss")
    assert miss.box[:4] == (100, 0, 400, 400) and miss.file.endswith("coffee.png")
    faces.crop(photos, tmp_path / "two", boxes=table)
    assert not (tmp_path / "two" / "crops" / "coffee").exists()
    edited = table.read_text().replace("coffee.png,100,0,400,400", "coffee.png,100,50,80,80")
    (tmp_path / "edited.csv").write_text(edited)
    faces.crop(photos, tmp_path / "three", boxes=tmp_path / "edited.csv")
    crop = images.read(tmp_path / "three" / "crops" / "coffee" / "coffee.png")
    assert np.array_equal(crop, skimage.data.coffee()[50:130, 100:180])
    assert {row.box.kind for row in boxes.read(tmp_path / "three" / boxes.BOXES)} == {
        "human", "hand"}  # fmt: skip


@pytest.mark.parametrize("fallback", ["none", "centre"])
def test_photographs_that_cannot_be_read_are_named_with_their_reasons(tmp_path, capsys, fallback):
    (tmp_path / "in").mkdir()
    whole = images.encode(skimage.data.coffee())
    (tmp_path / "in" / "a.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in" / "b.png").write_text("no picture")
    assert main(["faces", *map(str, (tmp_path / "in", tmp_path / "out")),
                 "--fallback", fallback]) == 1  # fmt: skip
    (line,) = capsys.readouterr().err.splitlines()
    assert "none of 2 pictures can be read" in line and "fallback" not in line
    assert "a.png: damaged picture" in line and "b.png: is not a picture" in line


def test_the_fallback_is_named_where_most_are_missed(blanks, tmp_path, capsys, monkeypatch):
    images.write(blanks / "anna.png", np.zeros((60, 60, 3), np.uint8))
    face = Box(10, 10, 40, 40, 0.0, "cat", 5.0)
    monkeypatch.setattr(faces, "detect", lambda photo, *_: [] if photo.any() else [face])
    main(["faces", str(blanks), str(tmp_path / "a")])
    assert "no face in 2 photographs: --fallback centre" in capsys.readouterr().out
    main(["faces", str(blanks), str(tmp_path / "b"), "--fallback", "centre"])
    assert "--fallback" not in capsys.readouterr().out


def test_cells_of_the_table_are_no_formulas(photos, tmp_path):
    row = boxes.Row("=cmd()", Box(-1, 2, 3, 4, -5.0, "@x", 0.0), "+c", "-s")
    boxes.write(tmp_path / "b.csv", [row])
    text = (tmp_path / "b.csv").read_text().splitlines()[1]
    assert text == "'=cmd(),-1,2,3,4,-5.0,'@x,0.0,'+c,'-s"
    (again,) = boxes.read(tmp_path / "b.csv")
    assert replace(again, line=0) == row
