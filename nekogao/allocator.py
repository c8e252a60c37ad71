"""The C library's allocator, told to keep freed memory for the next training step.

Every step frees the gradients and activations that the next one asks for again. glibc gives blocks
this large back to the system at once, and fetching them anew, page by page, costs up to three
times what it costs to write a gradient.
"""

import ctypes
import sys

_MMAP_MAX, _TRIM_THRESHOLD = -4, -1
"""M_MMAP_MAX and M_TRIM_THRESHOLD of glibc's malloc.h."""


def keep_freed_memory() -> bool:
    """Let this process keep what it frees. Returns whether the C library takes the hint.

    The process's memory then stays at its peak until it ends; results are not touched. Other
    systems than Linux with glibc are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))
