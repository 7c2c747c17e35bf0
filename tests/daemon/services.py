"""A service on an SQLite file, and databases that hang."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestd.daemon import bounded_query, checks, health
from ingestd.daemon.pages import status_page
from ingestd.daemon.service import Service
from ingestd.model.feed import Entry
from ingestd.pipeline.runtime import open_runtime
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry

#: Seconds that the program waits for a database that hangs.
WAIT = bounded_query.WAIT


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a machine that stands still for seconds the time to answer, and report none of it; see `hang`."""
    monkeypatch.setattr(bounded_query, "WAIT", 60.0)
    monkeypatch.setattr(status_page, "COUNT_WAIT", 60.0)
    monkeypatch.setattr(health, "_MAX_COUNTING", 1.0)
    monkeypatch.setattr(checks, "SLOW_DATABASE", 60.0)
    for module in (checks, health):
        monkeypatch.setattr(module, "LATE_SCHEDULER", 60.0)


@asynccontextmanager
async def open_service(folder: Path) -> AsyncIterator[Service]:
    """Open a service on a new database that may connect to the loopback; no scheduler runs."""
    settings = Settings(state_dir=folder, extractors=1, allow_networks="127.0.0.0/8", host_delay=0)
    async with open_runtime(settings, role="daemon") as runtime:
        yield Service(runtime, max_polls=2, max_pages=2, per_site=1, placer=Placer(runtime.database))


class Hung:
    """A server that accepts every connection and never answers, until `hang_up` closes them."""

    def __init__(self, port: int, database: Database) -> None:
        self.port = port
        self.database = database
        #: How often it was asked.
        self.connections = 0
        self.asked = asyncio.Event()
        self._counted = asyncio.Condition()
        self._writers: list[asyncio.StreamWriter] = []

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def has_connections(self, count: int) -> None:
        """Wait until it was asked this often."""
        async with self._counted:
            await self._counted.wait_for(lambda: self.connections >= count)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Hung"]:
        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            hung.connections += 1
            hung.asked.set()
            hung._writers.append(writer)
            async with hung._counted:
                hung._counted.notify_all()

        server = await asyncio.start_server(keep, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with Database(f"postgresql+psycopg://ingestd:secret@127.0.0.1:{port}/news") as database:
            hung = cls(port, database)
            try:
                yield hung
            finally:
                hung.hang_up()
                server.close()


def hang(service: Service, hung: Hung) -> None:
    """Replace the database of the service with one that hangs, for which it waits as long as the program does."""
    bounded_query.WAIT = WAIT  # until the end of the test: `be_patient`
    service.runtime = replace(service.runtime, database=hung.database)


async def add_source(
    service: Service, url: str, *, title: str | None = None, state: str = "active", due: datetime | None = None
) -> int:
    now = datetime.now(UTC)
    async with service.runtime.database.write() as connection:
        source_id, _ = await sources.add(connection, url, now=due or now, title=title)
        if state != "active":
            await sources.set_state(connection, source_id, state, now=now)
    return source_id


async def add_entry(service: Service, source_id: int, link: str, *, due: datetime) -> None:
    found = ListedEntry(entry=Entry(guid=link, link=link), fingerprint="f")
    async with service.runtime.database.write() as connection:
        await polls.add_entries(connection, source_id, [found], now=due)
