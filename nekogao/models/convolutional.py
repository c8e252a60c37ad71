"""The convolutional family: pix2pix's generator and adversary, trained by gradients."""

import math
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from nekogao.config import automatic
from nekogao.config.automatic import AUTO
from nekogao.config.convolutional import (
    AdversaryConfig,
    ConvolutionalConfig,
    GeneratorConfig,
    OptimizerConfig,
)
from nekogao.config.rules import require
from nekogao.config.schema import TrainConfig
from nekogao.errors import ConfigError
from nekogao.models.family import Family, Learner, Losses, Moment, Shape
from nekogao.nets import arithmetic
from nekogao.nets.adam import Adam
from nekogao.nets.discriminator import ArticleDiscriminator, PatchGAN
from nekogao.nets.generator import Generator, largest_patch
from nekogao.nets.losses import (
    ARTICLE_AIM,
    ARTICLE_FAKE,
    ARTICLE_REAL,
    LOSSES,
    accuracy,
    article_cross_entropy,
    dissimilarity,
)
from nekogao.nets.muon import Muon
from nekogao.pairs.item import Header
from nekogao.pairs.pair_set import Batch
from nekogao.sizes import check_size

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
"""Names of the modules; checkpoints have them too."""

_LAST_SHARE = 0.01
"""Decay ends at this share of the learning rate."""


def resolve(config: ConvolutionalConfig, header: Header, pairs: int) -> ConvolutionalConfig:
    """The settings with the patch that pictures of this size really get, and with what so many
    pairs make of `auto`."""
    generator, optimizer = _patched(config.generator, header), config.optimizer
    if generator.width == AUTO:
        generator = replace(generator, width=automatic.width(pairs))
    if optimizer.layers == AUTO:
        optimizer = replace(optimizer, layers=automatic.layers(pairs))
    return replace(config, generator=generator, optimizer=optimizer)


def _patched(config: GeneratorConfig, header: Header) -> GeneratorConfig:
    return replace(config, patch=min(config.patch, largest_patch(header.size)))


def shape(config: ConvolutionalConfig, header: Header) -> dict[str, Any]:
    """The arguments of Generator for a configuration and a pair set.

    Raises ConfigError where the configuration asks for another size than the set's, or leaves
    open what `resolve` fills in.
    """
    if config.generator.width == AUTO:
        raise ConfigError("generator.width = 'auto': depends on the pair set. Resolve it first.")
    asked = config.generator.size
    if asked not in (None, header.size.plain):
        raise ConfigError(
            f"generator.size {asked}: the pair set is {header.size}. "
            f"Rebuild it with `nekogao pairs --size {asked}`, or choose another generator."
        )
    return {
        **asdict(_patched(config.generator, header)),
        "size": header.size.plain,
        "source_channels": header.source_channels,
        "target_channels": header.target_channels,
    }


def build(shape: Shape) -> Generator:
    """The generator of a shape. Raises ConfigError or TypeError where it is none."""
    settings = {field.name for field in fields(GeneratorConfig)}
    GeneratorConfig(**{name: value for name, value in shape.items() if name in settings})
    for name in ("source_channels", "target_channels"):
        channels = shape.get(name)
        whole = type(channels) is int and channels in (1, 3)
        require(whole, name, channels, "must be 1 or 3")
    return Generator(**shape)


def start(config: TrainConfig, header: Header, batch: int) -> Learner:
    """The generator and, where one is asked for, its discriminator, each with its optimiser."""
    own = _settings(config)
    generator = build(shape(own, header))
    generator.check_batch(batch)
    modules: dict[str, nn.Module] = {GENERATOR: generator}
    discriminator = _discriminator(own.adversary, header)
    if discriminator is not None:
        modules[DISCRIMINATOR] = discriminator
    betas = (own.optimizer.beta1, own.optimizer.beta2)
    optimizers: dict[str, torch.optim.Optimizer] = {
        name: Adam(module.parameters(), own.optimizer.lr, betas)
        for name, module in modules.items()
    }
    if own.optimizer.kind == "muon":
        optimizers[GENERATOR] = _muon(generator, own.optimizer)
    return Learner(modules, optimizers)


def _muon(generator: Generator, config: OptimizerConfig) -> Muon:
    convolutions = [weight for weight in generator.parameters() if weight.ndim > 1]
    if config.layers == "outer":
        convolutions = [convolutions[0], convolutions[-1]]
    return Muon(
        generator,
        convolutions,
        lr=config.lr,
        betas=(config.beta1, config.beta2),
        matrix_lr=config.matrix_lr,
        momentum=config.momentum,
    )


def _settings(config: TrainConfig) -> ConvolutionalConfig:
    assert isinstance(config.model, ConvolutionalConfig)
    return config.model


def _discriminator(config: AdversaryConfig, header: Header) -> nn.Module | None:
    common: dict[str, Any] = {
        "source_channels": header.source_channels,
        "target_channels": header.target_channels,
        "size": header.size,
        "width": config.width,
    }
    if config.kind == "patchgan":
        return PatchGAN(**common, patch=config.patch, normalisation=config.normalisation)
    return ArticleDiscriminator(**common) if config.kind == "article" else None


def decayed(config: OptimizerConfig, progress: float) -> float:
    """What is left of the learning rates after a share of a phase, both from 0 to 1; they start
    anew in every phase."""
    return _LAST_SHARE + (1 - _LAST_SHARE) * _DECAYS[config.decay](progress)


_DECAYS: dict[str, Callable[[float], float]] = {
    "none": lambda progress: 1.0,
    "linear": lambda progress: min(1.0, 2 - 2 * progress),
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,
}


def update(
    learner: Learner,
    batch: Batch,
    config: TrainConfig,
    moment: Moment,
    backward: Callable[[Tensor], None],
) -> Losses:
    """One update of the discriminator (if any), then one of the generator (Isola et al. 2017)."""
    own = _settings(config)
    left = decayed(own.optimizer, moment.progress)
    for optimizer in learner.optimizers.values():
        for group in optimizer.param_groups:
            first = own.optimizer.matrix_lr if "momentum" in group else own.optimizer.lr
            group["lr"] = first * left
    generator, judge = learner.modules[GENERATOR], learner.modules.get(DISCRIMINATOR)
    generator.train()
    fake = generator(batch.source)
    losses: Losses = {}
    if judge is not None:
        judge.train()
        losses |= _discriminator_losses(judge, batch, fake.detach(), own.adversary, moment.step)
        _descend(learner.optimizers[DISCRIMINATOR], losses["discriminator"], backward)
    losses["l1"] = (fake - batch.target).abs().mean()
    total = own.losses.l1 * losses["l1"]
    if own.losses.ssim:
        losses["dissimilarity"] = dissimilarity(fake, batch.target)
        total = total + own.losses.ssim * losses["dissimilarity"]
    if judge is not None:
        # The discriminator's weights take no part in the generator's gradient.
        judge.requires_grad_(False)
        losses["adversarial"] = _adversarial_loss(judge, batch.source, fake, own.adversary)
        judge.requires_grad_(True)
        total = total + own.losses.adversarial * losses["adversarial"]
    _descend(learner.optimizers[GENERATOR], total, backward)
    return {name: loss.detach() for name, loss in losses.items()}


def _descend(
    optimizer: torch.optim.Optimizer, loss: Tensor, backward: Callable[[Tensor], None]
) -> None:
    optimizer.zero_grad(set_to_none=True)
    backward(loss)
    optimizer.step()


def _discriminator_losses(
    judge: nn.Module, batch: Batch, fake: Tensor, config: AdversaryConfig, step: int
) -> Losses:
    if config.kind == "article":
        # The article shows real and generated pictures in turn, a batch of each.
        shown, label = (fake, ARTICLE_FAKE) if step % 2 else (batch.target, ARTICLE_REAL)
        return {"discriminator": article_cross_entropy(judge(batch.source, shown), label)}
    real_logits = judge(batch.source, batch.target)
    fake_logits = judge(batch.source, fake)
    return {
        "discriminator": LOSSES[config.loss].discriminator(real_logits, fake_logits),
        "discriminator_accuracy": accuracy(real_logits, fake_logits),
    }


def _adversarial_loss(
    judge: nn.Module, source: Tensor, fake: Tensor, config: AdversaryConfig
) -> Tensor:
    verdict = judge(source, fake)
    if config.kind == "article":
        return article_cross_entropy(verdict, ARTICLE_AIM)
    return LOSSES[config.loss].generator(verdict)


def views(network: nn.Module, sources: Tensor) -> dict[str, Tensor]:
    """What the generator computes on its way, each b n.

    - `level-5`, what the encoder computes at that level.
    - `decoder-input`, all that the decoder is given: the bottleneck and the skips, rectified as
      by its first operation, each divided by the root of its size to count alike.
    - `decoder-5`, what the decoder's next layer reads at that level: its own features joined
      with the skip, rectified.
    - `output`, the picture after one step: no prediction, but an upper reference.
    """
    assert isinstance(network, Generator)
    first, last = network.first, network.levels
    encoded = dict(enumerate(network.encode(sources), first))
    found = {f"level-{level}": features for level, features in encoded.items()}
    given = [encoded[level].relu().flatten(1) for level in (last, *sorted(network.skips))]
    found["decoder-input"] = torch.cat([part / part.shape[1] ** 0.5 for part in given], dim=1)
    decoded, x = {}, encoded[last]
    for level, up in zip(range(last - 1, first - 2, -1), network.up, strict=True):
        x = up(x)
        if level in network.skips:
            x = torch.cat([x, encoded[level]], dim=1)
        decoded[level] = x
    for level in range(first, last):
        found[f"decoder-{level}"] = decoded[level].relu()
    found["output"] = network.finish(x)
    return {name: view.flatten(1) for name, view in found.items()}


def recalls(network: nn.Module) -> bool:
    """Whether a network is an encoder-decoder: no skip but the innermost, as in the article."""
    assert isinstance(network, Generator)
    return network.skips <= {network.levels - 1}


def describe(config: ConvolutionalConfig) -> str:
    """The end of the report's first sentence."""
    judge = config.adversary.kind
    adversary = "no adversary" if judge == "none" else f"the adversary {judge}"
    return f", with the generator's skips at {config.generator.skips} and {adversary}."


def operations(config: TrainConfig, header: Header, batch: int) -> int:
    """Floating-point operations that one update must do; PatchGAN's among them, not the article's
    adversary's."""
    own = _settings(config)
    judge = own.adversary
    channels = header.source_channels + header.target_channels
    return arithmetic.needed_flops(
        arithmetic.generator_layers(shape(own, header)),
        arithmetic.discriminator_layers(judge.patch, judge.width, header.size, channels)
        if judge.kind == "patchgan"
        else [],
        batch,
        header.target_channels,
    )


CONVOLUTIONAL = Family(
    config=ConvolutionalConfig,
    check_size=check_size,
    shape=shape,
    build=build,
    start=start,
    update=update,
    resolve=resolve,
    views=views,
    recalls=recalls,
    describe=describe,
    operations=operations,
)
