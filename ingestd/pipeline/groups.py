"""Let outcomes that come one by one go on together, so that the archive and the database write many at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Groups:
    """Groups of tasks that go on together.

    A task waits for others only while some are on their way: alone, it goes on at once.  It waits until `size` tasks
    wait, until no more are on their way, or for `longest_wait` seconds.
    """

    def __init__(self, *, size: int, longest_wait: float) -> None:
        self._size = size
        self._longest_wait = longest_wait
        self._coming = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Join a group once the block has ended; one that raises joins none."""
        self._coming += 1
        try:
            yield
        except BaseException:
            self._arrive()
            raise
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._arrive()
        await done

    def _arrive(self) -> None:
        self._coming -= 1
        if not self._coming or len(self._waiting) >= self._size:
            self._release()
        elif self._waiting and not self._timer:
            self._timer = asyncio.get_running_loop().call_later(self._longest_wait, self._release)

    def _release(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            if not done.done():  # cancelled
                done.set_result(None)
