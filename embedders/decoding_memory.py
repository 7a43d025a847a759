"""Bounds the memory of decoded images, whatever the number of threads that decode."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

BUDGET = 200_000_000
"""The bytes that decoded images of all threads need together; a larger image is decoded alone."""

TRIMMED = 32_000_000
"""After images with this many bytes, free memory is returned to the system."""


class MemoryBudget:
    """A number of bytes that threads share.

    Args:
        size: the bytes
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._freed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def reserve(self, count: int) -> Iterator[None]:
        """Waits until this many bytes are free, and holds them; more than all of them wait for all.

        A thread must not reserve twice at the same time.
        """
        held = min(count, self._size)
        # Only the first in line waits for bytes: smaller images must not overtake it forever.
        with self._turn, self._freed:
            self._freed.wait_for(lambda: self._used + held <= self._size)
            self._used += held
        try:
            yield
        finally:
            if count >= TRIMMED:
                return_free_memory()
            with self._freed:
                self._used -= held
                self._freed.notify()


decoding_budget = MemoryBudget(BUDGET)
"""The bytes of all images that this process decodes at once."""


def return_free_memory() -> None:
    """Returns the free memory of this process to the system.

    The allocator of glibc keeps up to 64 MB of freed memory for each of its arenas, of which every
    thread may have its own. Other allocators lack the function.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
