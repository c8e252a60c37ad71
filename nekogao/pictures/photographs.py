"""Photographs that come with scikit-image: ten faces to train on, and pictures of other things."""

from functools import lru_cache
from pathlib import Path

from nekogao.pictures import images
from nekogao.pictures.characters import CHARACTERS, draw_face
from nekogao.pictures.images import Picture
from nekogao.sizes import AnySize, Size

_CHELSEA = (40, 0, 300)
"""Left edge, top edge and side of the face in the photograph of Chelsea the cat."""


def ten_faces(size: AnySize = 128) -> dict[str, Picture]:
    """Ten faces by name: nine drawn characters and the photograph of a cat.

    They are drawn as squares, of which other proportions are cut.
    """
    import skimage.data

    size = Size.of(size)

    left, top, side = _CHELSEA
    chelsea = skimage.data.chelsea()[top : top + side, left : left + side]
    squares = {who.name: draw_face(who, size.longer) for who in CHARACTERS}
    squares["chelsea"] = images.resize(chelsea, size.longer, size.longer)
    return {name: images.fit(square, size, "crop") for name, square in squares.items()}


def photographs() -> dict[str, Picture]:
    """Four photographs of anything but cats and dogs, by name."""
    import skimage.data

    return {
        "astronaut": skimage.data.astronaut(),
        "cameraman": images.rgb(skimage.data.camera()),
        "rocket": skimage.data.rocket(),
        "coffee": skimage.data.coffee(),
    }


_UNSEEN = (
    "astronaut", "brick", "camera", "cell", "clock", "coffee", "coins", "grass", "gravel",
    "hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "rocket",
    "stereo_motorcycle", "text",
)  # fmt: skip
"""Photographs in scikit-image's package, without its cat: its face is one of the ten."""


def unseen(size: AnySize = 128) -> dict[str, Picture]:
    """102 pieces of photographs, of one size, that no face was cut from, by name.

    Of each of 17 photographs the whole, its four quarters, and a quarter's size at its centre.
    They are made once in a process; do not change them.
    """
    return dict(_pieces(Size.of(size)))


@lru_cache(maxsize=2)
def _pieces(size: Size) -> dict[str, Picture]:
    import skimage.data

    found = {}
    for name in _UNSEEN:
        loaded = getattr(skimage.data, name)()
        whole = images.rgb(loaded[0] if isinstance(loaded, tuple) else loaded)
        high, wide = whole.shape[0] // 2, whole.shape[1] // 2
        corners = ((0, 0), (0, wide), (high, 0), (high, wide), (high // 2, wide // 2))
        found[name] = images.fit(whole, size, "crop")
        for number, (top, left) in enumerate(corners, 1):
            part = whole[top : top + high, left : left + wide]
            found[f"{name}-{number}"] = images.fit(part, size, "crop")
    return found


def write_folder(pictures: dict[str, Picture], folder: str | Path) -> None:
    """Write pictures as PNG files named after them, into a folder that is made if need be."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        images.write(folder / f"{name}.png", picture)
