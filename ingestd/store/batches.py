"""Commit items in batches: those put while one transaction runs are committed together in the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import IngestError, StoreUnavailable
from ingestd.store.database import Database

T = TypeVar("T")
R = TypeVar("R")

#: Seconds within which another item must come for a batch to wait on, and for which its first item waits at most.
_STEP, _LONGEST_WAIT = 0.002, 0.025


class Batches(Generic[T, R]):
    """Commits items in batches; `put` returns once its item is committed.

    An idle system commits each item at once.  Where others came while a transaction ran, the next one waits for as long
    as more come, at most for `_LONGEST_WAIT` or `max_items`: the batches of a busy system grow with its load, and a
    commit is most of what a small one costs.  It is idle again after `_LONGEST_WAIT` without an item.
    When the database refuses a batch, its items are committed one by one in their order, so that a bad item fails
    alone.  When the database is unavailable, all fail: a part of them must not overtake the others.
    """

    def __init__(
        self,
        database: Database,
        save: Callable[[AsyncConnection, Sequence[T]], Awaitable[Sequence[R]]],
        *,
        max_items: int = 200,
    ) -> None:
        self._database = database
        self._save = save
        self._max_items = max_items
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._has_waiting = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work(), name="batches")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit the waiting items, then stop the worker."""
        while self._waiting and not (self._worker is None or self._worker.done()):
            last: asyncio.Future[Any] = self._waiting[-1][1]
            await asyncio.wait([last, self._worker], return_when=asyncio.FIRST_COMPLETED)
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    async def put(self, item: T) -> R:
        """Commit an item; returns what `save` returned for it.  Raises StoreError or StoreUnavailable."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._has_waiting.set()
        # A cancelled caller must not cancel a commit that others share.
        return await asyncio.shield(done)

    async def _work(self) -> None:
        is_busy, ended = False, 0.0
        while True:
            await self._has_waiting.wait()
            is_busy = is_busy and monotonic() - ended < _LONGEST_WAIT
            if is_busy or len(self._waiting) > 1:
                await self._gather()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._max_items))]
            if not self._waiting:
                self._has_waiting.clear()
            is_busy = len(batch) > 1
            await self._commit(batch)
            is_busy, ended = is_busy or bool(self._waiting), monotonic()

    async def _gather(self) -> None:
        """Wait for as long as more items come."""
        since, before = monotonic(), 0
        while before < len(self._waiting) < self._max_items and monotonic() - since < _LONGEST_WAIT:
            before = len(self._waiting)
            await asyncio.sleep(_STEP)

    async def _commit(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            async with self._database.write() as connection:
                results = await self._save(connection, [item for item, _ in batch])
        except asyncio.CancelledError:
            for _, done in batch:
                done.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - handed to the caller of `put`
            if len(batch) > 1 and not isinstance(error, StoreUnavailable):
                for one in batch:
                    await self._commit([one])
                return
            for _, done in batch:
                _fail(done, error)
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.done():
                    done.set_result(result)


def _fail(done: asyncio.Future[Any], error: Exception) -> None:
    if done.done():
        return
    done.set_exception(error)
    if isinstance(error, IngestError):
        # The caller may be cancelled and never read the error: mark it as retrieved, or asyncio logs it.
        done.exception()
