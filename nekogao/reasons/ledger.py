"""The rows of explain.json where the answers' origins are known.

The fields of these rows are the file's own names, in its order.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from nekogao import __version__
from nekogao.reasons.origins import Origin, Traced
from nekogao.reasons.subject import Subject


@dataclass(frozen=True)
class OriginRow:
    """One training pair; see nekogao.reasons.origins.Origin."""

    pair: int
    id: str
    share: float


@dataclass(frozen=True)
class TracedRow:
    """All about one picture."""

    path: str
    """Its file's name; the folders of this machine are nobody's business."""
    card: str
    """Its card, relative to the file."""
    origins: list[OriginRow]
    """The pair of most pixels first; the shares sum to 1."""
    unsure: float
    """Share of the picture that nothing in the pairs explains."""
    freedom: float
    """How freely the pairs were bent, from 0 to 1."""


@dataclass(frozen=True)
class Ledger:
    """What explain.json holds of a network that knows where its pixels come from."""

    nekogao: str
    family: str
    domain: str
    faces: list[str]
    """The training pairs, as far as the model names them."""
    origins: list[OriginRow]
    """The pairs, each with its mean share over all pictures; the largest first."""
    unsure: float
    """The mean over all pictures."""
    pictures: list[TracedRow]
    faults: list[str]

    def to_json(self) -> str:
        """The text of explain.json."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"


def ledger(
    subject: Subject, traced: Sequence[Traced], cards: Sequence[str], faults: Sequence[str]
) -> Ledger:
    """What `explain.json` holds; `cards` has the card of each picture."""
    return Ledger(
        nekogao=__version__,
        family=subject.translator.family.kind,
        domain=subject.domain_name,
        faces=list(subject.translator.model.faces),
        origins=_rows(totals(traced)),
        unsure=sum(each.answer.unsure for each in traced) / len(traced),
        pictures=[
            TracedRow(
                path=each.path.name,
                card=card,
                origins=_rows(each.origins),
                unsure=each.answer.unsure,
                freedom=float(each.answer.freedom),
            )
            for each, card in zip(traced, cards, strict=True)
        ],
        faults=list(faults),
    )


def totals(traced: Sequence[Traced]) -> list[Origin]:
    """Every pair with its mean share over all pictures, the largest first."""
    sums: dict[int, float] = {}
    first: dict[int, Origin] = {}
    for origin in (origin for each in traced for origin in each.origins):
        sums[origin.pair] = sums.get(origin.pair, 0.0) + origin.share
        first.setdefault(origin.pair, origin)
    order = sorted(sums, key=lambda pair: (-sums[pair], pair))
    return [
        Origin(pair, first[pair].id, sums[pair] / len(traced), first[pair].target)
        for pair in order
    ]


def _rows(origins: Sequence[Origin]) -> list[OriginRow]:
    return [OriginRow(origin.pair, origin.id, origin.share) for origin in origins]
