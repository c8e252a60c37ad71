"""What `auto` means: settings that follow from how many pairs there are, and how large they are.

Measured on sets of 10 to 300 faces (docs/speed.md): what limits many faces is room in the network
and pairs per update, not the count of updates.
"""

from typing import Literal

from nekogao.sizes import Size

AUTO = "auto"
Auto = Literal["auto"]

_FEW = 20
"""Pairs up to which Muon costs more than it gains in inner layers."""
_WIDTHS = {30: 128, 60: 192, 200: 256}
"""Pairs -> channels that suffice for so many."""
_WIDEST = 384
_PIXELS = 100 * 128**2
"""Pixels of one side of a batch, at most, unless it has fewer than ten pairs then."""
_SMALLEST_BATCH = 10


def width(items: int) -> int:
    """Channels at the first level, where patches are an eighth of the picture."""
    return next((channels for most, channels in _WIDTHS.items() if items <= most), _WIDEST)


def layers(items: int) -> Literal["outer", "all"]:
    """What Muon updates: for few pairs the inner layers' products would cost as much as the rest
    of an update."""
    return "outer" if items <= _FEW else "all"


def batch(size: Size, items: int) -> int:
    """Pairs per update: all of them where they are few, a hundred of 128x128 at most."""
    return min(items, max(_SMALLEST_BATCH, _PIXELS // (size.width * size.height)))
