"""What a feed still lists is never news again, whatever the limits deleted of it; and the search index stays small."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.records import search_parts
from ingestd.store.retention import batches, prune
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import tables
from ingestd.store.work import entries
from tests.store.polls.test_windows import Desk, listed
from tests.store.retention.test_records import DAY
from tests.support.outcomes import NOON, keep, keep_texts, saved

LATER = NOON + timedelta(days=2000)
LIMITS: dict[str, Any] = {
    "polls": DAY, "failures": DAY, "entries": 7 * DAY, "feed_documents": DAY, "pages": DAY, "events": DAY,
    "revisions": "current", "records": DAY, "records_of": {"paper.example": DAY},
}  # fmt: skip


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def delete_bodies(_: object) -> None:
    """Delete nothing: there is no archive."""


async def entry_states(database: Database) -> list[tuple[int, str]]:
    async with database.read() as connection:
        query = select(tables.entries.c.id, tables.entries.c.state).order_by(tables.entries.c.id)
        return [(row.id, row.state) for row in await connection.execute(query)]


@pytest.mark.parametrize("limits", [*({name: LIMITS[name]} for name in LIMITS), LIMITS], ids=[*LIMITS, "all"])
async def test_a_deleted_entry_that_its_feed_still_lists_is_no_news(database: Database, limits: dict[str, Any]) -> None:
    desk = await Desk.open(database)
    await desk.poll(listed(1, 2, 3, 4))
    async with database.write() as connection:
        works = await entries.claim_due(connection, "test", now=LATER, limit=9)
    await keep(database, [saved(work, f"text {work.id}") for work in works])
    await desk.poll(listed(1, 2, 3))
    before = await entry_states(database)

    for _ in range(2):
        await prune.prune(database, Limits(**limits), now=LATER, delete_bodies=delete_bodies)
    await desk.poll(listed(1, 2, 3))
    await desk.change(listed(1, 2, 3))

    after = dict(await entry_states(database))
    has_records = "records" in limits or "records_of" in limits
    # All but the newest record were deleted; a change of an entry whose record is there is a revision of it.
    expected = [(one, "expired" if has_records else "pending") for one, _ in before[:3]]
    assert [(one, after[one]) for one, _ in before[:3]] == expected
    assert max(after) == before[-1][0]


async def test_the_search_index_reaches_a_plateau(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AIM", 60.0)  # a busy machine would delete one record at a time, and rest in between
    monkeypatch.setattr(batches, "_REST", 0.0)
    chance, sizes = random.Random(1), []
    upkeep = SearchUpkeep(database, look_every=0)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(3000)]
    for number in range(24):
        texts = [" ".join(chance.choices(words, k=150)) for _ in range(60)]
        at = NOON + timedelta(days=number)
        await keep_texts(database, f"https://{number}.example/feed", *texts, at=at)
        await prune.prune(database, Limits(records=2 * DAY), now=at, delete_bodies=delete_bodies)
        if database.dialect == "postgresql":
            await upkeep.run(waiting=1)  # as the daemon does
            for table in search_parts.TABLES:
                await database.run_alone(f"VACUUM {table}")  # as autovacuum does
        async with database.read() as connection:
            query = "SELECT sum(length(block)) FROM record_search_data"
            if database.dialect == "postgresql":
                sizes_of = (f"pg_total_relation_size('{table}')" for table in search_parts.TABLES)
                query = f"SELECT {' + '.join(sizes_of)}"
            sizes.append(int((await connection.execute(text(query))).scalar_one()))

    async with database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(tables.records))).scalar_one() < 4 * 60
    assert max(sizes[12:]) <= 1.6 * max(sizes[3:9]), sizes
