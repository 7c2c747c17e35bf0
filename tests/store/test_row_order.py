"""Transactions of PostgreSQL that write the same entries lock them in one order, so that they never deadlock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreError
from ingestd.model.feed import Entry
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.store.records.save import save_outcomes
from ingestd.store.schema.tables import entries
from ingestd.store.work.entries import ClaimedEntry
from tests.support.outcomes import NOON, claimed, saved
from tests.support.shared_server import Databases

SOURCE = "https://paper.example/feed"


@pytest.fixture
async def database(postgresql_databases: Databases) -> AsyncIterator[Database]:
    url = postgresql_databases.take()
    async with Database(with_async_driver(url)) as database:
        yield database
    postgresql_databases.give_back(url)


async def save_records(connection: AsyncConnection, works: Sequence[ClaimedEntry]) -> None:
    await save_outcomes(connection, [saved(work, f"Ferry {work.id}") for work in works])


async def save_poll(connection: AsyncConnection, works: Sequence[ClaimedEntry]) -> None:
    [source] = await sources.claim(connection, "test", [works[0].source_id])
    changed = [ListedEntry(entry=Entry(guid=work.entry.guid, headline="New"), fingerprint="g") for work in works]
    await polls.save(connection, [
        PollResult(
            source=source, run_id="test", at=NOON + timedelta(hours=1), seconds=0.0, outcome="new", due_at=NOON,
            listed=len(works), known=len(works), changed=tuple(changed),
        )
    ])  # fmt: skip


async def is_free(database: Database, work: ClaimedEntry) -> bool:
    try:
        async with database.write() as connection:
            query = select(entries.c.id).where(entries.c.id == work.id)
            await connection.execute(query.with_for_update(nowait=True))
    except StoreError:
        return False
    return True


async def wait_until_blocked(database: Database) -> None:
    async with asyncio.timeout(60):
        while True:
            async with database.read() as connection:
                query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                if (await connection.execute(text(query))).scalar_one():
                    return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("save", [save_records, save_poll])
@pytest.mark.parametrize("backwards", [False, True])
async def test_entries_are_locked_from_the_lowest_number_on(
    database: Database,
    save: Callable[[AsyncConnection, Sequence[ClaimedEntry]], Awaitable[None]],
    backwards: bool,
) -> None:
    works = sorted(await claimed(database, SOURCE, 3), key=lambda work: work.id)
    given = works[::-1] if backwards else works

    async def transaction() -> None:
        async with database.write() as connection:
            await save(connection, given)

    async with database.write() as other:
        await other.execute(select(entries.c.id).where(entries.c.id == works[0].id).with_for_update())
        saving = asyncio.create_task(transaction())
        await wait_until_blocked(database)
        free = [await is_free(database, work) for work in works[1:]]
    await saving

    assert free == [True, True]
