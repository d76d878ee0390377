"""What the daemon holds: one heap for all threads, and no search through what stays for good."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_M_ARENA_MAX = -8
"""glibc's name, in malloc.h, of the most heaps that a process may have."""


def share_one_heap() -> None:
    """Let every thread take its memory from one heap; to be called before there are threads.

    Else the C library gives each a heap of its own, which keeps what was freed: some 10 MB in all.
    Threads take turns in Python anyway. Another C library than glibc has none of this.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the machine what was freed and lies unused, such as after a large file was read."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def settled() -> Iterator[None]:
    """Inside, all that was loaded before is left out of what the collector goes through.

    Modules, models and parameters are some 200,000 objects, and a full round through them stops the
    program for a tenth of a second, in the middle of a game. None of them is ever let go. What is
    garbage by then is kept, too: to look for it would take that tenth of a second at once. On the
    way out all of it is looked at again: a process that runs a second daemon keeps nothing of the
    first.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
