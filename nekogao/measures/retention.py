"""Retention: what a network still does in one domain after training has moved on to another.

R is phases x domains: R[t, j] is the mean skill on domain j after phase t. Skill is 1 where
targets are reproduced exactly and 0 where the output is no better than the mean face.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import NDArray

from nekogao.errors import RunError


@runtime_checkable
class SkillRow(Protocol):
    """What a measurement must tell: the rows of metrics.jsonl do."""

    @property
    def step(self) -> int:
        """Updates done."""

    @property
    def phase(self) -> int:
        """The phase that was trained last, from 1; 0 before the first update."""

    @property
    def domain(self) -> str:
        """The domain that was measured."""

    @property
    def skill(self) -> float:
        """Mean skill in it."""


def retention_matrix(
    rows: Sequence[SkillRow], domains: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean skill on every domain after every phase, and before training.

    Args:
        rows: The measurements of a run; of several in a phase the last counts.
        domains: The columns, in order.

    Returns:
        R, phases x domains, and b, the skill at step 0 of each domain; neither is clipped.

    Raises:
        RunError: A domain was not measured in some phase, or not at step 0.
    """
    found: dict[tuple[int, str], float] = {}
    for row in sorted(rows, key=lambda row: row.step):
        found[row.phase if row.step else 0, row.domain] = row.skill
    phases = max((phase for phase, _ in found), default=0)
    for phase in range(phases + 1):
        for domain in domains:
            if (phase, domain) not in found:
                when = f"in phase {phase}" if phase else "at step 0"
                raise RunError(
                    f"metrics: domain {domain!r} was not measured {when}. Name domains of the "
                    "run's pair set, and a run that began at step 0."
                )
    table = [[found[phase, name] for name in domains] for phase in range(phases + 1)]
    skills = np.array(table, np.float64).reshape(phases + 1, len(domains))
    return skills[1:], skills[0]


def forgetting(R: Float[np.ndarray, "t d"]) -> NDArray[np.float64]:
    """How far each domain has fallen below the best it was after an earlier phase.

    F_j = max over l < T of R[l, j], less R[T, j] (Chaudhry et al. 2018, "Riemannian walk",
    equation 3), in units of skill. Negative where the last phase brought the domain to its best;
    NaN where there is one phase only, so that nothing was there to be forgotten.
    """
    if len(R) < 2:
        return np.full(R.shape[1], np.nan)
    return R[:-1].max(axis=0) - R[-1]


def backward_transfer(R: Float[np.ndarray, "t d"], order: Sequence[int]) -> float:
    """What later phases did to the domains of earlier ones, in units of skill.

    The mean over phases t but the last of R[T, order[t]] - R[t, order[t]] (Lopez-Paz and
    Ranzato 2017, equation 3). Negative is forgetting. NaN with one phase.

    Args:
        R: Skill, phases x domains.
        order: For each phase the index of the domain that it trained.
    """
    gains = [R[-1, domain] - R[t, domain] for t, domain in enumerate(order[:-1])]
    return float(np.mean(gains)) if gains else float("nan")


def forward_transfer(
    R: Float[np.ndarray, "t d"], b: Float[np.ndarray, " d"], order: Sequence[int]
) -> float:
    """What earlier phases gave to domains not yet trained, in units of skill.

    The mean over phases t that train a domain for the first time, the first phase left out, of
    R[t - 1, order[t]] - b[order[t]] (Lopez-Paz and Ranzato 2017, equation 4). NaN where no phase
    is such.

    Args:
        R: Skill, phases x domains.
        b: Skill before training.
        order: For each phase the index of the domain that it trained.
    """
    gains = [
        R[t - 1, domain] - b[domain]
        for t, domain in enumerate(order)
        if t and domain not in order[:t]
    ]
    return float(np.mean(gains)) if gains else float("nan")


def half_life(
    steps: Shaped[np.ndarray, " m"] | Sequence[float],
    skills: Float[np.ndarray, " m"] | Sequence[float],
) -> float:
    """Updates until half the skill above the level it settles at is gone.

    The level is that of the last measurement, so the curve must be long enough to have settled.
    Between measurements skill is taken to be linear.

    Args:
        steps: Counts of updates, rising; the first is the switch.
        skills: Skill on the domain of before, at each of them.

    Returns:
        Updates from the first measurement; infinite where no skill is lost.
    """
    at, skill = np.asarray(steps, np.float64), np.asarray(skills, np.float64)
    half = (skill[0] + skill[-1]) / 2
    if skill[-1] >= skill[0]:
        return float("inf")
    after = int(np.argmax(skill <= half))
    share = (skill[after - 1] - half) / (skill[after - 1] - skill[after])
    return float(at[after - 1] + share * (at[after] - at[after - 1]) - at[0])
