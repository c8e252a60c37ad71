"""The normalisation split: how much of a forgetting is in BatchNorm's running statistics."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from nekogao.errors import ConfigError
from nekogao.measures.quality import skill
from nekogao.models.translator import Translator
from nekogao.pictures import images


@dataclass(frozen=True)
class Split:
    """Mean skill on the first domain, of three networks."""

    skill_before: float
    """The first phase's weights with their own running statistics."""
    skill_own: float
    """The second phase's weights with their own running statistics."""
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
    first: Translator,
    second: Translator,
    sources: Float[Tensor, "n c h w"],
    targets: Float[Tensor, "n d h w"],
) -> Split:
    """Split what the second phase made of the first domain's skill into statistics and weights.

    Networks without running statistics have a statistics part of 0. Neither network is changed.

    Args:
        first: The network as it was after the first phase.
        second: The same network after the second phase.
        sources: The first domain's sources, in [-1, 1].
        targets: Their targets, in [-1, 1].

    Raises:
        ConfigError: The two are not the same network, or a layer normalises single values over the
            batch and there is one source only.
    """
    one, two = first.model.network, second.model.network
    if [name for name, _ in _layers(one)] != [name for name, _ in _layers(two)]:
        raise ConfigError(
            "normalisation split: the two networks differ in their layers of batch "
            "normalisation. Give the same network after two phases."
        )
    recomputed = Translator(replace(second.model, network=copy.deepcopy(two)))
    recompute(recomputed.model.network, sources)
    skills = [_mean_skill(each, sources, targets) for each in (first, second, recomputed)]
    return Split(*skills)


def recompute(network: nn.Module, sources: Float[Tensor, "n c h w"]) -> None:
    """Replace the running statistics, in place, by those of the sources as one batch.

    As in training every layer sees what layers normalised over this batch give it. Dropout stays
    off; the network is left in evaluation mode. Raises ConfigError as `split` does.
    """
    network.eval()
    layers = [layer for _, layer in _layers(network)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over batches, of which there is one
        layer.train()
    try:
        with torch.no_grad():
            network(sources)
    except ValueError as error:  # PyTorch's word for a layer with nothing to take statistics of
        raise ConfigError(
            f"normalisation split: {error}. Its statistics need more than one source."
        ) from None
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()


def _layers(network: nn.Module) -> Iterator[tuple[str, _BatchNorm]]:
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is not None:
            yield name, module


def _mean_skill(translator: Translator, sources: Tensor, targets: Tensor) -> float:
    outputs = translator.outputs(sources)
    return float(skill(images.to_unit(outputs), images.to_unit(targets)).mean())
