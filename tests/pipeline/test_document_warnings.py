"""Warnings of parsing: kept with the source, logged once a change, counted and shown, on both databases."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from ingestd.model.reply import Reply
from ingestd.pipeline.runtime import Runtime
from ingestd.store.operations import overview
from ingestd.store.polls import source_list
from ingestd.store.polls.source_rows import source_from_row
from ingestd.store.schema import tables
from tests.pipeline.test_pagination import poll
from tests.support.desk import add, claim_source, source_row
from tests.support.newsroom import Newsroom


def rss(*items: str, head: str = "") -> bytes:
    return f"<rss version='2.0'><channel><title>F</title>{head}{''.join(items)}</channel></rss>".encode()


def story(number: int, more: str = "") -> str:
    return f"<item><guid isPermaLink='false'>{number}</guid><title>Story {number}</title>{more}</item>"


def dates(entry: str) -> bytes:
    return rss(*(story(n, f"<pubDate>{entry}</pubDate>") for n in range(3)))


async def texts(runtime: Runtime, source: int) -> list[str]:
    found = source_from_row(await source_row(runtime, source)).warnings
    return [one.text for one in found]


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        pytest.param(dates("the day before yesterday"), "dates that cannot be read: 3", id="unreadable"),
        pytest.param(dates("2024-02-30"), "dates that cannot be read: 3", id="no-such-day"),
        pytest.param(dates("2026-03-01 12:00:00"), "times without a zone were read as UTC: 3 entries", id="zone"),
        pytest.param(dates("Tue, 01 Mar 2596 12:00:00 GMT"), "dates of the future", id="future"),
        pytest.param(rss(story(1), "<item><title>Fish & chips &nbsp;</title></item>"), "&", id="entities"),
        pytest.param(rss(story(1), story(1, "<category>x</category>")), "guid", id="shared-guid"),
        pytest.param(rss(story(1, "<link>urn:x:1</link>")), "links that are no http(s) URL", id="link"),
        pytest.param(rss(story(1)).replace(b"Story", b"Stor\xff"), "utf-8", id="bytes"),
        pytest.param(
            json.dumps(
                {"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "date_published": "x"}, {}]}
            ).encode(),
            "items without an id",
            id="json-feed",
        ),
        pytest.param(
            b"<urlset><url><loc>https://a.example/1</loc></url><url><loc>nowhere:1</loc></url></urlset>",
            "addresses that are no http(s) URL left out: 1",
            id="sitemap",
        ),
        pytest.param(
            json.dumps(
                {"uri": "urn:1", "headline": "Ice", "body_text": "x", "versioncreated": "2026-03-01T12:00:00"}
            ).encode(),
            "times without a zone were read as UTC: 1 items",
            id="wire-item",
        ),
    ],
)
async def test_a_defect_of_a_document_is_kept_with_its_source(
    newsroom: Newsroom, runtime: Runtime, body: bytes, warning: str
) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=body))

    done = await poll(runtime, source)

    found = await texts(runtime, source)
    assert any(warning in text for text in found), found
    assert list(done.document_warnings) == found


async def test_a_warning_is_logged_once_a_change(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=dates("2026-03-01 12:00")))
    logs = list[list[tuple[str, Any]]]()
    for body in (
        None,  # as it is
        None,
        rss(*(story(n, "<pubDate>2026-03-01 12:00</pubDate>") for n in range(9))),  # another number
        rss(*(story(n, "<pubDate>2026-03-01 12:00</pubDate><link>urn:x</link>") for n in range(9))),
        rss(story(1)),
    ):
        if body:
            newsroom.publish("/feed", body=body)
        with capture_logs() as found:
            await poll(runtime, source)
        logs.append([(one["log_level"], one.get("warnings")) for one in found if "defects" in one["event"]])

    first = "times without a zone were read as UTC: 3 entries"
    link = "links that are no http(s) URL were dropped: urn:x"
    assert logs == [[("warning", [first])], [], [], [("warning", [link])], [("info", None)]]
    assert await texts(runtime, source) == []


async def test_a_304_and_a_failure_keep_the_warnings(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=dates("x"), ETag='"1"', conditional=True))
    await poll(runtime, source)
    kept = await texts(runtime, source)
    await poll(runtime, source)
    newsroom.publish("/feed", status=500)
    await poll(runtime, source)

    assert kept == await texts(runtime, source) == ["dates that cannot be read: 3, the first 'x'"]


async def test_all_pages_of_a_list_count(newsroom: Newsroom, runtime: Runtime) -> None:
    def page(guid: str, created: str, expires: str, following: str | None) -> bytes:
        item = {"uri": guid, "headline": "Ice", "versioncreated": created, "expires": expires, "body_text": "x"}
        return json.dumps({"_items": [item], "next": following}).encode()

    source = await add(runtime, newsroom.publish("/1", body=page("urn:1", "2026-03-01T12:00:00", "", "/2")))
    newsroom.publish("/2", body=page("urn:2", "2026-03-01T11:00:00Z", "soon", None))

    done = await poll(runtime, source)

    expected = ["times without a zone were read as UTC: 1 items", "expires is not a time: 1 items"]
    assert await texts(runtime, source) == list(done.document_warnings) == expected


async def test_a_push_adds_to_the_warnings(runtime: Runtime) -> None:
    source = await add(runtime, "inbox:desk")

    async def push(created: str) -> None:
        item = {"uri": "urn:1", "headline": f"Ice {created}", "versioncreated": created, "body_text": "x"}
        claimed = await claim_source(runtime, source)
        reply = Reply(url="inbox:desk", final_url="inbox:desk", status=200, body=json.dumps(item).encode())
        await runtime.ingest.poller.push(claimed, reply)

    with capture_logs() as logs:
        for created in ("2026-03-01T12:00:00", "2026-03-01T13:00:00Z", "2026-03-01T14:00:00"):
            await push(created)

    assert await texts(runtime, source) == ["times without a zone were read as UTC: 1 items"]
    assert len([one for one in logs if one["event"] == "document has defects"]) == 1


async def test_health_counts_the_sources_with_warnings(newsroom: Newsroom, runtime: Runtime) -> None:
    await poll(runtime, await add(runtime, newsroom.publish("/whole", body=rss(story(1)))))
    await poll(runtime, await add(runtime, newsroom.publish("/dates", body=dates("x"))))
    await poll(runtime, await add(runtime, newsroom.publish("/link", body=rss(story(1, "<link>urn:x</link>")))))
    sitemap = b"<urlset><url><loc>urn:x</loc></url><url><loc>https://paper.example/1</loc></url></urlset>"
    await poll(runtime, await add(runtime, newsroom.publish("/sitemap", body=sitemap)))
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        figures = await overview.health_figures(connection, now=now, late=now, late_claims=now, late_revisits=now)
        await connection.execute(update(tables.sources).values(warnings=[{"text": 1}, "odd", None]))
        unreadable = [source_from_row(row).warnings for row in await source_list.list_all(connection)]

    assert (figures.warned, figures.incomplete) == (3, 1)
    assert unreadable == [()] * 4
