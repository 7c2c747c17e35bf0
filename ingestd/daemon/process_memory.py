"""Memory, set for a process that runs for months: Python's garbage collector, and the C library's heap."""

import ctypes
import gc
from contextlib import suppress

# What a poll leaves behind is freed by reference counts; a round over everything every 700 new objects (the
# default) finds next to nothing, and takes a tenth of the CPU of a round of polls (benchmarks/unchanged.py).
_THRESHOLDS = (10_000, 50, 50)

# mallopt(3), glibc: blocks of so many bytes have pages of their own and give them back when they are freed.  Left to
# itself the limit grows with what is freed, up to 32 MiB, and after a few large bodies half of their room stays ours.
_M_MMAP_THRESHOLD, _OWN_PAGES = -3, 256 * 1024
# And so many heaps for all threads, where it would make eight for each core.
_M_ARENA_MAX, _ARENAS = -8, 2


def settle() -> None:
    """Leave out of every later round what is there now: modules, tables, settings; it stays anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def give_memory_back() -> None:
    """Have large blocks return to the system when they are freed, where the C library can be told."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES)
        mallopt(_M_ARENA_MAX, _ARENAS)
