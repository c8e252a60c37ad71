"""`explain`: from pictures to a page, cards and JSON."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Generic, Protocol, TypeVar, runtime_checkable

from nekogao.errors import InputError
from nekogao.files import write_text
from nekogao.models.gallery import Applied, find_inputs, named
from nekogao.names import slug, without_folders
from nekogao.pictures import images, video
from nekogao.pictures.images import Picture
from nekogao.reasons import flips
from nekogao.reasons.answers import Answer, ask
from nekogao.reasons.decider import decider
from nekogao.reasons.explanation import Explanation, flipped
from nekogao.reasons.origins import Traced
from nekogao.reasons.record import Explained, record
from nekogao.reasons.subject import Subject
from nekogao.reasons.survey import survey, view_of
from nekogao.report import card, unfinished
from nekogao.report.explained import build
from nekogao.report.inline import render
from nekogao.report.origins import Tracing
from nekogao.report.unfinished import Done, Unfinished

PAGE, DATA, CARDS = "explain.html", "explain.json", "cards"


@runtime_checkable
class Asked(Protocol):
    """What came out for one picture."""

    @property
    def path(self) -> Path:
        """Of the file."""

    @property
    def picture(self) -> Picture:
        """The input, brought to the network's size."""


A = TypeVar("A", bound=Asked)
E = TypeVar("E")


@runtime_checkable
class Way(Protocol[A, E]):
    """A way to explain answers; see Deciding and Tracing."""

    @property
    def said(self) -> Sequence[str | bool]:
        """What its explanations follow from, besides network, faces and pictures."""

    def answers(self, named: Iterable[tuple[Path, Picture]]) -> Iterator[A]:
        """What came out for pictures, one after another."""

    def explain(self, answer: A) -> E:
        """The explanation of an answer; this may take long."""

    def again(self, answer: A, done: Done) -> E:
        """The explanation of a picture whose card is drawn."""

    def done(self, picture: str, card: str, explanation: E) -> Done:
        """What is written down once the card is drawn."""

    def card(self, explanation: E) -> Picture:
        """The card of one picture."""

    def files(
        self, found: Sequence[E], cards: Sequence[str], faults: Sequence[str], title: str
    ) -> tuple[str, str]:
        """The text of explain.json, and the page."""


class Deciding:
    """How a network is explained in which something decides which face comes out."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.law = subject, decider(subject)
        self.said: Sequence[str | bool] = (self.law.best.name, self.law.explained)

    def answers(self, named: Iterable[tuple[Path, Picture]]) -> Iterator[Answer]:
        """What came out for pictures, a few at a time."""
        return ask(self.subject, view_of(self.law.best.name)[0], named)

    def explain(self, answer: Answer) -> Explanation:
        """An answer with its flips, which are searched for."""
        (explanation,) = flipped(self.subject, [answer], self.law)
        return explanation

    def again(self, answer: Answer, done: Done) -> Explanation:
        """An answer with flips that were found before."""
        changes = (done.morph, done.smallest)
        found = [flips.again(self.subject, answer, c.kind, c.amount) if c else None
                 for c in changes]  # fmt: skip
        return Explanation(answer, self.subject.faces.ids, self.law, *found)

    def done(self, picture: str, card: str, explanation: Explanation) -> Done:
        """What is written down once the card is drawn."""
        return Done.of(picture, card, explanation)

    def card(self, explanation: Explanation) -> Picture:
        """The card of one picture."""
        return card.draw(explanation, self.subject)

    def files(
        self, found: Sequence[Explanation], cards: Sequence[str], faults: Sequence[str], title: str
    ) -> tuple[str, str]:
        """The text of explain.json, and the page."""
        looked = survey(self.subject, self.law, [explanation.answer for explanation in found])
        explained = Explained(self.subject, looked, found, cards, faults)
        return record(explained).to_json(), render(PAGE, vars(build(explained, title)))


@dataclass(frozen=True)
class Planned:
    """What is going to be explained."""

    pictures: int
    done: int
    """How many were explained before, by the same command."""


def explain_pictures(
    subject: Subject,
    names: str | Path | Sequence[str | Path],
    out: Path,
    title: str = "",
    *,
    numbered: bool = False,
) -> Iterator[Planned | Applied | Explanation | Traced | Path]:
    """Explain pictures, folders and glob patterns; write a page, cards and JSON to a new folder.

    Each card is written when it is done; the same call goes on where an earlier one stopped.
    Yields what is planned, an Applied for every picture that cannot be read, an Explanation for
    every other (a Traced, where the network knows where its pixels come from), and in the end the
    page's path, unless there was nothing to explain.

    Args:
        subject: The network.
        names: Pictures, folders and glob patterns.
        out: A new folder, or one that the same call began.
        title: What the network is called on the page.
        numbered: Whether `out-2` and so on are taken where `out` is.

    Raises InputError where `out` is taken, ConfigError where the domain makes no sources.
    """
    paths, faults = find_inputs(named(names))
    if subject.translator.family.answer is not None:
        yield from _all(subject, Tracing(subject), paths, faults, out, title, numbered)
    else:
        yield from _all(subject, Deciding(subject), paths, faults, out, title, numbered)


def _all(
    subject: Subject, way: Way[A, E], paths: list[Path], faults: list[Applied], out: Path,
    title: str, numbered: bool,
) -> Iterator[Planned | Applied | E | Path]:  # fmt: skip
    """Explain all pictures in one of the ways."""
    of = unfinished.identity(subject, way.said, paths, faults)
    if not numbered:
        unfinished.check(out, of)
    yield from faults
    gathered: Gathered[E] = Gathered()
    gathered.take(list(faults))
    unread: list[Applied] = []
    work: Unfinished | None = None
    try:
        for answer in way.answers(_readable(paths, unread)):
            yield from gathered.take(unread)
            if work is None:
                work = Unfinished.begin(out, of, numbered)
                yield Planned(len(paths), len(work.done))
            explanation, path = _explained(way, answer, work, gathered.cards)
            gathered.explanations.append(explanation)
            gathered.cards.append(f"{CARDS}/{path}")
            yield explanation
        yield from gathered.take(unread)
        if work is None:
            return
        yield _write(way, gathered, work.folder, title or work.folder.name)
        work.finish()
    finally:
        if work is not None:
            work.close()


@dataclass(frozen=True)
class Gathered(Generic[E]):
    """What came of the pictures so far."""

    explanations: list[E] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def take(self, unread: list[Applied]) -> list[Applied]:
        """The pictures that could not be read since the last time."""
        found = list(unread)
        unread.clear()
        self.failed.extend(map(_by_name, found))
        return found


def _by_name(fault: Applied) -> str:
    """A fault that can be sent to others: the file's name without its folders."""
    return without_folders(fault.error.replace(str(fault.path), fault.path.name))


def _explained(way: Way[A, E], answer: A, work: Unfinished, taken: Sequence[str]) -> tuple[E, str]:
    """One explanation with its card's file name; only what was not done before takes long."""
    content = hashlib.sha256(answer.picture.tobytes()).hexdigest()
    picture, cards = f"{str(answer.path)!a} {content}", work.folder / CARDS
    done = work.done.get(picture)
    if done is not None and (cards / done.card).is_file():
        return way.again(answer, done), done.card
    explanation = way.explain(answer)
    cards.mkdir(exist_ok=True)
    # A card that was not written down is of a process that stopped: it is drawn again.
    known = {*taken, *(f"{CARDS}/{row.card}" for row in work.done.values())}
    name = next(n for n in _card_names(slug(answer.path.stem)) if f"{CARDS}/{n}" not in known)
    images.write(cards / name, way.card(explanation))
    work.keep(way.done(picture, name, explanation))
    return explanation, name


def _card_names(stem: str) -> Iterator[str]:
    yield f"{stem}.png"
    yield from (f"{stem}-{number}.png" for number in count(2))


def _write(way: Way[A, E], gathered: Gathered[E], folder: Path, title: str) -> Path:
    """The page and its JSON."""
    data, page = way.files(gathered.explanations, gathered.cards, gathered.failed, title)
    write_text(folder / DATA, data)
    write_text(folder / PAGE, page)
    return folder / PAGE


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
