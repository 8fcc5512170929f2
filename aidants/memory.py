"""Keeping the process small on an old PC: what glibc hoards between two large uses is asked back.

Other C libraries have neither these calls nor the habit; there both functions do nothing.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any, Final

_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


@cache
def _libc() -> Any:
    return ctypes.CDLL(None)


def be_frugal() -> None:
    """At start: few arenas, large blocks returned at once; else each thread keeps a password hash's 19 MB (mallopt(3))."""
    try:
        mallopt = _libc().mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, 1 << 20)
    mallopt(_ARENA_MAX, 2)


def give_back() -> None:
    """After a large use, a PDF: return free memory to the machine (malloc_trim(3)); takes a few milliseconds."""
    try:
        _libc().malloc_trim(0)
    except (OSError, AttributeError):
        return
