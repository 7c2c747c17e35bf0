"""Records are placed in stories, in the order of the event log, on both databases."""

from datetime import timedelta

from sqlalchemy import select

from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.schema.tables import copies
from tests.support.outcomes import NOON
from tests.support.stories import clusters, cut, dumped, publish, report, unplace

HOUR = timedelta(hours=1)


async def test_a_cut_copy_is_in_the_story_of_its_original(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1), report(2))
        await publish(database, "https://paper.example/feed", cut(report(1), 3), at=NOON + HOUR)

        assert await Placer(database).place_all() > 0

        assert await clusters(database) == [[1, 3], [2]]
        async with database.read() as connection:
            copy = (await connection.execute(select(copies).where(copies.c.record_id == 3))).one()
            events = (await event_log.read_after(connection, 0, kinds=["joined"])).events
    assert (copy.how, copy.of_record, copy.publisher) == ("text", 1, "paper.example")
    assert copy.of_document > 0.9
    assert copy.of_member < 0.5
    assert [(event.record_id, event.story, event.other) for event in events] == [(3, 1, 1)]


async def test_the_size_of_a_batch_changes_nothing(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        for number, source in enumerate(("wire", "paper", "times")):
            texts = [
                f"{cut(report(story), 6 - number)}\n\n{report(100 * number + story, sentences=3)}" for story in range(8)
            ]
            await publish(database, f"https://{source}.example/feed", *texts, at=NOON + number * HOUR)

        await Placer(database, batch=1).place_all()

        one_by_one = await dumped(database)
        assert await clusters(database) == [[n, n + 8, n + 16] for n in range(1, 9)]
        for batch in (3, 50):
            await unplace(database)
            await Placer(database, batch=batch).place_all()
            assert await dumped(database) == one_by_one
