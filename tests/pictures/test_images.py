import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from nekogao.errors import InputError, PictureError
from nekogao.pictures import images

PICTURES = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@given(PICTURES)
def test_a_picture_survives_the_tensor_and_back(picture):
    tensor = images.to_tensor([picture])
    assert tensor.shape == (1, 3, *picture.shape[:2])
    assert tensor.min() >= -1 and tensor.max() <= 1
    assert np.array_equal(images.from_tensor(tensor)[0], picture)
    assert np.allclose(images.to_unit(tensor)[0], picture / 255, atol=1e-6)


def test_outputs_beyond_the_range_are_clipped():
    wild = torch.tensor([-3.0, 3.0]).reshape(1, 1, 1, 2)
    assert images.from_tensor(wild)[0].tolist() == [[0, 255]]


def save(path, mode, value, size=(6, 4), **options):
    Image.new(mode, size, value).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "mode", "value", "expected"),
    [
        ("a.png", "L", 100, (100, 100, 100)),
        ("a.png", "LA", (100, 0), (255, 255, 255)),
        ("a.png", "RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("a.png", "RGBA", (255, 0, 0, 51), (255, 204, 204)),
        ("a.png", "I;16", 65535, (255, 255, 255)),
        ("a.png", "I;16", 257 * 7, (7, 7, 7)),
        ("a.tif", "I;16", 128, (128, 128, 128)),
        ("a.tif", "I;16", 300, (1, 1, 1)),
        ("a.tif", "I", 257 * 9, (9, 9, 9)),
        ("a.tif", "CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("a.png", "1", 1, (255, 255, 255)),
        ("a.gif", "P", 0, (0, 0, 0)),
    ],
)
def test_every_kind_of_pixel_becomes_eight_bit_rgb(tmp_path, name, mode, value, expected):
    picture = images.read(save(tmp_path / name, mode, value))
    assert picture.shape == (4, 6, 3) and picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - expected).max() <= 1


def test_sixteen_bit_gray_is_scaled_not_cut_off(tmp_path):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    assert np.array_equal(images.read(tmp_path / "a.png", 1).ravel(), np.arange(256))


def test_a_transparent_palette_is_laid_on_white(tmp_path):
    image = Image.new("P", (2, 2), 0)
    image.putpalette([10, 20, 30])
    image.save(tmp_path / "a.png", transparency=0)
    assert images.read(tmp_path / "a.png").min() == 255


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert images.read(tmp_path / "a.gif")[0, 0].tolist() == [255, 0, 0]


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    save(tmp_path / "a.jpg", "RGB", "red", size=(6, 4), exif=exif)
    assert images.read(tmp_path / "a.jpg").shape == (6, 4, 3)


def test_what_cannot_be_read_is_said_in_one_line(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(
        tmp_path / "whole.jpg"
    )
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:700])
    save(tmp_path / "float.tif", "F", 0.5)
    save(tmp_path / "minus.tif", "I", -5)
    (tmp_path / "empty.png").touch()
    for name, message in {
        "absent.png": "no such file",
        "": "is not a file",
        "text.jpg": "is not a picture",
        "empty.png": "is not a picture",
        "cut.jpg": "damaged picture",
        "float.tif": "floating-point pixels",
        "minus.tif": "only 0 to 65535",
    }.items():
        with pytest.raises(PictureError, match=message) as caught:
            images.read(tmp_path / name)
        assert "\n" not in str(caught.value)


@given(PICTURES, st.sampled_from(["crop", "pad", "stretch"]))
def test_fitting_gives_a_square_and_unfitting_the_old_shape(picture, how):
    square = images.fit(picture, 8, how)
    assert square.shape == (8, 8, 3)
    height, width = picture.shape[:2]
    expected = (min(height, width),) * 2 if how == "crop" else (height, width)
    assert images.unfit(square, height, width, how).shape[:2] == expected


@given(
    PICTURES, st.integers(1, 20), st.integers(1, 20), st.sampled_from(["crop", "pad", "stretch"])
)
def test_fitting_gives_any_size_and_unfitting_the_old_shape(picture, width, height, how):
    fitted = images.fit(picture, f"{width}x{height}", how)
    assert fitted.shape == (height, width, 3)
    high, wide = picture.shape[:2]
    back = images.unfit(fitted, high, wide, how).shape[:2]
    assert back == (high, wide) if how != "crop" else high in back[:1] or wide in back[1:]
    assert images.centred(fitted, high, wide).shape == picture.shape


def test_cropping_keeps_the_largest_part_of_the_proportions():
    wide = np.arange(12, dtype=np.uint8)[None, :].repeat(4, axis=0)
    assert images.fit(wide, "6x4", "crop").tolist() == [list(range(3, 9))] * 4
    assert images.fit(wide.T, "4x6", "crop").T.tolist() == [list(range(3, 9))] * 4
    padded = images.fit(np.zeros((4, 12), np.uint8), "12x8", "pad")
    assert (padded[[0, 1, 6, 7]] == 255).all() and (padded[2:6] == 0).all()


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(InputError, match=r"shape \(4, 6\). Bring it to 4x6 first"):
        images.check_picture(np.zeros((4, 6), np.uint8), "it", "4x6")
    assert images.check_picture(np.zeros((4, 6), np.uint8), "it", "6x4").shape == (4, 6)


def test_padding_is_white_and_cropping_keeps_the_centre():
    wide = np.zeros((2, 6, 3), np.uint8)
    wide[:, 2:4] = 90
    assert (images.fit(wide, 2, "crop") == 90).all()
    padded = images.fit(np.zeros((2, 6, 3), np.uint8), 6, "pad")
    assert (padded[[0, 1, 4, 5]] == 255).all() and (padded[2:4] == 0).all()


def test_luma_is_itu_601():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert images.luma(colours).tolist() == [[76, 150, 29]]


def test_tiles_lie_where_they_belong():
    black, gray = np.zeros((2, 2, 3), np.uint8), np.full((2, 2), 9, np.uint8)
    sheet = images.tile([[black, gray], [gray]], gap=1)
    assert sheet.shape == (5, 5, 3)
    assert (sheet[:2, :2] == 0).all() and (sheet[:2, 3:] == 9).all()
    assert (sheet[3:, :2] == 9).all() and (sheet[3:, 3:] == 255).all()


@pytest.mark.parametrize("shape", [(1, 1), (4, 6), (1, 1, 3), (4, 6, 3)])
def test_uint8_arrays_of_one_or_three_channels_are_pictures(shape):
    picture = np.zeros(shape, np.uint8)
    assert images.check_picture(picture, "x") is picture


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a.png", "x: str instead of an array"),
        (
            np.zeros((4, 6, 3), np.float32),
            r"float32, shape \(4, 6, 3\).*by 255, round and convert",
        ),
        (np.zeros((4, 6), np.int64), r"x: an array of int64, shape \(4, 6\). Give a uint8 array"),
        (np.zeros((4, 6, 4), np.uint8), "drop alpha with .*PIL image"),
        (np.zeros((4, 6, 1), np.uint8), r"shape \(4, 6, 1\). Give a uint8 array"),
        (np.zeros((1, 4, 6, 3), np.uint8), r"shape \(1, 4, 6, 3\). Give a uint8 array"),
        (np.zeros(9, np.uint8), r"shape \(9,\). Give a uint8 array"),
        (np.zeros((0, 6, 3), np.uint8), "has no pixels"),
    ],
)
def test_other_arrays_are_refused_in_one_line_that_says_what_came(value, message):
    with pytest.raises(InputError, match=message) as caught:
        images.check_picture(value, "x")
    assert "\n" not in str(caught.value)


def test_text_names_a_picture_or_a_folder_as_a_path_does(tmp_path):
    path = save(tmp_path / "a.png", "RGB", "red")
    assert np.array_equal(images.read(str(path)), images.read(path))
    assert images.find(str(tmp_path)) == [path]
    images.write(str(tmp_path / "b.png"), images.read(path))
    assert np.array_equal(images.read(tmp_path / "b.png"), images.read(path))
