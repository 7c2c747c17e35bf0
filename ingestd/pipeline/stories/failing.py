"""How many events are placed at once where some cannot be placed.

A bug, or a value that the database refuses, fails the whole transaction.  The same events are then placed in smaller
ones, until the event that fails is alone; it is passed after some attempts, so that it does not stop the others.
"""

from ingestd.errors import StoreError, StoreRefused

#: A transaction that failed is tried again with this part of its events, and one that succeeded is followed by one with
#: so many times as many.
_STEP = 4

#: A transaction that meets others all the time has so many events at least.
_LEAST_AMONG_OTHERS = 10

#: Attempts to place a single event.
ATTEMPTS = 3

#: What the host lacks; it says nothing of a text.
LOCAL = (MemoryError, OSError)


def is_of_texts(error: Exception) -> bool:
    """Return whether a placement failed for its texts: for a bug, or a value that the database refuses."""
    if isinstance(error, StoreError):
        return isinstance(error, StoreRefused)
    return not isinstance(error, LOCAL)


class BatchLimit:
    """How many events the next transaction places."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.events = most
        #: Times that a single event has failed.
        self._failures = 0

    def succeeded(self) -> None:
        """Note that the events were placed, or passed."""
        self.events, self._failures = min(self._most, self.events * _STEP), 0

    def met_others(self) -> None:
        """Note that others have changed stories while this placement was computed: a smaller one meets fewer."""
        self.events = max(min(self._most, _LEAST_AMONG_OTHERS), self.events // 2)

    def failed(self) -> bool:
        """Note that the events could not be placed; return whether the next event is to be passed."""
        if self.events > 1:
            self.events = max(1, self.events // _STEP)
            return False
        self._failures += 1
        return self._failures >= ATTEMPTS
