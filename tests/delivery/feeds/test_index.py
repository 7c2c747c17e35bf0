"""The index of a feed: what new events make of it is what a search from the end of the log finds."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.delivery.feeds.index import FeedIndex
from ingestd.model.article import Article
from ingestd.pipeline.stories.placer import Placer
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.records import operator_decisions
from ingestd.store.schema.tables import events, installation, records
from tests.support.outcomes import NOON, claimed, claimed_again, keep, keep_texts, saved
from tests.support.stories import cut, publish, report

SOURCE = "https://one.example/feed"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.delivery.feeds.index._BATCH", 3)
    monkeypatch.setattr("ingestd.delivery.feeds.index.RANGE", 4)


async def updated(database: Database, index: FeedIndex) -> list[tuple[int, int]]:
    """Bring an index up to date; return its records with their events, the newest last."""
    async with database.snapshot() as connection:
        await index.update(connection)
    return [(record_id, event.seq) for record_id, event in index.entries.items()]


def new_index(text: str = "", size: int = 3) -> FeedIndex:
    return FeedIndex(filters=(filters.parse(text),), size=size)


@pytest.mark.parametrize("seed", range(5))
async def test_an_index_kept_up_to_date_equals_a_new_one(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    works = await claimed(database, SOURCE, 8)
    kept, versions, killed = new_index(), dict.fromkeys(range(8), 0), set[int]()

    for step in range(25):
        number = chance.randrange(8)
        if versions[number] and number not in killed and chance.random() < 0.25:
            killed.add(number)
            async with database.write() as connection:
                record_id = await _record_of(connection, number)
                await operator_decisions.kill(connection, record_id, actor="test", reason=None, now=NOON)
        elif number not in killed:
            if versions[number]:
                works[number] = await claimed_again(database, works[number])
            versions[number] += 1
            text = f"Story {number} version {versions[number]} {'abc'[number % 3] * 20}"
            article = Article(headline=f"Story {number}", body_text=text, uri=f"https://one.example/{number}")
            await keep(database, [saved(works[number], article, at=NOON + timedelta(hours=step))])
        if chance.random() < 0.6:
            assert await updated(database, kept) == await updated(database, new_index())

    assert await updated(database, kept) == await updated(database, new_index())
    assert killed


async def _record_of(connection: AsyncConnection, number: int) -> int:
    query = select(records.c.id).where(records.c.uri == f"https://one.example/{number}")
    return int((await connection.execute(query)).scalar_one())


async def test_what_no_archive_document_has_stays(database: Database) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(7)))

    found = await updated(database, new_index(size=1))

    assert [seq for _, seq in found] == [5, 6, 7]


async def test_the_search_for_entries_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.delivery.feeds.index._MAX_SEARCHED", 6)
    await keep_texts(database, "https://two.example/feed", "Umbrella")
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(8)))

    assert await updated(database, new_index("site:two.example")) == []


async def test_a_log_that_begins_again_is_read_again(database: Database) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(4)))
    index = new_index()
    assert [seq for _, seq in await updated(database, index)] == [2, 3, 4]
    async with database.write() as connection:
        await connection.execute(update(installation).values(epoch="7f8c1c0e-6f0a-4c39-9d0e-3f6f4f3a2b11"))
        await connection.execute(delete(events).where(events.c.seq == 4))
    changes = index.changes

    assert [seq for _, seq in await updated(database, index)] == [1, 2, 3]
    assert index.changes > changes


async def test_events_that_are_no_longer_kept_are_skipped(database: Database) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(3)))
    index = new_index()
    await updated(database, index)
    await keep_texts(database, "https://two.example/feed", *(f"Other {n}" for n in range(6)))
    async with database.write() as connection:
        await connection.execute(delete(events).where(events.c.seq < 8))

    assert [seq for _, seq in await updated(database, index)] == [8, 9]
    async with database.read() as connection:
        assert (await event_log.read_range(connection)).first == 8


async def test_a_record_that_joins_a_story_later_comes_into_the_feed_of_the_story(database: Database) -> None:
    index = new_index("story:1")
    await publish(database, "https://apnews.com/feed", report(1))
    assert await updated(database, index) == []
    await publish(database, "https://paper.example/feed", cut(report(1), 4), at=NOON + timedelta(hours=1))
    await updated(database, index)
    await Placer(database).place_all()

    found = dict(await updated(database, index))

    assert 2 in found
