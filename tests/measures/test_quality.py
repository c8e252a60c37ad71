import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from nekogao.measures import quality as measurements
from nekogao.measures.quality import measure


def faces(count, seed=0, side=16):
    return np.random.default_rng(seed).random((count, side, side, 3)).astype(np.float32)


@given(st.integers(1, 5))
def test_exact_outputs_are_perfect(count):
    targets = faces(count)
    assert measure(targets, targets) == pytest.approx(
        {"mae": 0, "psnr": 100, "ssim": 1, "skill": 1, "identity": 1, "sharpness": 1}
    )


def test_the_mean_of_the_others_has_no_skill():
    targets = faces(4)
    others = np.stack([np.delete(targets, i, axis=0).mean(axis=0) for i in range(4)])
    assert measurements.skill(others, targets) == pytest.approx(np.zeros(4), abs=1e-6)


def test_skill_of_one_picture_is_measured_against_mid_gray():
    target = faces(1)
    assert measurements.skill(np.full_like(target, 0.5), target) == pytest.approx([0])
    halfway = (target + 0.5) / 2
    assert measurements.skill(halfway, target) == pytest.approx([0.5], abs=1e-6)


def test_skill_of_equal_targets_is_a_number():
    targets = np.repeat(faces(1), 3, axis=0)
    assert np.isfinite(measurements.skill(targets * 0.9, targets)).all()


def test_identity_counts_outputs_that_look_like_their_own_target():
    targets = faces(4)
    outputs = targets[[0, 1, 3, 2]] * 0.95
    assert measurements.identity(outputs, targets).tolist() == [True, True, False, False]
    constant = np.repeat(targets[:1], 4, axis=0)
    assert measure(constant, targets)["identity"] == 0.25  # chance


def test_ssim_and_psnr_are_those_of_scikit_image():
    outputs, targets = faces(3, 1), faces(3, 2)
    for i in range(3):
        expected = structural_similarity(outputs[i], targets[i], channel_axis=-1, data_range=1)
        assert measurements.ssim(outputs, targets)[i] == pytest.approx(expected)
        expected = peak_signal_noise_ratio(targets[i], outputs[i], data_range=1)
        assert measurements.psnr(outputs, targets)[i] == pytest.approx(expected, rel=1e-5)


def test_sharpness_by_hand():
    target = np.zeros((1, 3, 3, 1), np.float32)
    target[0, 1, 1] = 1.0  # differences: 0, 1, 1 and sqrt(2)
    output = target / 4
    assert measurements.sharpness(output, target) == pytest.approx(0.25)
    ramp = np.tile(np.arange(4, dtype=np.float32) / 4, (2, 4, 1))[..., None]
    both = ramp + ramp.swapaxes(1, 2)  # a slope of 1/4 along each axis
    assert measurements.sharpness(both, ramp) == pytest.approx(2**0.5)


def test_sharpness_distinguishes_blur_and_noise_and_is_a_number_for_flat_targets():
    targets, flat = faces(3), np.full((3, 16, 16, 3), 0.5, np.float32)
    assert measurements.sharpness((targets + np.roll(targets, 1, axis=1)) / 2, targets) < 0.9
    assert measurements.sharpness(targets, (targets + 0.5) / 2) == pytest.approx(2)
    assert measurements.sharpness(flat, targets) < 1e-4
    assert measurements.sharpness(flat, flat) == 1
    assert 1 < measurements.sharpness(targets, flat) < float("inf")
