"""The normalisation split: how much of a forgetting lies in BatchNorm's running statistics."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from nekogao.errors import ConfigError
from nekogao.measures.quality import skill
from nekogao.nets.generator import Generator
from nekogao.pictures import images
from nekogao.training import sheets as previews


@dataclass(frozen=True)
class Split:
    """Mean skill on the first domain, of four networks."""

    skill_before: float
    """The first phase's weights with their own running statistics."""
    skill_own: float
    """The second phase's weights with their own running statistics."""
    skill_first_statistics: float
    """The second phase's weights with the first phase's statistics."""
    skill_recomputed: float
    """The second phase's weights with statistics of the first domain's sources."""

    @property
    def statistics_part(self) -> float:
        """Skill that comes back with the right statistics alone."""
        return self.skill_recomputed - self.skill_own

    @property
    def weights_part(self) -> float:
        """Skill that is gone from the weights; the two parts sum to the whole forgetting."""
        return self.skill_before - self.skill_recomputed


def split(
    first: Generator,
    second: Generator,
    sources: Float[Tensor, "n c h w"],
    targets: Float[Tensor, "n d h w"],
) -> Split:
    """Split what the second phase made of the first domain's skill into statistics and weights.

    Networks without running statistics have a statistics part of 0. Neither network is changed.

    Args:
        first: The generator as it was after the first phase.
        second: The same generator after the second phase.
        sources: The first domain's sources, in [-1, 1].
        targets: Their targets, in [-1, 1].

    Raises:
        ConfigError: The two are not the same network, or the 1x1 level is normalised over the
            batch and there is one source only.
    """
    if [name for name, _ in _layers(first)] != [name for name, _ in _layers(second)]:
        raise ConfigError(
            "normalisation split: the two generators differ in their layers of batch "
            "normalisation. Give the same network after two phases."
        )
    borrowed = copy.deepcopy(second)
    for (_, layer), (_, earlier) in zip(_layers(borrowed), _layers(first), strict=True):
        layer.load_state_dict({**layer.state_dict(), **_statistics(earlier)})
    recomputed = copy.deepcopy(second)
    recompute(recomputed, sources)
    networks = (first, second, borrowed, recomputed)
    return Split(*(_mean_skill(network, sources, targets) for network in networks))


def recompute(generator: Generator, sources: Float[Tensor, "n c h w"]) -> None:
    """Replace the running statistics, in place, by those of the sources as one batch.

    As in training every layer sees what layers normalised over this batch give it. Dropout stays
    off. Raises ConfigError as `split` does.
    """
    generator.check_batch(len(sources))
    layers = [layer for _, layer in _layers(generator)]
    with previews.borrowed(generator):
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over batches, of which there is one
            layer.train()
        generator(sources)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def _layers(network: nn.Module) -> Iterator[tuple[str, _BatchNorm]]:
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is not None:
            yield name, module


def _statistics(layer: _BatchNorm) -> dict[str, Tensor]:
    return dict(layer.named_buffers())


def _mean_skill(network: Generator, sources: Tensor, targets: Tensor) -> float:
    with torch.no_grad():
        outputs = previews.translate(network, sources)
    return float(skill(images.to_unit(outputs), images.to_unit(targets)).mean())
