"""Everything numeric of an explanation, as plain data for JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nekogao import __version__
from nekogao.explain.answers import Answer, Settling
from nekogao.explain.explanation import Explanation
from nekogao.explain.flips import Flip
from nekogao.explain.subject import Subject
from nekogao.explain.survey import Survey


def record(
    subject: Subject,
    found: Survey,
    explanations: Sequence[Explanation],
    cards: Sequence[str],
    faults: Sequence[str] = (),
) -> dict[str, Any]:
    """What `explain.json` holds.

    Args:
        subject: The network.
        found: What holds over all pictures.
        explanations: One for every picture.
        cards: The card of each, relative to the file.
        faults: Why other pictures have none.
    """
    ids = subject.faces.ids
    collapsed = found.collapsed
    return {
        "nekogao": __version__,
        "domain": subject.domain_name,
        "faces": ids,
        "thumbnails": subject.faces.thumbnails,
        "note": subject.faces.note,
        "deciding": found.deciding,
        "level": found.level,
        "baseline": found.baseline,
        "collapsed": None if collapsed is None else ids[collapsed],
        "basins": {
            "once": dict(zip(ids, found.once, strict=True)),
            "settled": dict(zip(ids, found.settled, strict=True)) if found.settled else None,
        },
        "predictors": [asdict(score) for score in found.scores],
        "map": {
            "shown": found.spread,
            "faces": dict(zip(ids, found.face_places.tolist(), strict=True)),
        },
        "pictures": [
            _picture(explanation, place, card)
            for explanation, place, card in zip(
                explanations, found.picture_places.tolist(), cards, strict=True
            )
        ],
        "faults": list(faults),
    }


def _picture(explanation: Explanation, place: list[float], card: str) -> dict[str, Any]:
    answer, ids = explanation.answer, explanation.ids
    return {
        "path": str(answer.path),
        "card": card,
        "face": explanation.face,
        "runner_up": None if answer.runner_up is None else ids[answer.runner_up],
        "shares": dict(zip(ids, map(float, answer.made_of.span.weights), strict=True)),
        "memory": _memory(answer, ids),
        "settled": _settling(answer.settling, ids) if answer.settling else None,
        "findings": {
            name: {"face": ids[f.face], "distance": f.distance, "place": f.place}
            for name, f in answer.findings.items()
        },
        "agrees": explanation.decision.place == 0,
        "flips": {
            "morph": _flip(explanation.morph, ids) if explanation.morph else None,
            "smallest": _flip(explanation.smallest, ids) if explanation.smallest else None,
        },
        "outlier": answer.oddities,
        "place": place,
    }


def _memory(answer: Answer, ids: list[str]) -> dict[str, Any]:
    made_of = answer.made_of
    return {
        "nearest": ids[made_of.nearest],
        "ratio": float(made_of.ratio),
        "r2": float(made_of.span.r2),
        "effective": float(made_of.span.effective),
        "copied": float(made_of.copied),
    }


def _settling(end: Settling, ids: list[str]) -> dict[str, Any]:
    return {
        "kind": end.kind,
        "steps": end.turns,
        "face": ids[end.face],
        "distance": end.distance,
        "stored": end.stored,
    }


def _flip(flip: Flip, ids: list[str]) -> dict[str, Any]:
    return {
        "kind": flip.kind,
        "amount": flip.amount,
        "towards": None if flip.towards is None else ids[flip.towards],
        "face": ids[flip.face],
        "change": flip.change,
    }
