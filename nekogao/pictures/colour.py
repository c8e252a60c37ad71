"""Colour: pictures that carry an ICC profile, brought to sRGB."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}
"""Pillow's mode -> the colour space that a profile must have to speak of it."""
_BASES = {
    "L": "L", "LA": "L", "La": "L", "CMYK": "CMYK",
    "RGB": "RGB", "RGBA": "RGB", "RGBa": "RGB", "P": "RGB", "PA": "RGB", "YCbCr": "RGB",
}  # fmt: skip
"""A picture's mode -> the mode in which its profile describes it."""
_SAME = 2
"""Grey levels. A profile that changes no colour by more is sRGB, written down in another way;
the next one (Adobe RGB, Display P3, gamma 2.2 for gray) changes some by 7 or more."""


def to_srgb(image: Image.Image) -> Image.Image | None:
    """The colours of an image in sRGB, mode RGB, without its transparency.

    None where they need no change: the image has no profile, its profile is sRGB, cannot be read,
    or speaks of another kind of pixels than the image has. Conversion is perceptual, the usual
    intent for photographs.
    """
    profile, base = image.info.get("icc_profile"), _BASES.get(image.mode)
    if not isinstance(profile, bytes) or base is None:
        return None
    transform = _transform(profile, base)
    return None if transform is None else ImageCms.applyTransform(_plain(image, base), transform)


def _plain(image: Image.Image, base: str) -> Image.Image:
    if image.mode in {"P", "La", "RGBa"}:
        # Pillow brings these to no mode without transparency, or warns about it.
        image = image.convert("LA" if base == "L" else "RGBA")
    return image if image.mode == base else image.convert(base)


@lru_cache(maxsize=16)
def _transform(profile: bytes, base: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB, which threads may share; None where nothing changes."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if opened.profile.xcolor_space != _SPACES[base]:
            return None
        transform = ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), base, "RGB", ImageCms.Intent.PERCEPTUAL
        )
        if base != "CMYK" and _changes(transform, base) <= _SAME:
            return None
        return transform
    except Exception:  # Whatever is wrong with a profile, the picture itself can be read.
        return None


def _changes(transform: ImageCms.ImageCmsTransform, base: str) -> int:
    """By how many grey levels at most a transform changes colours."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    axes = [levels] * (3 if base == "RGB" else 1)
    colours = np.stack(np.meshgrid(*axes), axis=-1).reshape(len(levels), -1, len(axes))
    before = Image.fromarray(colours if base == "RGB" else colours[..., 0]).convert("RGB")
    given = before if base == "RGB" else before.convert("L")
    after = ImageCms.applyTransform(given, transform)
    return int(np.abs(np.asarray(after).astype(int) - np.asarray(before)).max())
