"""Items of ordinary feeds whose headline takes the story back withhold its record until an operator decides."""

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from ingestd.pipeline.runtime import Runtime
from ingestd.store.records import records as stored_records
from ingestd.store.schema import tables
from tests.store.records.test_unconfirmed_kills import decide, figures
from tests.support.agency import events_of, kinds, records_in
from tests.support.desk import OTHER, STORY, add, page, poll_all
from tests.support.newsroom import Newsroom


def rss(link: str, title: str, guid: str = "n-1", text: str = "") -> bytes:
    item = f"<title>{title}</title><link>{link}</link><guid isPermaLink='false'>{guid}</guid>"
    body = f"<rss version='2.0'><channel><title>Agency</title><item>{item}<description>{text}</description></item>"
    return f"{body}</channel></rss>".encode()


@pytest.mark.parametrize(
    "title", ["KILL: Ferry runs again", "STORY WITHDRAWN", "Eilmeldung zurückgezogen: Fähre", "Dépêche annulée"]
)
async def test_a_kill_in_a_headline_withholds_the_record(newsroom: Newsroom, runtime: Runtime, title: str) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=rss(story, "Ferry runs again")))
    await poll_all(runtime)
    newsroom.publish("/feed.xml", body=rss(story, title))

    with capture_logs() as logged:
        await poll_all(runtime)

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.revision) == ("withheld", 1)
    assert kinds(await events_of(runtime)) == ["new", "withheld"]
    assert await figures(runtime) == 1
    [warning] = [line for line in logged if line["event"] == "kill to confirm"]
    assert "records kill 1" in warning["next"]
    async with runtime.database.read() as connection:
        assert await stored_records.newest(connection, limit=9) == []


async def test_an_item_without_a_page_that_takes_its_story_back_is_withheld(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    await add(runtime, newsroom.publish("/feed.xml", body=rss("", "STORY WITHDRAWN", text=STORY)))

    await poll_all(runtime)

    [record] = await records_in(runtime)
    assert record.pubstatus == "withheld"


async def test_what_an_operator_has_released_is_not_withheld_again(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("KILL: a song", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=rss(story, "KILL: a song")))
    await poll_all(runtime)
    await decide(runtime, "release")

    newsroom.publish("/feed.xml", body=rss(story, "KILL: a song", text="Now with a summary."))
    await poll_all(runtime)

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.unconfirmed_kill_at) == ("usable", None)


async def test_a_release_lasts_for_other_sources_and_revisions_until_other_words_appear(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    story = newsroom.publish("/a", body=page("KILL: a film", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=rss(story, "KILL: a film")))
    await poll_all(runtime)
    await decide(runtime, "release")

    await add(runtime, newsroom.publish("/other.xml", body=rss(story, "KILL: a film", guid="n-2")))
    await poll_all(runtime)
    assert kinds(await events_of(runtime)) == ["new", "withheld", "released", "carried"]

    newsroom.publish("/a", body=page("KILL: a film", f"{STORY} One sentence more was added.", OTHER))
    await revise(runtime)
    assert kinds(await events_of(runtime)) == ["new", "withheld", "released", "carried", "revised"]
    [record] = await records_in(runtime)
    assert (record.pubstatus, record.revision) == ("usable", 2)

    newsroom.publish("/feed.xml", body=rss(story, "STORY WITHDRAWN"))
    await poll_all(runtime)
    assert kinds(await events_of(runtime))[5:] == ["withheld"]
    await decide(runtime, "release")
    newsroom.publish("/other.xml", body=rss(story, "Story withdrawn", guid="n-2"))
    await poll_all(runtime)
    [record] = await records_in(runtime)
    assert record.pubstatus == "usable"


async def test_all_words_that_came_before_a_release_are_released(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("KILL: a film", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=rss(story, "KILL: a film")))
    await poll_all(runtime)
    await add(runtime, newsroom.publish("/other.xml", body=rss(story, "STORY WITHDRAWN", guid="n-2")))
    await poll_all(runtime)

    newsroom.publish("/a", body=page("KILL: a film", OTHER), content_type="text/html")
    await revise(runtime)
    [record] = await records_in(runtime)
    assert (record.pubstatus, record.revision) == ("withheld", 2)  # only an operator releases it
    await decide(runtime, "release")
    newsroom.publish("/other.xml", body=rss(story, "STORY WITHDRAWN", guid="n-2", text="Now with a summary."))
    await poll_all(runtime)

    [record] = await records_in(runtime)
    assert record.pubstatus == "usable"
    assert kinds(await events_of(runtime)) == ["new", "withheld", "carried", "revised", "released"]


async def revise(runtime: Runtime) -> None:
    """Fetch all pages again."""
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(state="pending", due_at=tables.entries.c.first_seen_at))
    await poll_all(runtime)


async def test_a_killed_record_stays_killed(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("KILL: Ferry", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=rss(story, "KILL: Ferry")))
    await poll_all(runtime)
    await decide(runtime, "kill")
    newsroom.publish("/a", body=page("KILL: Ferry", OTHER), content_type="text/html")
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(state="pending", due_at=tables.entries.c.first_seen_at))

    await poll_all(runtime)

    [record] = await records_in(runtime)
    assert record.pubstatus == "canceled"


async def test_an_ordinary_headline_withholds_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("Police kill two", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=rss(story, "Police kill two")))

    await poll_all(runtime)

    [record] = await records_in(runtime)
    assert (record.pubstatus, kinds(await events_of(runtime))) == ("usable", ["new"])
