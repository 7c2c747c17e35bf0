"""Records, revisions, events and entries go by age, but for what a kill, an embargo, a claim or a feed needs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import EventsLost
from ingestd.store.polls import windows
from ingestd.store.records import evidence, records
from ingestd.store.records.evidence import EntryEvidence
from ingestd.store.records.search import search
from ingestd.store.retention import prune
from ingestd.store.retention.batches import Deleted
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import tables
from ingestd.store.work import entries
from tests.support.outcomes import NOON, claimed, keep, keep_texts, saved

DAY = 86_400.0
LATER = NOON + timedelta(days=100)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def prune_at_later(database: Database, limits: Limits, **options: Any) -> dict[str, Deleted]:
    async def delete_bodies(_sha256s: object) -> None:
        raise AssertionError

    done = await prune.prune(database, limits, now=LATER, delete_bodies=delete_bodies, **options)
    return {one.table: one for one in done}


async def texts_of(database: Database) -> set[str]:
    async with database.read() as connection:
        return {one.article.body_text for one in await records.newest(connection, limit=100)}


async def count(database: Database, table: Table) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def test_a_record_goes_with_everything_of_its_own(database: Database) -> None:
    await keep_texts(database, "https://old.example/feed", "one", "two", "three")
    await keep_texts(database, "https://new.example/feed", "four", at=LATER)

    done = await prune_at_later(database, Limits(records=30 * DAY))

    assert done["records"].rows == 3
    assert await texts_of(database) == {"four"}
    for table in (tables.records, tables.revisions, tables.texts, tables.carriers, tables.events):
        assert await count(database, table) == 1
    async with database.read() as connection:
        assert await search(connection, "one", limit=9) == []
        states = select(tables.entries.c.state, tables.entries.c.record_id).order_by(tables.entries.c.id)
        rows = [tuple(row) for row in await connection.execute(states)]
    assert [state for state, _ in rows] == ["expired", "expired", "expired", "done"]
    assert [record for _, record in rows[:3]] == [None] * 3


async def test_a_dry_run_counts_and_deletes_nothing(database: Database) -> None:
    await keep_texts(database, "https://old.example/feed", "one", "two", "three")

    done = await prune_at_later(database, Limits(records=30 * DAY, events=30 * DAY), dry_run=True)

    assert (done["records"].rows, done["events"].rows) == (2, 2)
    assert await count(database, tables.records) == 3


async def test_records_that_a_kill_an_embargo_evidence_or_a_claim_needs_stay(database: Database) -> None:
    names = ("plain", "killed", "embargoed", "withdrawn", "claimed", "pending", "last")
    works = await claimed(database, "https://paper.example/feed", len(names))
    await keep(database, [saved(work, name) for work, name in zip(works, names, strict=True)])
    ids = {name: number for number, name in enumerate(names, 1)}
    r, e = tables.records, tables.entries
    async with database.write() as connection:
        await connection.execute(update(r).where(r.c.id == ids["killed"]).values(pubstatus="canceled"))
        await connection.execute(update(r).where(r.c.id == ids["embargoed"]).values(release_at=LATER))
        await connection.execute(update(e).where(e.c.record_id == ids["claimed"]).values(run_id="other"))
        await connection.execute(update(e).where(e.c.record_id == ids["pending"]).values(state="pending"))
        gone = EntryEvidence(entry_id=works[3].id, kind="404", at=NOON, words="the page answered HTTP 404")
        await evidence.add(connection, [gone])

    await prune_at_later(database, Limits(records=30 * DAY))

    async with database.read() as connection:
        kept = set((await connection.execute(select(r.c.id))).scalars())
    assert kept == set(ids.values()) - {ids["plain"]}


async def test_a_site_or_source_has_its_own_time_and_the_longest_of_the_carriers_counts(database: Database) -> None:
    await keep_texts(database, "https://short.example/feed", "short", "shared")
    await keep_texts(database, "https://long.example/feed", "long", "shared")
    await keep_texts(database, "https://other.example/feed", "other", "last")

    limits = Limits(records=200 * DAY, records_of={"short.example": 30 * DAY, "https://long.example/feed": None})
    await prune_at_later(database, limits)
    assert await texts_of(database) == {"shared", "long", "other", "last"}

    await prune_at_later(database, Limits(records=30 * DAY, records_of={"other.example": None}))
    assert await texts_of(database) == {"other", "last"}


@pytest.mark.parametrize("limit", ["current", 30 * DAY])
async def test_superseded_revisions_go(database: Database, limit: Any) -> None:
    works = await claimed(database, "https://paper.example/feed", 2)
    await keep(database, [saved(works[0], "first")])
    async with database.write() as connection:
        e = tables.entries
        await connection.execute(update(e).where(e.c.id == works[0].id).values(state="pending"))
        [again] = await entries.claim_due(connection, "test", now=NOON, limit=9)
    await keep(database, [saved(again, "second")])

    done = await prune_at_later(database, Limits(revisions=limit))

    assert done["revisions"].rows == 1
    assert await texts_of(database) == {"second"}
    async with database.read() as connection:
        batch = await event_log.read_after(connection, 0)
    assert [(one.kind, one.headline) for one in batch.events] == [("new", None), ("revised", "second")]


async def test_a_reader_of_deleted_events_is_told_what_it_lost(database: Database) -> None:
    await keep_texts(database, "https://old.example/feed", "one", "two", "three")
    await keep_texts(database, "https://new.example/feed", "four", at=LATER)

    assert (await prune_at_later(database, Limits(events=30 * DAY)))["events"].rows == 3

    async with database.read() as connection:
        for seq in (1, 2):
            with pytest.raises(EventsLost, match=f"events {seq + 1} to 3 are no longer kept") as caught:
                await event_log.read_after(connection, seq)
            assert (caught.value.first, caught.value.last) == (seq + 1, 3)
        for seq in (0, 3):
            assert [one.seq for one in (await event_log.read_after(connection, seq)).events] == [4]


async def test_the_last_event_stays_so_that_no_number_comes_twice(database: Database) -> None:
    await keep_texts(database, "https://old.example/feed", "one", "two")

    await prune_at_later(database, Limits(events=DAY, records=DAY))
    await keep_texts(database, "https://new.example/feed", "three")

    async with database.read() as connection:
        assert [one.seq for one in (await event_log.read_after(connection, 0)).events] == [2, 3]


async def test_a_change_of_an_expired_entry_is_no_news(database: Database) -> None:
    from tests.store.polls.test_windows import Desk, listed  # noqa: PLC0415 - its polls are those of that module

    desk = await Desk.open(database)
    await desk.poll(listed(1))
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(state="expired"))

    await desk.change(listed(1))

    async with database.read() as connection:
        assert (await connection.execute(select(tables.entries.c.state))).scalars().all() == ["expired"]
        known = await windows.read(connection, [desk.source.id])
    assert len(known[desk.source.id].entry_ids) == 1
