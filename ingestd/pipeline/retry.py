"""Retry an operation while the database or the archive is unavailable."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import structlog

from ingestd.errors import (
    ArchiveError,
    ArchiveUnavailable,
    IngestError,
    Refused,
    StoreConflict,
    StoreUnavailable,
    Throttled,
    UnexpectedError,
)
from ingestd.store.outages import log_failure

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Wait before the second attempt, and the longest wait between two attempts, in seconds.
_FIRST_WAIT, _MAX_WAIT = 0.5, 15.0

#: Seconds of failing attempts after which the work gives its place, its memory and its claim back.  Long enough for a
#: restart of a database, short enough that a slot comes free while one for which nothing can be done waits.
GIVE_UP_AFTER = 300.0

#: Attempts at once after a conflict; then it waits as if the database were unavailable.
_CONFLICTS = 5


class Retries:
    """Retries the operations of one run, and knows which of them wait."""

    def __init__(self) -> None:
        #: Operations that wait now → since when, in monotonic seconds.
        self._waiting: dict[object, float] = {}

    @property
    def waiting_since(self) -> float | None:
        """Since when the operation that has waited longest waits, in monotonic seconds; None: none waits."""
        return min(self._waiting.values(), default=None)

    async def while_unavailable(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        event: str = "waiting to commit",
        limit: float | None = GIVE_UP_AFTER,
    ) -> T:
        """Run an operation as `retry_while_unavailable` does; while it waits, `waiting_since` counts it."""
        waiting = object()
        try:
            return await retry_while_unavailable(
                operation,
                event=event,
                limit=limit,
                on_wait=lambda: self._waiting.setdefault(waiting, monotonic()),
            )
        finally:
            self._waiting.pop(waiting, None)


async def retry_while_unavailable(
    operation: Callable[[], Awaitable[T]],
    *,
    event: str = "waiting to commit",
    limit: float | None = GIVE_UP_AFTER,
    on_wait: Callable[[], object] = lambda: None,
) -> T:
    """Run an operation on the database or the archive, and retry it while either is unavailable.

    Each failed attempt is logged as `event`, at the level debug while the database logs its outage, and `on_wait` is
    called before each wait.  Other errors are raised.

    After `limit` seconds of failures the last one is raised, a local failure: StoreUnavailable or
    ArchiveUnavailable.  The caller then gives up its place and its claim, and the work is done again once it is due.
    None is for what holds neither: it waits without an end.
    """
    wait, conflicts, since = _FIRST_WAIT, 0, None
    while True:
        try:
            return await operation()
        except (StoreUnavailable, ArchiveError) as error:
            conflicts += isinstance(error, StoreConflict)
            if isinstance(error, StoreConflict) and conflicts < _CONFLICTS:
                continue
            since = monotonic() if since is None else since
            if limit is not None and monotonic() - since + wait > limit:
                log_failure(log, "gave up waiting", error, waited_for=event, seconds=round(limit))
                if isinstance(error, ArchiveError):
                    raise ArchiveUnavailable(str(error)) from error
                raise
            log_failure(log, event, error, seconds=wait)
        on_wait()
        await asyncio.sleep(wait)
        wait = min(wait * 2, _MAX_WAIT)


def is_local(error: Exception) -> bool:
    """Return whether an exception is a local failure, which counts against no source and no entry."""
    return isinstance(error, IngestError) and error.local


def is_lasting_refusal(error: Exception) -> bool:
    """Return whether a server will refuse a URL again: with a client error that is not temporary."""
    if not isinstance(error, Refused) or isinstance(error, Throttled):
        return False
    return 400 <= error.status < 500 and error.status not in (408, 425, 429)


def as_ingest_error(error: Exception) -> IngestError:
    """Return an exception unchanged if it was raised on purpose, else as an UnexpectedError."""
    return error if isinstance(error, IngestError) else UnexpectedError(f"{type(error).__qualname__}: {error}")
