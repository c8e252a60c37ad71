"""Explanations: an answer with its flips, in the light of all pictures."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nekogao.names import shown
from nekogao.reasons import flips
from nekogao.reasons.answers import Answer, Finding
from nekogao.reasons.flips import Flip
from nekogao.reasons.laws import Law
from nekogao.reasons.subject import Subject
from nekogao.reasons.survey import level_of, view_of

_SMALLEST_SHARE = 0.005


@dataclass(frozen=True)
class Explanation:
    """Which face came out for one picture, and why."""

    answer: Answer
    ids: list[str]
    """The faces' names."""
    law: Law
    """What decides, on the run's unseen pictures."""
    morph: Flip | None
    """The first flip on the way to the runner-up; None where there is none."""
    smallest: Flip | None
    """The least change of brightness or place that flips; None where none was found."""

    @property
    def name(self) -> str:
        """The file's name as text that can be shown, whatever its bytes are."""
        return shown(self.answer.path.name)

    @property
    def face(self) -> str:
        """The face that came out."""
        return self.ids[self.answer.face]

    @property
    def deciding(self) -> str | None:
        """The predictor that decides; None where none beats the constant answer."""
        return self.law.deciding

    @property
    def decision(self) -> Finding | None:
        """What the deciding predictor finds; None where none decides."""
        return self.answer.findings[self.deciding] if self.deciding else None

    @property
    def levels(self) -> dict[int, dict[str, Finding]]:
        """Encoder level -> comparison -> what it finds, the outermost level first.

        Distance and cosine, and the comparison that decides where it is another. Empty for
        networks without levels.
        """
        listed = {"distance", "cosine"}
        if self.deciding and level_of(self.deciding) is not None:
            listed.add(view_of(self.deciding)[1])
        found: dict[int, dict[str, Finding]] = {}
        for name, finding in self.answer.findings.items():
            level, comparison = level_of(name), view_of(name)[1]
            if level is not None and comparison in listed:
                found.setdefault(level, {})[comparison] = finding
        return dict(sorted(found.items()))

    @property
    def shares(self) -> list[tuple[int, float]]:
        """Face and share, the largest first, those without a share left out."""
        weights = [float(w) for w in self.answer.made_of.span.weights]
        order = sorted(range(len(weights)), key=lambda i: -weights[i])
        return [(i, weights[i]) for i in order if weights[i] >= _SMALLEST_SHARE]


def flipped(subject: Subject, answers: Iterable[Answer], law: Law) -> Iterator[Explanation]:
    """Find the flips of every answer, one after another."""
    for answer in answers:
        yield Explanation(
            answer=answer,
            ids=subject.faces.ids,
            law=law,
            morph=flips.morph(subject, answer),
            smallest=flips.smallest(subject, answer),
        )
