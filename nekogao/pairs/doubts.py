"""Doubts: what makes a pair useless without making it damaged."""

import numpy as np

from nekogao.names import Fit
from nekogao.pictures.images import Picture
from nekogao.pictures.outlines import Outline
from nekogao.sizes import Size

_ENLARGED, _ELONGATED = 8, 8
"""A picture is doubtful where it is enlarged more than so many times, or is so many times as long
for its width as the pair set."""


def of_picture(kind: str, picture: Picture) -> list[str]:
    """What is doubtful about a picture: the `target`, or a source of the domain `kind`."""
    if kind != "target":
        if picture.max() == 1:
            return [
                f"{kind} holds nothing but 0 and 1, both black on 0 to 255. Multiply it by 255 "
                "and import it again."
            ]
        return []
    colours = np.atleast_1d(picture[0, 0]).tolist()
    if (picture == picture[0, 0]).all():
        return [
            f"target is one flat colour ({', '.join(map(str, colours))}): empty, transparent or a "
            "single pixel. Replace or remove it."
        ]
    return []


def of_shape(width: int, height: int, size: Size, how: Fit) -> list[str]:
    """What is doubtful about a picture of this width and height that is brought to a size."""
    short, long = sorted((width * size.height, height * size.width))
    if long > _ELONGATED * short:
        kept = {"crop": f"keeps {short / long:.2%} of it", "pad": "makes it a thin line",
                "stretch": f"stretches it {long / short:.0f} times"}[how]  # fmt: skip
        square = size.width == size.height
        part = "a square" if square else f"a piece of the proportions {size}"
        return [f"the picture is {width}x{height} pixels; {how} {kept}. Cut out {part}."]
    enlarged = max(size.width / width, size.height / height)
    if enlarged > _ENLARGED:
        return [
            f"the picture is {width}x{height} pixels, enlarged {enlarged:.0f} times. Replace "
            "it by a larger one."
        ]
    return []


def of_turning(source: Outline, target: Outline) -> list[str]:
    """What is doubtful about two files of which EXIF turns one alone, or each another way."""
    if source.orientation == target.orientation:
        return []
    return [
        f"{turning(source, target)}. If the other side was drawn on the pixels as they are "
        "stored, save both upright and without EXIF orientation, and import them again."
    ]


def turning(source: Outline, target: Outline) -> str:
    """Which side of a pair has an EXIF orientation, in words."""
    sides = {"source": source.orientation, "target": target.orientation}
    turned = [name for name, orientation in sides.items() if orientation != 1]
    if len(turned) == 1:
        other = "target" if turned == ["source"] else "source"
        return (
            f"EXIF orientation {sides[turned[0]]} turns the {turned[0]}, and the {other} has none"
        )
    return (
        f"EXIF orientation {source.orientation} turns the source, and {target.orientation} the "
        "target"
    )
