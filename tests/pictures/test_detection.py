import cv2
import numpy as np
import pytest
import skimage.data

from nekogao.pictures import detection, photographs
from nekogao.pictures.detection import Box, centre_box, cut, detect


def test_the_astronaut_is_found_where_her_face_is():
    (best,) = detect(skimage.data.astronaut())
    assert best.kind == "human" and best.width == best.height
    assert 190 < best.x + best.width / 2 < 255 and 85 < best.y + best.height / 2 < 145
    assert 80 < best.width < 180


def test_a_tilted_face_is_found_and_cut_upright():
    photo = skimage.data.astronaut()
    turn = cv2.getRotationMatrix2D((224, 114), -30, 1.0)
    best = detect(cv2.warpAffine(photo, turn, (512, 512)), "human")[0]
    assert best.angle in (15, 30)


@pytest.mark.parametrize(  # coffee is in test_faces
    "name", ["rocket", "moon", pytest.param("page", marks=pytest.mark.slow)]
)
def test_things_are_no_faces(name):
    photo = np.asarray(getattr(skimage.data, name)())
    assert detect(photo) == []


def test_a_box_stays_inside_its_photograph():
    face = skimage.data.astronaut()[60:170, 170:280]
    for box in detect(face):
        assert box.x >= 0 and box.y >= 0
        assert box.x + box.width <= 110 and box.y + box.height <= 110


def test_cutting_an_upright_box_is_slicing():
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    box = Box(10, 5, 20, 20, 0.0, "hand", 0.0)
    assert np.array_equal(cut(photo, box), photo[5:25, 10:30])


def test_cutting_turns_the_photograph_by_the_angle():
    photo = np.zeros((60, 60, 3), np.uint8)
    photo[10:20, 25:35] = 255  # above the middle
    turned = cut(photo, Box(0, 0, 60, 60, 90.0, "hand", 0.0))
    assert turned[30, 15].min() > 200  # counter-clockwise: to the left of the middle


def test_the_centre_box_is_the_largest_centred_square():
    assert centre_box(np.zeros((40, 60, 3), np.uint8))[:4] == (10, 0, 40, 40)


def test_two_eyes_are_seen_in_an_upright_face_and_in_nothing_else():
    photo = photographs.photographs()["astronaut"]
    box = detection.Box(170, 60, 110, 110, 0.0, "human", 40.0)
    assert detection._has_eyes(detection.cut(photo, box))
    for name in ("coffee", "rocket"):
        assert not detection._has_eyes(detection.cut(*centred(name)))


def centred(name):
    photo = photographs.photographs()[name]
    return photo, detection.centre_box(photo)


def test_few_that_agree_need_eyes(monkeypatch):
    """Two cascades that agree are a face where eyes are seen, three strong ones in any case."""
    photo = photographs.photographs()["astronaut"]
    hit = detection._Hit((400.0, 300.0), 100.0, 0.0, "cat", 8.0)
    for hits, eyes, found in ((2, False, 0), (2, True, 1), (3, False, 0), (4, False, 1)):
        monkeypatch.setattr(detection, "_hits", lambda *_, hits=hits: iter([hit] * hits))
        monkeypatch.setattr(detection, "_ANGLES", (0.0,))
        monkeypatch.setattr(detection, "_has_eyes", lambda face, eyes=eyes: eyes)
        assert len(detection.detect(photo, "cat")) == found, (hits, eyes)
