import numpy as np

from nekogao.data import samples


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
