"""Pages that a Link header names, and lists that answer 204, on both databases."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from ingestd.model.feed import Entry, Feed, with_next_page
from ingestd.model.source import Cursor
from ingestd.pipeline.pagination import MAX_PAGES
from ingestd.pipeline.runtime import Runtime
from tests.pipeline.test_pagination import guids, names, newest_first, open_gaps, paths, poll, rows
from tests.pipeline.test_poll import stories
from tests.support.desk import add, source_row
from tests.support.newsroom import Newsroom


def items(numbers: Iterable[int]) -> bytes:
    """Return a list of ninjs items without an envelope, as APIs send it that page by Link headers."""
    return json.dumps(
        [
            {
                "uri": f"urn:x:{number}",
                "versioncreated": f"2026-03-01T00:{number:02}:00Z",
                "headline": f"Ice {number}",
                "body_text": f"The ice is {number} centimetres thick.",
            }
            for number in numbers
        ]
    ).encode()


async def test_a_list_of_wire_items_is_read_on_at_the_next_page(newsroom: Newsroom, runtime: Runtime) -> None:
    url = newsroom.publish("/list", body=items(newest_first(9, 7)), Link='</list/2>; rel="next"')
    newsroom.publish("/list/2", body=items(newest_first(6, 4)), Link='</list/3>; rel="next"')
    newsroom.publish("/list/3", body=items(newest_first(3, 1)))
    source = await add(runtime, url)

    await poll(runtime, source)

    assert paths(newsroom) == ["/list", "/list/2", "/list/3"]
    assert await guids(runtime) == names("urn:x:", range(1, 10))
    newsroom.publish("/list", body=items(newest_first(12, 10)), Link='</list/2>; rel="next"')
    newsroom.publish("/list/2", body=items(newest_first(9, 7)), Link='</list/3>; rel="next"')
    await poll(runtime, source)
    assert paths(newsroom) == ["/list", "/list/2"]  # the second page has nothing new
    assert not await open_gaps(runtime)


async def test_a_list_with_the_oldest_items_first_goes_on_where_it_ended(newsroom: Newsroom, runtime: Runtime) -> None:
    url = newsroom.publish("/list", body=items([1, 2, 3]), Link='</list?after=3>; rel="next"')
    newsroom.publish("/list?after=3", body=items([]))
    source = await add(runtime, url)
    newsroom.publish("/list", body=items([1, 2, 3]), Link='</after>; rel="next"')
    newsroom.publish("/after", status=204, content_type=None)

    await poll(runtime, source)
    await poll(runtime, source)

    assert paths(newsroom) == ["/list", "/after", "/after"]
    row = await source_row(runtime, source)
    assert (row.cursor, row.cursor_kind, row.condition) == (newsroom.url("/after"), "newer", "ok")
    newsroom.publish("/after", body=items([4, 5]))
    await poll(runtime, source)
    assert await guids(runtime) == names("urn:x:", range(1, 6))


async def test_endless_pages_are_bounded(newsroom: Newsroom, runtime: Runtime) -> None:
    for page in range(MAX_PAGES + 5):
        newsroom.publish(f"/list/{page}", body=items([59 - page]), Link=f'</list/{page + 1}>; rel="next"')
    source = await add(runtime, newsroom.url("/list/0"))

    await poll(runtime, source)

    assert len(paths(newsroom)) == MAX_PAGES


async def test_a_page_on_another_origin_is_not_requested(newsroom: Newsroom, runtime: Runtime) -> None:
    other = newsroom.url("/list/2", host="localhost")
    source = await add(runtime, newsroom.publish("/list", body=items([2, 1]), Link=f'<{other}>; rel="next"'))

    await poll(runtime, source)

    assert paths(newsroom) == ["/list"]


async def test_the_next_page_of_an_ordinary_feed_is_for_gaps(newsroom: Newsroom, runtime: Runtime) -> None:
    """Its older entries are history, which a backfill or the repair of a gap asks for."""
    url = newsroom.publish("/feed", body=stories(1, 10), Link='</feed/2>; rel="next"')
    source = await add(runtime, url)
    await poll(runtime, source)
    newsroom.publish("/feed", body=stories(31, 40), Link='</feed/2>; rel="next"')
    await poll(runtime, source)

    assert paths(newsroom) == ["/feed", "/feed"]
    [gap] = await open_gaps(runtime)
    assert gap.older == newsroom.url("/feed/2")


@pytest.mark.parametrize("path", ["/feed", "/list"])
async def test_a_204_leaves_a_source_as_it_was(newsroom: Newsroom, runtime: Runtime, path: str) -> None:
    body = stories(1, 3) if path == "/feed" else items([3, 2, 1])
    source = await add(runtime, newsroom.publish(path, body=body, ETag='"one"'))
    await poll(runtime, source)
    before = await source_row(runtime, source)
    newsroom.publish(path, status=204, content_type=None)

    done = await poll(runtime, source)

    after = await source_row(runtime, source)
    assert (done.outcome, done.failure) == ("unchanged", None)
    assert (await rows(runtime, source))[-1]["status"] == 204
    assert (after.etag, after.body_hash, after.window) == (before.etag, before.body_hash, before.window)
    assert (after.condition, after.failures, after.last_success_at) == ("ok", 0, after.last_polled_at)


async def test_a_source_may_answer_204_before_it_ever_had_a_document(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/list", status=204, content_type=None))
    assert not (await poll(runtime, source)).failure
    newsroom.publish("/list", body=items([1]))

    await poll(runtime, source)

    assert await guids(runtime) == names("urn:x:", [1])
    assert not await open_gaps(runtime)


NEXT = "https://api.example/list?page=2"


def dated(*minutes: int) -> tuple[Entry, ...]:
    return tuple(Entry(guid=f"{at}", updated=datetime(2026, 3, 1, 0, at, tzinfo=UTC)) for at in minutes)


@pytest.mark.parametrize(
    ("feed", "cursor", "next_page"),
    [
        pytest.param(Feed(format="rss20"), None, NEXT, id="feed"),
        pytest.param(Feed(format="json-feed", next_page="https://a.example/"), None, "https://a.example/", id="own"),
        pytest.param(Feed(format="atom10", prev_archive="https://a.example/"), None, None, id="archive"),
        pytest.param(Feed(format="sitemap", children=(("https://a.example/", None),)), None, None, id="index"),
        pytest.param(Feed(format="ninjs", entries=dated(3, 2, 1)), Cursor(url=NEXT, kind="older"), NEXT, id="newest"),
        pytest.param(Feed(format="ninjs", entries=dated(1, 2, 3)), Cursor(url=NEXT, kind="newer"), None, id="oldest"),
        pytest.param(Feed(format="newsml-g2"), Cursor(url=NEXT, kind="older"), NEXT, id="no-items"),
        pytest.param(
            Feed(format="ap-media", cursor=Cursor(url="https://a.example/", kind="since")),
            Cursor(url="https://a.example/", kind="since"),
            None,
            id="own-cursor",
        ),
    ],
)
def test_a_document_takes_the_next_page_of_its_header_unless_it_names_its_own(
    feed: Feed, cursor: Cursor | None, next_page: str | None
) -> None:
    found = with_next_page(feed, NEXT)

    assert (found.cursor, found.next_page) == (cursor, next_page)
    assert with_next_page(feed, None) == feed


def test_a_next_page_has_no_user_info() -> None:
    assert with_next_page(Feed(format="rss20"), "https://u:p@a.example/2").next_page == "https://a.example/2"
