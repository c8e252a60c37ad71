"""The C library's allocator, told to keep freed memory for the next training step.

Every step frees the gradients and activations that the next one asks for again. glibc gives blocks
this large back to the system at once, and fetching them anew, page by page, costs up to three
times what it costs to write a gradient.
"""

import ctypes
import sys

_MMAP_MAX, _TRIM_THRESHOLD = -4, -1
"""M_MMAP_MAX and M_TRIM_THRESHOLD of glibc's malloc.h."""
_USUAL_MMAP_MAX, _USUAL_TRIM_THRESHOLD = 65536, 2**26
"""What glibc comes to by itself in a process that has freed blocks of 32 MiB."""


def keep_freed_memory() -> bool:
    """Let this process keep what it frees. Returns whether the C library takes the hint.

    The process's memory then stays at its peak until it ends; results are not touched. Other
    systems than Linux with glibc are left as they are.
    """
    return _set(0, 2**31 - 1)


def release_freed_memory() -> bool:
    """Undo `keep_freed_memory`: what was freed goes back now, what will be as it would have."""
    changed = _set(_USUAL_MMAP_MAX, _USUAL_TRIM_THRESHOLD)
    if changed:
        ctypes.CDLL(None).malloc_trim(0)
    return changed


def _set(mmap_max: int, trim_threshold: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_MAX, mmap_max)) and bool(mallopt(_TRIM_THRESHOLD, trim_threshold))
