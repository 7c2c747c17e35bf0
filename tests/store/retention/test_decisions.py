"""Decisions outlast their time if something depends on them, on both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.retention import histories
from ingestd.store.schema import tables
from ingestd.store.statements import insert_all
from tests.store.retention.test_histories import NOW, entry_row


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def test_the_words_for_which_pages_were_withheld_are_kept(database: Database) -> None:
    old = NOW - timedelta(days=40)
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=old)
        await insert_all(connection, tables.entries, [entry_row(source, 1, "done", old)])
        reasons = ('record 1: it says "KILL", which an operator decides', "record 2: pubstatus is withheld")
        rows = [
            {"at": old, "entry_id": 1, "stage": "identity", "verdict": "withheld", "reason": reason}
            for reason in reasons
        ]
        await insert_all(connection, tables.decisions, rows)

    async with database.write() as connection:
        deletion = histories.of_decisions(NOW)
        found = await deletion.find(connection, None, 10)
        await deletion.delete(connection, found.keys, None)
        left = (await connection.execute(select(tables.decisions.c.reason))).scalars().all()

    assert left == [reasons[0]]
