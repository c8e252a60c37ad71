"""Decoding: the bytes of a picture file as 8-bit pixels, upright, in sRGB, on white."""

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from nekogao.errors import NekogaoError, PictureError, PicturesError
from nekogao.pictures import colour

Picture = NDArray[np.uint8]
T = TypeVar("T")

WHITE = 255

# Pillow warns of large pictures and odd tags in Python's own form. What we cannot read we report;
# the rest is read. A filter is set once, as it belongs to all threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read(path: str | Path, channels: int = 3) -> Picture:
    """Read the first frame of a picture file, upright, as 8 bits a channel.

    Colours are brought to sRGB where the file has an ICC profile, transparency is laid on white,
    palettes and CMYK become RGB, 16-bit grays become 8 bits by their high byte unless all their
    values fit into 8, and the EXIF orientation is applied.

    Args:
        path: The file.
        channels: 3 for height x width x 3 RGB, 1 for height x width luma (ITU-R 601).

    Raises:
        PictureError: The file is missing, is no picture, is damaged, is too large, or has a
            format of pixel that cannot be brought to 8 bits without guessing (floating point,
            negative).
    """
    return decode(contents(Path(path)), channels, str(path))


def contents(path: Path) -> bytes:
    """The bytes of a picture file. Raises PictureError where it cannot be read."""
    check_file(path)
    with guarded(str(path)):
        return path.read_bytes()


def check_file(path: Path) -> None:
    """Raise PictureError where there is no such file."""
    if path.is_file():
        return
    if path.is_symlink() and not path.exists():
        raise PictureError(f"{path}: a link to what does not exist. Name a picture that exists.")
    state = "is not a file" if path.exists() else "no such file"
    raise PictureError(f"{path}: {state}. Name a picture that exists.")


def decode(data: bytes, channels: int = 3, name: str = "picture") -> Picture:
    """A file's bytes as `read` would give it; error messages call it `name`."""
    with opened(io.BytesIO(data), name) as image:
        image.seek(0)
        prepare(image)
        return from_pil(image, channels, name)


@contextmanager
def opened(file: Path | io.BytesIO, name: str) -> Iterator[Image.Image]:
    """A picture file opened by Pillow, whose errors are raised as PictureError."""
    with guarded(name):
        try:
            image = Image.open(file)
        except UnidentifiedImageError:
            raise _unidentified(file, name) from None
        with image:
            yield image


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Whatever a decoder throws becomes a PictureError that calls the picture `name`."""
    try:
        yield
    except NekogaoError:
        raise
    except Image.DecompressionBombError as error:
        size, limit = (int(n) / 1e6 for n in re.findall(r"\d+", str(error))[:2])
        raise PictureError(
            f"{name}: too large to open safely ({size:.0f} megapixels; at most {limit:.0f} are "
            "read). Scale it down."
        ) from None
    except MemoryError:
        raise PictureError(
            f"{name}: too large for this machine's memory. Scale it down."
        ) from None
    except Exception as error:
        raise PictureError(
            f"{name}: damaged picture ({_reason(error)}). Replace the file."
        ) from None


def sound(results: Iterable[T | PictureError]) -> Iterator[T]:
    """The results that are no errors; when all have come, the errors are raised as one.

    So a person hears of all bad pictures at once. After the first error nothing is passed on.
    """
    errors: list[PictureError] = []
    for result in results:
        if isinstance(result, PictureError):
            errors.append(result)
        elif not errors:
            yield result
    if len(errors) > 1:
        raise PicturesError([str(error) for error in errors])
    if errors:
        raise errors[0]


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


_SIGNATURES = {
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
    "PSD": (b"8BPS",),
}
"""How files of these kinds begin; Pillow keeps to itself why it refused one."""
_HEAD = 32
_FOREIGN = {
    b"ftypheic": "HEIC", b"ftypheix": "HEIC", b"ftypmif1": "HEIF", b"ftypmsf1": "HEIF",
    b"ftypavif": "AVIF", b"JXL \r\n": "JPEG XL",
}  # fmt: skip
"""What is found within the first bytes of pictures that Pillow may lack the decoder for."""


def _unidentified(file: Path | io.BytesIO, name: str) -> PictureError:
    """Why Pillow could not open a file."""
    data = file.read_bytes() if isinstance(file, Path) else file.getvalue()
    head = data[:_HEAD]
    for mark, kind in _FOREIGN.items():
        if mark in head:
            return PictureError(
                f"{name}: a picture of the kind {kind}, which cannot be read here. Save it as PNG "
                "or JPEG."
            )
    for kind, starts in _SIGNATURES.items():
        if head.startswith(starts):
            try:
                Image.OPEN[kind][0](io.BytesIO(data), "")
            except Exception as error:
                return PictureError(
                    f"{name}: a {kind} picture that is damaged or of an unsupported kind "
                    f"({_detail(kind, data) or _reason(error)}). Save it anew, with 8 bits a "
                    "channel."
                )
    return PictureError(f"{name}: is not a picture. Remove or replace the file.")


def _detail(kind: str, data: bytes) -> str:
    """What a TIFF file says of its own pixels; empty where it does not."""
    if kind != "TIFF":
        return ""
    from PIL import TiffImagePlugin as Tiff

    try:
        found = Tiff.ImageFileDirectory_v2(data[:8])
        stream = io.BytesIO(data)
        stream.seek(found.next)
        found.load(stream)
        bits = found[Tiff.BITSPERSAMPLE]
        form = {2: "signed ", 3: "floating-point "}.get(found.get(Tiff.SAMPLEFORMAT, (1,))[0], "")
        return f"{len(bits)} channels of {bits[0]} {form}bits".replace("1 channels", "1 channel")
    except Exception:
        return ""


# Orientation

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what makes such a picture upright."""


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8, whatever else the EXIF data holds; 1 where it says none."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
        return int(value) if value in _TURNS else 1
    except Exception:  # Of all that a camera wrote this is the only thing that we need.
        return 1


def prepare(image: Image.Image) -> None:
    """Load a frame's pixels. No EXIF tag but the orientation can stop that."""
    if image.format == "TIFF":
        # Pillow turns these while it loads them, for which it reads and rewrites all tags.
        turned = Image.Exif()
        turned[ExifTags.Base.Orientation] = orientation(image)
        image.info.pop("xmp", None)
        setattr(image, "getexif", lambda: turned)  # noqa: B010
    deep = image.mode == "RGB" and any(
        ";16" in str(tile[-1]) for tile in getattr(image, "tile", ())
    )
    image.load()
    key = image.info.get("transparency")
    if deep and isinstance(key, tuple):
        # Pillow keeps the upper half of these pixels, but the whole of the transparent colour.
        image.info["transparency"] = tuple(value >> 8 for value in key)


# Pixels


def from_pil(image: Image.Image, channels: int = 3, name: str = "picture") -> Picture:
    """A PIL image as `read` would give it; error messages call it `name`."""
    with guarded(name):
        turn = _TURNS.get(orientation(image))
        flat = _flat(image, name).convert("L" if channels == 1 else "RGB")
        return np.asarray(flat if turn is None else flat.transpose(turn))


def _flat(image: Image.Image, name: str) -> Image.Image:
    """An image of 8 bits a channel in sRGB, its transparency laid on white."""
    if image.mode.startswith("I;16") or image.mode == "I":
        image = _eight_bits(image, name)
    if image.mode == "F":
        raise PictureError(
            f"{name}: floating-point pixels have no agreed range. Save it with 8 or 16 bits."
        )
    srgb = colour.to_srgb(image)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        if srgb is not None:
            srgb.putalpha(layer.getchannel("A"))
            layer = srgb
        white = Image.new("RGBA", layer.size, (WHITE, WHITE, WHITE, WHITE))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image if srgb is None else srgb


_PHOTOMETRIC = 262
"""The TIFF tag that says what 0 means: 0 for white, 1 for black."""


def _eight_bits(image: Image.Image, name: str) -> Image.Image:
    """A gray image of 16 bits, or of 32 that fit into 16, as 8 bits, with its transparency."""
    values = np.asarray(image).astype(np.int64)
    inverted = getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0
    if inverted:
        values = 0xFFFF - values
    if values.min() < 0 or values.max() > 0xFFFF:
        raise PictureError(
            f"{name}: 32-bit pixels from {values.min()} to {values.max()}; only 0 to 65535 "
            "can be scaled. Save it with 16 bits or fewer."
        )
    # 8 bits come back that were multiplied by 257, the exact scale, or by 256, which leaves the
    # low bytes empty. Labels' numbers, and 8 bits stored as 16, would all be black: they stay.
    small = values.max() <= WHITE and not inverted
    unit = 1 if small else 257 if (values & 0xFF).any() else 256
    scaled = Image.fromarray((values // unit).astype(np.uint8))
    if "icc_profile" in image.info:
        scaled.info["icc_profile"] = image.info["icc_profile"]
    key = image.info.get("transparency")
    if isinstance(key, int):
        scaled.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return scaled
