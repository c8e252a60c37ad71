"""Everything numeric of an explanation, as rows of explain.json.

The fields of these rows are the file's own names, in its order.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from nekogao import __version__
from nekogao.reasons.answers import Answer, Settling
from nekogao.reasons.explanation import Explanation
from nekogao.reasons.flips import Flip
from nekogao.reasons.laws import Law, Rate
from nekogao.reasons.subject import Subject
from nekogao.reasons.survey import Score, Survey


@dataclass(frozen=True)
class BasinsRow:
    """How many pictures fall to each face."""

    once: dict[str, int]
    """In one step."""
    settled: dict[str, int] | None
    """In the end of the closed loop; None for ready sources."""


@dataclass(frozen=True)
class MapRow:
    """Where the faces are on the map."""

    shown: float
    """Share of the variance of the deciding view that the map shows."""
    faces: dict[str, list[float]]


@dataclass(frozen=True)
class MemoryRow:
    """What an output is made of; see nekogao.models.composition."""

    nearest: str
    ratio: float
    r2: float
    effective: float
    copied: float


@dataclass(frozen=True)
class SettledRow:
    """Where the closed loop ends; see nekogao.reasons.answers.Settling."""

    kind: str
    steps: int
    face: str
    distance: float
    stored: bool


@dataclass(frozen=True)
class FindingRow:
    """What one predictor finds nearest; see nekogao.reasons.answers.Finding."""

    face: str
    distance: float
    place: int


@dataclass(frozen=True)
class FlipRow:
    """One flip without its pictures; see nekogao.reasons.flips.Flip."""

    kind: str
    amount: float
    towards: str | None
    face: str
    change: float


@dataclass(frozen=True)
class FlipsRow:
    """The flips of one picture; None where none was found."""

    morph: FlipRow | None
    smallest: FlipRow | None


@dataclass(frozen=True)
class PictureRow:
    """All about one picture."""

    path: str
    """Its file's name; the folders of this machine are nobody's business."""
    card: str
    """Its card, relative to the file."""
    face: str
    runner_up: str | None
    shares: dict[str, float]
    memory: MemoryRow
    settled: SettledRow | None
    findings: dict[str, FindingRow]
    agrees: bool | None
    """Whether the deciding predictor finds the face that came out; None where none decides."""
    flips: FlipsRow
    outlier: list[str]
    place: list[float]
    """Where it is on the map."""


@dataclass(frozen=True)
class LawRow:
    """What decides, measured on the run's unseen pictures; see nekogao.reasons.laws.Law."""

    pictures: int
    best: Rate
    constant: Rate
    gain: Rate


@dataclass(frozen=True)
class Record:
    """What explain.json holds."""

    nekogao: str
    domain: str
    faces: list[str]
    thumbnails: bool
    note: str
    deciding: str | None
    """The predictor that decides; None where none beats the constant answer."""
    level: int | None
    law: LawRow
    baseline: float
    """The agreement of always naming the commonest face of these pictures."""
    collapsed: str | None
    basins: BasinsRow
    predictors: list[Score]
    absent: dict[str, str]
    """Predictors that have no meaning for these faces -> the reason."""
    map: MapRow
    pictures: list[PictureRow]
    faults: list[str]

    def to_json(self) -> str:
        """The text of explain.json."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"


@dataclass(frozen=True)
class Explained:
    """Pictures that were explained, with all that was found."""

    subject: Subject
    """The network."""
    found: Survey
    """What holds over all pictures."""
    explanations: Sequence[Explanation]
    """One for every picture."""
    cards: Sequence[str]
    """The card of each, relative to the page and to `explain.json`."""
    faults: Sequence[str] = ()
    """Why other pictures have none."""


def record(explained: Explained) -> Record:
    """What `explain.json` holds."""
    subject, found = explained.subject, explained.found
    ids = subject.faces.ids
    return Record(
        nekogao=__version__,
        domain=subject.domain_name,
        faces=ids,
        thumbnails=subject.faces.thumbnails,
        note=subject.faces.note,
        deciding=found.deciding,
        level=found.level,
        law=_law(found.law),
        baseline=found.baseline,
        collapsed=None if found.collapsed is None else ids[found.collapsed],
        basins=BasinsRow(
            once=dict(zip(ids, found.once, strict=True)),
            settled=dict(zip(ids, found.settled, strict=True)) if found.settled else None,
        ),
        predictors=found.scores,
        absent=subject.comparisons.absent,
        map=MapRow(
            shown=found.spread,
            faces=dict(zip(ids, found.face_places.tolist(), strict=True)),
        ),
        pictures=[
            _picture(explanation, place, card)
            for explanation, place, card in zip(
                explained.explanations, found.picture_places.tolist(), explained.cards, strict=True
            )
        ],
        faults=list(explained.faults),
    )


def _law(law: Law) -> LawRow:
    return LawRow(law.pictures, law.best, law.constant, law.gain)


def _picture(explanation: Explanation, place: list[float], card: str) -> PictureRow:
    answer, ids, decision = explanation.answer, explanation.ids, explanation.decision
    return PictureRow(
        path=answer.path.name,
        card=card,
        face=explanation.face,
        runner_up=None if answer.runner_up is None else ids[answer.runner_up],
        shares=dict(zip(ids, map(float, answer.made_of.span.weights), strict=True)),
        memory=_memory(answer, ids),
        settled=_settled(answer.settling, ids) if answer.settling else None,
        findings={
            name: FindingRow(face=ids[f.face], distance=f.distance, place=f.place)
            for name, f in answer.findings.items()
        },
        agrees=None if decision is None else decision.place == 0,
        flips=FlipsRow(
            morph=_flip(explanation.morph, ids) if explanation.morph else None,
            smallest=_flip(explanation.smallest, ids) if explanation.smallest else None,
        ),
        outlier=answer.oddities,
        place=place,
    )


def _memory(answer: Answer, ids: list[str]) -> MemoryRow:
    made_of = answer.made_of
    return MemoryRow(
        nearest=ids[made_of.nearest],
        ratio=float(made_of.ratio),
        r2=float(made_of.span.r2),
        effective=float(made_of.span.effective),
        copied=float(made_of.copied),
    )


def _settled(end: Settling, ids: list[str]) -> SettledRow:
    return SettledRow(
        kind=end.kind,
        steps=end.turns,
        face=ids[end.face],
        distance=end.distance,
        stored=end.stored,
    )


def _flip(flip: Flip, ids: list[str]) -> FlipRow:
    return FlipRow(
        kind=flip.kind,
        amount=flip.amount,
        towards=None if flip.towards is None else ids[flip.towards],
        face=ids[flip.face],
        change=flip.change,
    )
