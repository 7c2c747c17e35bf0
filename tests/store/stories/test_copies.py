"""A record says in which story it is and whose text it has; `why` says by which evidence."""

from datetime import timedelta

from ingestd.model.story import NO_COPY, Copy
from ingestd.pipeline.stories.placer import Placer
from ingestd.pipeline.why import why
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import records, summaries
from tests.support.outcomes import NOON
from tests.support.stories import cut, publish, report

HOUR = timedelta(hours=1)


async def test_a_record_says_whose_text_it_has(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://apnews.com/feed", report(1))
        await publish(database, "https://paper.example/feed", cut(report(1), 4), at=NOON + HOUR)
        async with database.read() as connection:
            assert (await records.find(connection, "2")).copy == NO_COPY  # not placed yet

        await Placer(database).place_all()

        async with database.read() as connection:
            found = [(await records.find(connection, name)).copy for name in ("1", "2")]
            listed = await summaries.newest(connection, limit=5)
            [entry] = (await why(connection, "https://paper.example/feed/0"))["entries"]
    assert found == [
        Copy(story=1, first_carrier=2),
        Copy(story=1, copy_of=1, share=1.0, origin_record=1, first_carrier=2),
    ]
    assert [one.story for one in listed] == [1, 1]
    assert (entry["story"]["story"], entry["story"]["records"]) == (1, 2)
    assert entry["story"]["reasons"][0].startswith("text: 100% of it is in record 1")
