"""Numbers that a run cannot have, and why: what is left out of a table is said below it."""

from collections.abc import Callable

from nekogao.studies.trained import Trained

Reasons = dict[str, str]
"""What the numbers would be called -> why there are none."""


def reasons(trained: Trained, measure: str) -> Reasons:
    """Why some numbers of a measure are absent; empty where none is."""
    return _ABSENT[measure](trained) if measure in _ABSENT else {}


def _no_loop(trained: Trained) -> Reasons:
    why = "the domain was imported, so that no output can be turned into a source and fed back"
    return dict.fromkeys(trained.imported, why)


def _no_photographs(trained: Trained) -> Reasons:
    return {
        name: "the domain was imported, so that no source can be made of an unseen photograph; "
        f"{name}-moved has the trained sources mirrored and moved instead"
        for name in trained.imported
    }


def _no_faces(trained: Trained) -> Reasons:
    domains = trained.pairs.header.domains.items()
    why = "the domain was imported, so that no source can be made of a face that was drawn anew"
    return dict.fromkeys((name for name, about in domains if about.imported), why)


def _only(domain: str, why: str) -> Callable[[Trained], Reasons]:
    def found(trained: Trained) -> Reasons:
        about = trained.pairs.header.domains.get(domain)
        if about is None:
            return {domain: f"the pair set has no domain {domain}, {why}"}
        return {domain: f"the domain {domain} was imported, {why}"} if about.imported else {}

    return found


def _nothing_left(trained: Trained) -> Reasons:
    last = trained.schedule.spans[-1].domains
    before = {domain for span in trained.schedule.spans for domain in span.domains}
    if before - set(last):
        return {}
    return {"forgetting": "the last phase trained every domain that was ever trained"}


def _no_derivative(trained: Trained) -> Reasons:
    if not trained.last.family.differentiable:
        return {"gray": f"outputs of the family {trained.last.family.kind} have no derivative"}
    return _only("gray", "whose loop alone has a derivative")(trained)


_ABSENT: dict[str, Callable[[Trained], Reasons]] = {
    "split": _nothing_left,
    "memory": _no_photographs,
    "law": _no_photographs,
    "interventions": _only("gray", "in which pictures are changed"),
    "attractors": _no_loop,
    "jacobian": _no_derivative,
    "gain": _only("edges", "through whose loop changes are sent"),
    "held-out": _no_faces,
}
