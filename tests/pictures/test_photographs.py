import numpy as np

from nekogao.pictures import images, photographs


def test_the_ten_faces_differ_clearly_from_each_other():
    faces = photographs.ten_faces(64)
    assert len(faces) == 10
    flat = np.stack(list(faces.values())).reshape(10, -1) / 255
    distance = np.abs(flat[:, None] - flat[None]).mean(axis=2)
    assert distance[~np.eye(10, dtype=bool)].min() > 0.08


def test_photographs_are_colour_pictures():
    found = photographs.photographs()
    assert sorted(found) == ["astronaut", "cameraman", "coffee", "rocket"]
    assert all(p.ndim == 3 and p.dtype == np.uint8 for p in found.values())


def test_unseen_pictures_are_many_squares_that_differ_and_hold_no_cat():
    found = photographs.unseen(32)
    assert len(found) == 102 and not any("cat" in name or "chelsea" in name for name in found)
    assert {picture.shape for picture in found.values()} == {(32, 32, 3)}
    assert len({picture.tobytes() for picture in found.values()}) == 102
    assert min(picture.std() for picture in found.values()) > 1


def test_a_folder_holds_each_picture_under_its_name(tmp_path):
    found = photographs.ten_faces(32)
    photographs.write_folder(found, str(tmp_path / "deep" / "faces"))
    for name, picture in found.items():
        assert np.array_equal(images.read(tmp_path / "deep" / "faces" / f"{name}.png"), picture)
