import numpy as np

from nekogao.pairs import likeness
from nekogao.pictures import characters, images


def face(number):
    return characters.draw_face(characters.CHARACTERS[number], 96)


def test_a_view_stays_where_bright_and_dark_change_places_and_contrast_fades():
    views = np.stack([likeness.view(face(number)) for number in range(4)])
    assert np.allclose(np.linalg.norm(views, axis=1), 1, atol=1e-4)
    for painted in (255 - face(2), face(2) // 3 + 90, images.luma(face(2))):
        found = likeness.distances(views, likeness.view(painted))
        assert found.argmin() == 2 and found[2] < 0.3 * np.delete(found, 2).min()


def test_a_flat_picture_is_like_nothing():
    views = np.stack([likeness.view(face(0))])
    assert likeness.distances(views, likeness.view(np.full((9, 9), 7, np.uint8))) == 1


def test_the_nearest_frame_counts_where_frames_far_from_it_are_clearly_farther():
    found = np.full(40, 0.8, np.float32)
    assert likeness.nearest(found) is None
    found[18:23] = 0.7
    found[20] = 0.6
    assert likeness.nearest(found) == 20
    found[20] = 0.68
    assert likeness.nearest(found) is None
    found[[5, 20, 35]] = 0.4, 0.41, 0.4  # a loop comes back to where it was
    assert likeness.nearest(found) == 5
    found[::2] = 0.41
    assert likeness.nearest(found) is None


def test_of_few_frames_all_others_are_compared():
    assert likeness.nearest(np.array([0.9, 0.2], np.float32)) == 1
    assert likeness.nearest(np.array([0.9], np.float32)) is None
