"""A model: a network with what is needed to use it."""

from dataclasses import dataclass, field

from torch import nn

from nekogao.models.family import Shape
from nekogao.pictures.domains import Domain
from nekogao.pictures.images import Picture
from nekogao.sizes import Size


@dataclass(frozen=True, kw_only=True)
class Model:
    """A network with what is needed to use it."""

    kind: str
    """The name of its family."""
    shape: Shape
    """What the network was built from."""
    network: nn.Module
    domains: dict[str, Domain]
    """The domains that it was trained on."""
    last: str = ""
    """The domain to make sources with unless another is named; empty where none is known."""
    faces: dict[str, Picture] = field(default_factory=dict)
    """Id -> thumbnail of a training target, h w 3, uint8."""

    @property
    def size(self) -> Size:
        """The size of sources and outputs."""
        return Size.of(self.shape["size"])

    @property
    def source_channels(self) -> int:
        """Channels of a source: 1 or 3."""
        return int(self.shape["source_channels"])

    @property
    def target_channels(self) -> int:
        """Channels of an output: 1 or 3."""
        return int(self.shape["target_channels"])
