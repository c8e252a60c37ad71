"""What holds over all pictures: which level decides, where pictures fall, and the map of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from nekogao.measures import law
from nekogao.measures.comparisons import COMPARISONS
from nekogao.reasons.answers import Answer
from nekogao.reasons.laws import Law
from nekogao.reasons.subject import Subject

MOST_IN_ONE = 0.6
"""A face that takes a larger share of the pictures than this is reported as a collapse."""
FEWEST_FOR_COLLAPSE = 5
_COLUMNS = 8192
_LEVEL = re.compile(r"level-(\d+)-")


@dataclass(frozen=True)
class Score:
    """How well one predictor names the faces that come out."""

    name: str
    agreement: float
    """Share of pictures whose face it finds nearest."""
    p: float
    """Permutation p-value of that agreement."""
    place: float
    """Mean number of faces that it finds nearer than the right one."""


@dataclass(frozen=True)
class Survey:
    """What holds over all pictures."""

    scores: list[Score]
    """The best first."""
    law: Law
    """What decides, measured on the run's unseen pictures and not on these."""
    baseline: float
    """The agreement of always naming the commonest face of these pictures."""
    once: list[int]
    """How many pictures fall to each face in one step."""
    settled: list[int] | None
    """How many settle on each face, spurious ends and cycles left out; None for ready sources."""
    face_places: NDArray[np.float64]
    """n x 2: where the faces lie on the map."""
    picture_places: NDArray[np.float64]
    """m x 2, in the same coordinates."""
    spread: float
    """Share of the variance of the view of `law.best` that the map shows."""

    @property
    def deciding(self) -> str | None:
        """The predictor that decides; None where none beats the constant answer."""
        return self.law.deciding

    @property
    def level(self) -> int | None:
        """The encoder level that decides; None where something else does, or nothing."""
        return level_of(self.deciding) if self.deciding else None

    @property
    def collapsed(self) -> int | None:
        """The face that takes most of the pictures; None where no face does."""
        many = sum(self.once) >= FEWEST_FOR_COLLAPSE and len(self.once) > 1
        return int(np.argmax(self.once)) if many and self.baseline > MOST_IN_ONE else None


def level_of(predictor: str) -> int | None:
    """The encoder level of a predictor like `level-6-cosine`; None for one of no level."""
    match = _LEVEL.match(predictor)
    return int(match[1]) if match else None


def view_of(predictor: str) -> tuple[str, str]:
    """View and comparison of a predictor: `level-6` and `cosine` of `level-6-cosine`."""
    for comparison in COMPARISONS:
        if predictor.endswith(f"-{comparison}"):
            view = predictor.removesuffix(f"-{comparison}")
            if not view.endswith("-centred"):
                return view, comparison
    return predictor, "distance"


def survey(subject: Subject, decided: Law, answers: Sequence[Answer]) -> Survey:
    """Look at all answers together; there must be at least one."""
    winners = np.array([answer.face for answer in answers])
    orders = law.Permutations(winners)
    scores = [_score(name, answers, winners, orders) for name in answers[0].findings]
    scores.sort(key=lambda score: (-score.agreement, score.place))
    faces, pictures, spread = _map(subject, answers, *view_of(decided.best.name))
    ends = [a.settling for a in answers if a.settling]
    fallen = [end.face for end in ends if end.stored and end.kind == "fixed"]
    count = len(subject.faces.ids)
    return Survey(
        scores=scores,
        law=decided,
        baseline=law.constant_baseline(winners),
        once=np.bincount(winners, minlength=count).tolist(),
        settled=np.bincount(fallen, minlength=count).tolist() if ends else None,
        face_places=faces,
        picture_places=pictures,
        spread=spread,
    )


def _score(
    name: str,
    answers: Sequence[Answer],
    winners: NDArray[np.intp],
    orders: law.Permutations,
) -> Score:
    predicted = np.array([answer.findings[name].face for answer in answers])
    return Score(
        name,
        float(law.agreement(predicted, winners)),
        float(orders.p(predicted)),
        float(np.mean([answer.findings[name].place for answer in answers])),
    )


def _map(
    subject: Subject, answers: Sequence[Answer], view: str, comparison: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Classical scaling of a view's features (which equals PCA: Gower 1966)."""
    known = subject.views[view]
    seen = torch.from_numpy(np.stack([answer.features for answer in answers]))
    if "cosine" in comparison:
        known, seen = F.normalize(known), F.normalize(seen)
    both = torch.cat([known, seen])
    products = np.zeros((len(both), len(both)))
    for columns in both.split(_COLUMNS, dim=1):  # the whole, in double precision, may be large
        centred = columns.double() - columns.double().mean(dim=0)
        products += (centred @ centred.T).numpy()
    squares, vectors = np.linalg.eigh(products)
    squares, vectors = np.maximum(squares[::-1], 0), vectors[:, ::-1]
    # A vector's sign is free: its largest entry is made positive.
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(both))])
    places = np.zeros((len(both), 2))
    kept = min(2, len(both))
    places[:, :kept] = (vectors * np.sqrt(squares) * signs)[:, :kept]
    total = float(squares.sum())
    spread = float(squares[:kept].sum()) / total if total else 1.0
    return places[: len(known)], places[len(known) :], spread
