"""Why a picture became what it became, for the library: no page, no files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from nekogao.errors import InputError
from nekogao.models.gallery import find_inputs, named
from nekogao.pictures import images
from nekogao.pictures.images import Picture
from nekogao.reasons.answers import ask
from nekogao.reasons.decider import decider
from nekogao.reasons.explanation import Explanation, flipped
from nekogao.reasons.origins import Traced, trace
from nekogao.reasons.subject import Subject
from nekogao.reasons.survey import view_of


def explain(
    model: str | Path,
    pictures: str | Path | Sequence[str | Path],
    domain: str | None = None,
    pairs: str | Path | None = None,
) -> Iterator[Explanation | Traced]:
    """Say which training face comes out for pictures, and why that one, one after another.

    >>> for why in nekogao.explain("runs/cats", ["cup.png"]):
    ...     print(why.name, "became", why.face, "in", why.answer.settling.turns, "steps")
    cup.png became mike in 2 steps

    Args:
        model: A run or a model file.
        pictures: Pictures, folders and glob patterns.
        domain: The domain to look through; the one trained last unless given.
        pairs: The pair set with the training faces; the run's own unless given.

    Yields:
        An Explanation for each picture; a Traced, which says from which training pairs it
        comes, where the model knows that (the family `exemplar`).

    Raises:
        WeightsError: There is no model, or it is damaged.
        ConfigError: The domain is unknown, or no training face is known.
        InputError: A name leads to no picture. PictureError where one cannot be read.
    """
    subject = Subject.load(model, domain, pairs)
    paths, faults = find_inputs(named(pictures))
    for fault in faults:
        raise InputError(fault.error)

    def shown() -> Iterator[tuple[Path, Picture]]:
        for path in paths:
            yield path, images.read(path)

    if subject.translator.family.answer is not None:
        yield from trace(subject, shown())
        return
    law = decider(subject)
    for answer in ask(subject, view_of(law.best.name)[0], shown()):
        yield from flipped(subject, [answer], law)
