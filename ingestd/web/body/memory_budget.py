"""Memory budget for bodies: a received body waits on disk until the budget has room for it.

It bounds the bytes in memory, however many servers send bodies of the largest size at the same time.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

#: Bytes; a body up to this size is small, as nearly all feeds and pages are.
SMALL_BODY = 2**20

#: Bytes for all small bodies together.  Large bodies have a lane of their own: small ones never wait for them.
SMALL_BUDGET = 8 * 2**20


class MemoryBudget:
    """Budget of `SMALL_BUDGET` bytes for small bodies, and `for_large` bytes for larger ones."""

    def __init__(self, for_large: int) -> None:
        self._small, self._large = BudgetLane(SMALL_BUDGET), BudgetLane(for_large)

    def lane(self, size: int) -> "BudgetLane":
        """Return the lane for a body of `size` bytes."""
        return self._small if size <= SMALL_BODY else self._large

    def reservation(self) -> "Reservation":
        """Return a reservation, empty at first."""
        return Reservation(self)


class Reservation:
    """Memory reserved for one body at a time, a context manager: it is released when the context ends.

    Reserving memory for the next body releases the previous one first: two tasks that each kept a body while waiting
    for the other's memory would wait for ever.
    """

    def __init__(self, memory_budget: MemoryBudget) -> None:
        self._budget = memory_budget
        self._reserved: tuple[BudgetLane, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    async def reserve(self, size: int) -> None:
        """Wait until there is memory for a body of `size` bytes, and reserve it."""
        self.release()
        lane = self._budget.lane(size)
        self._reserved = lane, await lane.acquire(size)

    def release(self) -> None:
        """Release the reserved memory, if any."""
        if self._reserved:
            lane, size = self._reserved
            self._reserved = None
            lane.release(size)


class BudgetLane:
    """Part of the budget, granted first come, first served."""

    def __init__(self, size: int) -> None:
        self._size = self.free = size
        self._queue: deque[object] = deque()
        self._changed = asyncio.Event()

    async def acquire(self, size: int) -> int:
        """Wait for `size` bytes, or for the whole lane if that is less; return the bytes acquired."""
        size, ticket = min(size, self._size), object()
        self._queue.append(ticket)
        try:
            while self._queue[0] is not ticket or size > self.free:
                self._changed.clear()
                await self._changed.wait()
            self.free -= size
        finally:
            self._queue.remove(ticket)
            self._changed.set()
        return size

    def release(self, size: int) -> None:
        """Return acquired bytes to the lane."""
        self.free += size
        self._changed.set()
