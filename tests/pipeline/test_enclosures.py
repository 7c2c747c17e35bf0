"""Enclosures with wire items: fetched instead of a page, on both databases."""

from sqlalchemy import select

from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from tests.support.agency import g2, records_in, revisions_in
from tests.support.desk import STORY, add, page, poll_all
from tests.support.newsroom import Newsroom

GUID = "urn:newsml:harbour.example:1"
TYPE = "application/vnd.iptc.g2.newsitem+xml"


def feed(href: str, stamp: str, link: str) -> bytes:
    entry = (
        f"<entry><id>tag:1</id><title>Story</title><link href='{link}'/><updated>{stamp}</updated>"
        f"<link rel='enclosure' type='{TYPE}' href='{href}'/></entry>"
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>tag:f</id>{entry}</feed>".encode()


async def test_an_enclosure_is_saved_as_its_wire_item_with_all_versions(newsroom: Newsroom, runtime: Runtime) -> None:
    link = newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    first = newsroom.publish("/1.xml", body=g2(GUID, 1, "Mayor opens ferry", "The mayor opens it."))
    kill = newsroom.publish("/2.xml", body=g2(GUID, 2, "KILL", "", status="canceled"))
    await add(runtime, newsroom.publish("/feed", body=feed(first, "2026-01-31T12:00:00Z", link)))

    once = await poll_all(runtime)
    newsroom.publish("/feed", body=feed(kill, "2026-01-31T12:00:00Z", link))
    figures = await poll_all(runtime)

    assert (once["records"], once["pending"], figures["failures"]) == (1, 0, 0)
    [record] = await records_in(runtime)
    assert (record.item_guid, record.pubstatus) == (GUID, "canceled")
    assert await revisions_in(runtime) == [(1, "new", "canceled"), (2, "killed", "canceled")]
    assert not [request for request in newsroom.requests if request.path == "/story"]
    async with runtime.database.read() as connection:
        c = tables.entries.c
        rows = (await connection.execute(select(c.guid, c.state, c.record_id, c.revisit_at))).all()
    assert [tuple(row) for row in rows] == [("tag:1", "done", record.id, None)]


async def test_an_enclosure_without_a_wire_item_is_a_failure_of_its_entry(newsroom: Newsroom, runtime: Runtime) -> None:
    link = newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed", body=feed(link, "2026-01-31T12:00:00Z", link)))

    figures = await poll_all(runtime)

    assert (figures["records"], figures["pending"], figures["quarantined"]) == (0, 0, 1)
