"""Cards: one explanation as one picture, so that it can be sent on."""

import numpy as np
from PIL import Image, ImageDraw

from nekogao.explain.explanation import Explanation
from nekogao.explain.subject import Subject
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.report import words
from nekogao.report.fonts import Pen

_WIDTH, _EDGE, _GAP, _SIDE = 1000, 36, 14, 174
_PAPER, _INK, _SOFT, _RULE, _ACCENT = "#fbf8f3", "#2b2723", "#6f675e", "#e2dad0", "#e4572e"
_MOST_SHARES = 6
_TALLEST = 4000
"""More than the longest names and sentences need; the card is cropped to what was drawn."""


class _Sheet:
    """Paper that is written on from top to bottom."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (_WIDTH, _TALLEST), _PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self.top = _EDGE

    def write(self, text: str, size: int = 17, colour: str = _INK, bold: bool = False) -> None:
        font = Pen(size, bold)
        for line in _lines(text, font, _WIDTH - 2 * _EDGE):
            font.write(self.pen, (_EDGE, self.top), line, colour)
            self.top += round(size * 1.45)

    def show(self, cells: list[tuple[str, Picture]]) -> None:
        """Pictures in one row, each with a caption below."""
        small = Pen(14)
        for i, (caption, picture) in enumerate(cells):
            left = _EDGE + i * (_SIDE + _GAP)
            shown = images.rgb(images.resize(picture, _SIDE, _SIDE))
            self.image.paste(Image.fromarray(shown), (left, self.top))
            for j, line in enumerate(_two(caption, small, _SIDE)):
                where = (left, self.top + _SIDE + 6 + 19 * j)
                small.write(self.pen, where, line, _SOFT)
        self.top += _SIDE + 54

    def bar(self, name: str, share: float, face: Picture, strong: bool) -> None:
        """A face, its name, and its share as a bar."""
        font = Pen(15, strong)
        self.image.paste(Image.fromarray(images.resize(face, 30, 30)), (_EDGE, self.top))
        for i, line in enumerate(_two(name, font, 150)):
            at = self.top + (6 if len(_two(name, font, 150)) == 1 else -3 + 18 * i)
            font.write(self.pen, (_EDGE + 40, at), line, _INK)
        left, room = _EDGE + 200, _WIDTH - 2 * _EDGE - 270
        box = (left, self.top + 6, left + max(2, round(room * share)), self.top + 24)
        self.pen.rounded_rectangle(box, 4, fill=_ACCENT if strong else "#cdbfae")
        font.write(self.pen, (box[2] + 8, self.top + 6), f"{share:.0%}", _INK)
        self.top += 35


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


def draw(explanation: Explanation, subject: Subject) -> Picture:
    """The card of one picture: what came out, what it is made of, why, and what would flip it."""
    answer, sheet = explanation.answer, _Sheet()
    faces, made_of = subject.faces.targets, answer.made_of
    sheet.write(explanation.name, 26, bold=True)
    sheet.write(words.became(explanation), 19, _ACCENT, bold=True)
    sheet.top += 10
    sheet.show(strip(explanation, subject))
    sheet.write("What it is made of", 19, bold=True)
    for face, share in explanation.shares[:_MOST_SHARES]:
        sheet.bar(explanation.ids[face], share, faces[face], face == answer.face)
    sheet.top += 8
    sheet.write(
        f"Memory: the faces explain {made_of.span.r2:.0%} of it (span R²), like "
        f"{made_of.span.effective:.1f} faces mixed evenly. Copy: the source adds "
        f"{made_of.copied:.0%}.", colour=_SOFT,
    )  # fmt: skip
    sheet.top += 12
    sheet.write("Why this face", 19, bold=True)
    sheet.write(words.why(explanation))
    for level, found in explanation.levels.items():
        sheet.write(
            f"Level {level} finds nearest "
            + ", ".join(
                f"{explanation.ids[f.face]} by {measure} ({f.distance:.3g})"
                for measure, f in found.items()
            ),
            15,
            _SOFT,
        )
    sheet.top += 12
    sheet.write("What would flip it", 19, bold=True)
    for sentence in words.flips(explanation):
        sheet.write(sentence)
    flipped = flip_strip(explanation)
    if flipped:
        sheet.top += 8
        sheet.show(flipped)
    sheet.write(f"Nekogao explain, as {subject.domain_name}", 13, _SOFT)
    return np.asarray(sheet.image.crop((0, 0, _WIDTH, sheet.top + _EDGE // 2)))


def strip(explanation: Explanation, subject: Subject) -> list[tuple[str, Picture]]:
    """Caption and picture, from the input to the face that it became."""
    answer = explanation.answer
    cells = [
        ("picture", answer.picture),
        (f"as {subject.domain_name}", answer.source),
        ("comes out", answer.output),
    ]
    if answer.settling:
        cells.append((f"settled: {words.settled(explanation)}", answer.settling.output))
    return [*cells, (f"training face {explanation.face}", subject.faces.targets[answer.face])]


def flip_strip(explanation: Explanation) -> list[tuple[str, Picture]]:
    """Caption and picture of each flip: what is shown, what comes out."""
    cells: list[tuple[str, Picture]] = []
    for flip in (explanation.morph, explanation.smallest):
        if flip:
            cells.append((words.amount(flip), flip.picture))
            cells.append((f"comes out: {explanation.ids[flip.face]}", flip.output))
    return cells
