"""Which domains are trained at which step, with which learning rate, and what is due when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nekogao.config.schema import OptimizerConfig, Phase, TrainConfig
from nekogao.pairs.pair_set import PairSet

_LAST_SHARE = 0.01
"""Decay ends at this share of the learning rate."""


@dataclass(frozen=True)
class Span:
    """A phase laid out in updates."""

    number: int
    """From 1."""
    phase: Phase
    domains: tuple[str, ...]
    """Names of domains, `all` resolved."""
    start: int
    """Updates done when the phase begins."""
    stop: int
    """Updates done when it ends."""


@dataclass(frozen=True)
class Schedule:
    """The whole run laid out in updates."""

    spans: tuple[Span, ...]
    batch: int
    """Pairs an update."""
    items: int
    """Pairs an epoch."""
    every: int
    """Updates between measurements."""

    @property
    def total(self) -> int:
        """Updates in the whole run."""
        return self.spans[-1].stop

    def span(self, step: int) -> Span:
        """The phase to which the update after `step` updates belongs."""
        return next((span for span in self.spans if step < span.stop), self.spans[-1])

    def earlier(self, step: int) -> tuple[str, ...]:
        """Domains of earlier phases that the phase of the update after `step` does not train."""
        now = self.span(step)
        before = (domain for span in self.spans[: now.number - 1] for domain in span.domains)
        return tuple(dict.fromkeys(domain for domain in before if domain not in now.domains))

    def ended(self, step: int) -> Span | None:
        """The phase that ends with `step` updates, if one does."""
        return next((span for span in self.spans if span.stop == step), None)

    def measured_at(self, step: int) -> bool:
        """Whether the probe is measured after `step` updates."""
        if step == 0 or self.ended(step):
            return True
        return (step - self.span(step).start) % self.every == 0

    def epoch(self, step: int) -> float:
        """Passes over the pair set after `step` updates."""
        return step * self.batch / self.items


def plan(config: TrainConfig, pairs: PairSet) -> Schedule:
    """Lay a configuration out over a pair set.

    Raises ConfigError where a phase names a domain that the set does not have.
    """
    items = len(pairs)
    batch = min(config.batch, items)
    spans: list[Span] = []
    for number, phase in enumerate(config.parsed_phases(), 1):
        start = spans[-1].stop if spans else 0
        stop = start + math.ceil(phase.epochs * items / batch)
        spans.append(Span(number, phase, tuple(pairs.resolve(phase.domains)), start, stop))
    every = max(1, round(config.every * items / batch))
    return Schedule(tuple(spans), batch, items, every)


def learning_rate(config: OptimizerConfig, span: Span, step: int) -> float:
    """The learning rate of the update after `step` updates; it starts anew in every phase."""
    progress = (step - span.start) / (span.stop - span.start)
    return config.lr * (_LAST_SHARE + (1 - _LAST_SHARE) * _DECAYS[config.decay](progress))


_DECAYS = {
    "none": lambda progress: 1.0,
    "linear": lambda progress: min(1.0, 2 - 2 * progress),
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,
}


def probe_indices(count: int, most: int) -> Sequence[int]:
    """Which items are measured and drawn: at most `most`, spread evenly."""
    chosen = min(count, most)
    return [round(i * (count - 1) / max(1, chosen - 1)) for i in range(chosen)]
