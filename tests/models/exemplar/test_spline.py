import cv2
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from nekogao.errors import InputError
from nekogao.models.exemplar.spline import bend, folds, unfold
from nekogao.sizes import Size
from tests.models.exemplar.drawings import face

HELD = np.array([(40, 50), (88, 46), (64, 88)], np.float32)
WANTED = np.array([(46, 58), (78, 60), (60, 80)], np.float32)


def at(flow, points):
    x, y = np.asarray(points, np.float32).T
    return cv2.remap(flow, x[:, None], y[:, None], cv2.INTER_LINEAR)[:, 0]


def warped(picture, flow):
    grid = np.mgrid[: flow.shape[0], : flow.shape[1]][::-1].astype(np.float32)
    x, y = grid + flow.transpose(2, 0, 1)
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def wave(height):
    """A flow that folds where `height` is much above 10."""
    across = np.arange(128, dtype=np.float32)
    flow = np.zeros((128, 128, 2), np.float32)
    flow[..., 0] = height * np.sin(across / 127 * 4 * np.pi)
    return flow


def test_without_freedom_nothing_is_bent():
    assert not bend(HELD, WANTED, 64, 0.0, face()[:1] * 2).any()


@pytest.mark.parametrize("size", [32, 128, 200])
def test_pins_of_the_source_are_taken_to_pins_of_the_exemplar(size):
    scale = (size - 1) / 127
    flow = bend(HELD * scale, WANTED * scale, size, 0.5)
    assert flow.shape == (size, size, 2) and flow.dtype == np.float32
    assert np.abs(at(flow, WANTED * scale) - (HELD - WANTED) * scale).max() < 0.3


@pytest.mark.parametrize("size", [Size(96, 128), Size(45, 33), Size(512, 64)])
def test_pins_meet_and_borders_slide_in_pictures_that_are_no_squares(size):
    scale = (np.array(size, np.float32) - 1) / 127
    flow = bend(HELD * scale, WANTED * scale, size, 1.0, face()[:1] * 2)
    assert flow.shape == (*size.shape, 2) and folds(flow) == 0
    assert (np.abs(at(flow, WANTED * scale) - (HELD - WANTED) * scale) / scale).max() < 0.6
    assert np.abs(flow[:, [0, -1], 0]).max() < 1e-3 > np.abs(flow[[0, -1], :, 1]).max()


def test_equal_pins_bend_nothing():
    assert np.abs(bend(HELD, HELD, 128, 0.5)).max() < 1e-3


def test_pins_fade_in():
    whole = bend(HELD, WANTED, 128, 0.5)
    assert np.allclose(bend(HELD, WANTED, 128, 0.2), 0.4 * whole, atol=1e-3)


def test_a_larger_picture_is_bent_alike():
    small, large = (bend(HELD * n, WANTED * n, 127 * n + 1, 0.5) for n in (1, 2))
    assert np.allclose(large[::2, ::2], 2 * small, atol=1e-2)


@pytest.mark.parametrize("freedom", [0.5, 1.0])
def test_border_points_slide_along_the_border(freedom):
    new, old = face(tilt=10, head=0.25)[0], face()[0]
    flow = bend(HELD, WANTED, 128, freedom, (new, old))
    assert np.abs(flow[:, [0, -1], 0]).max() < 1e-3 and np.abs(flow[[0, -1], :, 1]).max() < 1e-3
    assert np.abs(flow[[0, -1], :, 0]).max() > 1


@pytest.mark.parametrize("freedom", [0.5, 1.0])
def test_nothing_is_folded_or_taken_from_outside(freedom):
    places = np.random.default_rng(0).uniform(20, 107, (4, 2, 3, 2)).astype(np.float32)
    lines = face(tilt=-12)[0], face(head=0.25)[0]
    for held, wanted in places:
        flow = bend(held, wanted, 128, freedom, lines)
        x, y = np.mgrid[:128, :128][::-1] + flow.transpose(2, 0, 1)
        assert folds(flow) == 0 and min(x.min(), y.min()) > -0.01
        assert max(x.max(), y.max()) < 127.01


def test_more_freedom_follows_the_lines_more_closely_and_keeps_the_pins():
    (new, wanted), (old, held) = face(head=0.30, pen=0.8), face(head=0.36, pen=0.8)
    wanted = held + 0.3 * (wanted - held)  # pins that leave the lines apart
    far = distance_transform_edt(new >= 128)
    flows = [bend(held, wanted, 128, freedom, (new, old)) for freedom in (0.5, 0.75, 1.0)]
    apart = [far[warped(old, flow) < 128].mean() for flow in flows]
    assert apart[0] > apart[1] > apart[2] and apart[2] < 0.75 * apart[0]
    for flow in flows:
        assert np.abs(at(flow, wanted) - (held - wanted)).max() < 0.5


def test_following_begins_gently():
    lines = face(head=0.30)[0], face(head=0.36)[0]
    before, after = (bend(HELD, WANTED, 128, freedom, lines) for freedom in (0.5, 0.5001))
    assert 0 < np.abs(after - before).max() < 1.5


def test_without_lines_more_freedom_is_a_half():
    assert np.array_equal(bend(HELD, WANTED, 128, 1.0), bend(HELD, WANTED, 128, 0.5))


def test_blank_lines_change_little():
    blank = np.full((128, 128), 255, np.uint8)
    flow = bend(HELD, WANTED, 128, 1.0, (blank, blank))
    assert np.abs(flow - bend(HELD, WANTED, 128, 0.5)).max() < 0.1


@pytest.mark.parametrize(
    ("held", "wanted", "size", "freedom", "words"),
    [
        (HELD[:2], WANTED, 128, 0.5, "held: expected pins of shape 3 2"),
        (HELD, WANTED * np.nan, 128, 0.5, "wanted: expected pins of shape 3 2 and finite"),
        (HELD, WANTED, 1, 0.5, "size 1, freedom 0.5: expected"),
        (HELD, WANTED, 128, 1.5, "size 128, freedom 1.5: expected"),
    ],
)
def test_wrong_values_are_refused(held, wanted, size, freedom, words):
    with pytest.raises(InputError, match=words):
        bend(held, wanted, size, freedom)


def test_folds_are_the_share_of_pixels_turned_over():
    flow = np.zeros((10, 10, 2), np.float32)
    assert folds(flow) == 0
    flow[..., 0] = -2 * np.arange(10)  # x becomes -x
    assert folds(flow) == 1
    assert 0 < folds(wave(20)) < 0.5


def test_unfolding_leaves_a_gentle_flow_alone():
    assert np.array_equal(unfold(wave(6)), wave(6))


@pytest.mark.parametrize("height", [15, 40, 300])
def test_unfolding_leaves_no_fold_and_changes_no_argument(height):
    flow = wave(height)
    assert folds(flow) > 0 and folds(unfold(flow)) == 0
    assert np.array_equal(flow, wave(height))


def test_unfolding_is_local_and_keeps_borders():
    flow = bend(HELD, WANTED, 128, 0.5)
    flow[8:20, 8:20, 0] += 12 * np.sin(np.arange(12)).astype(np.float32)
    opened = unfold(flow)
    assert folds(flow) > 0 and folds(opened) == 0
    assert np.array_equal(opened[80:, 80:], flow[80:, 80:])
    assert np.allclose(opened[:, [0, -1], 0], 0, atol=1e-3)


def test_small_flows_are_unfolded_too():
    flow = np.random.default_rng(0).normal(0, 5, (4, 6, 2)).astype(np.float32)
    assert folds(unfold(flow)) == 0
    assert unfold(np.ones((1, 5, 2), np.float32)).shape == (1, 5, 2)
