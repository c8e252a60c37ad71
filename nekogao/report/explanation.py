"""`explain`: from pictures to a page, cards and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nekogao.errors import InputError
from nekogao.explain.answers import LOW_R2, ask
from nekogao.explain.explanation import Explanation, explain
from nekogao.explain.record import record
from nekogao.explain.subject import Subject
from nekogao.explain.survey import ENOUGH, Survey, survey, view_of
from nekogao.files import check_new_folder, new_folder, write_text
from nekogao.models import video
from nekogao.models.gallery import Applied, find_inputs, named
from nekogao.names import free_name, slug
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.report import card, scatter, words
from nekogao.report.inline import embed, render, text_of

PAGE, DATA, CARDS = "explain.html", "explain.json", "cards"
MOST_CARDS = 60
"""Cards that the page itself carries; the others are files only."""
_THUMBNAIL = 72


def explain_pictures(
    subject: Subject, names: str | Path | Sequence[str | Path], out: Path, title: str = ""
) -> Iterator[Applied | Explanation | Path]:
    """Explain pictures, folders and glob patterns; write a page, cards and JSON to a new folder.

    Yields an Applied for every picture that cannot be read, an Explanation for every other, and
    in the end the page's path, unless there was nothing to explain.

    Raises InputError where `out` is taken, ConfigError where the domain makes no sources.
    """
    check_new_folder(out)
    paths, faults = find_inputs(named(names))
    failed = [fault.error for fault in faults]
    yield from faults
    unread: list[Applied] = []
    answers = []
    for answer in ask(subject, _readable(paths, unread)):
        answers.append(answer)
        failed += [fault.error for fault in unread]
        yield from unread
        unread.clear()
    failed += [fault.error for fault in unread]
    yield from unread
    if not answers:
        return
    found = survey(subject, answers)
    explanations = []
    with new_folder(out) as folder:
        (folder / CARDS).mkdir()
        cards = []
        for explanation in explain(subject, answers, found):
            path = free_name(folder / CARDS, slug(explanation.answer.path.stem), ".png")
            images.write(path, card.draw(explanation, subject))
            cards.append(f"{CARDS}/{path.name}")
            explanations.append(explanation)
            yield explanation
        data = record(subject, found, explanations, cards, failed)
        write_text(folder / DATA, data.to_json())
        page = _page(subject, found, explanations, cards, failed, title or out.name)
        write_text(folder / PAGE, render(PAGE, vars(page)))
    yield out / PAGE


def _readable(paths: Sequence[Path], unread: list[Applied]) -> Iterator[tuple[Path, Picture]]:
    """The pictures that can be read, one at a time; the others go to `unread`."""
    for path in paths:
        try:
            yield path, _read(path)
        except InputError as error:
            unread.append(Applied(path, error=str(error)))


def _read(path: Path) -> Picture:
    if path.suffix.lower() in video.SUFFIXES:
        raise InputError(f"{path}: is a video, and only pictures are explained. Name pictures.")
    return images.read(path)


def _small(picture: Picture) -> str:
    return embed(images.resize(picture, _THUMBNAIL, _THUMBNAIL))


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
class Page:
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
    """What decides, as a noun: `level 6`, or `the output`."""
    comparison: str
    enough: int
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


def _page(
    subject: Subject,
    found: Survey,
    explanations: Sequence[Explanation],
    cards: Sequence[str],
    faults: Sequence[str],
    title: str,
) -> Page:
    _, comparison = view_of(found.deciding)
    ends = [e.answer.settling for e in explanations if e.answer.settling]
    made_of = [e.answer.made_of for e in explanations]
    faces, pictures = scatter.marks(found.face_places, found.picture_places)
    return Page(
        title=title,
        domain=subject.domain_name,
        ids=subject.faces.ids,
        faces=[_small(target) for target in subject.faces.targets],
        colours=scatter.colours(len(subject.faces.ids)),
        note=subject.faces.note,
        faults=faults,
        found=found,
        place=words.place(found.deciding),
        comparison=comparison,
        enough=ENOUGH,
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
            for explanation, path in zip(explanations[:MOST_CARDS], cards, strict=False)
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


def default_out(model: Path) -> Path:
    """Where explanations of a run go: RUN/explained, or the next free number."""
    return free_name(model, "explained", "")
