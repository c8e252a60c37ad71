"""Cards: one explanation as one picture, so that it can be sent on."""

from nekogao.pictures.images import Picture
from nekogao.reasons.explanation import Explanation
from nekogao.reasons.subject import Subject
from nekogao.report import words
from nekogao.report.legend import WORDS
from nekogao.report.paper import ACCENT, PALE, SOFT, Paper

_MOST_SHARES = 6


def draw(explanation: Explanation, subject: Subject) -> Picture:
    """The card of one picture: what came out, what it is made of, why, and what would flip it."""
    answer, sheet = explanation.answer, Paper()
    faces, made_of = subject.faces.targets, answer.made_of
    sheet.write(explanation.name, 26, bold=True)
    sheet.write(words.became(explanation), 19, ACCENT, bold=True)
    sheet.top += 10
    sheet.show(strip(explanation, subject))
    sheet.write("What it is made of", 19, bold=True)
    for face, share in explanation.shares[:_MOST_SHARES]:
        won = face == answer.face
        sheet.bar(explanation.ids[face], share, faces[face], ACCENT if won else PALE, won)
    sheet.top += 8
    sheet.write(
        f"Memory: the faces explain {made_of.span.r2:.0%} of it (span R²), like "
        f"{made_of.span.effective:.1f} faces mixed evenly. Copy: the source adds "
        f"{made_of.copied:.0%}.", colour=SOFT,
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
            SOFT,
        )
    sheet.top += 12
    sheet.write("What would flip it", 19, bold=True)
    for sentence in words.flips(explanation):
        sheet.write(sentence)
    flipped = flip_strip(explanation)
    if flipped:
        sheet.top += 8
        sheet.show(flipped)
    if answer.settling:
        sheet.write(f"To settle: {WORDS['settle'].partition(';')[0][3:]}.", 13, SOFT)
    sheet.write(f"Nekogao explain, as {subject.domain_name}", 13, SOFT)
    return sheet.cropped()


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
