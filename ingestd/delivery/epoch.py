"""Find out whether the database was set back behind this daemon's back, and begin a new epoch of the event log if so.

`ingestd db restore` begins one by itself.  A file or a server that was put back by other means has the old epoch, and
would give numbers again that consumers have seen for other events.
"""

import asyncio
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from ingestd.errors import StoreError
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.outages import log_failure
from ingestd.store.transfer import copy_state

log = structlog.get_logger(__name__)

#: Seconds between two notes of the last number.
_INTERVAL = 10.0

_NAME = "events.json"


class SeenEvents:
    """The epoch and the last number of the event log that daemons with this state directory have seen, in a file."""

    def __init__(self, database: Database, state_dir: Path) -> None:
        self._database = database
        self._file = state_dir / _NAME
        self._noted: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Do what `begin` does, then note the last number now and then."""
        await self.begin()
        self._task = asyncio.create_task(self._keep_noting(), name="last event")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._try_to_note()

    async def _keep_noting(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            await self._try_to_note()

    async def _try_to_note(self) -> None:
        try:
            await self.note()
        except StoreError as error:
            log_failure(log, "cannot note the last event", error)

    async def begin(self) -> None:
        """Begin a new epoch if the log has the epoch that was seen and fewer events; call it before events are added.

        Raises StoreError.
        """
        seen = await asyncio.to_thread(self._read)
        async with self._database.read() as connection:
            kept = await event_log.read_range(connection)
        if seen and seen[0] == kept.epoch and seen[1] > kept.last:
            async with self._database.write() as connection:
                await copy_state.begin_new_epoch(connection)
            log.warning(
                "the database was set back: began a new epoch of the event log", last_event=kept.last, seen=seen[1],
                advice="consumers and readers of events start again, see `ingestd consumers seek`",
            )  # fmt: skip
        await self.note()

    async def note(self) -> None:
        """Write the present epoch and number to the file, if they have changed.  Raises StoreError."""
        async with self._database.read() as connection:
            kept = await event_log.read_range(connection)
        now = kept.epoch, kept.last
        if now == self._noted:
            return
        try:
            await asyncio.to_thread(self._write, now)
        except OSError as error:
            log.warning("cannot note the last event", file=str(self._file), error=error.strerror)
        else:
            self._noted = now

    def _read(self) -> tuple[str, int] | None:
        """Return what the file says; None: there is none, or it is damaged."""
        try:
            found = json.loads(self._file.read_bytes())
            return str(found["epoch"]), int(found["seq"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("cannot read the last event that was seen", file=str(self._file), error=str(error))
            return None

    def _write(self, now: tuple[str, int]) -> None:
        """Replace the file: whatever dies when, it is the old or the new one."""
        new = self._file.with_suffix(".new")
        with new.open("w") as stream:
            json.dump({"epoch": now[0], "seq": now[1]}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
