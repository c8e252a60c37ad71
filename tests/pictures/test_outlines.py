import pytest
from PIL import Image

from nekogao.errors import PictureError
from nekogao.pictures import images, outlines


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_outline_has_the_size_of_the_picture_as_it_is_read(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (6, 4)).save(tmp_path / name, exif=exif)
    outline = outlines.read(tmp_path / name)
    assert (outline.height, outline.width, outline.channels) == images.read(tmp_path / name).shape


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
