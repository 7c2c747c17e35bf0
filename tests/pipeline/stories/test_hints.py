"""Copies of a killed text, and of a figure that was corrected, are named in the event log."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from ingestd.model.article import Article
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.records import operator_decisions
from ingestd.store.schema.tables import events, revisions
from tests.support.outcomes import NOON, claimed, claimed_again, keep, saved
from tests.support.stories import cut, publish, report

HOUR = timedelta(hours=1)
#: A text with a figure, in the middle of a sentence that copies share.
WRONG = report(1).replace(". ", " at 48 percent today. ", 4)
RIGHT = WRONG.replace("48", "12", 1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def hints(database: Database) -> list[tuple[str, int, int | None]]:
    await Placer(database).place_all()
    async with database.read() as connection:
        found = await event_log.read_after(connection, 0, kinds=["carries_killed", "carries_uncorrected"])
    return [(event.kind, event.record_id, event.other) for event in found.events]


async def test_a_kill_names_the_copies_and_late_ones(database: Database) -> None:
    await publish(database, "https://apnews.com/feed", report(1))
    await publish(database, "https://paper.example/feed", cut(report(1), 4), at=NOON + HOUR)
    assert await hints(database) == []

    async with database.write() as connection:
        await operator_decisions.kill(connection, 1, actor="tester", reason=None, now=NOON + HOUR)
    assert await hints(database) == [("carries_killed", 2, 1)]
    await publish(database, "https://late.example/feed", cut(report(1), 5), at=NOON + 2 * HOUR)

    assert await hints(database) == [("carries_killed", 2, 1), ("carries_killed", 3, 1)]


async def test_a_correction_names_who_has_the_old_figure(database: Database) -> None:
    [work] = await claimed(database, "https://apnews.com/feed", 1)
    await keep(database, [saved(work, Article(headline="Rates", body_text=WRONG))])
    await publish(database, "https://old.example/feed", cut(WRONG, 5), at=NOON + HOUR)
    await Placer(database).place_all()
    work = await claimed_again(database, work)
    await keep(database, [saved(work, Article(headline="Rates", body_text=RIGHT), at=NOON + 2 * HOUR)])
    async with database.write() as connection:  # as a page that says that it was corrected
        changed = (revisions.c.record_id == 1) & (revisions.c.revision == 2)
        await connection.execute(update(revisions).where(changed).values(change="corrected"))
        await connection.execute(update(events).where(events.c.kind == "revised").values(kind="corrected"))
    await publish(database, "https://new.example/feed", cut(RIGHT, 5), at=NOON + 3 * HOUR)

    assert await hints(database) == [("carries_uncorrected", 2, 1)]
    await publish(database, "https://late.example/feed", cut(WRONG, 6), at=NOON + 4 * HOUR)
    assert await hints(database) == [("carries_uncorrected", 2, 1), ("carries_uncorrected", 4, 1)]
