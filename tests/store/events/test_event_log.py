"""The event log, read while others write: in order, without holes or repeats."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from ingestd.errors import UsageError
from ingestd.model.event import Event
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import EpochEnded
from ingestd.store.polls import sources
from ingestd.store.records import releases, reprocessing
from ingestd.store.schema import migrate, tables
from ingestd.store.transfer.copy_state import begin_new_epoch
from ingestd.times import iso
from tests.support.agency import keep_versions, ninjs
from tests.support.outcomes import NOON, claimed, claimed_again, keep, keep_texts, saved
from tests.support.soak import size

#: Concurrent writers, transactions of each writer, and records in each transaction.
WRITERS, COMMITS, EACH = 4, size(10, 25), 3
#: Concurrent writers of wire items.
WIRE_WRITERS = 2


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    url = with_async_driver(database_url)
    await migrate.upgrade(url)
    async with Database(url) as database:
        yield database


async def write(url: str, writer: int) -> None:
    """Save new records, carriers of other writers' records, and reprocessed revisions, in many transactions."""
    async with Database(url, connections=1) as database:
        works = await claimed(database, f"https://{writer}.example/feed", COMMITS * EACH, run_id=f"run {writer}")
        for first in range(0, len(works), EACH):
            # All writers save the same first text: one of them creates its record, the others become carriers.
            texts = [f"Story {first}", *(f"Story {first + n} of {writer}" for n in range(1, EACH))]
            some = works[first : first + EACH]
            await keep(database, [saved(work, text) for work, text in zip(some, texts, strict=True)])
            if first % (5 * EACH) == 0:
                await reprocess(database, texts[1])


async def write_wire(url: str, writer: int) -> None:
    """Save items under embargo, and release all that have ended, including those of other writers."""
    async with Database(url, connections=1) as database:
        async with database.write() as connection:
            source_id, _ = await sources.add(connection, f"inbox:{writer}", now=NOON)
        for number in range(COMMITS):
            item = ninjs(f"urn:newsml:{writer}.example:{number}", embargoed=iso(NOON + timedelta(hours=1)))
            await keep_versions(database, source_id, NOON, item)
            async with database.write() as connection:
                await releases.release(connection, now=NOON + timedelta(hours=2))


async def reprocess(database: Database, headline: str) -> None:
    """Reprocess the record with a headline, with rules that append a full stop to it."""
    async with database.write() as connection:
        found = select(tables.revisions.c.record_id).where(tables.revisions.c.headline == headline)
        [made] = await reprocessing.current_revisions(connection, [(await connection.execute(found)).scalar_one()])
        article = replace(made.article, headline=f"{headline}.")
        one = reprocessing.ReprocessedRevision(
            current=made, article=article, content_hash=made.content_hash, extractor="by hand", rules="1",
            changed=("headline",),
        )  # fmt: skip
        await reprocessing.save(connection, [one], at=NOON)


async def read_log(url: str, *, limit: int, done: asyncio.Event) -> list[tuple[Event, ...]]:
    """Read batches from the cursor on, until the writers are `done` and the log is read to its end."""
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


async def test_a_reader_misses_no_event_while_others_write(database_url: str, database: Database) -> None:
    url, done = with_async_driver(database_url), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read_log(url, limit=limit, done=done)) for limit in (1, 7, 500)]
        async with asyncio.TaskGroup() as writers:
            for writer in range(WRITERS):
                writers.create_task(write(url, writer))
            for writer in range(WIRE_WRITERS):
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
    remade = WRITERS * COMMITS // 5
    assert [row.seq for row in table] == list(
        range(1, WRITERS * COMMITS * EACH + remade + 2 * WIRE_WRITERS * COMMITS + 1)
    )
    assert Counter(row.kind for row in table) == {
        "new": COMMITS + WRITERS * COMMITS * (EACH - 1), "carried": (WRITERS - 1) * COMMITS, "reprocessed": remade,
        "withheld": WIRE_WRITERS * COMMITS, "released": WIRE_WRITERS * COMMITS,
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


async def test_an_event_has_the_headline_of_its_own_revision(database: Database) -> None:
    [work] = await claimed(database, "https://paper.example/feed", 1)
    await keep(database, [saved(work, "Ferry")])
    await keep(database, [saved(await claimed_again(database, work), "Ferry to run again")])

    async with database.read() as connection:
        found = (await event_log.read_after(connection, 0)).events

    assert [(event.kind, event.revision, event.headline) for event in found] == [
        ("new", 1, "Ferry"), ("revised", 2, "Ferry to run again"),
    ]  # fmt: skip


async def test_a_reader_of_some_kinds_skips_the_others(database: Database) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella", "Lighthouse")
    await keep_texts(database, "https://two.example/feed", "Umbrella", "Otters")

    async with database.read() as connection:
        one = await event_log.read_after(connection, 1, limit=2, kinds=["new"])
        rest = await event_log.read_after(connection, one.after, limit=2, kinds=["new"])
        carried = await event_log.read_after(connection, 0, kinds=["carried"])

    assert ([event.seq for event in one.events], one.after, one.newest) == ([2, 3], 3, 5)
    assert ([event.seq for event in rest.events], rest.after) == ([5], 5)
    assert ([event.seq for event in carried.events], carried.after) == ([4], 5)


async def test_an_event_whose_revision_is_missing_is_still_read(database: Database) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella")
    async with database.write() as connection:
        await connection.execute(delete(tables.revisions).where(tables.revisions.c.record_id == 1))

    async with database.read() as connection:
        found = (await event_log.read_after(connection, 0)).events

    assert [(event.seq, event.headline) for event in found] == [(1, None), (2, "Umbrella")]


@pytest.mark.parametrize("seq", [3, 10**30], ids=["next", "of-31-digits"])
async def test_reading_after_an_event_that_does_not_exist_is_refused(database: Database, seq: int) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella")

    async with database.read() as connection:
        assert (await event_log.read_after(connection, 2)).events == ()
        with pytest.raises(UsageError, match=f"no event {seq} yet: the last one is 2"):
            await event_log.read_after(connection, seq)


async def test_a_number_of_an_ended_epoch_is_refused(database: Database) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella")
    async with database.read() as connection:
        before = await event_log.read_after(connection, 1)
        assert (await event_log.read_after(connection, 1, epoch=before.epoch)).events == before.events

    async with database.write() as connection:
        await begin_new_epoch(connection)  # as a restore does

    async with database.read() as connection:
        for seq in (0, 1, 5):
            with pytest.raises(EpochEnded, match="start again after 0") as caught:
                await event_log.read_after(connection, seq, epoch=before.epoch)
        again = await event_log.read_after(connection, 0, epoch=caught.value.epoch)

    assert [event.seq for event in again.events] == [1, 2]
    assert again.epoch == caught.value.epoch != before.epoch


async def test_an_empty_log_gives_an_empty_batch(database: Database) -> None:
    async with database.read() as connection:
        batch = await event_log.read_after(connection, 0)

    assert (batch.events, batch.after, batch.newest) == ((), 0, 0)


async def test_a_reader_is_told_of_lost_events_when_the_newest_are_deleted(database: Database) -> None:
    await keep_texts(database, "https://one.example/feed", "Ferry", "Umbrella", "Otter")
    async with database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq > 1))

    async with database.read() as connection:
        assert await event_log.last_seq(connection) == 3
        assert (await event_log.read_after(connection, 3)).events == ()
        assert (await event_log.read_after(connection, 0)).after == 3
        with pytest.raises(UsageError, match="there is no event 4 yet: the last one is 3"):
            await event_log.read_after(connection, 4)
    async with database.write() as connection:
        await connection.execute(delete(tables.events))
    async with database.read() as connection:
        with pytest.raises(event_log.EventsLost, match="events 2 to 3 are no longer kept"):
            await event_log.read_after(connection, 1)
        assert (await event_log.read_after(connection, 3)).newest == 3

    await keep_texts(database, "https://two.example/feed", "Harvest")
    async with database.read() as connection:
        assert [event.seq for event in (await event_log.read_after(connection, 3)).events] == [4]
