"""`explain`: from pictures to a page, cards and JSON."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from nekogao.errors import InputError
from nekogao.explain import flips
from nekogao.explain.answers import Answer, ask
from nekogao.explain.decider import decider
from nekogao.explain.explanation import Explanation, explain
from nekogao.explain.laws import Law
from nekogao.explain.record import Explained, record
from nekogao.explain.subject import Subject
from nekogao.explain.survey import survey, view_of
from nekogao.files import write_text
from nekogao.models.gallery import Applied, find_inputs, named
from nekogao.names import slug, without_folders
from nekogao.pictures import images, video
from nekogao.pictures.images import Picture
from nekogao.report import card, unfinished
from nekogao.report.explained import build
from nekogao.report.inline import render
from nekogao.report.unfinished import Done, Unfinished

PAGE, DATA, CARDS = "explain.html", "explain.json", "cards"


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
) -> Iterator[Planned | Applied | Explanation | Path]:
    """Explain pictures, folders and glob patterns; write a page, cards and JSON to a new folder.

    Each card is written when it is done; the same call goes on where an earlier one stopped.
    Yields what is planned, an Applied for every picture that cannot be read, an Explanation for
    every other, and in the end the page's path, unless there was nothing to explain.

    Args:
        subject: The network.
        names: Pictures, folders and glob patterns.
        out: A new folder, or one that the same call began.
        title: What the network is called on the page.
        numbered: Whether `out-2` and so on are taken where `out` is.

    Raises InputError where `out` is taken, ConfigError where the domain makes no sources.
    """
    paths, faults = find_inputs(named(names))
    law = decider(subject)
    of = unfinished.identity(subject, law, paths, faults)
    if not numbered:
        unfinished.check(out, of)
    yield from faults
    gathered = Gathered()
    gathered.take(list(faults))
    unread: list[Applied] = []
    work: Unfinished | None = None
    try:
        for answer in ask(subject, view_of(law.best.name)[0], _readable(paths, unread)):
            yield from gathered.take(unread)
            if work is None:
                work = Unfinished.begin(out, of, numbered)
                yield Planned(len(paths), len(work.done))
            explanation, path = _explained(subject, law, answer, work, gathered.cards)
            gathered.explanations.append(explanation)
            gathered.cards.append(f"{CARDS}/{path}")
            yield explanation
        yield from gathered.take(unread)
        if work is None:
            return
        yield _write(subject, law, gathered, work.folder, title or work.folder.name)
        work.finish()
    finally:
        if work is not None:
            work.close()


@dataclass(frozen=True)
class Gathered:
    """What came of the pictures so far."""

    explanations: list[Explanation] = field(default_factory=list)
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


def _explained(
    subject: Subject, law: Law, answer: Answer, work: Unfinished, taken: Sequence[str]
) -> tuple[Explanation, str]:
    """One explanation with its card's file name; only what was not done before takes long."""
    content = hashlib.sha256(answer.picture.tobytes()).hexdigest()
    picture, cards = f"{str(answer.path)!a} {content}", work.folder / CARDS
    done = work.done.get(picture)
    if done is not None and (cards / done.card).is_file():
        changes = (done.morph, done.smallest)
        found = [flips.again(subject, answer, c.kind, c.amount) if c else None for c in changes]
        return Explanation(answer, subject.faces.ids, law, *found), done.card
    (explanation,) = explain(subject, [answer], law)
    cards.mkdir(exist_ok=True)
    # A card that was not written down is of a process that stopped: it is drawn again.
    known = {*taken, *(f"{CARDS}/{row.card}" for row in work.done.values())}
    name = next(n for n in _card_names(slug(answer.path.stem)) if f"{CARDS}/{n}" not in known)
    images.write(cards / name, card.draw(explanation, subject))
    work.keep(Done.of(picture, name, explanation))
    return explanation, name


def _card_names(stem: str) -> Iterator[str]:
    yield f"{stem}.png"
    yield from (f"{stem}-{number}.png" for number in count(2))


def _write(subject: Subject, law: Law, gathered: Gathered, folder: Path, title: str) -> Path:
    """The page and its JSON."""
    answers = [explanation.answer for explanation in gathered.explanations]
    found = survey(subject, law, answers)
    explained = Explained(subject, found, gathered.explanations, gathered.cards, gathered.failed)
    write_text(folder / DATA, record(explained).to_json())
    write_text(folder / PAGE, render(PAGE, vars(build(explained, title))))
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
