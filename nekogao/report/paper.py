"""Paper: what cards are written and drawn on, from top to bottom."""

import numpy as np
from PIL import Image, ImageDraw

from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.report.fonts import Pen
from nekogao.sizes import Size

_WIDTH, _EDGE, _GAP, _SIDE = 1000, 36, 14, 174
_PAPER = "#fbf8f3"
INK, SOFT, ACCENT, PALE = "#2b2723", "#6f675e", "#e4572e", "#cdbfae"
_TALLEST = 4000
"""More than the longest names and sentences need; the card is cropped to what was drawn."""


class Paper:
    """A card that is written on from top to bottom."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (_WIDTH, _TALLEST), _PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self.top = _EDGE

    def write(self, text: str, size: int = 17, colour: str = INK, bold: bool = False) -> None:
        """Text in as many lines as it needs."""
        font = Pen(size, bold)
        for line in _lines(text, font, _WIDTH - 2 * _EDGE):
            font.write(self.pen, (_EDGE, self.top), line, colour)
            self.top += round(size * 1.45)

    def show(self, cells: list[tuple[str, Picture]]) -> None:
        """Pictures in one row, each with a caption below."""
        small = Pen(14)
        for i, (caption, picture) in enumerate(cells):
            left = _EDGE + i * (_SIDE + _GAP)
            size = Size.shaped(picture.shape).within(_SIDE)
            shown = Image.fromarray(images.rgb(images.resize(picture, *size)))
            margins = (_SIDE - size.width) // 2, (_SIDE - size.height) // 2
            self.image.paste(shown, (left + margins[0], self.top + margins[1]))
            for j, line in enumerate(_two(caption, small, _SIDE)):
                where = (left, self.top + _SIDE + 6 + 19 * j)
                small.write(self.pen, where, line, SOFT)
        self.top += _SIDE + 54

    def bar(
        self, name: str, share: float, face: Picture | None, colour: str = PALE, bold: bool = False
    ) -> None:
        """A face, where there is one, its name, and its share as a bar."""
        font = Pen(15, bold)
        if face is not None:
            small = images.rgb(images.fit(face, 30, "crop"))
            self.image.paste(Image.fromarray(small), (_EDGE, self.top))
        for i, line in enumerate(_two(name, font, 150)):
            at = self.top + (6 if len(_two(name, font, 150)) == 1 else -3 + 18 * i)
            font.write(self.pen, (_EDGE + 40, at), line, INK)
        left, room = _EDGE + 200, _WIDTH - 2 * _EDGE - 270
        box = (left, self.top + 6, left + max(2, round(room * share)), self.top + 24)
        self.pen.rounded_rectangle(box, 4, fill=colour)
        font.write(self.pen, (box[2] + 8, self.top + 6), f"{share:.0%}", INK)
        self.top += 35

    def cropped(self) -> Picture:
        """The card as it is so far."""
        return np.asarray(self.image.crop((0, 0, _WIDTH, self.top + _EDGE // 2)))


def _lines(text: str, font: Pen, width: int) -> list[str]:
    """Text broken at spaces, and inside words that are longer than a line."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if font.length(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if font.length(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _two(name: str, font: Pen, width: int) -> list[str]:
    """A name on one or two lines; one too long loses its middle, since ends tell names apart."""
    lines = _lines(name, font, width)
    if len(lines) <= 2:
        return lines
    kept = len(name)
    while len(lines) > 2:
        kept -= 1
        lines = _lines(f"{name[: kept // 2]}…{name[-(kept - kept // 2) :]}", font, width)
    return lines
