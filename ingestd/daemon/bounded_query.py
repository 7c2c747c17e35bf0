"""Query a database that may hang, with a bound on the wait: health and the status page must answer in time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import Generic, TypeVar

import structlog

from ingestd.errors import StoreError, StoreUnavailable
from ingestd.store.outages import log_failure

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: How long a caller waits for the result (seconds): health has one second for its whole response.
WAIT = 0.8

#: When a query is abandoned so that the next can start (seconds). While the database hangs, each query holds one
#: connection; once it is back, an old query must not make it look dead.
_QUERY_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult(Generic[T]):
    """The value a query returned, and when."""

    value: T
    at: datetime
    #: The same moment on the monotonic clock, in seconds.
    monotonic_at: float


class BoundedQuery(Generic[T]):
    """A query that runs once at a time, however many callers wait for it; `last` is its latest result, or None."""

    def __init__(self, query: Callable[[], Awaitable[T]]) -> None:
        self._query = query
        self._task: asyncio.Task[QueryResult[T] | StoreError] | None = None
        self.last: QueryResult[T] | None = None
        #: When the last run ended, in monotonic seconds, and how many it took.
        self._ended, self._took = -inf, 0.0
        self._failing = False

    async def result(self, *, max_age: float, max_load: float = 1.0) -> QueryResult[T]:
        """Return a result at most `max_age` seconds old; the query goes on running when the wait times out.

        `max_load` is the part of the time that the query may run: after a long run the result gets older than
        `max_age` before the next run begins.

        Raises StoreUnavailable when the query fails or the database does not answer within WAIT.  The messages are
        safe to publish: the driver's error goes to the log only.
        """
        if self.last and monotonic() - self.last.monotonic_at <= max_age:
            return self.last
        if self._task is None or self._task.done():
            if self._task and (rests := self._ended + self._took * (1 / max_load - 1) - monotonic()) > 0:
                if self.last:
                    return self.last
                raise StoreUnavailable(f"the query took {self._took:.0f} s without a result; next try in {rests:.0f} s")
            self._task = asyncio.create_task(self._run())
        done, _ = await asyncio.wait([task := self._task], timeout=WAIT)
        if not done:
            raise StoreUnavailable(f"the database did not answer within {WAIT} s")
        result = task.result()
        if isinstance(result, StoreError):
            raise result
        return result

    async def _run(self) -> QueryResult[T] | StoreError:
        started = monotonic()
        try:
            return await self._query_once()
        finally:
            self._ended = monotonic()
            self._took = self._ended - started

    async def _query_once(self) -> QueryResult[T] | StoreError:
        try:
            async with asyncio.timeout(_QUERY_TIMEOUT):
                value = await self._query()
        except (StoreError, TimeoutError) as error:
            if not self._failing:  # the probes of a monitor would log a line every second
                late = TimeoutError(f"no answer within {_QUERY_TIMEOUT:.0f} s")
                log_failure(log, "query failed", error if isinstance(error, StoreError) else late)
            self._failing = True
            return StoreUnavailable("the database is unavailable; see the log")
        self._failing = False
        self.last = QueryResult(value=value, at=datetime.now(UTC), monotonic_at=monotonic())
        return self.last

    async def close(self) -> None:
        """Cancel the running query; wait no longer than WAIT for a database that does not react."""
        if self._task and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=WAIT)
