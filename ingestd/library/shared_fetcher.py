"""The fetcher that all fetches of a process share, on an event loop of its own in a thread.

One fetcher remembers robots.txt files, holds and delays from one call to the next; one for each call would ask for
robots.txt each time.  The thread makes it usable where an event loop runs already, and where none does.
"""

import asyncio
import atexit
import os
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from threading import Lock, Thread

from ingestd.model.reply import Reply
from ingestd.pipeline.runtime import open_fetcher
from ingestd.settings import Settings, load
from ingestd.web.fetcher import Fetcher

#: Seconds that the end of the process waits for connections to be closed.
_CLOSING_TIME = 5.0


class SharedFetcher:
    """A fetcher on an event loop in a thread, which ends with the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[Fetcher] | None = None
        self._thread = Thread(target=self._loop.run_forever, name="ingestd-fetch", daemon=True)
        self._thread.start()

    def submit(self, url: str, *, obey_robots: bool) -> Future[Reply]:
        """Start a fetch; the future has its reply, and cancelling it ends the request."""
        return asyncio.run_coroutine_threadsafe(self._get(url, obey_robots=obey_robots), self._loop)

    async def _get(self, url: str, *, obey_robots: bool) -> Reply:
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(self._open())
        # Shielded: a fetch that is cancelled takes the fetcher from no other one.
        fetcher = await asyncio.shield(self._opening)
        return await fetcher.get(url, obey_robots=obey_robots)

    async def _open(self) -> Fetcher:
        _, fetcher = await self._stack.enter_async_context(open_fetcher(self._settings))
        return fetcher

    def close(self) -> None:
        """Close the connections and end the thread; later fetches raise RuntimeError."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_CLOSING_TIME)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING_TIME)
        self._loop.close()

    async def _end(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._stack.aclose()


_lock = Lock()
#: Process, and file of settings → the fetcher.  A forked process has none of its parent's threads.
_fetchers: dict[tuple[int, str | Path | None], SharedFetcher] = {}


def fetcher_for(config: str | Path | None) -> SharedFetcher:
    """Return this process's fetcher for a settings file, opened on first use; raises ConfigError."""
    with _lock:
        key = (os.getpid(), config)
        if key not in _fetchers:
            _fetchers[key] = SharedFetcher(load(Path(config) if config else None))
        return _fetchers[key]


@atexit.register
def close_all() -> None:
    """Close the fetchers of this process."""
    with _lock:
        for key in [key for key in _fetchers if key[0] == os.getpid()]:
            _fetchers.pop(key).close()
