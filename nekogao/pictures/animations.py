"""Animations: GIF, WebP, PNG and AVIF files of several frames, in and out, by Pillow."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from nekogao.errors import PictureError
from nekogao.pictures import decoding
from nekogao.pictures.decoding import Picture

KINDS: dict[str, dict[str, Any]] = {
    "GIF": {},
    "WEBP": {"lossless": True},
    "PNG": {},
    "AVIF": {"quality": 95},
}
"""Pillow's name of a kind -> how its files are written. Pages of a TIFF are no animation."""
_SUFFIXES = frozenset({".gif", ".webp", ".png", ".apng", ".avif"})


@dataclass(frozen=True)
class Animation:
    """An animation that is being read."""

    kind: str
    """A key of KINDS."""
    frames: Iterator[Picture]
    """uint8, h w 3, at least one; transparency is laid on white."""
    durations: list[int] = field(default_factory=list)
    """Milliseconds for each frame that has been read so far."""
    loop: int | None = None
    """How often to play; 0 for ever, None where the file does not say."""

    @property
    def suffix(self) -> str:
        """The suffix of such files."""
        return f".{self.kind.lower()}"


def is_animation(path: Path) -> bool:
    """Whether a file is an animation of more than one frame that can be opened."""
    try:
        decoding.check_file(path)
        with decoding.opened(path, str(path)) as image:
            return image.format in KINDS and bool(getattr(image, "is_animated", False))
    except PictureError:
        return False


def animated(paths: Iterable[Path]) -> list[Path]:
    """Those files that are animations; only files named as animations can be are opened."""
    return [path for path in paths if path.suffix.lower() in _SUFFIXES and is_animation(path)]


@contextmanager
def reading(path: Path) -> Iterator[Animation]:
    """Open an animation. Raises PictureError where it, or one of its frames, cannot be read."""
    with decoding.opened(path, str(path)) as image:
        durations: list[int] = []
        assert image.format is not None
        frames = _frames(image, str(path), durations)
        yield Animation(image.format, frames, durations, image.info.get("loop"))


def _frames(image: Image.Image, name: str, durations: list[int]) -> Iterator[Picture]:
    # A PNG file may begin with a picture for programs that know no animations.
    first = 1 if getattr(image, "default_image", False) else 0
    for number in range(first, getattr(image, "n_frames", 1)):
        with decoding.guarded(name):
            image.seek(number)
            decoding.prepare(image)
            picture = decoding.from_pil(image, name=name)
        durations.append(round(image.info.get("duration", 0)))
        yield picture


def write(path: Path, pictures: Sequence[Picture], like: Animation) -> None:
    """Write pictures as an animation of another's kind, with its durations."""
    first, *rest = map(Image.fromarray, pictures)
    options = dict(KINDS[like.kind])
    if like.loop is not None:
        options["loop"] = like.loop
    first.save(
        path, format=like.kind, save_all=True, append_images=rest, duration=like.durations,
        **options,
    )  # fmt: skip
