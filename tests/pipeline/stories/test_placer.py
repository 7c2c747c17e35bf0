"""Records are placed in stories, in the order of the event log, on both databases."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from ingestd.model.article import Article
from ingestd.pipeline.stories.placer import Placer, make_placer
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.schema.tables import copies
from tests.support.outcomes import NOON, claimed, claimed_again, keep, saved
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


async def test_two_placers_at_once_do_what_one_does(database_url: str) -> None:
    url = with_async_driver(database_url)
    async with Database(url) as one, Database(url) as other:
        for number, source in enumerate(("wire", "paper", "times", "post")):
            texts = [f"{cut(report(story), 6 - number)}\n\n{report(100 * number + story, sentences=3)}"
                     for story in range(6)]  # fmt: skip
            await publish(one, f"https://{source}.example/feed", *texts, at=NOON + number * HOUR)
        await Placer(one).place_all()
        alone = await dumped(one)
        await unplace(one)

        done = await asyncio.gather(Placer(one, batch=2).place_all(), Placer(other, batch=3).place_all())

        assert await dumped(one) == alone
        async with one.read() as connection:
            joined = (await event_log.read_after(connection, 0, kinds=["joined"])).events
    assert sum(done) >= 24
    assert sorted(event.record_id for event in joined) == list(range(7, 25))


async def test_a_revision_adds_to_its_story_and_stays_there(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        [work] = await claimed(database, "https://wire.example/feed", 1)
        await keep(database, [saved(work, Article(headline="One", body_text=report(1)))])
        work = await claimed_again(database, work)
        await keep(database, [saved(work, Article(headline="Two", body_text=report(2)), at=NOON + HOUR)])
        await Placer(database).place_all()
        await publish(database, "https://one.example/feed", cut(report(1), 4), at=NOON + 2 * HOUR)
        await publish(database, "https://two.example/feed", cut(report(2), 4), at=NOON + 2 * HOUR)
        await Placer(database).place_all()

        assert await clusters(database) == [[1, 2, 3]]


async def test_a_record_is_placed_by_its_first_revision_with_a_text(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1))
        [work] = await claimed(database, "https://paper.example/feed", 1)
        await keep(database, [saved(work, Article(headline="Two", body_text=""))])
        await Placer(database).place_all()
        assert await clusters(database) == [[1]]

        work = await claimed_again(database, work)
        await keep(database, [saved(work, Article(headline="Two", body_text=cut(report(1), 4)), at=NOON + HOUR)])
        await Placer(database).place_all()

        assert await clusters(database) == [[1, 2]]


async def test_stories_may_be_turned_off(tmp_path: Path) -> None:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/ingestd.db") as database:
        assert make_placer(Settings(state_dir=tmp_path, stories=False), database) is None
