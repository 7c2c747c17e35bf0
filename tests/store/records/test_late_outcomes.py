"""Outcomes that arrive after their entry has changed, or after another run took over."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.store.schema import tables
from ingestd.store.work import entries, runs
from ingestd.store.work.entries import ClaimedEntry
from tests.support.outcomes import NOON, claimed, keep, saved

LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def change(database: Database, work: ClaimedEntry, version: str) -> None:
    """Poll the entry's source, which announces the entry with another content."""
    async with database.write() as connection:
        [source] = await sources.claim(connection, "poll", [work.source_id])
        entry = replace(work.entry, headline=version)
        listed = ListedEntry(entry=entry, fingerprint=version)
        poll = PollResult(
            source=source, run_id="poll", at=NOON, seconds=0.0, outcome="new", due_at=LATER, changed=(listed,)
        )
        await polls.save(connection, [poll])


async def claim_again(database: Database, run_id: str) -> ClaimedEntry:
    async with database.write() as connection:
        [work] = await entries.claim_due(connection, run_id, now=LATER, limit=1)
    return work


async def texts(database: Database) -> list[tuple[int, str]]:
    """Return the current revision and its text of each record."""
    current = (tables.revisions.c.record_id == tables.records.c.id) & (
        tables.revisions.c.revision == tables.records.c.revision
    )
    query = select(tables.records.c.revision, tables.revisions.c.headline).join(tables.revisions, current)
    async with database.read() as connection:
        return [(number, text) for number, text in await connection.execute(query.order_by(tables.records.c.id))]


async def kinds(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(tables.events.c.kind).order_by(tables.events.c.seq))).scalars())


@pytest.mark.parametrize("claimed_before", [False, True], ids=["not claimed again yet", "claimed again already"])
async def test_an_entry_that_changes_while_it_is_at_work_keeps_one_record(
    database: Database, claimed_before: bool
) -> None:
    [first] = await claimed(database, "https://wire.example", 1)
    await change(database, first, "v2")
    second = await claim_again(database, "test") if claimed_before else None

    await keep(database, [saved(first, "v1")])
    second = second or await claim_again(database, "test")
    await keep(database, [saved(second, "v2")])

    assert await texts(database) == [(2, "v2")]
    assert await kinds(database) == ["new", "revised"]


async def test_both_outcomes_of_a_changed_entry_in_one_transaction_make_one_record(database: Database) -> None:
    [first] = await claimed(database, "https://wire.example", 1)
    await change(database, first, "v2")
    second = await claim_again(database, "test")

    await keep(database, [saved(first, "v1"), saved(second, "v2")])

    assert await texts(database) == [(2, "v2")]


async def test_an_earlier_text_never_follows_a_later_one(database: Database) -> None:
    [first] = await claimed(database, "https://wire.example", 1)
    await change(database, first, "v2")
    second = await claim_again(database, "test")

    await keep(database, [saved(second, "v2")])
    await keep(database, [saved(first, "v1")])

    assert await texts(database) == [(1, "v2")]


async def test_the_outcome_of_a_run_presumed_dead_is_dropped(database: Database) -> None:
    async with database.write() as connection:
        first_run = await runs.start(connection, role="daemon", now=NOON)
    [first] = await claimed(database, "https://wire.example", 1, run_id=first_run)
    async with database.write() as connection:
        await runs.end(connection, first_run)
    second = await claim_again(database, "another")

    await keep(database, [saved(first, "late")])
    await keep(database, [saved(second, "text")])

    assert await texts(database) == [(1, "text")]
    assert await kinds(database) == ["new"]


async def test_an_outcome_committed_twice_counts_once(database: Database) -> None:
    [work] = await claimed(database, "https://wire.example", 1)
    await change(database, work, "v2")

    await keep(database, [saved(work, "v1")])
    await keep(database, [saved(work, "v1")])

    async with database.read() as connection:
        decided = (await connection.execute(select(tables.decisions.c.id))).all()
    assert len(decided) == 1


async def test_a_claim_of_the_same_run_is_another_claim(database: Database) -> None:
    [first] = await claimed(database, "https://wire.example", 1)
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(run_id=None))
    second = await claim_again(database, "test")

    await keep(database, [saved(first, "first")])
    await keep(database, [saved(second, "second")])

    assert await texts(database) == [(1, "second")]
