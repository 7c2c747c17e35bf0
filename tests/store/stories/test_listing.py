"""Stories are listed."""

from datetime import timedelta

from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.stories import listing
from ingestd.store.stories.listing import Chosen
from tests.support.outcomes import NOON
from tests.support.stories import cut, publish, report

HOUR = timedelta(hours=1)


async def test_a_story_with_a_new_record_counts_all_its_carriers_and_publishers(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1), report(2))
        await publish(database, "https://paper.example/feed", cut(report(1), 4), at=NOON + 2 * HOUR)
        await Placer(database).place_all()

        async def listed(chosen: Chosen) -> list[int]:
            async with database.read() as connection:
                return [story.id for story in await listing.most_carried(connection, chosen)]

        since = NOON + HOUR
        assert await listed(Chosen(since=since, min_carriers=2, min_publishers=2)) == [1]
        assert await listed(Chosen(since=since)) == [1]
        assert await listed(Chosen(since=NOON + 3 * HOUR)) == []
