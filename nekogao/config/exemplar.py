"""Configuration of the exemplar family: the training pairs themselves, bent and put together."""

from dataclasses import dataclass
from typing import ClassVar

from nekogao.config.rules import ModelConfig, require, require_types

_MOST_BEST = 64
_MOST_DECISIVE = 100


@dataclass(frozen=True, kw_only=True)
class ExemplarConfig(ModelConfig):
    """The family that answers from the training pairs without a network's weights."""

    kind: ClassVar[str] = "exemplar"

    best: int = 4
    """Training pairs that one answer is put together from, at most."""
    decisive: float = 5.0
    """How much more the better fitting pair counts: the factor before the mismatch, in units of
    the best pair's mean, in the softmax of the weights."""
    patches: bool = True
    """Whether sources that are pictures are answered by their nearest patches."""

    def __post_init__(self) -> None:
        require_types(self, "model.")
        require(1 <= self.best <= _MOST_BEST, "best", self.best, f"must be from 1 to {_MOST_BEST}")
        decisive = 0 < self.decisive <= _MOST_DECISIVE
        require(decisive, "decisive", self.decisive, f"must be above 0, at most {_MOST_DECISIVE}")
