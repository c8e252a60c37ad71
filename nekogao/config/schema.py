"""Configuration: frozen dataclasses, checked once.

Defaults stand here and nowhere else; a recipe names only what differs from them.
"""

from dataclasses import dataclass, field, fields
from typing import Literal

from nekogao.errors import ConfigError


def _require(condition: bool, name: str, got: object, must: str) -> None:
    if not condition:
        raise ConfigError(f"{name} = {got!r}: {must}. Change it in the recipe or with --set.")


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of training on one domain, or on several mixed."""

    domains: tuple[str, ...]
    """Names of domains; ("all",) stands for every domain of the pair set."""
    epochs: int
    """Passes over the pair set."""

    @classmethod
    def parse(cls, text: str) -> "Phase":
        """Read `edges:160`, `edges+gray:100` or `all:100`. Raises ConfigError."""
        names, colon, count = text.rpartition(":")
        domains = tuple(names.split("+"))
        fits = colon and count.isascii() and count.isdigit() and int(count) > 0
        if not fits or not all(domains) or len(set(domains)) != len(domains):
            raise ConfigError(
                f"phase {text!r}: must be DOMAIN:EPOCHS or DOMAIN+DOMAIN:EPOCHS, each domain once "
                "and at least one epoch, as in edges:160."
            )
        return cls(domains=domains, epochs=int(count))

    def __str__(self) -> str:
        return f"{'+'.join(self.domains)}:{self.epochs}"


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """The generator's shape; nekogao.nets.generator says what each field does."""

    size: int | None = None
    """Pixels a side; None takes the pair set's."""
    width: int = 16
    """Channels at the first level."""
    patch: int = 1
    """Pixels a side that become channels before the first level, and pixels again after the last
    (space-to-depth); a power of two. Smaller pictures get patches of an eighth of their side."""
    skips: str = "innermost"
    """none, innermost, inner3, all, or level numbers as in "5,6"; level 1 is half size."""
    kernel: int = 3
    """Side of the convolution kernels, 3 or 4."""
    upsampling: Literal["nearest", "bilinear", "transposed"] = "nearest"
    """How a decoder level doubles the picture; nearest leaves no checkerboard."""
    normalisation: Literal["batch", "group", "instance", "none"] = "batch"
    """Normalisation after the convolutions."""
    bottleneck_norm: bool = False
    """Whether the 1x1 level is normalised too."""
    norm_eps: float = 1e-5
    """Added to the variance."""
    norm_momentum: float = 0.1
    """Weight of the newest batch in BatchNorm's running statistics."""
    dropout: float = 0.0
    """Probability after the first three decoder levels."""
    decoder: Literal["mirror", "narrow"] = "mirror"
    """Decoder channels: the encoder's at the same size, or one level further out."""
    initialisation: Literal["normal", "glorot", "he"] = "glorot"
    """Law of the initial weights."""

    def __post_init__(self) -> None:
        _require(1 <= self.width <= 512, "generator.width", self.width, "must be from 1 to 512")
        power = self.patch >= 1 and self.patch & (self.patch - 1) == 0
        _require(power, "generator.patch", self.patch, "must be a power of two")
        _require(self.kernel in (3, 4), "generator.kernel", self.kernel, "must be 3 or 4")
        _require(0 <= self.dropout < 1, "generator.dropout", self.dropout, "must be in [0, 1)")
        _require(self.norm_eps > 0, "generator.norm_eps", self.norm_eps, "must be positive")
        _require(
            0 < self.norm_momentum <= 1,
            "generator.norm_momentum",
            self.norm_momentum,
            "must be in (0, 1]",
        )


@dataclass(frozen=True, kw_only=True)
class AdversaryConfig:
    """Who judges the generator beside the pixel loss."""

    kind: Literal["none", "patchgan", "article"] = "none"
    """No adversary, the paper's PatchGAN, or the article's, broken as it was."""
    patch: Literal["pixel", "16", "34", "70", "286"] = "70"
    """PatchGAN's receptive field in pixels."""
    width: int = 64
    """Channels after the discriminator's first convolution."""
    normalisation: Literal["batch", "group", "instance", "none"] = "batch"
    """PatchGAN's normalisation."""
    loss: Literal["vanilla", "least-squares", "hinge"] = "vanilla"
    """PatchGAN's game; the article's adversary has its own."""

    def __post_init__(self) -> None:
        _require(1 <= self.width <= 512, "adversary.width", self.width, "must be from 1 to 512")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Weights of the generator's losses."""

    l1: float = 100.0
    """Weight of the mean absolute error on [-1, 1]."""
    adversarial: float = 1.0
    """Weight of the adversarial loss; unused without an adversary."""

    def __post_init__(self) -> None:
        for name in ("l1", "adversarial"):
            _require(
                getattr(self, name) >= 0, f"losses.{name}", getattr(self, name), "must be >= 0"
            )


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """Adam (Kingma and Ba 2015), for the generator and the discriminator alike."""

    lr: float = 2e-3
    """Learning rate at the start of each phase."""
    beta1: float = 0.9
    """Decay of the mean of gradients."""
    beta2: float = 0.999
    """Decay of the mean of squared gradients."""
    decay: Literal["none", "linear", "cosine"] = "cosine"
    """How the learning rate falls to a hundredth within each phase (linear: second half)."""

    def __post_init__(self) -> None:
        _require(self.lr > 0, "optimizer.lr", self.lr, "must be positive")
        for name in ("beta1", "beta2"):
            value = getattr(self, name)
            _require(0 <= value < 1, f"optimizer.{name}", value, "must be in [0, 1)")


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
        for f in fields(self):
            value, top = getattr(self, f.name), 180 if f.name == "rotate" else 1
            _require(0 <= value <= top, f"augment.{f.name}", value, f"must be in [0, {top}]")

    @property
    def active(self) -> bool:
        """Whether any variation is asked for."""
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that a run depends on, beside its pair set."""

    phases: tuple[str, ...] = ("all:300",)
    """Stretches of training, in order: DOMAIN[+DOMAIN...]:EPOCHS."""
    seed: int = 0
    """Initial weights, order, augmentation and dropout all follow from it."""
    batch: int = 10
    """Pairs an update; never more than the pair set has."""
    replay: float = 0.0
    """Share of every batch that shows domains of earlier phases instead of the current one's, so
    that they are not forgotten (rehearsal: Robins 1995)."""
    every: int = 10
    """Epochs between measurements, each with its sheets."""
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
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    adversary: AdversaryConfig = field(default_factory=AdversaryConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        _require(len(self.phases) > 0, "phases", self.phases, "must name at least one phase")
        for text in self.phases:
            Phase.parse(text)
        _require(0 <= self.seed < 2**63, "seed", self.seed, "must be from 0 to 2^63 - 1")
        _require(0 <= self.replay < 1, "replay", self.replay, "must be in [0, 1)")
        for name in ("batch", "every", "probe"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "must be at least 1")
        _require(
            self.checkpoint_seconds >= 0,
            "checkpoint_seconds",
            self.checkpoint_seconds,
            "must not be negative",
        )
        _require(self.threads >= 0, "threads", self.threads, "must not be negative")
        _require(
            self.losses.l1 > 0 or (self.losses.adversarial > 0 and self.adversary.kind != "none"),
            "losses",
            self.losses,
            "some loss must have a positive weight",
        )

    def parsed_phases(self) -> list[Phase]:
        """The phases, read."""
        return [Phase.parse(text) for text in self.phases]
