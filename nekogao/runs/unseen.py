"""What a run's measurements say of pairs that nothing was learned from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nekogao.config.schema import TrainConfig
from nekogao.runs.metrics import Measurement


@dataclass(frozen=True)
class Quality:
    """How near some pictures come to the truth, as means."""

    mae: float
    """Mean absolute error on [0, 1]."""
    ssim: float
    """Structural similarity."""
    sharpness: float
    """Gradient magnitude over that of the truth."""


@dataclass(frozen=True, kw_only=True)
class NeverSeen:
    """Pairs of one domain that were measured though nothing was learned from them."""

    domain: str
    pairs: int
    """How many were measured."""
    others: int
    """Training pairs that each was answered from."""
    left_out: bool
    """Whether each was left out in turn; otherwise none of them was ever trained on."""
    trained: bool
    """Whether the run trained in this domain."""
    answers: Quality
    retrieved: Quality | None
    """Of the targets whose sources are nearest; None where they were not searched for."""

    @property
    def method(self) -> str:
        """How they were measured, in a few words: `each from the others`."""
        return "each from the others" if self.left_out else "never trained on"


def never_seen(rows: Sequence[Measurement], config: TrainConfig, items: int) -> list[NeverSeen]:
    """What the last measurement of every domain says; empty for runs that leave nothing out.

    Args:
        rows: All measurements of a run, in order.
        config: The run's configuration.
        items: Pairs in its pair set.
    """
    held = config.hold_out
    trained = {name for row in rows for name in row.trained}
    found = []
    for domain, row in {row.domain: row for row in rows if row.step}.items():
        answers, pairs = _quality(row.unseen), row.unseen.get("pairs", 0.0)
        if answers is None or not 1 <= pairs <= items:
            continue
        found.append(
            NeverSeen(
                domain=domain,
                pairs=int(pairs),
                others=max(0, items - (held or 1)),
                left_out=not held,
                trained=domain in trained,
                answers=answers,
                retrieved=_quality(row.unseen, "retrieval_"),
            )
        )
    return found


def _quality(measured: Mapping[str, float], prefix: str = "") -> Quality | None:
    """The measures with a prefix; None where one is missing or is no finite number."""
    found = [measured.get(f"{prefix}{name}", math.nan) for name in ("mae", "ssim", "sharpness")]
    return Quality(*found) if all(map(math.isfinite, found)) else None
