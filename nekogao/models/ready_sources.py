"""Ready sources: pictures that a person gives as sources, brought to what the model was given."""

from pathlib import Path

import numpy as np

from nekogao.models.options import Options
from nekogao.models.translator import Translator
from nekogao.names import counted
from nekogao.pictures import images, labels, strokes
from nekogao.pictures.domains import LABELS, LINES
from nekogao.pictures.images import Picture

_NAMED = 5
"""Labels that a note names."""


def ready(
    picture: Picture, path: Path, translator: Translator, options: Options
) -> tuple[Picture, str]:
    """A picture as it is to be fitted, and what was done to it; empty where nothing was.

    Only sources that are taken as they are get changed. They often come as A|B in one picture,
    which would be squeezed together.
    """
    if translator.domain(options.domain) is not None:
        return picture, ""
    picture, note = _readied(picture, path, translator, options)
    height, width = picture.shape[:2]
    size = translator.size
    twice = width % 2 == 0 and width * size.height == 2 * height * size.width
    if note or options.fit != "stretch" or not twice:
        return picture, note
    return picture[:, : width // 2], (
        f"{path}: {width}x{height}, taken as A|B: the left half is the source. To use the whole, "
        "give --fit pad or --fit crop."
    )


def _readied(
    picture: Picture, path: Path, translator: Translator, options: Options
) -> tuple[Picture, str]:
    """A ready source as the model was given such, and what was done to it or should be."""
    known = translator.model.domains.values()
    if any(domain.kind in LINES for domain in known) and strokes.is_negative(picture):
        if options.auto:
            return np.bitwise_not(picture), f"{path}: white lines on black, inverted."
        return picture, (
            f"{path}: white lines on black; the model was given black lines on white. Give --auto "
            "to invert it."
        )
    palettes = [domain.palette for domain in known if domain.kind == LABELS]
    if len(palettes) != 1:
        return picture, ""
    flat = images.as_channels(picture, len(palettes[0][0]))
    others = labels.strays(flat, palettes[0])
    if not others or len(others) > labels.MOST:
        return picture, ""
    most = ", ".join(" ".join(map(str, colour)) for colour, _ in others.most_common(_NAMED))
    return labels.snap(flat, palettes[0]), (
        f"{path}: no pair has the {counted(len(others), 'label')} {most}; taken as the nearest "
        "labels that pairs have."
    )
