"""How large the longest tests are: small in `make test`, in full with `make soak`, which sets $SOAK and the counts."""

import os

#: Whether limits are tested at the full size of what a stranger may send, rather than just beyond each limit.
FULL = os.environ.get("SOAK", "") == "1"

#: How many times a daemon is killed at random instants.
KILLS = int(os.environ.get("SOAK_KILLS", "2"))

#: Items of an agency's day.
ITEMS = int(os.environ.get("SOAK_ITEMS", "150"))


def size(small: int, full: int) -> int:
    """Return the size for this run."""
    return full if FULL else small
