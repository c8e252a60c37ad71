"""Configuration of a run: frozen dataclasses, checked once.

Defaults are defined here, in `convolutional` and in `pairs`, and nowhere else; a recipe names only
what differs from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from nekogao.config.automatic import AUTO, Auto
from nekogao.config.convolutional import ConvolutionalConfig
from nekogao.config.exemplar import ExemplarConfig
from nekogao.config.rules import LARGEST_COUNT, ModelConfig, require, require_types, shown
from nekogao.errors import ConfigError

_MOST_THREADS = 4096
_MOST_DIGITS = 9
"""Of a number of epochs."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training on one domain, or on several mixed."""

    domains: tuple[str, ...]
    """Names of domains; ("all",) stands for every domain of the pair set."""
    epochs: int
    """Passes over the pair set."""

    @classmethod
    def parse(cls, text: "str | Phase") -> "Phase":
        """Read `edges:160`, `edges+gray:100` or `all:100`. Raises ConfigError."""
        text = str(text)
        names, colon, count = text.rpartition(":")
        domains = tuple(names.split("+"))
        digits = count.isascii() and count.isdigit() and len(count) <= _MOST_DIGITS
        fits = colon and digits and int(count) > 0
        if not fits or not all(domains) or len(set(domains)) != len(domains):
            raise ConfigError(
                f"phase {shown(text)}: must be DOMAIN:EPOCHS or DOMAIN+DOMAIN:EPOCHS, each domain "
                "once and from one to 999999999 epochs, as in edges:160."
            )
        return cls(domains=domains, epochs=int(count))

    @classmethod
    def texts(cls, phases: "str | Phase | Sequence[str | Phase]") -> tuple[str, ...]:
        """One phase or several, spelled as a configuration keeps them. Raises ConfigError."""
        several = [phases] if isinstance(phases, (str, Phase)) else phases
        return tuple(str(cls.parse(phase)) for phase in several)

    def __str__(self) -> str:
        return f"{'+'.join(self.domains)}:{self.epochs}"


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """Random variation of the training pairs; zeros, the default, mean none.

    Geometry moves source and target together; light and noise touch the source alone.
    """

    flip: float = 0.0
    """Probability of a mirror image."""
    shift: float = 0.0
    """Largest shift, as a share of the picture's side."""
    rotate: float = 0.0
    """Largest rotation, in degrees."""
    scale: float = 0.0
    """Largest change of size, as a share: 0.1 is 0.9 to 1.1 times."""
    warp: float = 0.0
    """Largest shift of a thin-plate spline's 3x3 control points, as a share of the side."""
    brightness: float = 0.0
    """Largest change of the source's brightness, on [0, 1]."""
    contrast: float = 0.0
    """Largest change of the source's contrast about mid-gray, as a share."""
    noise: float = 0.0
    """Standard deviation of Gaussian noise on the source, on [0, 1]."""

    def __post_init__(self) -> None:
        require_types(self, "augment.")
        for f in fields(self):
            value, top = getattr(self, f.name), 180 if f.name == "rotate" else 1
            require(0 <= value <= top, f"augment.{f.name}", value, f"must be in [0, {top}]")

    @property
    def active(self) -> bool:
        """Whether any variation is asked for."""
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that a run depends on, except its pair set."""

    phases: tuple[str | Phase, ...] = ("all:300",)
    """Stretches of training, in order: DOMAIN[+DOMAIN...]:EPOCHS. A Phase becomes such a text."""
    seed: int = 0
    """Initial weights, order, augmentation and dropout all follow from it."""
    batch: int | Auto = 10
    """Pairs per update, capped at the set's size; auto lets their number and size decide."""
    replay: float = 0.0
    """Share of every batch that shows domains of earlier phases instead of the current one's, so
    that they are not forgotten (rehearsal: Robins 1995)."""
    every: int = 10
    """Epochs between measurements, each with its sheets."""
    hold_out: int = 0
    """Pairs, spread evenly over the pair set, that are not trained on but measured, to tell how
    well what was never seen is translated."""
    probe: int = 10
    """Pairs that are measured and drawn, spread evenly over the pair set."""
    checkpoint_seconds: float = 60.0
    """Longest time between two checkpoints; phases and runs end with one in any case."""
    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    """Arithmetic, in Lightning Fabric's words."""
    threads: int = 0
    """CPU threads; 0 leaves PyTorch's choice. Bit-equal results need the same number."""
    model: ModelConfig = field(default_factory=ConvolutionalConfig)
    """The family of translators, and its settings."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        if isinstance(self.phases, (list, tuple)):
            written = tuple(str(p) if isinstance(p, Phase) else p for p in self.phases)
            object.__setattr__(self, "phases", written)  # frozen from here on
        require_types(self)
        require(len(self.phases) > 0, "phases", self.phases, "must name at least one phase")
        for text in self.phases:
            Phase.parse(text)
        require(0 <= self.seed < 2**63, "seed", self.seed, "must be from 0 to 2^63 - 1")
        require(0 <= self.replay < 1, "replay", self.replay, "must be in [0, 1)")
        held = 0 <= self.hold_out <= LARGEST_COUNT
        require(held, "hold_out", self.hold_out, "must be at least 0, below 2^31")
        for name in ("batch", "every", "probe"):
            value = getattr(self, name)
            if name == "batch" and value == AUTO:
                continue
            require(1 <= value <= LARGEST_COUNT, name, value, "must be at least 1, below 2^31")
        require(
            self.checkpoint_seconds >= 0,
            "checkpoint_seconds",
            self.checkpoint_seconds,
            "must not be negative",
        )
        most = 0 <= self.threads <= _MOST_THREADS
        require(most, "threads", self.threads, f"must be from 0 to {_MOST_THREADS}")

    def parsed_phases(self) -> list[Phase]:
        """The phases, read."""
        return [Phase.parse(text) for text in self.phases]


MODELS: dict[str, type[ModelConfig]] = {
    family.kind: family for family in (ConvolutionalConfig, ExemplarConfig)
}
"""Kind -> the configuration of that family. nekogao.models.families enters new ones."""
