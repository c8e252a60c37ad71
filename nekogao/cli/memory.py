"""Memory: how each library says that there is too little, and what a person can do about it."""

import re
from collections.abc import Sequence

_SIZE = re.compile(r"(?:tried to|to|allocate) +(?:allocate )?([\d.]+ ?(?:bytes|[KMGT]iB))", re.I)


def shortage(error: BaseException) -> str | None:
    """What an error says of missing memory, in a few words; None where it is about another thing.

    Python and NumPy raise MemoryError, PyTorch's CPU allocator a RuntimeError, CUDA's its own
    OutOfMemoryError; OpenCV has its error -4.
    """
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if kind == "OutOfMemoryError" or re.search("(CUDA|MPS|HIP).*out of memory", text):
        where = "not enough memory on the accelerator"
    elif isinstance(error, MemoryError) or re.search(
        "not enough memory|DefaultCPUAllocator|Insufficient memory|can't allocate", text
    ):
        where = "not enough memory"
    else:
        return None
    wanted = _SIZE.search(text)
    return f"{where} ({_readable(wanted[1])} more were needed)" if wanted else where


def _readable(amount: str) -> str:
    digits = amount.removesuffix("bytes").strip()
    if not amount.endswith("bytes") or not digits.isdigit():
        return amount
    return f"{int(digits) / 2**20:.0f} MiB"


_TRAINING = (
    "Lower the batch (--set batch=4), the width (--set generator.width=16), or the size of the "
    "pair set (nekogao pairs --size 64)."
)
_REMEDIES = {
    "train": _TRAINING,
    "switch": _TRAINING,
    "demo": "Close other programs; it needs about 1 GB.",
    "study": "Lower batch, generator.width or the pair set's size in the study, or --workers.",
    "bench": "Name a pair set of a smaller size with --pairs, or measure less with --only.",
    "faces": "Scale the largest photographs down.",
    "pairs": "Lower --size, or scale the largest pictures down.",
    "import": "Lower --size, or scale the largest pictures down.",
}
_USING = (
    "Give fewer pictures at a time, or use a model that was trained with a smaller width or size."
)


def remedy(command: Sequence[str]) -> str:
    """Which of batch, size and width to lower, for a command by its name."""
    return _REMEDIES.get(command[0] if command else "", _USING)
