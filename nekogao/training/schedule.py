"""The schedule: which domains are trained at which step, and what is due when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nekogao.config.schema import Phase, TrainConfig
from nekogao.errors import ConfigError
from nekogao.models import families
from nekogao.models.families import family_of
from nekogao.names import counted
from nekogao.pairs.draws import Draw, Draws, kept_items
from nekogao.pairs.pair_set import PairSet


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
    draws: Draws
    """What each update shows."""
    every: int
    """Updates between measurements."""

    @property
    def batch(self) -> int:
        """Pairs per update."""
        return self.draws.size

    @property
    def items(self) -> int:
        """Pairs per epoch."""
        return len(self.draws.items)

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

    def draw(self, step: int) -> Draw:
        """What the update after `step` updates shows: a function of the schedule and the step."""
        return self.draws.draw(step, self.span(step).domains, self.earlier(step))

    def trained(self, step: int) -> tuple[str, ...]:
        """The domains that the phase shows which `step` updates end in, replayed ones included."""
        if step == 0:
            return ()
        replayed = self.earlier(step - 1) if self.draws.replay else ()
        return (*self.span(step - 1).domains, *replayed)

    def begun(self, step: int) -> list[str]:
        """The domains of all phases that `step` updates have begun, sorted."""
        spans = (span for span in self.spans if span.start < step)
        return sorted({domain for span in spans for domain in span.domains})

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

    Raises ConfigError where a phase names a domain that the set does not have, or nothing is left
    to train on.
    """
    config = families.resolved(config, pairs.header, len(pairs))
    if config.hold_out >= len(pairs):
        raise ConfigError(
            f"hold_out = {config.hold_out}: the pair set has {counted(len(pairs), 'pair')}, and at"
            " least one must be trained on. Hold fewer out."
        )
    kept = kept_items(len(pairs), config.hold_out)
    items = len(kept)
    at_once = family_of(config.model).at_once
    batch = items if at_once else min(int(config.batch), items)
    spans: list[Span] = []
    for number, phase in enumerate(config.parsed_phases(), 1):
        start = spans[-1].stop if spans else 0
        updates = 1 if at_once else math.ceil(phase.epochs * items / batch)
        domains = tuple(pairs.resolve(phase.domains))
        spans.append(Span(number, phase, domains, start, start + updates))
    every = max(1, round(config.every * items / batch))
    draws = Draws(items=kept, size=batch, seed=config.seed, replay=config.replay)
    return Schedule(tuple(spans), draws, every)


def probe_items(items: Sequence[int], most: int) -> Sequence[int]:
    """Which items are measured and drawn: at most `most`, spread evenly."""
    chosen, last = min(len(items), most), len(items) - 1
    return [items[round(i * last / max(1, chosen - 1))] for i in range(chosen)]
