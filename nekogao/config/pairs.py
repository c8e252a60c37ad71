"""Configuration of pair sets: what is made of each picture."""

from dataclasses import dataclass

from nekogao.config.rules import require_types
from nekogao.errors import ConfigError
from nekogao.names import Fit
from nekogao.sizes import check_size


@dataclass(frozen=True, kw_only=True)
class PairConfig:
    """How pictures become the targets and sources of a pair set.

    Raises ConfigError where the size or the fit is not among those named here, or no domain is
    named. Building raises it for an unknown domain and for thresholds out of order.
    """

    domains: tuple[str, ...] = ("gray", "edges")
    """Ways of turning a target into a source: keys of nekogao.pictures.domains.KINDS. Imported
    sources ignore them."""
    size: int | str = 128
    """Pixels a side, or WIDTHxHEIGHT as in "192x256"; each side from 32 to 512."""
    fit: Fit = "crop"
    """How a picture of other proportions gets these: crop, pad or stretch."""
    low: int = 128
    """Canny's lower threshold on the gradient, from 0 to `high`; `edges` only (the article's
    value)."""
    high: int = 128
    """Canny's upper threshold on the gradient; `edges` only (the article's value)."""

    def __post_init__(self) -> None:
        if isinstance(self.domains, list):
            object.__setattr__(self, "domains", tuple(self.domains))  # frozen from here on
        object.__setattr__(self, "size", check_size(self.size).plain)
        require_types(self)
        if not self.domains:
            raise ConfigError(
                'no domain was named. Give at least one, as in domains=("gray", "edges") '
                "(--domains gray edges on the command line)."
            )


FROM_FACES = PairConfig()
"""What pair sets are built with: gray and edges of the centre."""
FROM_IMPORTS = PairConfig(fit="stretch")
"""What pair sets are imported with: both sides of a pair keep all of their content."""
