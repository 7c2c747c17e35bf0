"""Room in memory for bodies: what has come in waits outside, on the disk, until there is room for it.

However many servers send as much as they may at the same time, so many bytes of it are in memory and no more.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

#: Bytes; a body up to this is small, as nearly all feeds and pages are.
SMALL = 2**20

#: Bytes of small bodies at once.  Large ones have room of their own: they wait for each other, and nobody for them.
FOR_SMALL = 8 * 2**20


class MemoryBudget:
    """Takes in small bodies up to `FOR_SMALL` bytes at once, and larger ones up to `for_large`."""

    def __init__(self, for_large: int) -> None:
        self._small, self._large = BudgetLane(FOR_SMALL), BudgetLane(for_large)

    def lane(self, size: int) -> "BudgetLane":
        """Return the one that a body of `size` bytes stands in."""
        return self._small if size <= SMALL else self._large

    @contextmanager
    def reservation(self) -> Iterator["Reservation"]:
        """Enter as one who reads a body, works on it, and leaves with the end of the context."""
        reservation = Reservation(self)
        try:
            yield reservation
        finally:
            reservation.leave()


class Reservation:
    """Has room for one body, the last it asked for: whoever kept an earlier one while waiting might wait for ever."""

    def __init__(self, memory_budget: MemoryBudget) -> None:
        self._room = memory_budget
        self._held: tuple[BudgetLane, int] | None = None

    async def take(self, size: int) -> None:
        """Wait until there is room for a body of `size` bytes."""
        self.leave()
        lane = self._room.lane(size)
        self._held = lane, await lane.take(size)

    def leave(self) -> None:
        """Give the room back."""
        if self._held:
            lane, size = self._held
            self._held = None
            lane.give_back(size)


class BudgetLane:
    """So many bytes; first come, first served."""

    def __init__(self, size: int) -> None:
        self._size = self.free = size
        self._line: deque[object] = deque()
        self._moved = asyncio.Event()

    async def take(self, size: int) -> int:
        """Wait for `size` bytes, or for all there are where that is less; return how many were taken."""
        size, ticket = min(size, self._size), object()
        self._line.append(ticket)
        try:
            while self._line[0] is not ticket or size > self.free:
                self._moved.clear()
                await self._moved.wait()
            self.free -= size
        finally:
            self._line.remove(ticket)
            self._moved.set()
        return size

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        self.free += size
        self._moved.set()
