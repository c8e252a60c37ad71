"""Measures that are asked for, and why they are not offered."""

from nekogao.errors import ConfigError

_THOUSANDS = (
    "compares the statistics of thousands of pictures (10,000 and more for FID: Heusel et al. "
    "2017), and means nothing for a handful. Use skill and identity for trained pictures, the "
    "span test (memory, copied) for unseen ones."
)

REFUSED: dict[str, str] = {
    "fid": f"fid: {_THOUSANDS}",
    "kid": f"kid: {_THOUSANDS}",
}
"""Measure -> the message that refuses it."""


def check_measure(name: str) -> None:
    """Raise ConfigError for a measure that is refused at this size of set; case is ignored."""
    if name.lower() in REFUSED:
        raise ConfigError(REFUSED[name.lower()])
