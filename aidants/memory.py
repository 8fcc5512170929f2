"""Keeping the process small on an old PC: glibc is told to hoard nothing between two large uses.

Other C libraries have neither this call nor the habit; there the function does nothing.
"""

from __future__ import annotations

import ctypes
from typing import Final

_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


def be_frugal() -> None:
    """At start: few arenas, large blocks returned at once; else each thread keeps a password hash's 19 MB (mallopt(3))."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, 1 << 20)
    mallopt(_ARENA_MAX, 2)
