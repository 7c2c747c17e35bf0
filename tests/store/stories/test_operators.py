"""Stories that an operator splits or merges stay as they were put."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingestd.errors import NotFound, UsageError
from ingestd.pipeline.stories import operators
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.stories import erase, listing
from tests.support.outcomes import NOON
from tests.support.stories import clusters, cut, publish, report

HOUR = timedelta(hours=1)


@pytest.fixture
async def placed(database_url: str) -> AsyncIterator[Database]:
    """Records 1, 3 and 4 are one story, 2 another one."""
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1), report(2))
        await publish(database, "https://paper.example/feed", cut(report(1), 4), at=NOON + HOUR)
        await publish(database, "https://times.example/feed", cut(report(1), 5), at=NOON + 2 * HOUR)
        await Placer(database).place_all()
        yield database


async def test_split_records_are_a_story_of_their_own(placed: Database) -> None:
    old, new = await operators.split(placed, [3, 4], now=NOON)

    assert (old, new) == (1, 3)
    assert await clusters(placed) == [[1], [2], [3, 4]]
    async with placed.read() as connection:
        story = await listing.find(connection, new)
        events = (await event_log.read_after(connection, 0, kinds=["story_split"])).events
    assert (story.pinned, story.origin_record, story.first_record) == (True, 3, 4)
    assert [(event.record_id, event.story, event.other) for event in events] == [(3, 3, 1), (4, 3, 1)]


async def test_a_later_copy_joins_what_an_operator_has_split_and_merges_nothing(placed: Database) -> None:
    await operators.split(placed, [4], now=NOON)
    await publish(placed, "https://post.example/feed", report(1) + "\n\n" + report(9, sentences=2), at=NOON + 3 * HOUR)
    await Placer(placed).place_all()

    assert await clusters(placed) == [[1, 3, 5], [2], [4]]


async def test_the_older_story_takes_the_records_of_the_other(placed: Database) -> None:
    assert await operators.merge(placed, 2, 1, now=NOON) == 1

    assert await clusters(placed) == [[1, 2, 3, 4]]
    await publish(placed, "https://post.example/feed", cut(report(2), 5), at=NOON + 3 * HOUR)
    await Placer(placed).place_all()
    assert await clusters(placed) == [[1, 2, 3, 4, 5]]
    async with placed.read() as connection:
        assert (await listing.find(connection, 2)).id == 1
        [event] = (await event_log.read_after(connection, 0, kinds=["story_merged"])).events
    assert (event.record_id, event.story, event.other) == (2, 1, 2)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        pytest.param([1, 2], UsageError, "several stories: 1, 2", id="two stories"),
        pytest.param([1, 3, 4], UsageError, "all records of story 1", id="the whole story"),
        pytest.param([1, 9], NotFound, "no record 9;", id="no such record"),
    ],
)
async def test_what_cannot_be_split_is_refused(
    placed: Database, ids: list[int], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        await operators.split(placed, ids, now=NOON)


async def test_a_story_whose_records_were_deleted_is_told_from_one_that_never_was(placed: Database) -> None:
    async with placed.write() as connection:
        await erase.forget(connection, [2])
    async with placed.read() as connection:
        assert "its records were deleted" in await listing.no_story(connection, 2)
        assert "deleted" not in await listing.no_story(connection, 3)
    async with placed.write() as connection:
        await erase.forget(connection, [1, 3, 4])
    async with placed.read() as connection:
        assert "its records were deleted" in await listing.no_story(connection, 1)


async def test_a_story_is_not_merged_with_none(placed: Database) -> None:
    with pytest.raises(NotFound, match="no story 7"):
        await operators.merge(placed, 1, 7, now=NOON)
