import numpy as np

from nekogao.pictures import samples


def test_the_ten_faces_differ_clearly_from_each_other():
    faces = samples.ten_faces(64)
    assert len(faces) == 10
    flat = np.stack(list(faces.values())).reshape(10, -1) / 255
    distance = np.abs(flat[:, None] - flat[None]).mean(axis=2)
    assert distance[~np.eye(10, dtype=bool)].min() > 0.08


def test_drawing_is_deterministic_and_can_be_shifted():
    who = samples.CHARACTERS[0]
    assert np.array_equal(samples.draw_face(who, 64), samples.draw_face(who, 64))
    moved = samples.draw_face(who, 64, dx=0.125)
    assert np.array_equal(moved[40, 20:50], samples.draw_face(who, 64)[40, 12:42])


def test_photographs_are_colour_pictures():
    photographs = samples.photographs()
    assert sorted(photographs) == ["astronaut", "cameraman", "coffee", "rocket"]
    assert all(p.ndim == 3 and p.dtype == np.uint8 for p in photographs.values())


def test_many_faces_are_all_different_and_always_the_same():
    many = dict(samples.many_faces(200, 32, seed=3))
    assert list(many) == [f"face-{number:06d}" for number in range(200)]
    assert len({picture.tobytes() for picture in many.values()}) == 200
    for name, picture in samples.many_faces(5, 32, seed=3):
        assert np.array_equal(picture, many[name])
    other = dict(samples.many_faces(5, 32, seed=4))
    assert not any(np.array_equal(picture, many[name]) for name, picture in other.items())


def test_a_coarser_drawing_shows_the_same_face():
    fine, coarse = (samples.draw_face(samples.CHARACTERS[1], 64, side=side) for side in (512, 128))
    assert np.abs(fine.astype(int) - coarse).mean() < 6


def test_unseen_pictures_are_many_squares_that_differ_and_hold_no_cat():
    found = samples.unseen(32)
    assert len(found) == 102 and not any("cat" in name or "chelsea" in name for name in found)
    assert {picture.shape for picture in found.values()} == {(32, 32, 3)}
    assert len({picture.tobytes() for picture in found.values()}) == 102
    assert min(picture.std() for picture in found.values()) > 1
