"""Sizes of the longest tests: small in `make test`, full in `make soak`, which sets $SOAK and the counts."""

import os

#: Whether limits are tested with inputs far beyond them, rather than just beyond.
FULL = os.environ.get("SOAK", "") == "1"

#: How many times a daemon is killed at a random moment.
KILLS = int(os.environ.get("SOAK_KILLS", "2"))

#: Items of an agency's day.
ITEMS = int(os.environ.get("SOAK_ITEMS", "150"))


def size(small: int, full: int) -> int:
    """Return the size for this run."""
    return full if FULL else small
