"""Entries go once their source no longer lists them; what refers to them stays readable."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.polls import windows
from ingestd.store.polls.windows import Window
from ingestd.store.records import evidence
from ingestd.store.records.evidence import EntryEvidence
from ingestd.store.records.reprocessing import current_revisions
from ingestd.store.records.search import search
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import tables
from tests.store.retention.test_records import DAY, LATER, prune_at_later
from tests.support.outcomes import NOON, claimed, keep, saved


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def entry_ids(database: Database) -> set[int]:
    async with database.read() as connection:
        return set((await connection.execute(select(tables.entries.c.id))).scalars())


async def test_entries_that_nothing_needs_go(database: Database) -> None:
    names = ("plain", "listed", "withdrawn", "claimed", "pending", "revisited", "seen lately", "last")
    works = await claimed(database, "https://paper.example/feed", len(names))
    await keep(database, [saved(work, name) for work, name in zip(works, names, strict=True)])
    ids = {name: work.id for name, work in zip(names, works, strict=True)}
    e = tables.entries
    async with database.write() as connection:
        for name, values in {
            "claimed": {"run_id": "other"},
            "pending": {"state": "pending"},
            "revisited": {"revisit_at": LATER},
            "seen lately": {"last_seen_at": LATER},
        }.items():
            await connection.execute(update(e).where(e.c.id == ids[name]).values(values))
        gone = EntryEvidence(entry_id=ids["withdrawn"], kind="404", at=NOON, words="the page answered HTTP 404")
        await evidence.add(connection, [gone])
        await windows._write(connection, {works[0].source_id: Window(at=NOON, entry_ids=frozenset({ids["listed"]}))})

    # Its record goes, with what refers to the entry; then the entry.
    await prune_at_later(database, Limits(records=30 * DAY))
    done = await prune_at_later(database, Limits(entries=30 * DAY))

    # A record that goes ends the revisits of its page.
    assert await entry_ids(database) == set(ids.values()) - {ids["plain"], ids["revisited"]}
    assert done["entries"].rows == 2


async def test_an_entry_with_a_record_keeps_only_its_name_and_address(database: Database) -> None:
    works = await claimed(database, "https://paper.example/feed", 2)
    await keep(database, [saved(work, name) for work, name in zip(works, ("first", "last"), strict=True)])
    e = tables.entries
    announced = {"guid": "0", "link": works[0].entry.link, "headline": "Long", "description_text": "A summary"}
    async with database.write() as connection:
        await connection.execute(update(e).where(e.c.id == works[0].id).values(announced=announced))

    assert (await prune_at_later(database, Limits(entries=30 * DAY)))["entries"].rows == 1
    assert (await prune_at_later(database, Limits(entries=30 * DAY)))["entries"].rows == 0

    async with database.read() as connection:
        left = (await connection.execute(select(e.c.announced).order_by(e.c.id))).scalars().first()
        found = (await event_log.read_after(connection, 0)).events
        [record] = await search(connection, "first", limit=1)
        [revision] = await current_revisions(connection, [record.id])
    assert left == {"guid": "0", "link": works[0].entry.link}
    assert [one.entry_url for one in found] == [work.entry.link for work in works]
    assert revision.entry.link == works[0].entry.link
