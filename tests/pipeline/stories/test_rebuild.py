"""Stored records are placed again in the order in which they were saved."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from ingestd.likeness.rules import RULES
from ingestd.pipeline.stories import rebuild as rebuilding
from ingestd.pipeline.stories.placer import Placer
from ingestd.pipeline.stories.rebuild import Progress, rebuild
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema.tables import story_cursor
from tests.support.outcomes import NOON
from tests.support.stories import clusters, cut, dumped, publish, report, unplace

HOUR = timedelta(hours=1)


@pytest.fixture
async def stored(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        for number, source in enumerate(("wire", "paper", "times")):
            texts = [cut(report(story), 6 - number) for story in range(5)]
            await publish(database, f"https://{source}.example/feed", *texts, at=NOON + number * HOUR)
        yield database


async def skip_events(database: Database) -> None:
    """Have the placer pass what was saved so far, as for records of before an upgrade."""
    async with database.write() as connection:
        await connection.execute(update(story_cursor).values(seq=15))


async def test_a_rebuild_finds_the_stories_that_the_event_log_told(stored: Database) -> None:
    await Placer(stored).place_all()
    followed = await dumped(stored)
    await unplace(stored)
    await skip_events(stored)

    assert await rebuild(stored, RULES) == 15

    assert await dumped(stored) == followed
    assert await rebuild(stored, RULES) == 0
    assert await rebuild(stored, RULES, anew=True) == 15
    assert await clusters(stored) == [[n, n + 5, n + 10] for n in range(1, 6)]


class Killed(Exception):
    pass


async def test_an_interrupted_rebuild_goes_on(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "_BATCH", 4)
    await skip_events(stored)
    steps: list[int] = []

    def kill_after_two(done: Progress) -> None:
        steps.append(done.revision)
        if len(steps) == 2:
            raise Killed

    with pytest.raises(Killed):
        await rebuild(stored, RULES, anew=True, on_progress=kill_after_two)

    assert await rebuild(stored, RULES, anew=True) == 7
    assert await clusters(stored) == [[n, n + 5, n + 10] for n in range(1, 6)]
    async with stored.read() as connection:
        assert (await connection.execute(select(story_cursor.c.rebuild))).scalar_one() is None


async def test_what_is_saved_during_a_rebuild_is_placed_once(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "_BATCH", 4)
    await skip_events(stored)
    placer = Placer(stored)
    await publish(stored, "https://post.example/feed", cut(report(0), 3), at=NOON + 4 * HOUR)
    await placer.place_all()

    await rebuild(stored, RULES)

    assert await clusters(stored) == [[n, n + 5, n + 10, *([16] if n == 1 else [])] for n in range(1, 6)]
