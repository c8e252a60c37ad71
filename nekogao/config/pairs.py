"""Configuration of pair sets: what is made of each picture."""

from dataclasses import dataclass

from nekogao.config.rules import require_types
from nekogao.errors import ConfigError
from nekogao.names import Fit

SMALLEST, LARGEST = 32, 512


def check_size(size: int) -> None:
    """Raise ConfigError unless pictures of `size` pixels a side can be halved down to one pixel.

    That is a power of two, here from 32 to 512.
    """
    if not (SMALLEST <= size <= LARGEST and size & (size - 1) == 0):
        raise ConfigError(
            f"size {size}: must be a power of two from {SMALLEST} to {LARGEST}. "
            "Rebuild the pair set with such a size= (--size on the command line)."
        )


@dataclass(frozen=True, kw_only=True)
class PairConfig:
    """How pictures become the targets and sources of a pair set.

    Raises ConfigError where the size or the fit is not among those named here, or no domain is
    named. Building raises it for an unknown domain and for thresholds out of order.
    """

    domains: tuple[str, ...] = ("gray", "edges")
    """Ways of turning a target into a source: keys of nekogao.pictures.domains.KINDS. Imported
    sources ignore them."""
    size: int = 128
    """Pixels a side, a power of two from 32 to 512."""
    fit: Fit = "crop"
    """How a picture that is not square becomes so: crop, pad or stretch."""
    low: int = 128
    """Canny's lower threshold on the gradient, from 0 to `high`; `edges` only (the article's
    value)."""
    high: int = 128
    """Canny's upper threshold on the gradient; `edges` only (the article's value)."""

    def __post_init__(self) -> None:
        if isinstance(self.domains, list):
            object.__setattr__(self, "domains", tuple(self.domains))  # frozen from here on
        require_types(self)
        check_size(self.size)
        if not self.domains:
            raise ConfigError(
                'no domain was named. Give at least one, as in domains=("gray", "edges") '
                "(--domains gray edges on the command line)."
            )


FROM_FACES = PairConfig()
"""What pair sets are built with: gray and edges of the centre square."""
FROM_IMPORTS = PairConfig(fit="stretch")
"""What pair sets are imported with: both sides of a pair keep all of their content."""
