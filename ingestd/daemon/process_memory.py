"""Tune memory for a process that runs for months: Python's garbage collector and the C library's heap."""

import ctypes
import gc
from contextlib import suppress

# Reference counting frees what a poll leaves behind.  A collection every 700 new objects (the default) finds next to
# nothing and takes a tenth of the CPU time of the polls (benchmarks/unchanged.py).
_THRESHOLDS = (10_000, 50, 50)

# mallopt(3), glibc: blocks of at least this many bytes are mapped separately and return to the system when freed.  The
# default threshold grows with the blocks freed, up to 32 MiB, and a few large bodies leave half their memory behind.
_M_MMAP_THRESHOLD, _OWN_PAGES = -3, 256 * 1024
# The number of heaps for all threads; the default is eight for each core.
_M_ARENA_MAX, _ARENAS = -8, 2


def freeze_objects() -> None:
    """Exclude all existing objects (modules, tables, settings) from garbage collection: they live until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def return_large_blocks() -> None:
    """Make the C library return large blocks to the system when they are freed; no effect without mallopt."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES)
        mallopt(_M_ARENA_MAX, _ARENAS)
