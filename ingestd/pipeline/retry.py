"""Waiting for what is ours and away: the database, the disk."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ingestd.errors import ArchiveError, StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Seconds between two tries while the database or the disk is away, and what they grow to.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0


async def retry_while_unavailable(commit: Callable[[], Awaitable[T]], *, waiting: str = "waiting to commit") -> T:
    """Do what needs the database or the disk, again and again while they are away; `waiting` is what the log says."""
    wait = _FIRST_WAIT
    while True:
        try:
            return await commit()
        except (StoreUnavailable, ArchiveError) as error:
            log.warning(waiting, error=str(error), seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
