import pytest
from PIL import Image

from nekogao.errors import PictureError
from nekogao.pictures import images, outlines


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGB"), ("a.png", "L"), ("a.jpg", "RGB"), ("a.jpg", "L"), ("a.jpg", "CMYK"),
     ("a.webp", "RGB"), ("a.tif", "RGB"), ("a.tif", "L"), ("a.tif", "RGBA"), ("a.tif", "CMYK"),
     ("a.tif", "I;16")],
)  # fmt: skip
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_outline_has_the_size_of_the_picture_as_it_is_read(tmp_path, name, mode, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new(mode, (6, 4)).save(tmp_path / name, exif=exif)
    outline = outlines.read(tmp_path / name)
    assert (outline.height, outline.width) == images.read(tmp_path / name).shape[:2]


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("I;16", 1), ("LA", 3), ("P", 3), ("RGBA", 3)]
)
def test_only_gray_files_without_transparency_have_one_channel(tmp_path, mode, channels):
    Image.new(mode, (4, 4)).save(tmp_path / "a.png")
    assert outlines.read(tmp_path / "a.png").channels == channels


def test_what_is_no_picture_is_refused_as_reading_does(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    for name in ("text.png", "absent.png"):
        with pytest.raises(PictureError) as read:
            images.read(tmp_path / name)
        with pytest.raises(PictureError) as outlined:
            outlines.read(tmp_path / name)
        assert str(read.value) == str(outlined.value)
