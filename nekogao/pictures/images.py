"""Pictures: write, fit, tile; the only place where pixel ranges change.

Other rooms say `images.read` and `images.find` for what `decoding` and `finding` do.

Outside the networks a picture is a uint8 array, height x width x 3 (RGB) or height x width
(one channel). Inside it is a float tensor, channels first, in [-1, 1].
"""

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from nekogao import files
from nekogao.errors import InputError
from nekogao.files import write_atomically
from nekogao.names import Fit
from nekogao.pictures.decoding import WHITE
from nekogao.pictures.decoding import Picture as Picture
from nekogao.pictures.decoding import contents as contents
from nekogao.pictures.decoding import decode as decode
from nekogao.pictures.decoding import from_pil as from_pil
from nekogao.pictures.decoding import read as read
from nekogao.pictures.finding import SUFFIXES as SUFFIXES
from nekogao.pictures.finding import find as find
from nekogao.sizes import AnySize, Size

_PNG_LEVEL = 3
"""Pillow's usual 6 takes two to three times as long, for 8 % smaller files."""


def write(path: str | Path, picture: Picture) -> None:
    """Write a picture atomically; the suffix says the format (PNG, JPEG, ...)."""
    path = Path(path)
    kind = Image.registered_extensions()[path.suffix.lower()]
    write_atomically(path, partial(write_as, kind, picture))


def write_as(kind: str, picture: Picture, path: Path) -> None:
    """Write a picture of that kind (PNG, JPEG, ...) to a path of any name, not atomically."""
    Image.fromarray(picture).save(path, format=kind, compress_level=_PNG_LEVEL)


def write_first_free(folder: Path, stem: str, picture: Picture) -> Path:
    """Write a picture as the first of STEM.png, STEM-2.png, ... that is free; return its path."""
    return files.write_first_free(folder, stem, ".png", partial(write_as, "PNG", picture))


def encode(picture: Picture) -> bytes:
    """A picture as the bytes of a PNG file, the same that `write` would write."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", compress_level=_PNG_LEVEL)
    return buffer.getvalue()


def check_picture(value: object, name: str, size: AnySize | None = None) -> Picture:
    """`value`, where it is a picture: a uint8 array h w or h w 3, of one pixel at least.

    Raises InputError otherwise, or where it is not of that size, which says what came and
    calls it `name`.
    """
    wanted = "Give a uint8 array, height x width x 3 (RGB) or height x width, from 0 to 255"
    if not isinstance(value, np.ndarray):
        raise InputError(f"{name}: {type(value).__name__} instead of an array. {wanted}.")
    came = f"{name}: an array of {value.dtype}, shape {value.shape}"
    if value.dtype != np.uint8:
        scaled = "multiply values from 0 to 1 by 255, round and convert"
        hint = f"; {scaled}" if np.issubdtype(value.dtype, np.floating) else ""
        raise InputError(f"{came}. {wanted}{hint}.")
    if value.ndim == 3 and value.shape[2] == 4:
        raise InputError(f"{came}. {wanted}; drop alpha with [..., :3], or read a PIL image.")
    if value.ndim not in (2, 3) or value.shape[2:] not in ((), (3,)):
        raise InputError(f"{came}. {wanted}.")
    if not value.size:
        raise InputError(f"{came}, has no pixels. {wanted}.")
    if size is not None and value.shape[:2] != (wanted_size := Size.of(size)).shape:
        raise InputError(f"{came}. Bring it to {wanted_size} first.")
    return value


def resize(picture: Picture, width: int, height: int, *, nearest: bool = False) -> Picture:
    """Resize with antialiasing (Lanczos), or by nearest neighbour, which makes no new colour."""
    if picture.shape[:2] == (height, width):
        return picture
    way = Image.Resampling.NEAREST if nearest else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize((width, height), way))


def fit(picture: Picture, size: AnySize, how: Fit, *, nearest: bool = False) -> Picture:
    """Bring a picture to a size.

    `crop` keeps the largest centred part of the size's proportions, `pad` keeps everything and
    fills with white, `stretch` ignores the proportions. Channels stay as they are. `nearest` is
    for label maps.
    """
    size, own = Size.of(size), Size.shaped(picture.shape)
    if how == "crop":
        part = _cut(own, size)
        top, left = (own.height - part.height) // 2, (own.width - part.width) // 2
        picture = picture[top : top + part.height, left : left + part.width]
    if how != "pad":
        return resize(picture, *size, nearest=nearest)
    return centred(picture, *size.shape, nearest=nearest)


def unfit(picture: Picture, height: int, width: int, how: Fit) -> Picture:
    """Undo `fit`: a picture back to height x width.

    With `crop` the margins are gone, so the result is the part that was kept, at its own size.
    """
    size, own = Size.shaped(picture.shape), Size(width, height)
    if how == "crop":
        return resize(picture, *_cut(own, size))
    if how == "pad":
        inner = _shrunk(own, size)
        top, left = (size.height - inner.height) // 2, (size.width - inner.width) // 2
        picture = picture[top : top + inner.height, left : left + inner.width]
    return resize(picture, width, height)


def centred(picture: Picture, height: int, width: int, *, nearest: bool = False) -> Picture:
    """A picture as large as fits, in the middle of height x width pixels of white."""
    inner = _shrunk(Size.shaped(picture.shape), Size(width, height))
    top, left = (height - inner.height) // 2, (width - inner.width) // 2
    canvas = np.full((height, width, *picture.shape[2:]), WHITE, np.uint8)
    canvas[top : top + inner.height, left : left + inner.width] = resize(
        picture, *inner, nearest=nearest
    )
    return canvas


def _cut(whole: Size, like: Size) -> Size:
    """The largest part of a picture that has the proportions of another size."""
    wide = (2 * whole.height * like.width + like.height) // (2 * like.height)
    high = (2 * whole.width * like.height + like.width) // (2 * like.width)
    return Size(max(1, min(whole.width, wide)), max(1, min(whole.height, high)))


def _shrunk(whole: Size, room: Size) -> Size:
    """The size of a picture that was scaled to fit into a room as large as it can."""
    scale = min(room.width / whole.width, room.height / whole.height)
    return Size(*(max(1, round(side * scale)) for side in whole))


def rgb(picture: Picture) -> Picture:
    """A one-channel picture repeated to three; three channels stay as they are."""
    return np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture


def luma(picture: Picture) -> Picture:
    """ITU-R 601 luma, 0.299 R + 0.587 G + 0.114 B; one channel stays as it is."""
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def as_channels(picture: Picture, channels: int) -> Picture:
    """A picture with 1 channel (height x width) or 3 (height x width x 3)."""
    return luma(picture) if channels == 1 else rgb(picture)


def tile(rows: Sequence[Sequence[Picture]], gap: int = 2) -> Picture:
    """Lay pictures of one size out in rows, on white, `gap` pixels apart.

    Rows may differ in length; one-channel pictures are shown in gray.
    """
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    sheet = np.full(
        (len(rows) * (height + gap) - gap, columns * (width + gap) - gap, 3), WHITE, np.uint8
    )
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            top, left = i * (height + gap), j * (width + gap)
            sheet[top : top + height, left : left + width] = rgb(picture)
    return sheet


def to_tensor(pictures: Sequence[Picture] | UInt8[np.ndarray, "b h w *c"]) -> Tensor:
    """Pictures of one size, 0..255, as a float tensor b c h w in [-1, 1]."""
    return scale(stack(pictures))


def stack(pictures: Sequence[Picture] | UInt8[np.ndarray, "b h w *c"]) -> UInt8[Tensor, "b c h w"]:
    """Pictures of one size as one tensor, still 0..255."""
    # By NumPy alone: reading threads call this, each of which would get PyTorch's own threads.
    stacked = np.stack(list(pictures))
    if stacked.ndim == 3:
        stacked = stacked[..., None]
    return torch.from_numpy(np.ascontiguousarray(stacked.transpose(0, 3, 1, 2)))


def scale(stacked: UInt8[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """0..255 as floats in [-1, 1], on the tensor's own device."""
    batch = stacked.float().div_(127.5).sub_(1)
    if batch.shape[1] == 1:
        # Convolutions choose their algorithm by the strides, which one channel leaves open: with
        # always the same ones, equal pictures give equal bits however they were gathered.
        return batch[:, 0, :, :, None].permute(0, 3, 1, 2)
    return batch


def from_tensor(batch: Float[Tensor, "b c h w"]) -> list[Picture]:
    """A float batch in [-1, 1] as uint8 pictures; values outside the range are clipped."""
    scaled = batch.detach().float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    arrays = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return list(arrays[..., 0] if arrays.shape[-1] == 1 else arrays)


def to_unit(batch: Float[Tensor, "b c h w"]) -> NDArray[np.float32]:
    """A float batch in [-1, 1] as arrays b h w c in [0, 1], the range in which we measure."""
    unit = batch.detach().float().add(1).div(2).clamp(0, 1)
    return unit.permute(0, 2, 3, 1).cpu().numpy()


def from_unit(array: Float[np.ndarray, "h w c"]) -> Picture:
    """An array in [0, 1] as a uint8 picture; values outside the range are clipped."""
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
