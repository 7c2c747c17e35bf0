"""Watch drop folders: a file that arrives makes its source due at once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ingestd.drops.folder_events import FolderEvents
from ingestd.errors import StoreError
from ingestd.pipeline.drop_folder import DropFolderPoller
from ingestd.pipeline.node import Node
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.polls import sources
from ingestd.urls import folder_path

log = structlog.get_logger(__name__)

#: Seconds until sources in progress are scheduled again, and until the next try after a database failure.
_BUSY_DELAY, _FAILURE_DELAY = 0.2, 5.0


class FolderWatch:
    """Makes a drop folder due as soon as a file arrives in it; `nudge` starts a check for due sources."""

    def __init__(
        self, *, database: Database, folder_poller: DropFolderPoller, node: Node, nudge: Callable[[], None]
    ) -> None:
        self._database = database
        self._node = node
        self._folder_poller = folder_poller
        self._nudge = nudge
        self._events = FolderEvents()
        self._changed: set[int] = set()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled."""
        with self._events:
            try:
                await self.watch()
            except StoreError as error:  # the scheduler calls `watch` again in a few seconds
                log_failure(log, "folder watch failed", error)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._collect())
                tasks.create_task(self._schedule_all())

    async def watch(self) -> None:
        """Update the set of watched folders from the database; raises StoreError."""
        async with self._database.read() as connection:
            found = await sources.drop_folders(connection, node=self._node.polls)
        # In a thread: a disk that is unavailable may block.
        await asyncio.to_thread(self._events.watch, {number: Path(folder_path(url)) for number, url in found.items()})

    async def _collect(self) -> None:
        async for source_id, name, moved in self._events:
            if moved:
                self._folder_poller.note_arrival(source_id, name)
            self._changed.add(source_id)
            self._wake.set()

    async def _schedule_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._changed:
                await self._schedule()

    async def _schedule(self) -> None:
        batch = set(self._changed)
        self._changed -= batch
        try:
            async with self._database.write() as connection:
                in_progress = await sources.make_due(connection, batch, now=datetime.now(UTC))
        except StoreError as error:
            log_failure(log, "scheduling failed", error)
            self._changed |= batch
            await asyncio.sleep(_FAILURE_DELAY)
            return
        self._nudge()
        if in_progress:
            # Their poll may have listed the folder before the file came, and not yet committed.
            self._changed |= in_progress
            await asyncio.sleep(_BUSY_DELAY)
