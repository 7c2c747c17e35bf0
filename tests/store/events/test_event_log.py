"""The event log, read while it is written: in order, without holes, and nothing twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from ingestd.errors import UsageError
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import Event
from ingestd.store.polls import sources
from ingestd.store.records import releases, reprocessing
from ingestd.store.schema import migrate, tables
from ingestd.times import iso
from tests.support.agency import keep_versions, ninjs
from tests.support.outcomes import NOON, claimed, keep, keep_texts, saved

#: Writers on connections of their own, what each of them saves, and how much in one transaction.
WRITERS, SAVES, AT_ONCE = 4, 25, 3
#: Those that keep wire items beside them.
WIRES = 2


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    url = with_async_driver(database_url)
    await migrate.upgrade(url)
    async with Database(url) as database:
        yield database


async def write(url: str, writer: int) -> None:
    """Save records, carry what others have, and make again what was saved, one transaction after the other."""
    async with Database(url, connections=1) as database:
        works = await claimed(database, f"https://{writer}.example/feed", SAVES * AT_ONCE, run_id=f"run {writer}")
        for first in range(0, len(works), AT_ONCE):
            # The first text of each transaction is the same everywhere: one writer makes its record, the others carry.
            texts = [f"Story {first}", *(f"Story {first + n} of {writer}" for n in range(1, AT_ONCE))]
            some = works[first : first + AT_ONCE]
            await keep(database, [saved(work, text) for work, text in zip(some, texts, strict=True)])
            if first % (5 * AT_ONCE) == 0:
                await make_again(database, texts[1])


async def write_wire(url: str, writer: int) -> None:
    """Keep items under an embargo, and release what is due by then, whoever kept it."""
    async with Database(url, connections=1) as database:
        async with database.write() as connection:
            source_id, _ = await sources.add(connection, f"inbox:{writer}", now=NOON)
        for number in range(SAVES):
            item = ninjs(f"urn:newsml:{writer}.example:{number}", embargoed=iso(NOON + timedelta(hours=1)))
            await keep_versions(database, source_id, NOON, item)
            async with database.write() as connection:
                await releases.release(connection, now=NOON + timedelta(hours=2))


async def make_again(database: Database, headline: str) -> None:
    """Make the record of a headline again, by rules that put a full stop behind it."""
    async with database.write() as connection:
        found = select(tables.revisions.c.record_id).where(tables.revisions.c.headline == headline)
        [made] = await reprocessing.current_revisions(connection, [(await connection.execute(found)).scalar_one()])
        article = replace(made.article, headline=f"{headline}.")
        one = reprocessing.ReprocessedRevision(
            current=made, article=article, content_hash=made.content_hash, extractor="by hand", rules="1",
            changed=("headline",),
        )  # fmt: skip
        await reprocessing.save(connection, [one], at=NOON)


async def read_on(url: str, *, limit: int, done: asyncio.Event) -> list[tuple[Event, ...]]:
    """Read on and on from where it was, until everything was written and is read."""
    found, cursor = [], 0
    async with Database(url, connections=1) as database:
        while True:
            is_last = done.is_set()
            async with database.read() as connection:
                batch = await event_log.read_after(connection, cursor, limit=limit)
            found += [batch.events] if batch.events else []
            cursor = batch.after
            if is_last and cursor == batch.newest:
                return found


async def test_a_reader_at_a_cursor_misses_none_however_many_write(database_url: str, database: Database) -> None:
    url, done = with_async_driver(database_url), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read_on(url, limit=limit, done=done)) for limit in (1, 7, 500)]
        async with asyncio.TaskGroup() as writers:
            for writer in range(WRITERS):
                writers.create_task(write(url, writer))
            for writer in range(WIRES):
                writers.create_task(write_wire(url, writer))
        done.set()

    async with database.read() as connection:
        table = (await connection.execute(select(tables.events).order_by(tables.events.c.seq))).all()
    for reader in readers:
        batches = reader.result()
        seen = [event for batch in batches for event in batch]
        assert [event.seq for event in seen] == [row.seq for row in table]
        assert [(e.record_id, e.revision, e.kind, e.entry_id, e.at) for e in seen] == [tuple(row)[1:6] for row in table]
        assert len(batches) > WRITERS, "it read while they wrote"
    remade = WRITERS * SAVES // 5
    assert [row.seq for row in table] == list(range(1, WRITERS * SAVES * AT_ONCE + remade + 2 * WIRES * SAVES + 1))
    assert Counter(row.kind for row in table) == {
        "new": SAVES + WRITERS * SAVES * (AT_ONCE - 1), "carried": (WRITERS - 1) * SAVES, "reprocessed": remade,
        "withheld": WIRES * SAVES, "released": WIRES * SAVES,
    }  # fmt: skip


async def test_an_event_is_read_with_its_record_and_its_source(database: Database) -> None:
    await keep_texts(database, "https://desk:secret@paper.example/feed", "Ferry")

    async with database.read() as connection:
        [event] = (await event_log.read_after(connection, 0)).events

    assert event.guid.startswith("urn:uuid:")
    assert event == Event(
        seq=1, kind="new", at=NOON, record_id=1, revision=1, guid=event.guid, uri=None, pubstatus="usable",
        headline="Ferry", versioncreated=None, entry_id=1, entry_url="https://paper.example/feed/0", source_id=1,
        source_url="https://paper.example/feed", source_title="The feed",
    )  # fmt: skip


async def test_an_event_says_what_its_own_revision_said(database: Database) -> None:
    [work] = await claimed(database, "https://paper.example/feed", 1)
    await keep(database, [saved(work, "Ferry")])
    await keep(database, [saved(replace(work, record_id=1), "Ferry to run again")])

    async with database.read() as connection:
        found = (await event_log.read_after(connection, 0)).events

    assert [(event.kind, event.revision, event.headline) for event in found] == [
        ("new", 1, "Ferry"), ("revised", 2, "Ferry to run again"),
    ]  # fmt: skip


async def test_some_kinds_are_read_past_the_others(database: Database) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella", "Lighthouse")
    await keep_texts(database, "https://two.example/feed", "Umbrella", "Otters")

    async with database.read() as connection:
        one = await event_log.read_after(connection, 1, limit=2, kinds=["new"])
        rest = await event_log.read_after(connection, one.after, limit=2, kinds=["new"])
        carried = await event_log.read_after(connection, 0, kinds=["carried"])

    assert ([event.seq for event in one.events], one.after, one.newest) == ([2, 3], 3, 5)
    assert ([event.seq for event in rest.events], rest.after) == ([5], 5)
    assert ([event.seq for event in carried.events], carried.after) == ([4], 5)


async def test_an_event_is_not_lost_with_its_revision(database: Database) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella")
    async with database.write() as connection:
        await connection.execute(delete(tables.revisions).where(tables.revisions.c.record_id == 1))

    async with database.read() as connection:
        found = (await event_log.read_after(connection, 0)).events

    assert [(event.seq, event.headline) for event in found] == [(1, None), (2, "Umbrella")]


@pytest.mark.parametrize("seq", [3, 10**30], ids=["next", "of-31-digits"])
async def test_a_reader_of_another_database_is_told(database: Database, seq: int) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella")

    async with database.read() as connection:
        assert (await event_log.read_after(connection, 2)).events == ()
        with pytest.raises(UsageError, match=f"no event {seq} yet: the last one is 2"):
            await event_log.read_after(connection, seq)


async def test_there_is_an_empty_log(database: Database) -> None:
    async with database.read() as connection:
        batch = await event_log.read_after(connection, 0)

    assert (batch.events, batch.after, batch.newest) == ((), 0, 0)
