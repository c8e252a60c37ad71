"""Explanations in words, as a person would say them."""

from collections.abc import Sequence

from nekogao.reasons.answers import Settling
from nekogao.reasons.explanation import Explanation
from nekogao.reasons.flips import Flip
from nekogao.reasons.laws import Law
from nekogao.reasons.origins import Origin, Traced
from nekogao.reasons.survey import view_of

_LIGHT = ("brighter", "darker")
_MOST_NAMED = 3
NO_DECIDER = (
    "This model has no encoder, so no level of one decides what comes out, and there is no map of "
    "faces. It puts answers together from its training pairs, and knows for every pixel which "
    "pair and which place it comes from."
)
"""Why a page says nothing of what decides."""
MAP = (
    "Where from: each pixel has the colour of the pair it comes from, or comes from most. White "
    "lines are a square grid over the training pictures, bent as their pieces are. Black strokes "
    "mark what nothing in the pairs explains."
)
"""How to read a map of where pixels come from."""


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
    """Where a predictor looks, as a noun: `level 5`, `decoder level 3`, or `the output`."""
    view = view_of(predictor)[0]
    if view == "decoder-input":
        return "the decoder's input"
    where, _, level = view.rpartition("-")
    return f"{where} level {level}".removeprefix("level ") if level.isdigit() else f"the {view}"


def why(explanation: Explanation) -> str:
    """One sentence on what decides."""
    found, face = explanation.decision, explanation.face
    if explanation.deciding is None or found is None:
        return f"Not explained: {undecided(explanation.law)}."
    who = decider(explanation.deciding)
    if found.place == 0:
        return f"{who} finds {face} nearest, too: it decides."
    return (
        f"{who} finds {explanation.ids[found.face]} nearest, not {face} "
        f"({ordinal(found.place + 1)}): here it does not decide alone."
    )


def undecided(law: Law) -> str:
    """Why nothing decides."""
    if law.faces == 1:
        return "there is one training face, so nothing is decided"
    return (
        f"for {law.pictures} unseen pictures the best view, {place(law.best.name)}, names "
        f"{law.best.rate:.0%} of the faces and always naming the commonest {law.constant.rate:.0%}"
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


def came_from(traced: Traced) -> str:
    """The pairs that most pixels come from: `mike 54%, tora 30%, 2 more 16%`."""
    named = [f"{origin.id} {percent(origin.share)}" for origin in traced.origins[:_MOST_NAMED]]
    return ", ".join([*named, *filter(None, [rest(traced.origins[_MOST_NAMED:])])])


def rest(origins: Sequence[Origin]) -> str:
    """Pairs that are not named: `2 more 16%`; empty where there are none."""
    total = percent(sum(origin.share for origin in origins))
    return f"{len(origins)} more {total}" if origins else ""


def doubt(traced: Traced) -> str:
    """How much of a picture nothing in the pairs explains, as a sentence."""
    unsure = traced.answer.unsure
    if not unsure:
        return "The pairs explain all of it."
    return f"Nothing in the pairs explains {percent(unsure)} of it: there the answer is a guess."


def percent(share: float) -> str:
    """A share; one that is not 0 does not read as if it were."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def line(explanation: Explanation | Traced) -> str:
    """All of it in one line."""
    if isinstance(explanation, Traced):
        unsure = percent(explanation.answer.unsure)
        return f"{explanation.name} <- {came_from(explanation)}; {unsure} unexplained"
    ids, deciding, found = explanation.ids, explanation.deciding, explanation.decision
    ends = settled(explanation)
    middle = f" (settled: {ends})" if ends else ""
    if deciding is None or found is None:
        middle += " not explained"
    elif found.place:
        middle += f" {place(deciding)} says {ids[found.face]}"
    else:
        where = place(deciding)
        middle += f" decided {'by' if where.startswith('the ') else 'at'} {where}"
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
