"""The path of one article, on both databases, over real sockets and in real worker processes."""

from datetime import UTC, datetime

import pytest

from ingestd.pipeline.runtime import Runtime
from ingestd.store.operations import failures
from ingestd.store.polls import sources
from ingestd.store.records import records
from ingestd.store.records.search import search
from tests.formats.samples import WIRE, items_in
from tests.support.desk import OTHER, STORY, add, feed, page, poll_all
from tests.support.newsroom import Newsroom


async def test_a_feed_becomes_records_once(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    other = newsroom.publish("/b", body=page("Too many umbrellas", OTHER), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story, other), content_type="application/atom+xml"))

    first, second = await poll_all(runtime), await poll_all(runtime)

    assert (first["entries"], first["records"], first["pending"], first["failures"]) == (2, 2, 0, 0)
    assert (second["polls"], second["records"], second["revisions"]) == (2, 2, 2)
    assert len([request for request in newsroom.requests if request.path == "/a"]) == 1
    async with runtime.database.read() as connection:
        found = await search(connection, "umbrellas", limit=5)
    assert [record.article.headline for record in found] == ["Too many umbrellas"]
    assert found[0].article.body_text == OTHER


async def test_the_same_text_elsewhere_is_a_carrier_and_not_a_record(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/agency", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/agency.xml", body=feed(story)))
    await poll_all(runtime)
    copy = newsroom.publish("/paper", body=page("Ferry is back", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/paper.xml", body=feed(copy)))

    figures = await poll_all(runtime)

    assert (figures["records"], figures["duplicates"]) == (1, 1)
    async with runtime.database.read() as connection:
        record = (await records.newest(connection, limit=5))[0]
    assert [carrier.url for carrier in record.carriers] == [story, copy]


async def test_a_corrected_page_is_a_revision_but_new_boilerplate_is_not(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story)))
    await poll_all(runtime)
    newsroom.publish("/a", body=page("Ferry runs again", "Advertisement", STORY), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(story, stamp="2026-01-31T13:00:00Z"))
    furniture = await poll_all(runtime)
    corrected = STORY.replace("Monday", "Tuesday")
    newsroom.publish("/a", body=page("Ferry runs again", corrected), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(story, stamp="2026-01-31T14:00:00Z"))

    figures = await poll_all(runtime)

    assert furniture["revisions"] == 1
    assert (figures["records"], figures["revisions"]) == (1, 2)
    async with runtime.database.read() as connection:
        assert (await records.newest(connection, limit=5))[0].article.body_text == corrected


async def test_a_page_that_keeps_failing_is_quarantined_and_can_be_retried(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    story = newsroom.publish("/a", status=500)
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story)))

    figures = await poll_all(runtime)

    assert (figures["quarantined"], figures["failures"], figures["records"]) == (1, 2, 0)
    async with runtime.database.read() as connection:
        quarantined = await failures.list_quarantined(connection)
    assert [(row["error"], row["status"], row["attempts"]) for row in quarantined] == [("Refused", 500, 2)]
    newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    async with runtime.database.write() as connection:
        assert await failures.retry_quarantined(connection, None, now=datetime.now(UTC)) == 1
    assert (await poll_all(runtime))["records"] == 1


async def test_a_broken_feed_is_a_failure_of_its_source_alone(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    bad = await add(runtime, newsroom.publish("/bad.xml", body=b"<html>no feed</html>"))
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story)))

    figures = await poll_all(runtime)

    assert (figures["failed_polls"], figures["records"]) == (1, 1)
    async with runtime.database.read() as connection:
        row = await sources.find(connection, str(bad))
    assert row.failures == 1
    assert row.etag is None
    assert row.last_error.startswith("UnknownFormat")


# AP's API gives texts by reference: test_text_renditions has them.
@pytest.mark.parametrize("name", sorted(WIRE.keys() - {"news_sitemap.xml", "ap_media.json"}))
async def test_wire_items_are_saved_by_the_poll(newsroom: Newsroom, runtime: Runtime, name: str) -> None:
    items = items_in(WIRE[name])
    await add(runtime, newsroom.publish("/wire", body=WIRE[name]))

    figures = await poll_all(runtime)

    assert (figures["records"], figures["pending"], figures["failures"]) == (len(items), 0, 0)
    assert len(newsroom.requests) == 1
