import numpy as np

from nekogao.pictures import characters


def test_drawing_is_deterministic_and_can_be_shifted():
    who = characters.CHARACTERS[0]
    assert np.array_equal(characters.draw_face(who, 64), characters.draw_face(who, 64))
    moved = characters.draw_face(who, 64, dx=0.125)
    assert np.array_equal(moved[40, 20:50], characters.draw_face(who, 64)[40, 12:42])


def test_many_faces_are_all_different_and_always_the_same():
    many = dict(characters.many_faces(200, 32, seed=3))
    assert list(many) == [f"face-{number:06d}" for number in range(200)]
    assert len({picture.tobytes() for picture in many.values()}) == 200
    for name, picture in characters.many_faces(5, 32, seed=3):
        assert np.array_equal(picture, many[name])
    other = dict(characters.many_faces(5, 32, seed=4))
    assert not any(np.array_equal(picture, many[name]) for name, picture in other.items())


def test_a_coarser_drawing_shows_the_same_face():
    fine, coarse = (
        characters.draw_face(characters.CHARACTERS[1], 64, side=side) for side in (512, 128)
    )
    assert np.abs(fine.astype(int) - coarse).mean() < 6
