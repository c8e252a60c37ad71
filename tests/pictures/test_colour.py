import io
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from nekogao.pictures import decoding, outlines
from tests.pictures import profiles

STORED = (200, 120, 100)
WIDE = {
    "adobe-rgb": (profiles.rgb(profiles.ADOBE_RGB, 2.19921875), (224, 121, 99)),
    "display-p3": (profiles.rgb(profiles.DISPLAY_P3), (214, 116, 95)),
}


def saved(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def off(picture, expected):
    return np.abs(picture.astype(int) - np.array(expected)).max()


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_colours_with_a_profile_are_read_as_srgb_in_every_format(name, kind):
    profile, expected = WIDE[name]
    options = {"quality": 100} if kind in {"JPEG", "AVIF"} else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    data = saved(Image.new("RGB", (16, 16), STORED), kind, icc_profile=profile, **options)
    assert off(decoding.decode(data), expected) <= 3


def test_linear_gray_and_sixteen_bit_gray_go_through_their_profile(tmp_path):
    linear = profiles.gray(1.0)
    data = saved(Image.new("L", (4, 4), 50), icc_profile=linear)
    assert off(decoding.decode(data), 122) <= 2 and off(decoding.decode(data, 1), 122) <= 2
    deep = saved(Image.fromarray(np.full((4, 4), 50 * 257, np.uint16)), icc_profile=linear)
    assert off(decoding.decode(deep), 122) <= 2
    (tmp_path / "a.png").write_bytes(data)
    assert outlines.read(tmp_path / "a.png").channels == 1


def test_cmyk_goes_through_its_profile():
    press = profiles.cmyk(lambda c, m, y, k: (1 - k) * (1 - 0.5 * c))
    image = Image.new("CMYK", (8, 8), (255, 0, 0, 0))  # plainly cyan, on this press a gray
    for kind in ("TIFF", "JPEG"):
        picture = decoding.decode(saved(image, kind, icc_profile=press))
        assert off(picture, 119) <= 2  # L* = 50


@pytest.mark.parametrize("mode", ["RGBA", "P", "palette with alpha", "key"])
def test_the_profile_comes_before_the_white_under_transparency(mode):
    profile, expected = WIDE["display-p3"]
    image, options = Image.new("RGBA", (4, 4), (*STORED, 255)), {}
    image.putpixel((0, 0), (*STORED, 0))
    image.putpixel((1, 0), (*STORED, 128))
    if mode == "P":
        image = image.convert("RGB").quantize(4)
    elif mode == "palette with alpha":
        image = image.quantize(8, method=Image.Quantize.FASTOCTREE)
    elif mode == "key":
        image = image.convert("RGB")
        image.putpixel((0, 0), (1, 2, 3))
        options["transparency"] = (1, 2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = decoding.decode(saved(image, icc_profile=profile, **options))
    assert off(picture[3, 3], expected) <= 2
    if mode != "P":
        assert picture[0, 0].tolist() == [255, 255, 255]
    if mode == "RGBA":
        assert off(picture[0, 1], [(255 + v) / 2 for v in expected]) <= 3


SRGB = {
    "none": None,
    "lcms": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "matrix": profiles.rgb(profiles.SRGB),
    "not a profile": b"no profile at all",
    "cut off": profiles.rgb(profiles.ADOBE_RGB, 2.2)[:200],
    "another space": profiles.gray(1.0),
}


@pytest.mark.parametrize("name", SRGB)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_untagged_srgb_and_unreadable_profiles_change_no_bit(name, mode):
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (64, 64, 4), np.uint8)).convert(mode)
    plain = decoding.decode(saved(image))
    options = {"icc_profile": SRGB[name]} if SRGB[name] else {}
    assert np.array_equal(decoding.decode(saved(image, **options)), plain)
