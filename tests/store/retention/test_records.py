"""Records, revisions, events and entries go by age, but for what a kill, an embargo, a claim or a feed needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import EventsLost
from ingestd.store.polls import windows
from ingestd.store.records import evidence, records
from ingestd.store.records.evidence import EntryEvidence
from ingestd.store.records.search import search
from ingestd.store.retention import batches, prune, record_parts
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


async def add_revisions(database: Database, record: int, count: int) -> None:
    """Give a record `count` superseded revisions, each with an event, a text, a carrier and its entry."""
    t = tables
    async with database.write() as connection:
        entry = (await connection.execute(select(t.entries).where(t.entries.c.record_id == record))).mappings().first()
        carrier = (
            (await connection.execute(select(t.carriers).where(t.carriers.c.record_id == record))).mappings().first()
        )
        revision = (await connection.execute(select(t.revisions).where(t.revisions.c.record_id == record))).mappings()
        copied, of = dict(revision.one()), [1000 * record + n for n in range(count)]
        assert entry
        assert carrier
        more = [{**entry, "id": n, "guid": f"g{n}", "url": f"https://x.example/{n}"} for n in of]
        await connection.execute(t.entries.insert(), more)
        carried = [{**carrier, "entry_id": n, "seen_at": NOON - timedelta(seconds=n)} for n in of]
        await connection.execute(t.carriers.insert(), carried)
        numbered = [{**copied, "id": n, "revision": n - of[0] + 10} for n in of]
        await connection.execute(t.revisions.insert(), numbered)
        logged = [{"seq": n, "record_id": record, "revision": 1, "kind": "text", "entry_id": n, "at": NOON} for n in of]
        await connection.execute(t.events.insert(), logged)
        await connection.execute(t.texts.insert(), [{"content_hash": f"h{n}", "record_id": record} for n in of])
        renumbered = update(t.revisions).where(t.revisions.c.id == copied["id"]).values(revision=count + 10)
        await connection.execute(renumbered)
        current = update(t.records).where(t.records.c.id == record).values(revision=count + 10)
        await connection.execute(current)


class Transactions(Database):
    """A database that notes how many rows of the large tables each of its write transactions deleted."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.deleted: list[int] = []

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with super().write() as connection:
            before = await self._rows(connection)
            yield connection
            self.deleted.append(before - await self._rows(connection))

    async def _rows(self, connection: AsyncConnection) -> int:
        counts = [select(func.count()).select_from(one) for one in (tables.revisions, tables.events, tables.carriers)]
        return sum([int((await connection.execute(count)).scalar_one()) for count in counts])


@pytest.fixture
async def large(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Transactions]:
    """A database with a record of 300 revisions between two small ones; batches have at most 50 rows."""
    monkeypatch.setattr(batches, "_MOST", 50)
    monkeypatch.setattr(batches, "_PAGE", 70)
    monkeypatch.setattr(batches, "AIM", 60.0)  # a busy machine would delete one row at a time, and rest in between
    monkeypatch.setattr(batches, "_REST", 0.0)
    async with Transactions(with_async_driver(database_url)) as database:
        await keep_texts(database, "https://old.example/feed", "one", "two", "three")
        await add_revisions(database, 2, 300)
        database.deleted.clear()
        yield database


async def test_a_record_with_many_rows_goes_in_many_transactions(large: Transactions) -> None:
    done = await prune_at_later(large, Limits(records=30 * DAY))

    assert done["records"].rows == 2
    assert await texts_of(large) == {"three"}
    for table in (tables.records, tables.revisions, tables.texts, tables.carriers, tables.events):
        assert await count(large, table) == 1
    assert sum(large.deleted) == 906
    # A batch of two small records, and what the large one keeps to the end.
    assert max(large.deleted) <= 3 * record_parts.KEPT + 6
    async with large.read() as connection:
        states = select(tables.entries.c.state, func.count()).group_by(tables.entries.c.state)
        assert {row[0]: row[1] for row in await connection.execute(states)} == {"expired": 302, "done": 1}


async def test_a_large_record_is_whole_but_for_its_history_until_it_goes(large: Transactions) -> None:
    async with large.write() as connection:
        changed = update(tables.records).where(tables.records.c.id == 2)
        await connection.execute(changed.values(updated_at=LATER, pubstatus="canceled"))

    await prune_at_later(large, Limits(records=30 * DAY, revisions=30 * DAY))

    assert await count(large, tables.revisions) == 302  # a record that has to stay keeps all of its parts
    passes = 0

    def stopping() -> bool:
        nonlocal passes
        passes += 1
        return passes > 12

    async with large.write() as connection:
        await connection.execute(changed.values(updated_at=NOON, pubstatus="usable"))
    await prune_at_later(large, Limits(records=30 * DAY), stopping=stopping)

    assert 20 < await count(large, tables.revisions) < 302  # stopped on the way
    async with large.read() as connection:
        record = await records.find(connection, "2")
    assert record.article.body_text == "two"
    assert record.carriers
    await prune_at_later(large, Limits(records=30 * DAY))
    assert await count(large, tables.records) == 1


async def test_the_records_merged_into_a_large_one_go_in_parts_too(large: Transactions) -> None:
    async with large.write() as connection:
        await connection.execute(update(tables.records).where(tables.records.c.id == 2).values(merged_into=1))

    await prune_at_later(large, Limits(records=30 * DAY))

    assert await count(large, tables.records) == 1
    assert max(large.deleted) <= 3 * record_parts.KEPT + 6


async def test_many_superseded_revisions_go_in_many_transactions(large: Transactions) -> None:
    await add_revisions(large, 1, 40)
    large.deleted.clear()

    done = await prune_at_later(large, Limits(revisions="current"), dry_run=True)
    assert done["revisions"].rows == 340
    done = await prune_at_later(large, Limits(revisions="current"))

    assert done["revisions"].rows == 340
    assert await texts_of(large) == {"one", "two", "three"}
    assert max(large.deleted) <= 50


async def test_a_pass_over_revisions_goes_on_where_it_was_stopped(large: Transactions) -> None:
    rounds, passes = prune.Rounds(), 0

    def stopping() -> bool:
        nonlocal passes
        passes += 1
        return passes % 6 == 0

    for _ in range(60):
        await prune_at_later(large, Limits(revisions="current"), rounds=rounds, stopping=stopping)

    assert await count(large, tables.revisions) == 3


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
