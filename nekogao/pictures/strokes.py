"""Strokes: pictures that are drawn with lines, black on white or white on black."""

import numpy as np

from nekogao.pictures import images
from nekogao.pictures.images import Picture

_BLACK, _WHITE = 64, 191
"""Darker is ink, lighter is paper; what lies between is neither."""
_LEAST_PLAIN = 0.9
"""Share of pixels that are ink or paper in a drawing."""
_LEAST_PAPER = 0.5


def is_drawn(picture: Picture) -> bool:
    """Whether a picture is drawn in black on white: ink and paper, and more paper."""
    luma = images.luma(picture)
    paper, ink = float(np.mean(luma > _WHITE)), float(np.mean(luma < _BLACK))
    return paper + ink >= _LEAST_PLAIN and paper > _LEAST_PAPER and ink > 0


def is_negative(picture: Picture) -> bool:
    """Whether a picture is drawn in white on black."""
    return is_drawn(np.bitwise_not(images.luma(picture)))
