"""Explanations: an answer with its flips, and how a person would say it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nekogao.explain import flips
from nekogao.explain.answers import Answer, Finding, Settling
from nekogao.explain.flips import Flip
from nekogao.explain.subject import Subject
from nekogao.explain.survey import Survey, is_level, level_of


@dataclass(frozen=True)
class Explanation:
    """Which face came out for one picture, and why."""

    answer: Answer
    ids: list[str]
    """The faces' names."""
    deciding: str
    """The predictor that agrees most with what comes out, over all pictures."""
    morph: Flip | None
    """The first flip on the way to the runner-up; None where there is none."""
    smallest: Flip | None
    """The least change of brightness or place that flips; None where none was found."""

    @property
    def name(self) -> str:
        """The file's name as text, whatever its bytes are."""
        return self.answer.path.name.encode(errors="backslashreplace").decode()

    @property
    def face(self) -> str:
        """The face that came out."""
        return self.ids[self.answer.face]

    @property
    def decision(self) -> Finding:
        """What the deciding level finds."""
        return self.answer.findings[self.deciding]

    @property
    def levels(self) -> dict[int, dict[str, Finding]]:
        """Encoder level -> measure -> what it finds, the outermost level first.

        Distance and cosine, and the measure that decides where it is another.
        """
        shown = {"distance", "cosine", level_of(self.deciding)[1]}
        found: dict[int, dict[str, Finding]] = {}
        for name, finding in self.answer.findings.items():
            if is_level(name):
                level, measure = level_of(name)
                if measure in shown:
                    found.setdefault(level, {})[measure] = finding
        return dict(sorted(found.items()))

    @property
    def shares(self) -> list[tuple[int, float]]:
        """Face and share, the largest first, those without a share left out."""
        weights = [float(w) for w in self.answer.memory.span.weights]
        order = sorted(range(len(weights)), key=lambda i: -weights[i])
        return [(i, weights[i]) for i in order if weights[i] >= 0.005]

    @property
    def settled(self) -> str:
        """Where the loop ends, in a few words."""
        end = self.answer.settling
        return settled_words(end, self.ids) if end else ""

    @property
    def became(self) -> str:
        """What came out, and where that leads if it leads elsewhere."""
        end, words = self.answer.settling, f"became {self.face}, {self.answer.share:.0%}"
        if end is None or (end.stored and end.face == self.answer.face):
            return words
        where = self.ids[end.face] if end.stored and end.kind == "fixed" else "no training face"
        return f"{words}; settles on {where}"

    @property
    def why(self) -> str:
        """One sentence on the deciding level."""
        level, measure = level_of(self.deciding)
        found = self.decision
        if found.place == 0:
            return f"Level {level} (by {measure}) finds {self.face} nearest, too: it decides."
        return (
            f"Level {level} (by {measure}) finds {self.ids[found.face]} nearest, not {self.face} "
            f"({ordinal(found.place + 1)}): here it does not decide alone."
        )

    @property
    def flips(self) -> list[str]:
        """How the answer flips, a sentence a way."""
        if self.answer.runner_up is None:
            return ["There is no other face to flip to."]
        toward = self.ids[self.answer.runner_up]
        found = [f"No morph towards {toward} flips it."]
        if self.morph:
            found = [f"{self.morph.doing} towards {toward} gives {self.ids[self.morph.face]}."]
        if self.smallest is None:
            return [*found, "No change of brightness or place that was tried flips it."]
        return [*found, f"{self.smallest.doing} gives {self.ids[self.smallest.face]}."]

    @property
    def line(self) -> str:
        """All of it in one line."""
        level, _ = level_of(self.deciding)
        settled = f" (settled: {self.settled})" if self.settled else ""
        if self.decision.place:
            settled += f" level {level} says {self.ids[self.decision.face]}"
        else:
            settled += f" decided at level {level}"
        flip = "no flip found"
        if self.morph:
            flip = f"flips to {self.ids[self.morph.face]} at {self.morph.words}"
        elif self.smallest:
            flip = f"flips to {self.ids[self.smallest.face]} when {self.smallest.words}"
        return f"{self.name} -> {self.face} {self.answer.share:.0%}{settled}; {flip}"


def settled_words(end: Settling, ids: Sequence[str]) -> str:
    """Where the loop ends: `mike in 7 steps`."""
    steps = f"{end.steps} {'step' if end.steps == 1 else 'steps'}"
    if end.kind != "fixed":
        return f"{'a cycle' if end.kind == 'cycle' else 'unconverged'} after {steps}"
    where = ids[end.face] if end.stored else f"spurious, nearest {ids[end.face]},"
    return f"{where} in {steps}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ..."""
    teens = 10 < number % 100 < 14
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def explain(subject: Subject, answers: Sequence[Answer], found: Survey) -> Iterator[Explanation]:
    """Find the flips of every answer, one after another."""
    for answer in answers:
        yield Explanation(
            answer=answer,
            ids=subject.faces.ids,
            deciding=found.deciding,
            morph=flips.morph(subject, answer),
            smallest=flips.smallest(subject, answer),
        )
