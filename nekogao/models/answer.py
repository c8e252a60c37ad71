"""An answer: what a model made of one picture, and all that is known of how."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nekogao.models.family import Patchwork
from nekogao.models.remembered import Share
from nekogao.models.settling import Rest
from nekogao.pictures import images
from nekogao.pictures.images import Picture

_NAMED = 3
"""Faces that an answer names when it is shown."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Answer:
    """What a model made of one picture.

    `answer.picture` is a PIL image, `answer.save("cat.png")` writes it, and `np.asarray(answer)`
    is its pixels. In a notebook an answer shows itself.
    """

    given: Picture
    """The input, fitted: uint8, h w 3 or h w."""
    source: Picture
    """What the network saw first."""
    output: Picture
    """What came out in the end: uint8, h w 3 or h w."""
    domain: str
    """The domain that the source is of; `as-is` where the picture was taken as a source."""
    why: str = ""
    """Why that domain was chosen; empty where it was named."""
    steps: int = 0
    """How often the output was fed back through the domain."""
    rest: Rest | None = None
    """How the closed loop ended; None where it was not run until nothing changes."""
    nearest: str = ""
    """Id of the training face with the smallest MAE; empty where that was not asked for."""
    distance: float = 0.0
    """That MAE, on [0, 1], between thumbnails."""
    confidence: float | None = None
    """From 0 to 1, None where it is not known. For a network: 1 for a copy of a training face, 0
    for an output half-way between two. For an exemplar model: the share of the picture that
    its pairs explain."""
    patchwork: Patchwork | None = None
    """Where its pixels come from, before settling; None where the model cannot tell."""
    weigh: Callable[[], tuple[Share, ...]] = tuple
    """Gives `faces`, which are computed when they are first asked for."""

    @property
    def picture(self) -> Image.Image:
        """What came out."""
        return Image.fromarray(self.output)

    @cached_property
    def faces(self) -> tuple[Share, ...]:
        """The training faces that it is made of, most first; empty where none are known.

        Their shares sum to 1. For an exemplar model they are shares of the pixels, otherwise
        weights of the mixture of faces that comes nearest to the output.
        """
        return self.weigh()

    def save(self, path: str | Path) -> None:
        """Write the picture; the suffix decides how, as Pillow knows it."""
        self.picture.save(path)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.output, dtype=dtype, copy=True)

    @property
    def words(self) -> str:
        """One line that says how it came about."""
        parts = [f"by {self.domain}" + (f" ({self.why})" if self.why else "")]
        if self.steps or self.rest:
            parts.append(settled_words(self.steps, self.rest))
        if self.nearest:
            parts.append(f"nearest face {self.nearest}")
        return ", ".join(parts)

    def __repr__(self) -> str:
        height, width = self.output.shape[:2]
        mixed = ", ".join(f"{face} {share:.0%}" for face, share in self.faces[:_NAMED])
        return f"Answer({width}x{height}, {self.words}" + (f"; {mixed})" if mixed else ")")

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<figure style="display:inline-block;margin:4px;text-align:center"><img '
            f'alt="{name}" style="image-rendering:pixelated" height="128" src="{_data(picture)}">'
            f"<figcaption>{name}</figcaption></figure>"
            for name, picture in (
                ("picture", self.given), ("source", self.source), ("output", self.output)
            )
        )  # fmt: skip
        return f"<div>{cells}<div>{escape(repr(self))}</div></div>"


def settled_words(steps: int, rest: Rest | None) -> str:
    """How a closed loop ended, in words."""
    times = "1 step" if steps == 1 else f"{steps} steps"
    match rest:
        case "fixed":
            return f"settled in {times}"
        case "cycle":
            return f"going round in a cycle after {times}"
        case "unconverged":
            return f"not settled after {times}"
        case None:
            return f"fed back {times}"


def _data(picture: Picture) -> str:
    held = BytesIO()
    Image.fromarray(images.rgb(picture)).save(held, format="PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
