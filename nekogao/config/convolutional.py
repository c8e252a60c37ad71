"""Configuration of the convolutional family: a generator that is trained by gradients."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from nekogao.config.automatic import Auto
from nekogao.config.rules import ModelConfig, require, require_types
from nekogao.sizes import Size


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """The generator's shape; nekogao.nets.generator builds it."""

    size: int | str | None = None
    """Pixels a side, or WIDTHxHEIGHT as in "192x256"; None takes the pair set's."""
    width: int | Auto = 16
    """Channels at the first level; auto lets the number of pairs decide."""
    patch: int = 1
    """Largest side, in pixels, of the patches that become channels before the first level and
    pixels again after the last (space-to-depth); a power of two. A picture keeps at least eight
    patches on its longer side and four on the other, and run.toml says what is used."""
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
        require_types(self, "generator.")
        if self.size is not None:
            object.__setattr__(self, "size", Size.of(self.size).plain)  # frozen from here on
        fits = isinstance(self.width, str) or 1 <= self.width <= 512
        require(fits, "generator.width", self.width, "must be from 1 to 512, or auto")
        power = self.patch >= 1 and self.patch & (self.patch - 1) == 0
        require(power, "generator.patch", self.patch, "must be a power of two")
        require(self.kernel in (3, 4), "generator.kernel", self.kernel, "must be 3 or 4")
        require(0 <= self.dropout < 1, "generator.dropout", self.dropout, "must be in [0, 1)")
        require(self.norm_eps > 0, "generator.norm_eps", self.norm_eps, "must be positive")
        require(
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
        require_types(self, "adversary.")
        require(1 <= self.width <= 512, "adversary.width", self.width, "must be from 1 to 512")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Weights of the generator's losses."""

    l1: float = 100.0
    """Weight of the mean absolute error on [-1, 1]."""
    ssim: float = 0.0
    """Weight of 1 - SSIM."""
    adversarial: float = 1.0
    """Weight of the adversarial loss; unused without an adversary."""

    def __post_init__(self) -> None:
        require_types(self, "losses.")
        for name in ("l1", "ssim", "adversarial"):
            require(
                getattr(self, name) >= 0, f"losses.{name}", getattr(self, name), "must be >= 0"
            )


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """How weights follow their gradients."""

    kind: Literal["adam", "muon"] = "adam"
    """adam (Kingma and Ba 2015) for everything, or muon (Jordan et al. 2024) for the generator's
    convolutions and adam for the rest."""
    lr: float = 2e-3
    """Adam's learning rate at the start of each phase."""
    beta1: float = 0.9
    """Decay of Adam's mean of gradients."""
    beta2: float = 0.999
    """Decay of Adam's mean of squared gradients."""
    layers: Literal["auto", "outer", "all"] = "all"
    """Convolutions that Muon updates: the first and the last, which is cheap, or all of them;
    auto lets the number of pairs decide."""
    matrix_lr: float = 0.02
    """Muon's learning rate at the start of each phase."""
    momentum: float = 0.9
    """Decay of Muon's mean of gradients."""
    decay: Literal["none", "linear", "cosine"] = "cosine"
    """How the learning rate falls to a hundredth within each phase (linear: second half)."""

    def __post_init__(self) -> None:
        require_types(self, "optimizer.")
        for name in ("lr", "matrix_lr"):
            value = getattr(self, name)
            require(value > 0, f"optimizer.{name}", value, "must be positive")
        for name in ("beta1", "beta2", "momentum"):
            value = getattr(self, name)
            require(0 <= value < 1, f"optimizer.{name}", value, "must be in [0, 1)")


@dataclass(frozen=True, kw_only=True)
class ConvolutionalConfig(ModelConfig):
    """The family that the 2018 article belongs to: pix2pix (Isola et al. 2017)."""

    kind: ClassVar[str] = "convolutional"

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    adversary: AdversaryConfig = field(default_factory=AdversaryConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        require_types(self, "model.")
        require(
            max(self.losses.l1, self.losses.ssim) > 0
            or (self.losses.adversarial > 0 and self.adversary.kind != "none"),
            "losses",
            self.losses,
            "some loss must have a positive weight",
        )
