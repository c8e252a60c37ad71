"""Explanations in words, as a person would say them."""

from collections.abc import Sequence

from nekogao.explain.answers import Settling
from nekogao.explain.explanation import Explanation
from nekogao.explain.flips import Flip
from nekogao.explain.survey import level_of, view_of

_LIGHT = ("brighter", "darker")


def settled(explanation: Explanation) -> str:
    """Where the closed loop ends, in a few words; empty for ready sources."""
    end = explanation.answer.settling
    return settled_words(end, explanation.ids) if end else ""


def settled_words(end: Settling, ids: Sequence[str]) -> str:
    """Where the closed loop ends: `mike in 7 steps`."""
    steps = f"{end.turns} {'step' if end.turns == 1 else 'steps'}"
    if end.kind != "fixed":
        return f"{'a cycle' if end.kind == 'cycle' else 'unconverged'} after {steps}"
    where = ids[end.face] if end.stored else f"spurious, nearest {ids[end.face]},"
    return f"{where} in {steps}"


def became(explanation: Explanation) -> str:
    """What came out, and where that leads if it leads elsewhere."""
    end, answer = explanation.answer.settling, explanation.answer
    words = f"became {explanation.face}, {answer.share:.0%}"
    if end is None or (end.stored and end.face == answer.face):
        return words
    stored = end.stored and end.kind == "fixed"
    return f"{words}; settles on {explanation.ids[end.face] if stored else 'no training face'}"


def decider(predictor: str) -> str:
    """A predictor as the beginning of a sentence: `Level 5 (by cosine)`."""
    where, comparison = place(predictor), view_of(predictor)[1]
    return f"{where[0].upper()}{where[1:]} (by {comparison})"


def place(predictor: str) -> str:
    """Where a predictor looks, as a noun: `level 5`, or `the output`."""
    level = level_of(predictor)
    return f"the {view_of(predictor)[0]}" if level is None else f"level {level}"


def why(explanation: Explanation) -> str:
    """One sentence on what decides."""
    who, found, face = decider(explanation.deciding), explanation.decision, explanation.face
    if found.place == 0:
        return f"{who} finds {face} nearest, too: it decides."
    return (
        f"{who} finds {explanation.ids[found.face]} nearest, not {face} "
        f"({ordinal(found.place + 1)}): here it does not decide alone."
    )


def flips(explanation: Explanation) -> list[str]:
    """How the answer flips, one sentence for each way."""
    ids, runner_up = explanation.ids, explanation.answer.runner_up
    if runner_up is None:
        return ["There is no other face to flip to."]
    toward = ids[runner_up]
    found = [f"No morph towards {toward} flips it."]
    if explanation.morph:
        morph = explanation.morph
        found = [f"{doing(morph)} towards {toward} gives {ids[morph.face]}."]
    if explanation.smallest is None:
        return [*found, "No change of brightness or place that was tried flips it."]
    return [*found, f"{doing(explanation.smallest)} gives {ids[explanation.smallest.face]}."]


def amount(flip: Flip) -> str:
    """How large a change is, as a person would say it; the face morphed to is left out."""
    percent = f"{flip.amount:.0%}" if flip.amount >= 0.01 else f"{flip.amount:.1%}"
    if flip.kind == "morph":
        return f"{percent} morph"
    return f"{percent} {flip.kind}" if flip.kind in _LIGHT else f"{flip.amount:.0f} px {flip.kind}"


def doing(flip: Flip) -> str:
    """A change as the beginning of a sentence."""
    if flip.kind == "morph":
        return f"A {amount(flip)}"
    return f"{'Making' if flip.kind in _LIGHT else 'Moving'} it {amount(flip)}"


def line(explanation: Explanation) -> str:
    """All of it in one line."""
    ids, where = explanation.ids, place(explanation.deciding)
    ends = settled(explanation)
    middle = f" (settled: {ends})" if ends else ""
    if explanation.decision.place:
        middle += f" {where} says {ids[explanation.decision.face]}"
    else:
        at = "by" if level_of(explanation.deciding) is None else "at"
        middle += f" decided {at} {where}"
    flip = "no flip found"
    if explanation.morph:
        flip = f"flips to {ids[explanation.morph.face]} at {amount(explanation.morph)}"
    elif explanation.smallest:
        flip = f"flips to {ids[explanation.smallest.face]} when {amount(explanation.smallest)}"
    share = f"{explanation.answer.share:.0%}"
    return f"{explanation.name} -> {explanation.face} {share}{middle}; {flip}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ..."""
    teens = 10 < number % 100 < 14
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
