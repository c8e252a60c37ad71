import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from nekogao.errors import PictureError
from nekogao.pictures import decoding, outlines


def jpeg_with(*entries):
    """A JPEG stored 24x16 whose upper left corner is blue, with EXIF tags of any type."""
    picture = np.full((16, 24, 3), 200, np.uint8)
    picture[:8, :8] = (0, 0, 255)
    table, far = b"", 8 + 2 + 12 * len(entries) + 4
    later = b""
    for tag, kind, count, value in entries:
        if len(value) > 4:
            field = struct.pack("<I", far + len(later))
            later += value
        else:
            field = value.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, count) + field
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4) + later
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=95, exif=b"Exif\0\0" + tiff)
    return buffer.getvalue()


ORIENTATION = (0x0112, 3, 1, struct.pack("<H", 6))
VALUES = {
    1: b"\x07", 2: b"2\0", 3: struct.pack("<H", 2), 4: struct.pack("<I", 2),
    5: struct.pack("<II", 1, 0), 6: b"\xff", 7: b"\x01\x02\x03\x04", 8: struct.pack("<h", -2),
    9: struct.pack("<i", -2), 10: struct.pack("<ii", -1, 0), 11: struct.pack("<f", 1.5),
    12: struct.pack("<d", float("nan")), 13: struct.pack("<I", 4), 99: b"\0\0\0\0",
}  # fmt: skip
TAGS = (0x0100, 0x010F, 0x011A, 0x0128, 0x0132, 0x02BC, 0x8298, 0x8769, 0x8825, 0xA005, 0x9C9B)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("tag", TAGS)
def test_a_turned_photograph_is_upright_whatever_the_type_of_another_tag(tag, kind, tmp_path):
    entries = sorted([ORIENTATION, (tag, kind, 1, VALUES[kind])])
    (tmp_path / "a.jpg").write_bytes(jpeg_with(*entries))
    picture = decoding.read(tmp_path / "a.jpg")
    assert picture.shape == (24, 16, 3)
    assert picture[2, 13, 2] > 200 and picture[2, 13, 0] < 60
    assert outlines.read(tmp_path / "a.jpg")[:2] == (16, 24)


@pytest.mark.parametrize("kind", [2, 7, 11, 12])
def test_a_turned_tiff_is_upright_whatever_the_type_of_another_tag(kind, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (24, 16), "red").save(buffer, "TIFF", exif=exif, dpi=(72, 72))
    data = bytearray(buffer.getvalue())
    data[data.index(struct.pack("<HH", 0x011A, 5)) + 2] = kind
    (tmp_path / "a.tif").write_bytes(data)
    assert decoding.read(tmp_path / "a.tif").shape == (24, 16, 3)


def test_broken_exif_data_does_not_hide_a_sound_picture():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), "red").save(buffer, "JPEG", exif=b"Exif\0\0no tiff at all")
    assert decoding.decode(buffer.getvalue()).shape == (4, 8, 3)


@pytest.mark.parametrize(
    "error", [AttributeError("x"), KeyError(3), RuntimeError("a\nb"), IndexError(), MemoryError()]
)
def test_whatever_a_decoder_throws_is_an_error_about_the_picture(monkeypatch, tmp_path, error):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")

    def fail(self):
        raise error

    monkeypatch.setattr(Image.Image, "convert", lambda self, *a, **k: fail(self))
    with pytest.raises(PictureError, match=r"a\.png: ") as caught:
        decoding.read(tmp_path / "a.png")
    assert "\n" not in str(caught.value)


def tiff(values, bits, photometric=1, samples=1, form=1):
    """An uncompressed TIFF of one strip."""
    height, width = values.shape[:2]
    data = values.tobytes()
    far = 8 + 2 + 12 * 10 + 4
    more = struct.pack(f"<{samples}H", *[bits] * samples)
    spot = struct.pack("<H", bits) if samples == 1 else struct.pack("<I", far)
    start = far + (0 if samples == 1 else len(more))
    entries = [
        (256, 4, 1, struct.pack("<I", width)), (257, 4, 1, struct.pack("<I", height)),
        (258, 3, samples, spot), (259, 3, 1, b"\x01\0"), (262, 3, 1, bytes([photometric, 0])),
        (273, 4, 1, struct.pack("<I", start)), (277, 3, 1, bytes([samples, 0])),
        (278, 4, 1, struct.pack("<I", height)), (279, 4, 1, struct.pack("<I", len(data))),
        (339, 3, 1, bytes([form, 0])),
    ]  # fmt: skip
    table = b"".join(struct.pack("<HHI", *e[:3]) + e[3].ljust(4, b"\0") for e in entries)
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4)
        + (b"" if samples == 1 else more) + data
    )  # fmt: skip


def test_white_is_zero_means_the_same_in_sixteen_bits_as_in_eight():
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16)
    deep = decoding.decode(tiff(ramp * 257, 16, photometric=0))
    assert np.array_equal(deep, decoding.decode(tiff(ramp.astype(np.uint8), 8, photometric=0)))
    assert deep[0, 0, 0] == 255 and deep[-1, -1, 0] == 0
    times_256 = decoding.decode(tiff(0xFFFF - (255 - ramp) * 256, 16, photometric=0))
    assert np.array_equal(times_256, deep)


@pytest.mark.parametrize("photometric", [0, 1])
def test_a_ramp_of_sixteen_bits_equals_the_same_ramp_cut_off_at_eight(photometric):
    ramp = np.tile(np.linspace(0, 1, 32), (32, 1))
    deep, flat = (ramp * 65535).astype(np.uint16), (ramp * 255).astype(np.uint8)
    if photometric == 0:
        deep, flat = 0xFFFF - deep, 255 - flat
    sixteen, eight = (tiff(v, b, photometric) for v, b in ((deep, 16), (flat, 8)))
    assert np.array_equal(decoding.decode(sixteen), decoding.decode(eight))


def test_numbers_of_labels_stored_in_sixteen_bits_are_not_scaled_to_black(tmp_path):
    labels = np.repeat(np.arange(11, dtype=np.uint16), 8).reshape(8, 11)
    Image.fromarray(labels).save(tmp_path / "a.png")
    Image.fromarray(labels * 5957).save(tmp_path / "b.png")
    assert np.array_equal(decoding.read(tmp_path / "a.png", 1), labels.astype(np.uint8))
    assert np.array_equal(decoding.read(tmp_path / "b.png", 1), labels * 5957 // 257)


def png(pixels, key, colour_type):
    """A PNG of 16 bits a channel with a transparent colour."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(
            ">I", zlib.crc32(name + data)
        )  # fmt: skip

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0))
        + chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip


def test_a_transparent_colour_of_sixteen_bits_becomes_white():
    gray = np.full((4, 6), 30000, np.uint16)
    gray[:, 0] = 5
    picture = decoding.decode(png(gray, (5,), 0))
    assert (picture[:, 0] == 255).all() and (picture[:, 1:] == 30000 // 257).all()
    colours = np.full((4, 6, 3), 30000, np.uint16)
    colours[:, 0] = (60000, 5, 700)
    picture = decoding.decode(png(colours, (60000, 5, 700), 2))
    assert (picture[:, 0] == 255).all() and (picture[:, 1:] == 30000 >> 8).all()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tiff(np.zeros((4, 4, 3), np.float32), 32, 2, 3, 3), "3 channels of 32 floating-point"),
        (tiff(np.zeros((4, 4), np.float64), 64, 1, 1, 3), "1 channel of 64 floating-point bits"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "kind HEIC, which cannot be read here"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "kind JPEG XL"),
        (b"\x89PNG\r\n\x1a\nnothing more", "a PNG picture that is damaged"),
        (b"words", "is not a picture"),
    ],
)
def test_pictures_of_an_unsupported_kind_are_called_so(data, reason):
    with pytest.raises(PictureError, match=reason) as caught:
        decoding.decode(data, name="a")
    assert "\n" not in str(caught.value)


def test_large_pictures_are_read_without_a_warning(tmp_path):
    Image.new("1", (10000, 9500)).save(tmp_path / "a.png")
    code = f"from nekogao.pictures import outlines; print(outlines.read({tmp_path / 'a.png'!r}))"
    code = code.replace("PosixPath", "__import__('pathlib').Path")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "10000" in ran.stdout and ran.stderr == ""


def test_a_picture_that_is_too_large_to_be_opened_is_one_line():
    png = (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
        + struct.pack(">IIBBBBB", 20000, 20000, 1, 0, 0, 0, 0)
    )  # fmt: skip
    png += struct.pack(">I", zlib.crc32(png[12:]))
    png += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(PictureError, match="400 megapixels; at most 179 are read") as caught:
        decoding.decode(png, name="a.png")
    assert "\n" not in str(caught.value)
