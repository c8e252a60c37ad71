"""What a family of translators is: everything that the rest of the program asks of a network.

A family's network is an nn.Module that maps sources b c h w to outputs b d h w, both in [-1, 1].
What it remembers is in its parameters and buffers, so that it can be saved, sent to a device and
loaded as plain tensors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nekogao.config.rules import ModelConfig
from nekogao.config.schema import TrainConfig
from nekogao.pairs.item import Header
from nekogao.pairs.pair_set import Batch, PairSet
from nekogao.pictures.images import Picture
from nekogao.sizes import Size

Shape = Mapping[str, Any]
"""The plain numbers and names that a network is built from. Every family's has `size` (pixels a
side, or WIDTHxHEIGHT), `source_channels` and `target_channels`."""
Losses = dict[str, Tensor]
"""Name -> scalar on the training device."""


@dataclass
class Learner:
    """What changes while training: networks and their optimisers, by name."""

    modules: dict[str, nn.Module]
    """The first is the network that translates; others, such as a discriminator, only help."""
    optimizers: dict[str, torch.optim.Optimizer] = field(default_factory=dict)
    """Name of a module -> its optimiser; a module that is not trained by gradients has none."""

    @property
    def network(self) -> nn.Module:
        """The network that translates: it is measured, saved and sent on."""
        return next(iter(self.modules.values()))


class Moment(NamedTuple):
    """Where in a run an update is."""

    step: int
    """Updates done before it."""
    progress: float
    """Share of the phase that is done before it, from 0 to below 1."""


Update = Callable[[Learner, Batch, TrainConfig, Moment, Callable[[Tensor], None]], Losses]
"""(learner, batch, configuration, moment, backward) -> losses. `backward` is called with each loss
in place of its own method, for mixed precision."""
TakeIn = Callable[[Learner, PairSet, Sequence[str], TrainConfig, Moment], None]
"""(learner, pair set, domains of the phase, configuration, moment): takes all pairs in at once."""


@dataclass(frozen=True, kw_only=True)
class Patchwork:
    """An output put together from training pairs, with where each pixel comes from."""

    output: Picture
    """uint8, h w 3 or h w."""
    pair: NDArray[np.int32]
    """h w: the training pair that each pixel comes from, or comes from most."""
    place: NDArray[np.float32]
    """h w 2: x and y of the place in that pair's target, in pixels."""
    doubt: NDArray[np.float32]
    """h w: how badly the pairs explain the source there; above 1 is worse than what each pair
    shows of the others."""
    chosen: tuple[int, ...]
    """The pairs that the answer is made of, the best first."""
    freedom: float
    """How freely it was bent, from 0 to 1."""
    memory: Any = None
    """What the family wants to know of it when the next frame comes."""

    @property
    def unsure(self) -> float:
        """Share of the picture that nothing in the pairs explains."""
        return float((self.doubt > 1).mean())


class Wish(NamedTuple):
    """How a family that answers from its pairs is to answer one source."""

    freedom: float | None = None
    """From 0, the remembered target as it is, to 1, as the source has it; None leaves the choice
    to the family."""
    rank: int = 0
    """Which of several answers: 0 is the best."""
    before: Patchwork | None = None
    """The answer to the frame before, in a sequence."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family of translators; an entry of nekogao.models.families.FAMILIES.

    It learns in one of two ways. With `update` a phase is many updates, each on one batch. With
    `fit` a phase is one update that takes the whole pair set in, and its epochs do not count.
    """

    config: type[ModelConfig]
    """Its settings; `config.kind` is the family's name."""
    check_size: Callable[[Size], object]
    """Raises ConfigError for pictures of a size that it does not take."""
    shape: Callable[[Any, Header], Shape]
    """(settings, header of the pair set) -> what its network is built from."""
    build: Callable[[Shape], nn.Module]
    """The network of a shape, on PyTorch's current device, the meta device among them."""
    start: Callable[[TrainConfig, Header, int], Learner]
    """(configuration, header, pairs per update) -> the learner before its first update, on the
    CPU; draws from PyTorch's global generator. Raises ConfigError where this cannot be trained."""
    update: Update | None = None
    """One update on one batch."""
    fit: TakeIn | None = None
    """One update on the whole set."""
    resolve: Callable[[Any, Header, int], Any] = lambda config, header, pairs: config
    """(settings, header, number of pairs) -> settings with everything filled in that depends on
    the pair set, as run.toml keeps them."""
    views: Callable[[nn.Module, Tensor], dict[str, Tensor]] = lambda network, sources: {}
    """(network, sources b c h w) -> name -> rows b n: what `explain` may look at inside the
    network. Encoder levels are named `level-N`; a family that has the network's outputs at hand
    gives them as `output`. Empty where only the output can be looked at."""
    describe: Callable[[Any], str] = lambda config: "."
    """Settings -> the end of the report's first sentence, from the comma to the full stop."""
    answer: Callable[[nn.Module, Picture, str | None, Wish], Patchwork] | None = None
    """(network, source, its domain where that is known, wish) -> the output and where each pixel
    of it comes from; None for families whose outputs come from no place."""
    without: Callable[[nn.Module, int], nn.Module] | None = None
    """(network, number of a pair) -> the network that had never been given that pair; None for
    families that cannot tell without being trained anew."""
    recalls: Callable[[nn.Module], bool] = lambda network: False
    """Whether a network answers from memory, so that its output, fed back until nothing changes,
    comes to rest on a training face."""
    differentiable: bool = True
    """Whether outputs have a derivative by the sources."""
    fixed: str = ""
    """Why a finished run cannot go on with more phases; empty where it can."""
    bare: str = ""
    """Why a model file cannot be written without training faces; empty where it can."""
    operations: Callable[[TrainConfig, Header, int], int] | None = None
    """(configuration, header, pairs) -> floating-point operations that one update must do; None
    where they were not counted."""

    @property
    def at_once(self) -> bool:
        """Whether a phase is one update that takes the whole pair set in."""
        return self.fit is not None

    @property
    def kind(self) -> str:
        """Its name in `model.kind`."""
        return self.config.kind
