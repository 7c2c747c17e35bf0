"""Poll results that arrive after another run took over, or a second time; and pushes that must not overtake."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreUnavailable
from ingestd.model.feed import Entry
from ingestd.model.source import Source, Validators
from ingestd.settings.values import with_async_driver
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.store.schema import tables
from ingestd.store.work import runs
from tests.support.outcomes import NOON
from tests.support.statements import executed

LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


def listed(version: str) -> ListedEntry:
    return ListedEntry(entry=Entry(guid="1", headline=version), fingerprint=version)


def polled(source: Source, run_id: str, version: str, *, at: datetime = NOON, **values: Any) -> PollResult:
    """Return the result of a poll that found one version of an entry."""
    return PollResult(
        source=source, run_id=run_id, at=at, seconds=0.0, outcome="new", due_at=NOON, listed=1, known=0,
        validators=Validators(etag=version), **values,
    )  # fmt: skip


async def save(database: Database, *results: PollResult) -> Sequence[bool]:
    async with database.write() as connection:
        return await polls.save(connection, results)


async def claim(database: Database, run_id: str) -> Source:
    async with database.write() as connection:
        await sources.add(connection, "https://wire.example/", now=NOON)
        [source] = await sources.claim_due(connection, run_id, now=LATER, limit=1)
    return source


async def stored(database: Database) -> tuple[str | None, list[str], int]:
    """Return the source's ETag, the headlines of its entries and the number of its polls."""
    async with database.read() as connection:
        etag = (await connection.execute(select(tables.sources.c.etag))).scalar_one()
        announced = (await connection.execute(select(tables.entries.c.announced))).scalars().all()
        count = len((await connection.execute(select(tables.polls.c.id))).all())
    return etag, [one["headline"] for one in announced], count


async def test_a_run_presumed_dead_does_not_overwrite_its_successor(database: Database) -> None:
    async with database.write() as connection:
        first_run = await runs.start(connection, role="daemon", now=NOON)
    first = await claim(database, first_run)
    await save(database, polled(first, first_run, "v1", new=(listed("v1"),), keeps_claim=True))
    async with database.write() as connection:
        await runs.end(connection, first_run)
    second = await claim(database, "second")
    await save(database, polled(second, "second", "v2", changed=(listed("v2"),)))

    await save(database, polled(first, first_run, "v1", changed=(listed("v1"),)))

    assert await stored(database) == ("v2", ["v2"], 2)


async def test_a_poll_committed_twice_counts_once(database: Database) -> None:
    source = replace(await claim(database, "run"), last_read_at=NOON, last_success_at=NOON)
    result = polled(source, "run", "v1", new=(listed("v1"),), may_have_lost=True)

    assert await save(database, result) == [True]
    assert await save(database, result) == [True]

    assert await stored(database) == ("v1", ["v1"], 1)
    async with database.read() as connection:
        assert len((await connection.execute(select(tables.gaps.c.id))).all()) == 1


async def test_a_changed_entry_that_is_not_there_yet_is_added(database: Database) -> None:
    source = await claim(database, "run")

    await save(database, polled(source, "run", "v2", changed=(listed("v2"),)))

    assert await stored(database) == ("v2", ["v2"], 1)


async def test_a_new_entry_that_a_repair_added_meanwhile_gets_the_content_of_the_poll(database: Database) -> None:
    source = await claim(database, "run")
    async with database.write() as connection:
        await polls.add_entries(connection, source.id, [listed("v1")], now=NOON)

    await save(database, polled(source, "run", "v2", new=(listed("v2"),)))

    assert await stored(database) == ("v2", ["v2"], 1)


async def test_what_waited_while_the_database_was_away_keeps_its_order(database: Database) -> None:
    committed: list[int] = []
    away = [True]

    async def keep(connection: AsyncConnection, items: Sequence[int]) -> list[None]:
        if away and items[0] == 1:
            if len(items) == 1:
                away.clear()
            raise StoreUnavailable("away")
        committed.extend(items)
        return [None] * len(items)

    async with Batches(database, keep) as batches:
        results = await asyncio.gather(*(batches.put(number) for number in (1, 2, 3)), return_exceptions=True)

    # Had it committed them one by one, 2 and 3 would be stored, and 1 not.
    assert [type(result) for result in results] == [StoreUnavailable] * 3
    assert committed == []


async def test_polls_that_found_nothing_cost_three_statements_however_many_they_are(database: Database) -> None:
    async with database.write() as connection:
        for number in range(30):
            await sources.add(connection, f"https://wire{number}.example/", now=NOON)
        with executed(connection) as claiming:
            found = await sources.claim_due(connection, "run", now=LATER, limit=30)
    results = [
        PollResult(source=one, run_id="run", at=LATER, seconds=0.1, outcome="not_modified", due_at=LATER, status=304)
        for one in found
    ]

    async with database.write() as connection:
        with executed(connection) as saving:
            assert await polls.save_lists(connection, [[one] for one in results]) == [True] * 30

    # On PostgreSQL, a setting of the planner as well.
    assert len(claiming) == (2 if database.dialect == "postgresql" else 1)
    assert [statement.split()[0] for statement, _ in saving] == ["SELECT", "UPDATE", "INSERT"]
    assert (await stored_polls(database)) == 30


async def stored_polls(database: Database) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(tables.polls.c.id))).all())
