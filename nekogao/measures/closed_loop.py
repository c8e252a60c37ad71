"""The closed loop: the output becomes a source again, and is translated again."""

import copy

import torch
from jaxtyping import Float
from torch import Tensor

from nekogao.errors import ConfigError
from nekogao.nets.generator import Generator
from nekogao.pictures import images
from nekogao.pictures.domains import Domain
from nekogao.training.sheets import translate

_LUMA = (0.299, 0.587, 0.114)


class Loop:
    """F_c = G after domain c: states are outputs of the generator, b d h w in [-1, 1].

    Called, it goes by way of 8-bit pictures, as `nekogao apply --settle` does. The generator is
    copied, and runs in evaluation mode.

    Args:
        generator: Its output must be what the domain takes.
        domain: One that can be made from any picture.

    Raises:
        ConfigError: The domain was imported.
    """

    def __init__(self, generator: Generator, domain: Domain) -> None:
        self.generator = copy.deepcopy(generator).eval().requires_grad_(False)
        self.domain = domain
        self._picture_to_source(images.from_tensor(torch.zeros(1, 3, 8, 8))[0])

    def __call__(self, state: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """One turn of the loop."""
        return translate(self.generator, self.sources(state))

    def sources(self, state: Float[Tensor, "b d h w"]) -> Float[Tensor, "b c h w"]:
        """The generator's input for each state."""
        pictures = images.from_tensor(state)
        return images.to_tensor([self._picture_to_source(picture) for picture in pictures])

    @property
    def is_smooth(self) -> bool:
        """Whether the domain has a derivative: luma has, contours have not."""
        return self.domain.kind == "gray"

    def smooth(self, state: Float[Tensor, "b d h w"]) -> Float[Tensor, "b d h w"]:
        """One turn without rounding to 8 bits, which can be differentiated.

        Raises ConfigError for domains without a derivative.
        """
        if not self.is_smooth:
            raise ConfigError(
                f"domain {self.domain.name}: has no derivative. Use finite_difference_gain, or "
                "the domain gray."
            )
        gray = state
        if state.shape[1] == 3:  # luma is a mean, so it is the same on [-1, 1]
            shares = torch.tensor(_LUMA, dtype=state.dtype)[:, None, None]
            gray = (state * shares).sum(dim=1, keepdim=True)
        return self.generator(gray.expand(-1, self.generator.source_channels, -1, -1))

    def _picture_to_source(self, picture: images.Picture) -> images.Picture:
        return images.as_channels(self.domain.source(picture), self.generator.source_channels)
