"""A connection to a broker that is opened when it is needed, and anew after it was lost."""

import asyncio
import logging
import os
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

from ingestd.errors import ConfigError, EndpointDown

C = TypeVar("C")

#: Seconds for closing a connection; after that it is left to the operating system.
CLOSE_TIMEOUT = 5.0


class Connection(Generic[C]):
    """The connection of a sender to its broker.

    Client libraries keep messages while they reconnect, and send them later than they said: an old one after a newer
    one of the same record.  So none of them reconnects.  A message is sent on a live connection or not at all, and
    the callers that send the next ones wait together for a new connection.
    """

    def __init__(self, connect: Callable[[], Awaitable[C]], close: Callable[[C], Awaitable[object]], seconds: float):
        self._connect, self._close, self._seconds = connect, close, seconds
        self._lock = asyncio.Lock()
        self._current: C | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        current, self._current = self._current, None
        if current is not None:
            await self._close_quietly(current)

    async def get(self) -> C:
        """Return a live connection; raises EndpointDown when there is none within the time limit."""
        if self._current is not None:
            return self._current
        async with self._lock:
            if self._current is None:
                try:
                    async with asyncio.timeout(self._seconds):
                        self._current = await self._connect()
                except TimeoutError as error:
                    raise EndpointDown(f"no connection within {self._seconds:g} s") from error
            return self._current

    async def drop(self, connection: C) -> None:
        """Close a connection that failed, unless another sender has done so."""
        if self._current is connection:
            self._current = None
            await self._close_quietly(connection)

    async def _close_quietly(self, connection: C) -> None:
        # What it fails with was the reason to close it, or does not matter any more.
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._close(connection)


def silence(*libraries: str) -> None:
    """Keep what client libraries log out of the log: their errors are reported once, as those of a consumer."""
    for name in libraries:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def system_words(error: BaseException) -> str:
    """Return an error of the system in its own words: asyncio's repeat the address, and give its number."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0)
    return str(error)


def missing(kind: str, library: str) -> ConfigError:
    """Return the error for a kind whose library is not installed."""
    return ConfigError(
        f"consumers of the kind {kind} need the library {library}, which is not installed; "
        f"run: pip install 'ingestd[{kind}]'"
    )
