"""The page and cards of a network that knows from which training pairs its answers come."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nekogao.models import provenance
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.reasons.ledger import ledger, totals
from nekogao.reasons.origins import Origin, Traced, trace
from nekogao.reasons.subject import Subject
from nekogao.report import words
from nekogao.report.explained import MOST_CARDS
from nekogao.report.inline import embed, render, text_of
from nekogao.report.paper import ACCENT, PALE, SOFT, Paper
from nekogao.report.unfinished import Done

_THUMBNAIL = 72
_MOST_ORIGINS = 8
"""Pairs that a legend names; the others are summed up."""


@dataclass(frozen=True)
class Entry:
    """One training pair in a legend."""

    id: str
    share: float
    colour: str
    """Of its pixels on the map."""
    target: str
    """Inside the page; empty where it is not at hand."""


@dataclass(frozen=True)
class Card:
    """One picture on the page."""

    name: str
    path: str
    """The card as a picture, relative to the page."""
    strip: list[tuple[str, str]]
    """Caption and picture."""
    legend: list[Entry]
    rest: str
    """Pairs that the legend leaves out, in words; empty where there are none."""
    doubt: str


@dataclass(frozen=True)
class Use:
    """How much the pictures come from one training pair."""

    entry: Entry
    first: list[tuple[int, str, str]]
    """Number, name and thumbnail of the pictures of which it gives most pixels."""


@dataclass(frozen=True, kw_only=True)
class OriginsPage:
    """All that the template shows."""

    title: str
    domain: str
    count: int
    known: int
    """Training pairs that the model names."""
    used: int
    """Pairs that any pixel comes from."""
    largest: float
    """The median share of a picture's first pair."""
    unsure: float
    """The median share that nothing in the pairs explains."""
    why: str
    """Why the page says nothing of what decides."""
    map: str
    """How to read the map of where the pixels come from."""
    faults: Sequence[str]
    uses: list[Use]
    more: int
    """Pairs beyond those that are shown."""
    cards: list[Card]
    css: str


class Tracing:
    """How a network is explained that knows where its pixels come from.

    Nothing is settled: a turn of the closed loop may take seconds, and it seldom comes to rest.
    """

    said: Sequence[str | bool] = ("origins",)
    """What its explanations follow from, besides network, faces and pictures."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def answers(self, named: Iterable[tuple[Path, Picture]]) -> Iterator[Traced]:
        """What came out for pictures, one after another."""
        return trace(self.subject, named)

    def explain(self, answer: Traced) -> Traced:
        """An answer that knows its origins is its own explanation."""
        return answer

    def again(self, answer: Traced, done: Done) -> Traced:
        """The explanation of a picture whose card is drawn."""
        return answer

    def done(self, picture: str, card: str, explanation: Traced) -> Done:
        """What is written down once the card is drawn."""
        return Done(picture, card, None, None)

    def card(self, explanation: Traced) -> Picture:
        """The card of one picture."""
        return draw(explanation, self.subject.domain_name)

    def files(
        self, traced: Sequence[Traced], cards: Sequence[str], faults: Sequence[str], title: str
    ) -> tuple[str, str]:
        """The text of explain.json, and the page."""
        page = build(self.subject, traced, cards, faults, title)
        data = ledger(self.subject, traced, cards, faults).to_json()
        return data, render("origins.html", vars(page))


def build(
    subject: Subject,
    traced: Sequence[Traced],
    cards: Sequence[str],
    faults: Sequence[str],
    title: str,
) -> OriginsPage:
    """The page of all pictures; `title` is what the network is called."""
    found = totals(traced)
    return OriginsPage(
        title=title,
        domain=subject.domain_name,
        count=len(traced),
        known=len(subject.translator.model.faces),
        used=len(found),
        largest=_median([each.origins[0].share for each in traced]),
        unsure=_median([each.answer.unsure for each in traced]),
        why=words.NO_DECIDER,
        map=words.MAP,
        faults=faults,
        uses=[_use(origin, traced) for origin in found[:MOST_CARDS]],
        more=max(0, len(found) - MOST_CARDS),
        cards=[
            _card(each, subject.domain_name, path)
            for each, path in zip(traced[:MOST_CARDS], cards, strict=False)
        ],
        css="".join(map(text_of, ("page.css", "explained.css", "origins.css"))),
    )


def draw(traced: Traced, domain: str) -> Picture:
    """The card of one picture: what came out, from which pairs, and what none explains."""
    paper, colours = Paper(), provenance.colours(traced.answer.chosen)
    paper.write(traced.name, 26, bold=True)
    paper.write(words.came_from(traced), 19, ACCENT, bold=True)
    paper.top += 10
    paper.show(strip(traced, domain))
    paper.write("From which training pairs", 19, bold=True)
    for origin in traced.origins[:_MOST_ORIGINS]:
        colour = _hex(colours[origin.pair]) if origin.pair in colours else PALE
        paper.bar(origin.id, origin.share, origin.target, colour)
    if rest := words.rest(traced.origins[_MOST_ORIGINS:]):
        paper.write(f"and {rest}", 15, SOFT)
    paper.top += 8
    paper.write(words.doubt(traced))
    paper.write(words.MAP, 15, SOFT)
    paper.top += 12
    paper.write(f"Nekogao explain, as {domain}", 13, SOFT)
    return paper.cropped()


def strip(traced: Traced, domain: str) -> list[tuple[str, Picture]]:
    """Caption and picture, from the input to the map of where each pixel comes from."""
    return [
        ("picture", traced.picture),
        (f"as {domain}", traced.source),
        ("comes out", traced.answer.output),
        ("where from", provenance.draw(traced.answer)),
    ]


def _card(traced: Traced, domain: str, path: str) -> Card:
    colours = provenance.colours(traced.answer.chosen)
    return Card(
        name=traced.name,
        path=path,
        strip=[(caption, embed(shown)) for caption, shown in strip(traced, domain)],
        legend=[
            _entry(origin, _hex(colours[origin.pair]) if origin.pair in colours else PALE)
            for origin in traced.origins[:_MOST_ORIGINS]
        ],
        rest=words.rest(traced.origins[_MOST_ORIGINS:]),
        doubt=words.doubt(traced),
    )


def _use(origin: Origin, traced: Sequence[Traced]) -> Use:
    first = [
        (number, each.name, _small(each.picture))
        for number, each in enumerate(traced)
        if each.origins[0].pair == origin.pair
    ]
    return Use(_entry(origin, PALE), first)


def _entry(origin: Origin, colour: str) -> Entry:
    target = "" if origin.target is None else _small(origin.target)
    return Entry(origin.id, origin.share, colour, target)


def _small(picture: Picture) -> str:
    return embed(images.fit(picture, _THUMBNAIL, "crop"))


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[-half - 1]) / 2
