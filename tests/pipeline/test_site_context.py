"""Lines that a site repeats on its pages are learned and removed from later articles."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestd.pipeline.runtime import Runtime
from ingestd.policy.articles.recurrence import LINE_ARTICLES
from ingestd.store.operations import sites
from ingestd.store.records import records
from ingestd.store.retention import batches, caches
from tests.support.desk import OTHER, STORY, add, feed, open_desk, page, poll_all
from tests.support.newsroom import Newsroom

MOTTO = "Have a tip for the desk of the Courier? Write to us at Harrow Bay"


def publish(newsroom: Newsroom, number: int) -> str:
    body = page(f"Story {number}", f"{number} {STORY}", MOTTO, f"{number} {OTHER}")
    return newsroom.publish(f"/{number}", body=body, content_type="text/html")


async def texts(runtime: Runtime) -> dict[str, str]:
    async with runtime.database.read() as connection:
        found = await records.newest(connection, limit=20)
    return {record.article.headline or "": record.article.body_text for record in found}


async def test_a_line_of_three_articles_is_removed_from_the_fourth(
    newsroom: Newsroom, runtime: Runtime, database_url: str, tmp_path: Path
) -> None:
    links = [publish(newsroom, number) for number in range(LINE_ARTICLES)]
    await add(runtime, newsroom.publish("/feed", body=feed(*links)))
    await poll_all(runtime)
    newsroom.publish("/feed", body=feed(publish(newsroom, 9), *links))

    async with open_desk(database_url, tmp_path) as next_run:
        await poll_all(next_run)

    found = await texts(runtime)
    assert [MOTTO in found[f"Story {number}"] for number in (0, 1, 2, 9)] == [True, True, True, False]
    assert f"9 {OTHER}" in found["Story 9"]


async def test_a_newly_learned_line_does_not_revise_an_unchanged_page(
    newsroom: Newsroom, runtime: Runtime, database_url: str, tmp_path: Path
) -> None:
    links = [publish(newsroom, number) for number in range(LINE_ARTICLES)]
    await add(runtime, newsroom.publish("/feed", body=feed(*links)))
    await poll_all(runtime)
    newsroom.publish("/feed", body=feed(*links, stamp="2026-01-31T13:00:00Z"))

    async with open_desk(database_url, tmp_path) as next_run:
        figures = await poll_all(next_run)

    assert len([request for request in newsroom.requests if request.path == "/0"]) == 2
    assert (figures["records"], figures["revisions"]) == (LINE_ARTICLES, LINE_ARTICLES)


async def test_an_article_counts_once_for_its_site(newsroom: Newsroom, runtime: Runtime) -> None:
    links = [publish(newsroom, 1)]
    await add(runtime, newsroom.publish("/feed", body=feed(*links)))
    for hour in (12, 13, 14, 15):
        newsroom.publish("/1", body=page("Story 1", f"{hour} {STORY}", MOTTO), content_type="text/html")
        newsroom.publish("/feed", body=feed(*links, stamp=f"2026-01-31T{hour}:00:00Z"))
        await poll_all(runtime)

    async with runtime.database.read() as connection:
        habits = await sites.habits_of(connection, "127.0.0.1")
    assert (habits.articles, dict(habits.tallies)) == (1, {})


async def test_a_site_without_new_articles_is_forgotten(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/feed", body=feed(publish(newsroom, 1))))
    await poll_all(runtime)

    for days, articles in ((-1, 1), (1, 0)):
        await batches.run(runtime.database, caches.of_sites(datetime.now(UTC) + timedelta(days=days)))
        async with runtime.database.read() as connection:
            assert (await sites.habits_of(connection, "127.0.0.1")).articles == articles
