"""Whose text a record has, who carried it first, and by which evidence."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.likeness.rules import RULES
from ingestd.pipeline.stories.placer import Placer
from ingestd.pipeline.stories.rebuild import rebuild
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema.tables import copies, stories
from tests.support.outcomes import NOON
from tests.support.stories import cut, publish, report

HOUR = timedelta(hours=1)


async def traced(database: Database) -> dict[int, Any]:
    async with database.read() as connection:
        rows = await connection.execute(select(copies).order_by(copies.c.record_id))
        return {row.record_id: row for row in rows}


async def first_of(database: Database, story_id: int) -> int | None:
    async with database.read() as connection:
        query = select(stories.c.first_record).where(stories.c.id == story_id)
        return (await connection.execute(query)).scalar_one()


@pytest.mark.parametrize("batch", [1, 50])
async def test_copies_are_of_the_agency_that_issued_the_text(database_url: str, batch: int) -> None:
    """The agency's own document is seen last; the copies before it are traced again."""
    async with Database(with_async_driver(database_url)) as database:
        credited = f"{cut(report(1), 4)}\n\n© AP"
        await publish(database, "https://paper.example/feed", credited, at=NOON)
        await publish(database, "https://times.example/feed", cut(report(1), 5), at=NOON + HOUR)
        placer = Placer(database, batch=batch)
        await placer.place_all()
        before = await traced(database)
        await publish(database, "https://apnews.com/feed", report(1), at=NOON + 2 * HOUR)
        await placer.place_all()

        found = await traced(database)
        assert await first_of(database, 1) == 1
    assert (before[1].origin_record, before[1].origin_agency) == (None, "AP")
    assert [found[number].origin_record for number in (1, 2, 3)] == [3, 3, None]
    assert (found[3].agency, found[3].origin_agency) == ("AP", "AP")
    assert found[2].share == 1
    assert found[1].credits == ["AP"]
    assert ["credited", "AP"] in found[1].origin_evidence


async def test_without_an_agency_the_earliest_wrote_it(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://paper.example/feed", report(1), at=NOON)
        await publish(database, "https://times.example/feed", cut(report(1), 5), at=NOON + HOUR)
        await publish(database, "https://post.example/feed", cut(report(1), 4), at=NOON + 2 * HOUR)
        await Placer(database).place_all()

        found = await traced(database)
        assert await first_of(database, 1) == 2
    assert [found[number].origin_record for number in (1, 2, 3)] == [None, 1, 1]
    assert ["earliest", "paper.example"] in found[3].origin_evidence


async def test_a_later_carrier_that_is_an_agencys_site_is_the_origin(database_url: str) -> None:
    """A rebuild knows the carrier from the start, and says the same."""
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://paper.example/feed", report(1), at=NOON)
        await publish(database, "https://times.example/feed", cut(report(1), 5), at=NOON + HOUR)
        placer = Placer(database)
        await placer.place_all()
        before = await traced(database)
        await publish(database, "https://apnews.com/feed", report(1), at=NOON + 2 * HOUR)
        await placer.place_all()
        found = await traced(database)
        await rebuild(database, RULES, anew=True)
        again = await traced(database)

    assert [before[number].origin_agency for number in (1, 2)] == [None, None]
    assert [found[number].origin_agency for number in (1, 2)] == ["AP", "AP"]
    assert [found[number].origin_record for number in (1, 2)] == [None, 1]
    for number in (1, 2):
        assert found[number].origin_evidence == again[number].origin_evidence
