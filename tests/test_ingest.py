"""The way of one article, on both databases: over real sockets, through real worker processes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from ingestd.daemon.parts import Parts, open_parts
from ingestd.daemon.service import Service
from ingestd.settings import Settings
from ingestd.store import failures, overview, records, sources, tables
from tests.newsroom import Newsroom

STORY = (
    "The ferry between the two islands will run again from Monday, the harbour master said, after a winter in which "
    "its engine was taken apart twice and put together three times by people who had read about it."
)
OTHER = (
    "A library that lends out umbrellas has had more of them returned than it ever owned, and is now looking for "
    "somewhere to keep the rest, its director told the council at a meeting held, as it happened, in the rain."
)


def page(headline: str, *paragraphs: str) -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    head = f"<html lang=en><head><title>{headline}</title></head>"
    return f"{head}<body><article><h1>{headline}</h1>{text}</article></body></html>".encode()


def feed(*links: str, stamp: str = "2026-01-31T12:00:00Z") -> bytes:
    entries = "".join(
        f"<entry><id>tag:{link}</id><title>Story</title><link href='{link}'/><updated>{stamp}</updated></entry>"
        for link in links
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>tag:feed</id>{entries}</feed>".encode()


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Parts]:
    settings = Settings(
        state_dir=tmp_path,
        database_url=SecretStr(database_url),
        allow_networks=(IPv4Network("127.0.0.0/8"),),
        host_delay=0,
        retry_delay=0,
        attempts=2,
        extractors=1,
    )
    async with open_parts(settings, role="test") as parts:
        yield parts


async def add(parts: Parts, url: str) -> int:
    async with parts.database.write() as connection:
        return (await sources.add(connection, url, now=datetime.now(UTC)))[0]


async def poll_all(parts: Parts) -> dict[str, int]:
    """Make every source due and do all there is to do."""
    async with parts.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=datetime.now(UTC)))
    await Service(parts, max_polls=4, max_pages=4, per_site=4).run_dry()
    async with parts.database.read() as connection:
        return await overview.summary(connection)


async def test_a_feed_becomes_records_once(newsroom: Newsroom, parts: Parts) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    other = newsroom.publish("/b", body=page("Too many umbrellas", OTHER), content_type="text/html")
    await add(parts, newsroom.publish("/feed.xml", body=feed(story, other), content_type="application/atom+xml"))

    first, second = await poll_all(parts), await poll_all(parts)

    assert (first["entries"], first["records"], first["pending"], first["failures"]) == (2, 2, 0, 0)
    assert (second["polls"], second["records"], second["revisions"]) == (2, 2, 2)
    assert len([request for request in newsroom.requests if request.path == "/a"]) == 1
    async with parts.database.read() as connection:
        found = await records.search(connection, "umbrellas", limit=5)
    assert [record.article.headline for record in found] == ["Too many umbrellas"]
    assert found[0].article.body_text == OTHER


async def test_the_same_text_elsewhere_is_a_carrier_and_no_record(newsroom: Newsroom, parts: Parts) -> None:
    story = newsroom.publish("/agency", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(parts, newsroom.publish("/agency.xml", body=feed(story)))
    await poll_all(parts)
    copy = newsroom.publish("/paper", body=page("Ferry is back", STORY), content_type="text/html")
    await add(parts, newsroom.publish("/paper.xml", body=feed(copy)))

    figures = await poll_all(parts)

    assert (figures["records"], figures["duplicates"]) == (1, 1)
    async with parts.database.read() as connection:
        record = (await records.newest(connection, limit=5))[0]
    assert [carrier.url for carrier in record.carriers] == [story, copy]


async def test_a_corrected_page_is_a_revision_and_new_furniture_is_none(newsroom: Newsroom, parts: Parts) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(parts, newsroom.publish("/feed.xml", body=feed(story)))
    await poll_all(parts)
    newsroom.publish("/a", body=page("Ferry runs again", "Advertisement", STORY), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(story, stamp="2026-01-31T13:00:00Z"))
    furniture = await poll_all(parts)
    corrected = STORY.replace("Monday", "Tuesday")
    newsroom.publish("/a", body=page("Ferry runs again", corrected), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(story, stamp="2026-01-31T14:00:00Z"))

    figures = await poll_all(parts)

    assert furniture["revisions"] == 1
    assert (figures["records"], figures["revisions"]) == (1, 2)
    async with parts.database.read() as connection:
        assert (await records.newest(connection, limit=5))[0].article.body_text == corrected


async def test_a_page_that_keeps_failing_is_given_up_and_can_be_tried_again(newsroom: Newsroom, parts: Parts) -> None:
    story = newsroom.publish("/a", status=500)
    await add(parts, newsroom.publish("/feed.xml", body=feed(story)))

    figures = await poll_all(parts)

    assert (figures["quarantined"], figures["failures"], figures["records"]) == (1, 2, 0)
    async with parts.database.read() as connection:
        given_up = await failures.quarantined(connection)
    assert [(row["error"], row["status"], row["attempts"]) for row in given_up] == [("Refused", 500, 2)]
    newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    async with parts.database.write() as connection:
        assert await failures.retry(connection, None, now=datetime.now(UTC)) == 1
    assert (await poll_all(parts))["records"] == 1


async def test_a_broken_feed_is_a_failure_of_its_source_alone(newsroom: Newsroom, parts: Parts) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    bad = await add(parts, newsroom.publish("/bad.xml", body=b"<html>no feed</html>"))
    await add(parts, newsroom.publish("/feed.xml", body=feed(story)))

    figures = await poll_all(parts)

    assert (figures["failed_polls"], figures["records"]) == (1, 1)
    async with parts.database.read() as connection:
        row = await sources.find(connection, str(bad))
    assert row.failures == 1
    assert row.etag is None
    assert row.last_error.startswith("UnknownFormat")
