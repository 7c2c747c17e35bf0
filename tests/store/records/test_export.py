"""Export of records: it holds no transaction open, and misses nothing that was committed late."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from ingestd.cli.events import _batches as event_batches
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records.export import export
from tests.support.outcomes import NOON, keep_texts


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def change_tables(database: Database) -> None:
    """Do what an open transaction that has read the tables would block."""
    if database.dialect == "sqlite":
        async with database.read() as connection:
            # A checkpoint resets the log only if nobody reads an older state of the file.
            busy, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        assert busy == 0
        return
    async with database.write() as connection:
        await connection.execute(text("SET LOCAL lock_timeout = '1s'"))
        for table in ("records", "revisions", "carriers", "sources", "events", "entries", "evidence"):
            await connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))


async def test_an_export_that_is_paused_blocks_nobody(database: Database) -> None:
    await keep_texts(database, "https://paper.example/feed", *(f"Story {n}" for n in range(7)))
    reading = export(database, batch=3)
    ids = []

    async for record in reading:
        ids.append(record.id)
        if len(ids) in (1, 4, 7):
            await keep_texts(database, f"https://{len(ids)}.example/feed", f"Other {len(ids)}")
            await change_tables(database)

    assert ids[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert len(set(ids)) == len(ids)


async def test_a_reader_of_events_that_is_paused_blocks_nobody(database: Database) -> None:
    await keep_texts(database, "https://paper.example/feed", "Ferry", "Umbrella")

    async for batch in event_batches(database, 0, None, (), follow=False, include_withheld=False):
        assert len(batch.events) == 2
        await change_tables(database)


async def test_an_export_since_the_last_one_has_what_was_committed_late(database: Database) -> None:
    await keep_texts(database, "https://paper.example/feed", "Yesterday", at=NOON - timedelta(days=1))
    first = [record.id async for record in export(database)]
    # It got its time before the first export, and waited for the database for as long as a result may.
    await keep_texts(database, "https://late.example/feed", "Late", at=NOON - timedelta(minutes=5))

    second = [record.id async for record in export(database, since=NOON)]

    assert (first, second) == ([1], [2])
