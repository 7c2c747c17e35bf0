"""What a backfill brings is placed among the stories of its own time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from ingestd.model.article import Article
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.retention import batches
from ingestd.store.retention.stories import of_stories
from ingestd.store.schema.tables import backfills, copies, entries, shingles, stories
from tests.support.outcomes import NOON, claimed, keep, saved
from tests.support.stories import clusters, cut, publish, report

DAY = timedelta(days=1)
LONG_AGO = datetime(2019, 5, 4, 12, tzinfo=UTC)


async def bring(database: Database, source: str, texts: Sequence[tuple[str, datetime]], *, at: datetime) -> None:
    """Save records as a backfill does, with the times at which they say they were published."""
    works = await claimed(database, source, len(texts))
    async with database.write() as connection:
        row = {
            "kind": "urls", "argument": source, "options": {}, "cursor": {}, "state": "done", "created_at": at,
            "updated_at": at, "source_id": works[0].source_id,
        }  # fmt: skip
        number = (await connection.execute(backfills.insert().values(row).returning(backfills.c.id))).scalar_one()
        brought = update(entries).where(entries.c.id.in_([work.id for work in works]))
        await connection.execute(brought.values(backfill_id=number, first_seen_at=at))
    await keep(database, [
        saved(work, Article(headline=text[:20], body_text=text, firstcreated=time, date_precision="minute"), at=at)
        for work, (text, time) in zip(works, texts, strict=True)
    ])  # fmt: skip


async def test_an_old_text_is_no_copy_of_a_younger_one(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1), at=NOON)
        await Placer(database).place_all()
        await bring(database, "https://paper.example/old", [(cut(report(1), 5), LONG_AGO)], at=NOON + DAY)
        await publish(database, "https://times.example/feed", cut(report(1), 4), at=NOON + 2 * DAY)
        await Placer(database).place_all()

        assert await clusters(database) == [[1, 3], [2]]
        async with database.read() as connection:
            times = (
                await connection.execute(select(stories.c.created_at, stories.c.last_at).order_by(stories.c.id))
            ).all()
    assert [tuple(row) for row in times] == [(NOON, NOON + 2 * DAY), (LONG_AGO, LONG_AGO)]


async def test_a_backfill_is_placed_in_the_order_of_its_times(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        # As a list has them: the newest first.
        await bring(database, "https://paper.example/old", [
            (cut(report(1), 4), LONG_AGO + 2 * DAY),
            (report(2), LONG_AGO + DAY),
            (report(1), LONG_AGO),
            (cut(report(1), 5), LONG_AGO + 90 * DAY),
        ], at=NOON)  # fmt: skip
        await Placer(database).place_all()

        assert await clusters(database) == [[1, 3], [2], [4]]
        async with database.read() as connection:
            row = (await connection.execute(select(copies).where(copies.c.record_id == 1))).one()
    assert (row.of_record, row.seen_at) == (3, LONG_AGO + 2 * DAY)


async def test_the_index_of_old_stories_stays_while_a_backfill_brings_more(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await bring(database, "https://paper.example/old", [(report(1), LONG_AGO)], at=NOON)
        await Placer(database).place_all()
        await batches.run(database, of_stories(NOON - 15 * DAY))
        await bring(database, "https://times.example/old", [(cut(report(1), 4), LONG_AGO + DAY)], at=NOON + DAY)
        await Placer(database).place_all()

        assert await clusters(database) == [[1, 2]]
        await batches.run(database, of_stories(NOON + 2 * DAY))
        async with database.read() as connection:
            assert (await connection.execute(select(shingles))).all() == []
