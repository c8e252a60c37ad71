import cv2
import numpy as np
import pytest
import skimage.data

from nekogao.errors import InputError
from nekogao.models.exemplar.pins import of_face, of_lines, of_pair
from nekogao.pictures import images
from nekogao.pictures.characters import CHARACTERS, draw_face
from nekogao.pictures.detection import Box, cut
from nekogao.pictures.domains import built_in
from tests.models.exemplar.drawings import face

FAR = 8.0
"""Pixels of 128 that a pin may be off."""


def off(found, true):
    """The largest distance of a pin from its true place, in pixels."""
    assert found is not None and found.shape == (3, 2) and found.dtype == np.float32
    return np.hypot(*(found - true).T).max()


@pytest.mark.parametrize("style", ["ring", "dot", "arc"])
@pytest.mark.parametrize("pen", [0.8, 2.5])
def test_pins_of_a_drawing_are_where_its_eyes_and_nose_are(style, pen):
    lines, true = face(style=style, pen=pen)
    assert off(of_lines(lines), true) < FAR


@pytest.mark.parametrize(
    "changed",
    [{"tilt": 15.0}, {"tilt": -15.0}, {"at": (0.42, 0.58), "head": 0.27}, {"head": 0.4}],
    ids=str,
)
def test_faces_may_be_tilted_small_large_or_off_centre(changed):
    lines, true = face(**changed)
    assert off(of_lines(lines), true) < FAR


def test_tilted_faces_have_their_third_pin_off_the_vertical():
    lean = [of_lines(face(tilt=tilt)[0]) for tilt in (-15.0, 15.0)]
    beside = [pins[2, 0] - pins[:2, 0].mean() for pins in lean]
    assert abs(beside[0] - beside[1]) > 5


@pytest.mark.parametrize("size", [64, 200, 512])
def test_pins_are_in_pixels_of_the_drawing(size):
    lines, true = face(size)
    assert off(of_lines(lines), true) < FAR * size / 128


def test_a_wide_drawing_keeps_its_proportions():
    lines, true = face(200)
    wide = np.pad(lines, ((0, 0), (40, 40)), constant_values=255)
    assert off(of_lines(wide), true + np.array([40, 0])) < FAR * 280 / 128


def test_a_mirrored_drawing_has_mirrored_pins():
    lines, _ = face(at=(0.45, 0.52))
    here, there = of_lines(lines), of_lines(np.ascontiguousarray(lines[:, ::-1]))
    back = there[[1, 0, 2]]
    back[:, 0] = 127 - back[:, 0]
    assert off(back, here) < 1


def test_what_is_no_face_has_no_pins():
    blank = np.full((128, 128), 255, np.uint8)
    ruled = blank.copy()
    ruled[::16] = 0
    noise = np.random.default_rng(0).integers(0, 2, (128, 128)).astype(np.uint8) * 255
    frame = blank.copy()
    frame[[20, 100], 20:100] = frame[20:100, [20, 100]] = 0
    for lines in (blank, blank - 255, ruled, noise, frame, np.full((1, 1), 255, np.uint8)):
        assert of_lines(lines) is None


def test_a_drawing_is_one_channel_of_bytes():
    with pytest.raises(InputError, match="lines: shape .* expected height x width"):
        of_lines(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("who", [CHARACTERS[n] for n in (1, 2, 7)], ids=lambda who: who.name)
def test_pins_of_a_picture_are_where_its_eyes_are(who):
    eyes = np.array([(0.5 - who.spacing, 0.5), (0.5 + who.spacing, 0.5)]) * 128 - 0.5
    found = of_face(draw_face(who))
    assert np.hypot(*(found[:2] - eyes).T).max() < FAR
    assert 64 + 8 < found[2, 1] < 112 and abs(found[2, 0] - 63.5) < FAR


def test_a_blurred_photograph_without_edges_has_eyes_still():
    photo = cut(skimage.data.astronaut(), Box(165, 55, 120, 120, 0.0, "hand", 0.0))
    blurred = cv2.GaussianBlur(images.resize(photo, 128, 128), (0, 0), 2.5)
    assert of_lines(built_in("edges").source(blurred)) is None
    found = of_face(blurred)
    nose = (66, 77)
    assert off(found, np.array([(39, 48), (87, 51), nose])) < FAR


def test_a_pair_prefers_its_target():
    source, _ = face(at=(0.42, 0.56))
    target = draw_face(CHARACTERS[2])
    assert np.array_equal(of_pair(source, target), of_face(target))


def test_a_pair_without_eyes_in_its_target_takes_its_source():
    lines, true = face()
    plain = np.full((128, 128, 3), 120, np.uint8)
    assert off(of_pair(lines, plain), true) < FAR
    assert off(of_pair(np.repeat(lines[..., None], 3, axis=2), plain), true) < FAR
    assert of_pair(plain, plain) is None
