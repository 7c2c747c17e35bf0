"""Stored records are placed again in the order in which they were saved."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import delete, select, update

from ingestd.errors import UsageError
from ingestd.likeness.rules import RULES
from ingestd.pipeline.stories import walk
from ingestd.pipeline.stories.placer import Placer
from ingestd.pipeline.stories.rebuild import rebuild
from ingestd.pipeline.stories.walk import Progress
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.schema.tables import copies, events, revisions, story_cursor
from ingestd.store.stories import cursor, rebuilding
from ingestd.store.work import runs
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
    monkeypatch.setattr(walk, "BATCH", 4)
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
    monkeypatch.setattr(walk, "BATCH", 4)
    await skip_events(stored)
    placer = Placer(stored)
    await publish(stored, "https://post.example/feed", cut(report(0), 3), at=NOON + 4 * HOUR)
    await placer.place_all()

    await rebuild(stored, RULES)

    assert await clusters(stored) == [[n, n + 5, n + 10, *([16] if n == 1 else [])] for n in range(1, 6)]


async def run_until_walked(placer: Placer, database: Database) -> None:
    """Run a placer until no stored record is left to be looked at."""
    running = asyncio.create_task(placer.run())
    while not running.done():
        async with database.read() as connection:
            at = await cursor.read(connection)
        if at.last_event == at.seq and not at.is_walked:
            placer.stop()
            await running
        await asyncio.sleep(0.01)
    await running


async def began(database: Database) -> str:
    async with database.write() as connection:
        return await runs.start(connection, role="rebuild", now=NOON)


async def test_a_rebuild_tells_nobody_that_records_join(stored: Database) -> None:
    await skip_events(stored)

    assert await rebuild(stored, RULES) == 15

    async with stored.read() as connection:
        assert (await event_log.read_after(connection, 0, kinds=["joined", "story_merged"])).events == ()


async def test_an_interrupted_rebuild_is_gone_on_with_by_the_placer(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "BATCH", 4)
    await skip_events(stored)
    run_id = await began(stored)

    def kill(_: Progress) -> None:
        raise Killed

    with pytest.raises(Killed):
        await rebuild(stored, RULES, anew=True, run_id=run_id, on_progress=kill)
    placer = Placer(stored, run_id=await began(stored))
    assert await placer.walk.step() is None  # while the run lives
    with pytest.raises(UsageError, match="another process rebuilds"):
        await rebuild(stored, RULES, run_id=await began(stored))
    async with stored.write() as connection:
        await runs.end(connection, run_id)

    await run_until_walked(placer, stored)

    assert await clusters(stored) == [[n, n + 5, n + 10] for n in range(1, 6)]


async def test_each_walk_counts_the_records_that_it_has_placed(stored: Database) -> None:
    await skip_events(stored)
    found = walk.Walk(stored, RULES)
    for _ in range(2):
        async with stored.write() as connection:
            await rebuilding.begin(connection, anew=True)
        while await found.step():
            pass
        assert found.placed == 15


async def test_records_whose_events_were_deleted_are_placed_if_they_are_of_the_window(stored: Database) -> None:
    now = datetime.now(UTC)
    await publish(stored, "https://post.example/feed", cut(report(7), 6), cut(report(8), 6), at=now - HOUR)
    await publish(stored, "https://mail.example/feed", cut(report(7), 5), at=now)
    async with stored.write() as connection:
        await connection.execute(delete(events).where(events.c.seq <= 17))

    with structlog.testing.capture_logs() as lines:
        await run_until_walked(Placer(stored, run_id=await began(stored)), stored)

    assert await clusters(stored) == [[16, 18], [17]]
    [lost] = [line["lost"] for line in lines if line["log_level"] == "warning"]
    assert lost == "1 to 17"
    await rebuild(stored, RULES)
    assert await clusters(stored) == [*([n, n + 5, n + 10] for n in range(1, 6)), [16, 18], [17]]


async def test_a_revision_that_cannot_be_placed_is_passed(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await skip_events(stored)
    computed = walk.Placing.computed

    async def fail(own, connection, at, texts):  # type: ignore[no-untyped-def]
        if any(text.record_id == 7 for text in texts):
            raise ZeroDivisionError
        return await computed(own, connection, at, texts)

    monkeypatch.setattr(walk.Placing, "computed", fail)

    assert await rebuild(stored, RULES) == 14

    async with stored.read() as connection:
        placed = (await connection.execute(select(copies.c.record_id))).scalars().all()
        assert await rebuilding.read(connection) is None
    assert 7 not in placed


async def test_the_last_revision_before_a_time_is_found(stored: Database) -> None:
    async with stored.write() as connection:
        await connection.execute(delete(revisions).where(revisions.c.id.in_([5, 8])))
        for when, expected in ((NOON, 0), (NOON + HOUR, 5), (NOON + 1.5 * HOUR, 10), (NOON + 9 * HOUR, 15)):
            found = await rebuilding.last_before(connection, when)
            assert found == expected, when
