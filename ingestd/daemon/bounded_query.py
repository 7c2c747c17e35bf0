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

_UNAVAILABLE = "the database is unavailable; see the log"

log = structlog.get_logger(__name__)

#: How long a caller waits for the result (seconds): health has one second for its whole response.
WAIT = 0.8

#: When a query is abandoned so that the next can start (seconds). While the database hangs, each query holds one
#: connection; once it is back, an old query must not make it look dead.
_QUERY_TIMEOUT = 30.0

#: Nobody waits for a query again that took longer than this, if an older result is good enough (seconds).
_QUICK = 0.1


#: Seconds between two runs at most: one that the database held up says nothing about the next.
_MOST_REST = 120.0


class QueryLate(StoreUnavailable):
    """The query takes longer than its callers wait: the database may hang, or have much to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult(Generic[T]):
    """The value a query returned, and when."""

    value: T
    at: datetime
    #: The same moment on the monotonic clock, in seconds.
    monotonic_at: float


class BoundedQuery(Generic[T]):
    """A query that runs once at a time, however many callers wait for it; `last` is its latest result, or None."""

    def __init__(self, query: Callable[[], Awaitable[T]], *, timeout: float | None = None) -> None:
        """`timeout` is the time after which the query is abandoned (seconds); None: _QUERY_TIMEOUT."""
        self._query = query
        self._timeout = timeout
        self._task: asyncio.Task[QueryResult[T] | StoreError] | None = None
        self.last: QueryResult[T] | None = None
        #: When the last run ended, in monotonic seconds, and how many it took.
        self._ended, self._took = -inf, 0.0
        self._failing = False

    async def latest(self, *, max_age: float, max_load: float, wait: float | None = None) -> QueryResult[T]:
        """Return a result that may be older than `max_age`; that of a slow query is renewed while it is used.

        It is that of `result`, whose arguments these are, if there is none before, if the last run was quick, or if it
        failed.
        """
        if self.last is None or self._took <= _QUICK:
            return await self.result(max_age=max_age, max_load=max_load, wait=wait)
        if not self._is_running:
            if self._task and not self._task.cancelled():
                self._task.result()  # raises what is a bug
            if monotonic() - self.last.monotonic_at > max_age and self._rest(max_load) <= 0:
                self._start()
        return self.last

    async def result(self, *, max_age: float, max_load: float = 1.0, wait: float | None = None) -> QueryResult[T]:
        """Return a result at most `max_age` seconds old; the query goes on running when the wait times out.

        `max_load` is the part of the time that the query may run: after a long run the result gets older than
        `max_age` before the next run begins, by up to `_MOST_REST`.  `wait` is in seconds; None: WAIT.

        Raises QueryLate when the database does not answer within that time, StoreUnavailable when the query fails.  The
        messages are safe to publish: the driver's error goes to the log only.
        """
        wait = WAIT if wait is None else wait
        if self.last and monotonic() - self.last.monotonic_at <= max_age:
            return self.last
        if not self._is_running:
            if (rests := self._rest(max_load)) > 0:
                if self.last:
                    return self.last
                raise QueryLate(f"the query took {self._took:.0f} s without a result; next try in {rests:.0f} s")
            self._start()
        assert self._task
        done, _ = await asyncio.wait([task := self._task], timeout=wait)
        if not done:
            raise QueryLate(f"the database did not answer within {wait} s")
        result = task.result()
        if isinstance(result, StoreError):
            raise result
        return result

    @property
    def _is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    def _start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def _rest(self, max_load: float) -> float:
        """Return the seconds until the next run may begin."""
        return self._ended + min(_MOST_REST, self._took * (1 / max_load - 1)) - monotonic()

    async def _run(self) -> QueryResult[T] | StoreError:
        started = monotonic()
        result: QueryResult[T] | StoreError | None = None
        try:
            result = await self._query_once()
        finally:
            self._ended = monotonic()
            # Of a run that failed, nothing is known about how long the query takes.
            is_known = isinstance(result, QueryResult | QueryLate)
            self._took = self._ended - started if is_known else 0.0
        return result

    async def _query_once(self) -> QueryResult[T] | StoreError:
        timeout = _QUERY_TIMEOUT if self._timeout is None else self._timeout
        try:
            async with asyncio.timeout(timeout):
                value = await self._query()
        except (StoreError, TimeoutError) as error:
            is_late = isinstance(error, TimeoutError)
            if not self._failing:  # the probes of a monitor would log a line every second
                late = TimeoutError(f"no answer within {timeout:.0f} s")
                log_failure(log, "query failed", error if isinstance(error, StoreError) else late)
            self._failing = True
            return (QueryLate if is_late else StoreUnavailable)(_UNAVAILABLE)
        self._failing = False
        self.last = QueryResult(value=value, at=datetime.now(UTC), monotonic_at=monotonic())
        return self.last

    async def close(self) -> None:
        """Cancel the running query; wait no longer than WAIT for a database that does not react."""
        if self._task and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=WAIT)
