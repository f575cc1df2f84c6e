"""Memory that a process no longer needs goes back to the system, where the C library is glibc."""

import ctypes
import gc
import platform
from functools import cache

_M_ARENA_MAX = -8
"""The parameter of mallopt for the number of arenas (mallopt(3), malloc.h of glibc)."""


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


def share_one_heap() -> None:
    """Let threads that begin later share one heap: by itself each grows one of its own to the largest it ever did."""
    if (library := _glibc()) is not None:
        library.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Collect cycles of objects, as Python does by itself after very many new ones alone, and return what is free."""
    gc.collect()
    if (library := _glibc()) is not None:
        library.malloc_trim(0)
