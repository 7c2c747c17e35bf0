"""Retry an operation while the database or the archive is unavailable."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ingestd.errors import ArchiveError, StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Wait before the second attempt, and the longest wait between two attempts, in seconds.
_FIRST_WAIT, _MAX_WAIT = 0.5, 15.0


async def retry_while_unavailable(operation: Callable[[], Awaitable[T]], *, event: str = "waiting to commit") -> T:
    """Run an operation on the database or the archive, and retry it, without a limit, while either is unavailable.

    Each failed attempt is logged as `event`.  Other errors are raised.
    """
    wait = _FIRST_WAIT
    while True:
        try:
            return await operation()
        except (StoreUnavailable, ArchiveError) as error:
            log.warning(event, error=str(error), seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MAX_WAIT)
