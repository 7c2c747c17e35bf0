"""Drop folders, watched: whoever leaves a file there does not wait for the next look."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ingestd.drops.folder_events import FolderEvents
from ingestd.errors import StoreError
from ingestd.pipeline.drop_folder import DropFolderPoller
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.urls import folder_of

log = structlog.get_logger(__name__)

#: Seconds until folders that were being looked at are asked for again, and until the database is.
_AGAIN, _LATER = 0.2, 5.0


class FolderWatch:
    """Lets drop folders be due as soon as something arrives in them; `nudge` has what is due looked for."""

    def __init__(self, *, database: Database, folder_poller: DropFolderPoller, nudge: Callable[[], None]) -> None:
        self._database = database
        self._collector = folder_poller
        self._nudge = nudge
        self._arrivals = FolderEvents()
        self._stirred: set[int] = set()
        self._stir = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        with self._arrivals:
            try:
                await self.watch()
            except StoreError as error:  # a few seconds later it is asked for again
                log.warning("drop folders are not watched yet", error=str(error))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._call())

    async def watch(self) -> None:
        """Watch the folders that there are now; raises StoreError."""
        async with self._database.read() as connection:
            found = await sources.folders(connection)
        # Not in the event loop: a disk that is away may let us wait.
        await asyncio.to_thread(self._arrivals.watch, {number: Path(folder_of(url)) for number, url in found.items()})

    async def _listen(self) -> None:
        async for source_id, name, moved in self._arrivals:
            if moved:
                self._collector.arrived(source_id, name)
            self._stirred.add(source_id)
            self._stir.set()

    async def _call(self) -> None:
        while True:
            await self._stir.wait()
            self._stir.clear()
            while self._stirred:
                await self._look_now()

    async def _look_now(self) -> None:
        some = set(self._stirred)
        self._stirred -= some
        try:
            async with self._database.write() as connection:
                at_work = await sources.look_now(connection, some, now=datetime.now(UTC))
        except StoreError as error:
            log.warning("drop folders wait", error=str(error))
            self._stirred |= some
            await asyncio.sleep(_LATER)
            return
        self._nudge()
        if at_work:
            # Their look may have been over before the file came, and not yet committed.
            self._stirred |= at_work
            await asyncio.sleep(_AGAIN)
