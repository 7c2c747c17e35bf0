"""Which addresses have a record, in one statement for all entries that start at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from ingestd.errors import Held
from ingestd.model.timing import Timing
from ingestd.pipeline.carried_pages import CarriedPages
from ingestd.pipeline.retry import Retries
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.work import shared_pages
from tests.support.outcomes import claimed, keep, saved


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def test_spellings_of_an_address_with_a_record_are_found(database: Database) -> None:
    works = await claimed(database, "https://paper.example", 3)
    await keep(database, [saved(works[1], "Ferry runs again")])
    urls = ["https://paper.example/0", "https://paper.example/1", "https://paper.example/1?utm_source=feed"]

    async with database.read() as connection:
        found = await shared_pages.with_record(connection, urls)

    assert found == set(urls[1:])


async def test_entries_without_a_record_take_two_statements_however_many_they_are(database: Database) -> None:
    works = await claimed(database, "https://paper.example", 30)
    statements: list[str] = []
    pages = CarriedPages(database, Retries())
    event.listen(
        database._reader.sync_engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )

    found = await asyncio.gather(*(pages.find(work, Timing()) for work in works))

    assert found == [None] * 30
    assert len([one for one in statements if one.startswith("SELECT")]) == 2


async def test_an_entry_whose_source_was_removed_waits_and_the_others_do_not(database: Database) -> None:
    (gone,) = await claimed(database, "https://gone.example", 1)
    (first, second) = await claimed(database, "https://paper.example", 2)
    await keep(database, [saved(first, "Ferry runs again", at=datetime.now(UTC))])
    async with database.write() as connection:
        await sources.set_state(connection, gone.source_id, "removed", now=datetime.now(UTC))
    pages = CarriedPages(database, Retries())
    same = replace(second, entry=replace(second.entry, link=first.entry.link))

    held, carried, none = await asyncio.gather(
        *(pages.find(work, Timing()) for work in (gone, same, second)), return_exceptions=True
    )

    assert isinstance(held, Held)
    assert none is None
    assert not isinstance(carried, BaseException)
