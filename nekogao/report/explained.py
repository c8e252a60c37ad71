"""The page of explanations: all that its template shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.reasons.answers import LOW_R2
from nekogao.reasons.explanation import Explanation
from nekogao.reasons.laws import Hits
from nekogao.reasons.record import Explained
from nekogao.reasons.subject import Subject
from nekogao.reasons.survey import Survey, view_of
from nekogao.report import card, scatter, words
from nekogao.report.inline import embed, text_of

MOST_CARDS = 60
"""Cards that the page itself carries; the others are files only."""
_THUMBNAIL = 72


def _small(picture: Picture) -> str:
    return embed(images.fit(picture, _THUMBNAIL, "crop"))


@dataclass(frozen=True)
class Group:
    """The pictures that fall to one face, by number."""

    face: int
    once: list[int]
    settled: list[int]


@dataclass(frozen=True)
class Map:
    """Where faces and pictures lie, as marks to be drawn."""

    width: int
    height: int
    faces: list[scatter.Mark]
    pictures: list[scatter.Mark]


@dataclass(frozen=True)
class Card:
    """One explanation on the page."""

    explanation: Explanation
    path: str
    """The card as a picture, relative to the page."""
    became: str
    why: str
    sentences: list[str]
    """How it flips."""
    strip: list[tuple[str, str]]
    """Caption and picture."""
    flips: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class ExplanationPage:
    """All that the template shows."""

    title: str
    domain: str
    ids: list[str]
    faces: list[str]
    colours: Sequence[str]
    note: str
    faults: Sequence[str]
    found: Survey
    place: str
    """What foretells the face best, as a noun: `level 6`, or `the output`."""
    comparison: str
    undecided: str
    """Why nothing decides; empty where something does."""
    hits: dict[str, Hits]
    """Predictor -> how well it does on the unseen pictures."""
    low_r2: float
    stored: int
    ends: int
    r2: float
    copied: float
    effective: float
    explanations: Sequence[Explanation]
    given: list[str]
    groups: list[Group]
    map: Map
    outliers: list[tuple[int, list[str]]]
    cards: list[Card]
    css: str


def build(explained: Explained, title: str) -> ExplanationPage:
    """The page of all explanations; `title` is what the network is called."""
    subject, found, explanations = explained.subject, explained.found, explained.explanations
    _, comparison = view_of(found.law.best.name)
    ends = [e.answer.settling for e in explanations if e.answer.settling]
    made_of = [e.answer.made_of for e in explanations]
    faces, pictures = scatter.marks(found.face_places, found.picture_places, subject.faces.ids)
    return ExplanationPage(
        title=title,
        domain=subject.domain_name,
        ids=subject.faces.ids,
        faces=[_small(target) for target in subject.faces.targets],
        colours=scatter.colours(len(subject.faces.ids)),
        note=subject.faces.note,
        faults=explained.faults,
        found=found,
        place=words.place(found.law.best.name),
        comparison=comparison,
        undecided="" if found.deciding else words.undecided(found.law),
        hits={hits.name: hits for hits in found.law.scores},
        low_r2=LOW_R2,
        stored=sum(end.stored and end.kind == "fixed" for end in ends),
        ends=len(ends),
        r2=_median([each.span.r2 for each in made_of]),
        copied=_median([each.copied for each in made_of]),
        effective=_median([each.span.effective for each in made_of]),
        explanations=explanations,
        given=[_small(explanation.answer.picture) for explanation in explanations],
        groups=_groups(found, explanations),
        map=Map(scatter.WIDTH, scatter.HEIGHT, faces, pictures),
        outliers=[(i, e.answer.oddities) for i, e in enumerate(explanations)
                  if e.answer.oddities],
        cards=[
            _card(explanation, subject, path)
            for explanation, path in zip(explanations[:MOST_CARDS], explained.cards, strict=False)
        ],
        css=text_of("page.css") + text_of("explained.css"),
    )  # fmt: skip


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[-half - 1]) / 2


def _groups(found: Survey, explanations: Sequence[Explanation]) -> list[Group]:
    """Face by face, the fullest first: which pictures fall to it at once, and which settle."""
    order = sorted(range(len(found.once)), key=lambda face: -found.once[face])
    groups = []
    for face in order:
        once = [i for i, e in enumerate(explanations) if e.answer.face == face]
        settled = [
            i for i, e in enumerate(explanations)
            if (s := e.answer.settling) and s.face == face and s.stored and s.kind == "fixed"
        ]  # fmt: skip
        groups.append(Group(face, once, settled))
    return groups


def _card(explanation: Explanation, subject: Subject, path: str) -> Card:
    return Card(
        explanation=explanation,
        path=path,
        became=words.became(explanation),
        why=words.why(explanation),
        sentences=words.flips(explanation),
        strip=[(caption, embed(shown)) for caption, shown in card.strip(explanation, subject)],
        flips=[(caption, embed(shown)) for caption, shown in card.flip_strip(explanation)],
    )
