"""The runner: from pictures to sources, from sources to outputs, and around.

Sources and outputs are float tensors b c h w in [-1, 1], of the network's size. The closed loop,
output back in as input, goes from outputs to outputs by way of 8-bit pictures.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nekogao.errors import ConfigError, InputError
from nekogao.models.families import named
from nekogao.models.family import Patchwork, Wish
from nekogao.models.model import Model
from nekogao.pictures import images
from nekogao.pictures.domains import Domain
from nekogao.pictures.images import Picture

_CHUNK = 16
"""Pictures in one pass through a network."""
_LUMA = (0.299, 0.587, 0.114)
_LARGEST = 1.001
"""Sources lie in [-1, 1] but for rounding."""


class Runner:
    """Runs a model's network; the one place where sources become outputs."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.size = model.size
        self.family = named(model.kind)

    def sources(self, pictures: Sequence[Picture], domain: Domain | None) -> Tensor:
        """The network's inputs for pictures.

        Args:
            pictures: uint8, h w 3 or h w, all of the network's size.
            domain: What makes a source of a picture; None takes the pictures as sources.

        Returns:
            b c h w in [-1, 1].

        Raises:
            InputError: There is no picture, or one has another type, shape or size.
            ConfigError: The domain was imported, so that no source can be made.
        """
        if not len(pictures):
            raise InputError("no picture to make a source of. Give at least one.")
        if domain is not None and not isinstance(domain, Domain):
            raise ConfigError(f"domain {domain!r}: expected what `domain(name)` gives, or None.")
        for number, picture in enumerate(pictures):
            images.check_picture(picture, f"picture {number}", self.size)
        return images.to_tensor([self.source(picture, domain) for picture in pictures])

    def source(self, picture: Picture, domain: Domain | None) -> Picture:
        """The network's input for one picture of its size, as a picture; see `sources`."""
        made = domain.source(picture) if domain else picture
        return images.as_channels(made, self.model.source_channels)

    def outputs(self, sources: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """What the network makes of sources, in evaluation mode; both in [-1, 1], on the CPU.

        No random number is drawn, and the network is left in the mode that it was in.

        Raises InputError where the sources have another type, shape or range.
        """
        self._check_sources(sources)
        with self._lent() as (network, device), torch.no_grad():
            chunks = sources.split(_CHUNK)
            return torch.cat([network(chunk.to(device)).float().cpu() for chunk in chunks])

    def turn(
        self, outputs: Float[Tensor, "b d h w"], domain: Domain | None
    ) -> Float[Tensor, "b d h w"]:
        """One turn of the closed loop: outputs become 8-bit pictures, sources, and outputs again.

        Raises ConfigError where the domain makes no sources, and InputError where the outputs have
        another size.
        """
        return self.outputs(self.sources(images.from_tensor(outputs), domain))

    def smooth(self, domain: Domain) -> Callable[[Tensor], Tensor]:
        """One turn of the closed loop without rounding to 8 bits, which can be differentiated.

        Args:
            domain: Luma and the picture itself have a derivative, Canny's edges have none.

        Returns:
            A function from outputs b d h w in [-1, 1] to the next ones; it runs a copy of the
            network, whose weights are constants.

        Raises:
            ConfigError: The domain has no derivative.
        """
        if not self.family.differentiable:
            raise ConfigError(
                f"the family {self.family.kind} has no derivative. Use finite_difference_gain."
            )
        if domain.kind not in ("gray", "colour"):
            raise ConfigError(
                f"domain {domain.name}: has no derivative. Use finite_difference_gain, or "
                "the domain gray or colour."
            )
        network = copy.deepcopy(self.model.network).eval().requires_grad_(False)

        def turn(outputs: Tensor) -> Tensor:
            sources = outputs
            if domain.channels == 1 and outputs.shape[1] == 3:
                # luma is a mean, so it is the same on [-1, 1]
                shares = torch.tensor(_LUMA, dtype=outputs.dtype)[:, None, None]
                sources = (outputs * shares).sum(dim=1, keepdim=True)
            return network(sources.expand(-1, self.model.source_channels, -1, -1))

        return turn

    def answer(
        self, source: Picture, domain: str | None = None, wish: Wish | None = None
    ) -> Patchwork:
        """The output for one source, with where each pixel of it comes from.

        Args:
            source: uint8, h w 3 or h w, of the network's size and channels.
            domain: The name of its domain, where that is known.
            wish: How the family is to answer; None leaves it to the family.

        Raises ConfigError where the model's family cannot tell.
        """
        if self.family.answer is None:
            raise ConfigError(
                f"a model of the family {self.family.kind} cannot tell where its pixels come "
                "from, nor be more or less free. Train a run with --recipe exemplar."
            )
        return self.family.answer(self.model.network, source, domain, wish or Wish())

    def look(
        self, sources: Float[Tensor, "b c h w"]
    ) -> tuple[Float[Tensor, "b d h w"], dict[str, Tensor]]:
        """What the network makes of sources, and its `views` of them, from one pass.

        The outputs equal those of `outputs`.
        """
        seen = self.views(sources)
        shape = (self.model.target_channels, *self.size.shape)
        return seen["output"].unflatten(1, shape), seen

    def views(self, sources: Float[Tensor, "b c h w"]) -> dict[str, Tensor]:
        """What may be looked at inside the network, by name, each b n, on the CPU.

        Which views there are is up to the network's family; `output`, the picture that it makes,
        d h w in one row, is always among them. Raises InputError where the sources have another
        type, shape or range.
        """
        self._check_sources(sources)
        with self._lent() as (network, device), torch.no_grad():
            parts = [self._views(network, chunk.to(device)) for chunk in sources.split(_CHUNK)]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _views(self, network: nn.Module, chunk: Tensor) -> dict[str, Tensor]:
        found = self.family.views(network, chunk)
        if "output" not in found:
            found = {**found, "output": network(chunk).flatten(1)}
        return {name: view.float().cpu() for name, view in found.items()}

    def _check_sources(self, sources: object) -> None:
        channels = self.model.source_channels
        wanted = (
            f"Give float32, n x {channels} x {self.size.height} x {self.size.width}, from -1 to 1"
        )
        if not isinstance(sources, Tensor):
            raise InputError(f"sources of type {type(sources).__name__}. {wanted}.")
        came = f"sources: a tensor of {sources.dtype}, shape {tuple(sources.shape)}"
        shape = (channels, *self.size.shape)
        if sources.dtype != torch.float32 or not len(sources) or sources.shape[1:] != shape:
            raise InputError(f"{came}. {wanted}.")
        if not (largest := float(sources.abs().max())) <= _LARGEST:
            raise InputError(f"{came}, with values up to {largest:g} from zero. {wanted}.")

    @contextmanager
    def _lent(self) -> Iterator[tuple[nn.Module, torch.device]]:
        """The network in evaluation mode, and where it is; every part gets its mode back."""
        network = self.model.network
        modes = [(module, module.training) for module in network.modules()]
        network.eval()
        stored = next(chain(network.parameters(), network.buffers()), None)
        try:
            yield network, torch.device("cpu") if stored is None else stored.device
        finally:
            for module, mode in modes:
                module.training = mode
