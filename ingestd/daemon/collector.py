"""Python's garbage collector, set for a process that runs for months."""

import gc

# What a poll leaves behind is freed by reference counts; a round over everything every 700 new objects (the
# default) finds next to nothing, and takes a tenth of the CPU of a round of polls (benchmarks/unchanged.py).
_THRESHOLDS = (10_000, 50, 50)


def settle() -> None:
    """Leave out of every later round what is there now: modules, tables, settings; it stays anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
