"""The training state: everything that changes while training, and nothing else."""

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from nekogao.config.schema import AdversaryConfig, GeneratorConfig, TrainConfig
from nekogao.errors import ConfigError
from nekogao.nets.adam import Adam
from nekogao.nets.discriminator import ArticleDiscriminator, PatchGAN
from nekogao.nets.generator import FEWEST_PATCHES, Generator
from nekogao.pairs.manifest import Header
from nekogao.randomness import Purpose, torch_seed

_COUNTS = ("step", "seconds", "best", "best_over", "sums", "counted")
"""The fields of State that are plain data."""


@dataclass
class State:
    """The networks, their optimisers, and the counts that a resumed run needs."""

    generator: Generator
    discriminator: nn.Module | None
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer | None
    step: int = 0
    """Updates done."""
    seconds: float = 0.0
    """Time spent, over all sessions."""
    best: float = float("-inf")
    """Highest mean skill measured so far on the domains trained so far."""
    best_over: list[str] = field(default_factory=list)
    """Those domains; when there are more of them, the best begins anew."""
    sums: dict[str, Tensor | float] = field(default_factory=dict)
    """Losses summed since the last measurement, on the networks' device."""
    counted: int = 0
    """Updates in those sums."""

    def _modules(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def state_dict(self) -> dict[str, Any]:
        """Plain data and tensors, fit for torch.save and `weights_only=True`."""
        return {
            **{name: m.state_dict() for name, m in self._modules().items() if m is not None},
            **{name: getattr(self, name) for name in _COUNTS},
            "sums": {name: float(value) for name, value in self.sums.items()},
        }

    def load_state_dict(self, data: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        for name, module in self._modules().items():
            if module is not None:
                module.load_state_dict(data[name])
                if isinstance(module, torch.optim.Optimizer):
                    _check_moments(module)
        for name in _COUNTS:
            setattr(self, name, data[name])


def _check_moments(optimizer: torch.optim.Optimizer) -> None:
    """Raise ValueError where an optimiser's moments are those of other weights.

    PyTorch takes them whatever their shape, and Adam would go on with them.
    """
    for weights, moments in optimizer.state.items():
        for name, moment in moments.items():
            if moment.ndim and moment.shape != weights.shape:
                raise ValueError(
                    f"{name} has shape {tuple(moment.shape)}, its weights {tuple(weights.shape)}"
                )


def generator_shape(config: GeneratorConfig, header: Header) -> dict[str, Any]:
    """The arguments of Generator for a configuration and a pair set.

    Raises ConfigError where the configuration asks for another size than the set's.
    """
    if config.size not in (None, header.size):
        raise ConfigError(
            f"generator.size {config.size}: the pair set is {header.size}x{header.size}. "
            f"Rebuild it with `nekogao pairs --size {config.size}`, or choose another generator."
        )
    return {
        **asdict(config),
        "size": header.size,
        "patch": min(config.patch, header.size // FEWEST_PATCHES),
        "source_channels": header.source_channels,
        "target_channels": header.target_channels,
    }


def _discriminator(config: AdversaryConfig, header: Header) -> nn.Module | None:
    common = {
        "source_channels": header.source_channels,
        "target_channels": header.target_channels,
        "size": header.size,
        "width": config.width,
    }
    if config.kind == "patchgan":
        return PatchGAN(**common, patch=config.patch, normalisation=config.normalisation)
    return ArticleDiscriminator(**common) if config.kind == "article" else None


def new_state(config: TrainConfig, header: Header, batch: int) -> State:
    """The state before the first update; a function of its arguments.

    Raises ConfigError where the networks cannot be built or trained like this.
    """
    shape = generator_shape(config.generator, header)
    with torch.random.fork_rng():
        torch.manual_seed(torch_seed(config.seed, Purpose.INITIALISE, 0))
        generator = Generator(**shape)
        discriminator = _discriminator(config.adversary, header)
    generator.check_batch(batch)
    return State(
        generator,
        discriminator,
        Adam(generator, config.optimizer),
        Adam(discriminator, config.optimizer) if discriminator else None,
    )
