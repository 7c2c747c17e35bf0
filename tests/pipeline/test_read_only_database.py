"""A database of PostgreSQL that is read-only for seconds, as after a failover or on a full disk of a hosted server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select

from ingestd.daemon.service import Service
from ingestd.errors import IngestError
from ingestd.pipeline.inbox import Inbox
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables as t
from tests.support.agency import add_inbox
from tests.support.desk import OTHER, add, feed, page
from tests.support.dropping import item
from tests.support.newsroom import Newsroom

#: Seconds for which the database is read-only, and the longest time until all is done afterwards.
READ_ONLY, PATIENCE = 2.0, 300.0


class Desk:
    """A daemon's service at work, a feed that goes on and a sender that pushes until it is answered."""

    def __init__(self, newsroom: Newsroom, runtime: Runtime) -> None:
        self.newsroom, self.runtime = newsroom, runtime
        self.service = Service(runtime, max_polls=2, max_pages=4, per_site=4)
        self.inbox = Inbox(
            run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller
        )
        self.stories: list[str] = []
        self.pushed = 0

    def publish(self) -> str:
        number = len(self.stories)
        body = page(f"Story {number}", f"{OTHER} It was the {number}. time that this happened in the town.")
        self.stories.append(self.newsroom.publish(f"/{number}", body=body, content_type="text/html"))
        return self.newsroom.publish("/feed.xml", body=feed(*self.stories))

    async def push(self, source: int) -> None:
        """Push an item, again until it is acknowledged."""
        number = self.pushed
        while self.pushed == number:
            try:
                await self.inbox.receive(source, item(f"urn:{number}", text=f"{number}. {OTHER}"), content_type=None)
                self.pushed += 1
            except IngestError:
                await asyncio.sleep(0.05)

    async def go_on(self, source: int) -> None:
        while True:
            self.publish()
            await self.push(source)
            await asyncio.sleep(0.1)

    async def tick(self) -> None:
        """Do what the daemon's scheduler does, but sooner."""
        while True:
            try:
                async with self.runtime.database.write() as connection:
                    feeds = t.sources.c.run_id.is_(None) & t.sources.c.due_at.is_not(None)
                    await connection.execute(t.sources.update().where(feeds).values(due_at=func.now()))
                    await connection.execute(
                        t.entries.update().where(t.entries.c.state == "pending").values(due_at=func.now())
                    )
                await self.runtime.send_heartbeat()
            except IngestError:
                pass
            self.service.tick()
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(self.service.run())
            ticking = tasks.create_task(self.tick())
            yield
            ticking.cancel()
            await asyncio.wait([ticking])
            async with asyncio.timeout(PATIENCE):
                while await self._has_polls():
                    self.service.tick()
                    await self.runtime.send_heartbeat()
                    await asyncio.sleep(0.1)
            self.service.stop()
            await working

    async def _has_polls(self) -> bool:
        """Return whether a source is claimed or due; nothing makes one due any more, so this ends."""
        async with self.runtime.database.read() as connection:
            left = t.sources.c.run_id.is_not(None) | (t.sources.c.due_at <= func.now())
            return (await connection.execute(select(func.count()).where(left))).scalar_one() > 0

    async def finish(self) -> int:
        """Wait until all stories and items are done; returns how many there are."""
        count = len(self.stories) + self.pushed
        while not await self._is_done(count):  # noqa: ASYNC110 - the database has no events to wait for
            await asyncio.sleep(0.1)
        return count

    async def _is_done(self, count: int) -> bool:
        async with self.runtime.database.read() as connection:
            done = select(func.count()).where(t.entries.c.state == "done", t.entries.c.run_id.is_(None))
            return (await connection.execute(done)).scalar_one() == count


def set_read_only(database_url: str) -> None:
    """Make new sessions read-only, and end those there are."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        _alter_database(connection, "SET default_transaction_read_only = on")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )


def set_writable(database_url: str) -> None:
    """Make new sessions writable; those there are stay read-only."""
    with psycopg.connect(database_url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        _alter_database(connection, "RESET default_transaction_read_only")


def _alter_database(connection: psycopg.Connection, change: LiteralString) -> None:
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("ALTER DATABASE {} ").format(name) + sql.SQL(change))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_is_read_only_for_seconds(
    newsroom: Newsroom, runtime: Runtime, database_url: str
) -> None:
    """The sessions that begin meanwhile stay read-only until they end: none of them may be used for ever."""
    desk = Desk(newsroom, runtime)
    source = await add_inbox(runtime)
    await add(runtime, desk.publish())
    async with desk.at_work():
        going_on = asyncio.create_task(desk.go_on(source))
        try:
            await asyncio.sleep(0.7)
            set_read_only(database_url)
            await asyncio.sleep(READ_ONLY)
        finally:
            set_writable(database_url)
        await asyncio.sleep(0.5)
        going_on.cancel()
        await asyncio.wait([going_on])
        async with asyncio.timeout(PATIENCE):
            await desk.push(source)
            desk.publish()
            count = await desk.finish()

    async with runtime.database.read() as connection:
        records = (await connection.execute(select(t.records.c.origin_entry_id, t.records.c.revision))).all()
        numbers = (await connection.execute(select(t.events.c.seq).order_by(t.events.c.seq))).scalars().all()
        polls = (await connection.execute(select(t.polls.c.source_id, t.polls.c.at))).all()
        claimed = (await connection.execute(select(t.sources.c.id).where(t.sources.c.run_id.is_not(None)))).all()
        failures = (await connection.execute(select(t.failures.c.error, t.failures.c.message))).all()
    assert len({row.origin_entry_id for row in records}) == len(records) == count
    assert {row.revision for row in records} == {1}
    assert list(numbers) == list(range(1, count + 1))
    assert len(set(polls)) == len(polls)
    assert (claimed, failures) == ([], [])
