"""What becomes of stories when records are purged or deleted, and when their window ends."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from ingestd.likeness.rules import RULES
from ingestd.pipeline.stories import operators
from ingestd.pipeline.stories.placer import Placer
from ingestd.pipeline.stories.placing import Placing
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import purge
from ingestd.store.retention import batches, records
from ingestd.store.retention.stories import of_stories
from ingestd.store.schema import tables
from ingestd.store.schema.tables import copies, shingles, stories, story_keys, story_samples
from ingestd.store.stories import cursor, documents, erase, write
from tests.support.outcomes import NOON
from tests.support.stories import clusters, cut, publish, report

HOUR = timedelta(hours=1)


@pytest.fixture
async def placed(database_url: str) -> AsyncIterator[Database]:
    """Records 1 and 3 are one story, 2 another one."""
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1), report(2))
        await publish(database, "https://paper.example/feed", cut(report(1), 3), at=NOON + HOUR)
        await Placer(database).place_all()
        yield database


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (copies, shingles, story_samples, story_keys, stories)
        }


async def purge_records(database: Database, *ids: int) -> None:
    async with database.write() as connection:
        found = await purge.find(connection, ids)
        await purge.purge(connection, found, (), shared=0, now=NOON, actor="tester", reason=None)


async def test_a_purged_record_is_in_no_story(placed: Database) -> None:
    await purge_records(placed, 1)
    await Placer(placed).place_all()

    assert await clusters(placed) == [[2], [3]]
    async with placed.read() as connection:
        left = set((await connection.execute(select(shingles.c.hash).where(shingles.c.story_id == 1))).scalars())
        members = {row.record_id: row for row in await connection.execute(select(story_samples))}
    assert len(left) == len(members[3].sampled) // 3  # what the copy has, too
    assert members[3].added is None  # it is the one that brought them now


async def test_nothing_is_left_of_a_story_whose_records_are_purged(placed: Database) -> None:
    await purge_records(placed, 1, 3)
    await Placer(placed).place_all()

    assert await clusters(placed) == [[2]]
    async with placed.read() as connection:
        assert set((await connection.execute(select(shingles.c.story_id))).scalars()) == {2}
        assert set((await connection.execute(select(story_samples.c.story_id))).scalars()) == {2}


async def test_deleted_records_leave_their_stories(placed: Database) -> None:
    await batches.run(placed, records.of_records(NOON + 2 * HOUR, {}))

    # The record with the largest number always stays.
    assert await clusters(placed) == [[3]]


async def test_the_index_of_a_story_goes_when_its_window_ends(placed: Database) -> None:
    done = await batches.run(placed, of_stories(NOON + HOUR / 2))

    assert done.rows == 1  # story 2; the other one has a later document
    async with placed.read() as connection:
        assert set((await connection.execute(select(shingles.c.story_id))).scalars()) == {1}
    await batches.run(placed, of_stories(NOON + 2 * HOUR))
    assert await counts(placed) == {"copies": 3, "shingles": 0, "story_samples": 0, "story_keys": 0, "stories": 2}
    assert await clusters(placed) == [[1, 3], [2]]


async def test_a_copy_beyond_the_window_is_another_story(placed: Database) -> None:
    later = NOON + HOUR + RULES.window
    await publish(placed, "https://in-time.example/feed", cut(report(1), 4), at=later)
    await publish(placed, "https://late.example/feed", cut(report(2), 4), at=later)
    await Placer(placed).place_all()

    assert await clusters(placed) == [[1, 3, 4], [2], [5]]


async def test_no_words_of_a_purged_record_are_left_where_an_operator_has_split_it_from_its_copies(
    placed: Database,
) -> None:
    async with placed.write() as connection:
        await connection.execute(update(copies).where(copies.c.record_id == 3).values(changed=[["12", "21"]]))
    await operators.split(placed, [1], now=NOON)
    await purge_records(placed, 1)

    async with placed.read() as connection:
        quoted = (await connection.execute(select(copies.c.of_record, copies.c.changed))).all()
    assert quoted == [(None, None), (1, None)]


async def test_a_story_goes_with_the_numbers_of_those_that_were_merged_into_it(placed: Database) -> None:
    await operators.merge(placed, 1, 2, now=NOON)
    await purge_records(placed, 1, 2, 3)

    assert await counts(placed) == {"copies": 0, "shingles": 0, "story_samples": 0, "story_keys": 0, "stories": 0}


async def test_what_was_said_of_a_double_is_said_of_the_record_that_stays(placed: Database) -> None:
    async with placed.write() as connection:
        await connection.execute(update(copies).where(copies.c.record_id == 1).values(second_origin=3))
        await connection.execute(update(stories).where(stories.c.id == 1).values(first_record=3))
        await erase.rename(connection, {3: 2})

    async with placed.read() as connection:
        assert (await connection.execute(select(copies.c.second_origin).where(copies.c.record_id == 1))).scalar() == 2
        assert (await connection.execute(select(stories.c.first_record).where(stories.c.id == 1))).scalar() == 2


async def test_a_record_that_is_merged_into_another_while_it_is_placed_gets_no_story(placed: Database) -> None:
    await publish(placed, "https://times.example/feed", report(3), at=NOON + HOUR)
    async with placed.snapshot() as connection:
        at = await cursor.read(connection)
        texts, seq = await documents.after(connection, at.seq, limit=9)
        batch = await Placing(RULES).computed(connection, at, texts)
    async with placed.write() as connection:
        await connection.execute(update(tables.records).where(tables.records.c.id == 4).values(merged_into=1))
        await erase.rename(connection, {4: 1})

    async with placed.write() as connection:
        assert await write.write(connection, at, batch.working.changes, seq=seq, happened=()) is None
    await Placer(placed).place_all()

    assert await clusters(placed) == [[1, 3], [2]]


async def test_a_placement_is_computed_again_if_an_index_that_it_read_is_deleted_meanwhile(placed: Database) -> None:
    await publish(placed, "https://times.example/feed", cut(report(2), 4), at=NOON + HOUR)
    async with placed.snapshot() as connection:
        at = await cursor.read(connection)
        texts, seq = await documents.after(connection, at.seq, limit=9)
        batch = await Placing(RULES).computed(connection, at, texts)
    await batches.run(placed, of_stories(NOON + HOUR / 2))

    async with placed.write() as connection:
        assert await write.write(connection, at, batch.working.changes, seq=seq, happened=()) is None
