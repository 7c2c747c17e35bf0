"""Paginated lists of agencies' APIs, on both databases: requests, committed pages and stored cursors."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from structlog.testing import capture_logs

from ingestd.pipeline.pagination import MAX_PAGES
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema import tables
from tests.support.desk import add, claim_source, open_desk, source_row
from tests.support.newsroom import Answer, Newsroom


def feed(numbers: Iterable[int], next_page: str | None = None) -> bytes:
    """Return a feed of an API that gives the URL of the next request (AP Media)."""
    items = [{"item": {"altids": {"itemid": f"i{n}"}, **_item(n)}} for n in numbers]
    return json.dumps({"data": {"items": items, "next_page": next_page}}).encode()


def listing(numbers: Iterable[int], next_page: str | None = None) -> bytes:
    """Return a page of a list of ninjs items."""
    found = [_item(n) for n in numbers]
    return json.dumps({"_items": found, "_links": {"next": {"href": next_page}} if next_page else {}}).encode()


def _item(number: int) -> dict[str, Any]:
    hour, minute = divmod(number, 60)
    return {
        "uri": f"urn:x:{number}",
        "versioncreated": f"2026-03-01T{hour:02}:{minute:02}:00Z",
        "headline": f"Ice {number}",
        "description_text": f"The ice is {number} centimetres thick.",
    }


def newest_first(last: int, first: int) -> range:
    return range(last, first - 1, -1)


async def poll(runtime: Runtime, source_id: int) -> PollResult:
    return await runtime.ingest.poll(await claim_source(runtime, source_id))


async def guids(runtime: Runtime) -> set[str]:
    async with runtime.database.read() as connection:
        return set((await connection.execute(select(tables.entries.c.guid))).scalars())


async def rows(runtime: Runtime, source_id: int) -> list[dict[str, Any]]:
    async with runtime.database.read() as connection:
        return (await sources.last_polls(connection, source_id))[::-1]


async def open_gaps(runtime: Runtime) -> list[Any]:
    async with runtime.database.read() as connection:
        return list((await connection.execute(select(tables.gaps))).all())


def paths(newsroom: Newsroom) -> list[str]:
    """Return the paths requested since the last call."""
    found = [request.path for request in newsroom.requests if request.path != "/robots.txt"]
    newsroom.requests.clear()
    return found


def names(prefix: str, numbers: Iterable[int]) -> set[str]:
    return {f"{prefix}{number}" for number in numbers}


# --- marks of what is new since


async def test_the_next_poll_starts_at_the_cursor_of_the_last(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1, 2], "/feed/2")))
    newsroom.publish("/feed/2", body=feed([3], "/feed/3"))
    newsroom.publish("/feed/3", body=feed([], "/feed/4"))

    done = await poll(runtime, source)

    assert paths(newsroom) == ["/feed", "/feed/2", "/feed/3"]
    assert (done.outcome, len(done.new), done.listed) == ("new", 3, 3)
    assert await guids(runtime) == names("i", [1, 2, 3])
    row = await source_row(runtime, source)
    assert (row.cursor, row.cursor_kind, row.run_id) == (newsroom.url("/feed/4"), "since", None)
    assert row.due_at > row.last_polled_at

    newsroom.publish("/feed/4", body=feed([4], "/feed/5"))
    newsroom.publish("/feed/5", body=feed([], "/feed/5"))
    await poll(runtime, source)

    assert paths(newsroom) == ["/feed/4", "/feed/5"]
    assert await guids(runtime) == names("i", [1, 2, 3, 4])
    assert (await source_row(runtime, source)).cursor == newsroom.url("/feed/5")
    assert not await open_gaps(runtime)


async def test_each_page_is_a_poll_of_its_own(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1, 2], "/feed/2")))
    newsroom.publish("/feed/2", body=feed([3], "/feed/2"))

    await poll(runtime, source)

    assert [(row["outcome"], row["listed"], row["added"]) for row in await rows(runtime, source)] == [
        ("new", 2, 2),
        ("new", 1, 1),
    ]


async def test_without_new_entries_the_same_cursor_is_requested_conditionally(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2"), ETag='"first"'))
    newsroom.publish("/feed/2", body=feed([], "/feed/2"), ETag='"second"', conditional=True)
    await poll(runtime, source)
    newsroom.requests.clear()

    done = await poll(runtime, source)

    assert done.outcome == "not_modified"
    [request] = newsroom.requests
    assert (request.path, request.headers.get("If-None-Match")) == ("/feed/2", '"second"')
    assert (await source_row(runtime, source)).cursor == newsroom.url("/feed/2")


async def test_validators_of_one_url_are_not_sent_to_another(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2"), ETag='"a"'))
    newsroom.publish("/feed/2", body=feed([2], "/feed/3"), ETag='"b"')
    newsroom.publish("/feed/3", body=feed([], "/feed/4"), ETag='"c"')
    newsroom.publish("/feed/4", body=feed([], "/feed/5"))

    await poll(runtime, source)
    await poll(runtime, source)

    assert [request.headers.get("If-None-Match") for request in newsroom.requests] == [None] * 4


async def test_a_long_backlog_is_read_in_several_polls_without_a_wait(newsroom: Newsroom, runtime: Runtime) -> None:
    for number in range(MAX_PAGES + 5):
        newsroom.publish(f"/feed/{number}", body=feed([number], f"/feed/{number + 1}"))
    source = await add(runtime, newsroom.url("/feed/0"))

    await poll(runtime, source)

    assert paths(newsroom) == [f"/feed/{number}" for number in range(MAX_PAGES)]
    row = await source_row(runtime, source)
    assert row.cursor == newsroom.url(f"/feed/{MAX_PAGES}")
    assert (row.due_at - row.last_polled_at).total_seconds() < 400

    await poll(runtime, source)

    assert paths(newsroom)[0] == f"/feed/{MAX_PAGES}"


async def test_a_loop_of_pages_ends_the_poll(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2")))
    newsroom.publish("/feed/2", body=feed([2], "/feed"))

    await poll(runtime, source)

    assert paths(newsroom) == ["/feed", "/feed/2"]


async def test_a_page_with_the_same_entries_as_the_last_ends_the_poll(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2")))
    for number in range(2, 6):
        newsroom.publish(f"/feed/{number}", body=feed([1], f"/feed/{number + 1}"))

    await poll(runtime, source)

    assert paths(newsroom) == ["/feed", "/feed/2"]


# --- lists with their newest first


async def test_a_list_is_read_completely_at_first_and_later_back_to_known_entries(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    source = await add(runtime, newsroom.publish("/list", body=listing(newest_first(9, 7), "/list/2")))
    newsroom.publish("/list/2", body=listing(newest_first(6, 4), "/list/3"))
    newsroom.publish("/list/3", body=listing(newest_first(3, 1)))

    await poll(runtime, source)

    assert paths(newsroom) == ["/list", "/list/2", "/list/3"]
    assert await guids(runtime) == names("urn:x:", range(1, 10))
    row = await source_row(runtime, source)
    assert (row.cursor, row.cursor_kind, row.window) == (None, None, 3)

    newsroom.publish("/list", body=listing(newest_first(10, 8), "/list/2"))
    await poll(runtime, source)
    assert paths(newsroom) == ["/list"]

    newsroom.publish("/list", body=listing(newest_first(16, 14), "/list/2"))
    newsroom.publish("/list/2", body=listing(newest_first(13, 11), "/list/3"))
    newsroom.publish("/list/3", body=listing(newest_first(10, 8), "/list/4"))
    done = await poll(runtime, source)

    assert paths(newsroom) == ["/list", "/list/2", "/list/3"]
    assert len(done.new) == 6
    assert not await open_gaps(runtime)


async def test_the_head_of_a_list_is_requested_conditionally(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(
        runtime, newsroom.publish("/list", body=listing([2], "/list/2"), ETag='"head"', conditional=True)
    )
    newsroom.publish("/list/2", body=listing([1]), ETag='"tail"')

    await poll(runtime, source)
    done = await poll(runtime, source)

    assert done.outcome == "not_modified"
    assert paths(newsroom) == ["/list", "/list/2", "/list"]


async def test_a_list_longer_than_a_poll_opens_a_gap_for_repair(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/list", body=listing([1, 0])))
    await poll(runtime, source)
    newsroom.requests.clear()
    top = 200
    for number in range(MAX_PAGES + 2):
        path = f"/list/{number}" if number else "/list"
        newsroom.publish(path, body=listing([top - 2 * number, top - 2 * number - 1], f"/list/{number + 1}"))

    await poll(runtime, source)

    assert len(paths(newsroom)) == MAX_PAGES
    [gap] = await open_gaps(runtime)
    assert gap.older == newsroom.url(f"/list/{MAX_PAGES}")
    assert gap.from_at < gap.to_at
    assert (await source_row(runtime, source)).cursor is None


# --- lists with their oldest first


async def test_the_last_page_of_a_list_with_the_oldest_first_is_requested_again(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    source = await add(runtime, newsroom.publish("/list", body=listing([1, 2], "/list/2")))
    newsroom.publish("/list/2", body=listing([3]))
    await poll(runtime, source)
    assert paths(newsroom) == ["/list", "/list/2"]

    newsroom.publish("/list/2", body=listing([3, 4], "/list/3"))
    newsroom.publish("/list/3", body=listing([5]))
    await poll(runtime, source)

    assert paths(newsroom) == ["/list/2", "/list/3"]
    assert await guids(runtime) == names("urn:x:", range(1, 6))
    assert (await source_row(runtime, source)).cursor == newsroom.url("/list/3")
    assert not await open_gaps(runtime)


async def test_a_list_that_became_shorter_is_read_from_its_start(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/list", body=listing([1, 2], "/list/2")))
    newsroom.publish("/list/2", body=listing([3]))
    await poll(runtime, source)
    newsroom.publish("/list", body=listing([3, 4]))
    newsroom.publish("/list/2", body=json.dumps({"_items": [], "items": []}).encode())

    await poll(runtime, source)
    assert (await source_row(runtime, source)).cursor is None
    await poll(runtime, source)

    assert "urn:x:4" in await guids(runtime)


# --- stops, and what goes on


async def test_a_killed_poll_continues_after_the_last_committed_page(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    url = newsroom.publish("/list", body=listing(newest_first(9, 7), "/list/2"))
    newsroom.publish("/list/2", body=listing(newest_first(6, 4), "/list/3"))
    newsroom.publish("/list/3", when=asyncio.Event())
    async with open_desk(database_url, tmp_path) as runtime:
        source = await add(runtime, url)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(poll(runtime, source))
            while not newsroom.requests or newsroom.requests[-1].path != "/list/3":
                newsroom.asked.clear()
                await newsroom.asked.wait()
            task.cancel()
        row = await source_row(runtime, source)
        assert (row.cursor, row.cursor_kind) == (newsroom.url("/list/3"), "older")
        assert row.run_id == runtime.run_id  # as a killed process leaves it
        assert row.due_at <= row.last_polled_at
        assert await guids(runtime) == names("urn:x:", range(4, 10))
    newsroom.publish("/list/3", body=listing(newest_first(3, 1)))
    paths(newsroom)

    async with open_desk(database_url, tmp_path) as runtime:
        await poll(runtime, source)

        assert paths(newsroom) == ["/list/3"]
        assert await guids(runtime) == names("urn:x:", range(1, 10))
        assert (await source_row(runtime, source)).cursor is None
        assert not await open_gaps(runtime)


async def test_a_failed_page_is_retried_and_earlier_pages_are_kept(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2"), ETag='"a"'))
    newsroom.publish("/feed/2", status=500)

    done = await poll(runtime, source)

    assert (done.outcome, len(done.new)) == ("failed", 1)
    assert await guids(runtime) == {"i1"}
    row = await source_row(runtime, source)
    assert (row.cursor, row.failures, row.run_id) == (newsroom.url("/feed/2"), 1, None)
    newsroom.publish("/feed/2", body=feed([2], "/feed/2"))
    paths(newsroom)
    await poll(runtime, source)
    assert paths(newsroom) == ["/feed/2"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(status=400), id="400"),
        pytest.param(Answer(status=404), id="404"),
        pytest.param(Answer(status=410), id="410"),
        pytest.param(Answer(body=b'{"error": "no such token"}'), id="no-list"),
    ],
)
async def test_a_refused_cursor_is_dropped_and_the_list_read_from_its_start(
    newsroom: Newsroom, runtime: Runtime, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2"), ETag='"a"', conditional=True))
    newsroom.publish("/feed/2", body=feed([], "/feed/2"))
    await poll(runtime, source)
    newsroom.publish("/feed", body=feed([1, 2], "/feed/9"), ETag='"a"', conditional=True)
    newsroom.publish("/feed/2", answers=[answer])
    newsroom.publish("/feed/9", body=feed([], "/feed/9"))
    paths(newsroom)

    # One that another test made ready for a daemon writes there for good.
    monkeypatch.setattr("ingestd.pipeline.log_events.log", structlog.get_logger())
    with capture_logs() as logs:
        done = await poll(runtime, source)

    assert paths(newsroom) == ["/feed/2", "/feed", "/feed/9"]
    assert done.failure is None
    assert await guids(runtime) == {"i1", "i2"}
    row = await source_row(runtime, source)
    assert (row.cursor, row.condition, row.state) == (newsroom.url("/feed/9"), "ok", "active")
    assert [one["event"] for one in logs].count("cursor refused, starting over") == 1


async def test_a_cursor_is_kept_while_its_whole_server_refuses(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2")))
    newsroom.publish("/feed/2", body=feed([], "/feed/2"))
    await poll(runtime, source)
    newsroom.publish("/feed", status=404)
    newsroom.publish("/feed/2", status=404)

    done = await poll(runtime, source)

    assert done.failure
    assert (await source_row(runtime, source)).cursor == newsroom.url("/feed/2")


async def test_a_page_that_is_gone_does_not_make_its_source_gone(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/list", body=listing([2], "/list/2")))
    newsroom.publish("/list/2", status=410)

    await poll(runtime, source)

    row = await source_row(runtime, source)
    assert (row.condition, row.state, row.cursor) == ("failing", "active", None)


async def test_a_redirected_page_does_not_move_its_source(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=feed([1], "/feed/2")))
    newsroom.publish("/feed/2", status=301, Location="/elsewhere")
    newsroom.publish("/elsewhere", body=feed([], "/feed/2"))

    for _ in range(4):
        await poll(runtime, source)

    row = await source_row(runtime, source)
    assert (row.url, row.moved_to, row.moved_seen) == (newsroom.url("/feed"), None, 0)


# --- where a list may lead


async def test_a_list_is_not_followed_to_an_origin_without_a_login(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = newsroom.url("/list/2", host="localhost")
    source = await add(runtime, newsroom.publish("/list", body=listing([2, 1], elsewhere)))
    newsroom.publish("/list/2", body=listing([0]))

    # One that another test made ready for a daemon writes there for good.
    monkeypatch.setattr("ingestd.pipeline.log_events.log", structlog.get_logger())
    with capture_logs() as logs:
        await poll(runtime, source)

    assert paths(newsroom) == ["/list"]
    assert (await source_row(runtime, source)).cursor is None
    assert [one["next"] for one in logs if one["event"].startswith("next page not followed")] == [elsewhere]


async def test_a_list_is_followed_to_an_origin_with_a_login_of_its_own(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    named = newsroom.url("", host="localhost")
    source_url = newsroom.publish("/list", body=listing([2], newsroom.url("/list/2", host="localhost")))
    newsroom.publish("/list/2", body=listing([1]))
    async with open_desk(database_url, tmp_path, logins=(f"{named} header X-Key secret",)) as runtime:
        source = await add(runtime, source_url.replace("//", "//desk:open@"))

        await poll(runtime, source)

    sent = [(one.path, "Authorization" in one.headers, one.headers.get("X-Key")) for one in newsroom.requests]
    assert sent == [("/list", True, None), ("/list/2", False, "secret")]


async def test_pages_are_requested_with_user_info_that_the_cursor_does_not_keep(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    url = newsroom.publish("/feed", body=feed([1], "/feed/2"))
    newsroom.publish("/feed/2", body=feed([], "/feed/3"))
    newsroom.publish("/feed/3", body=feed([], "/feed/3"))
    source = await add(runtime, url.replace("//", "//desk:open@"))

    await poll(runtime, source)
    await poll(runtime, source)

    assert [(one.path, "Authorization" in one.headers) for one in newsroom.requests] == [
        ("/feed", True),
        ("/feed/2", True),
        ("/feed/3", True),
    ]
    assert (await source_row(runtime, source)).cursor == newsroom.url("/feed/3")


async def test_a_key_in_the_query_is_not_kept_in_the_cursor(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    url = newsroom.publish("/feed", body=feed([1], "/feed/2?apikey=geheim&seq=2"))
    newsroom.publish("/feed/2", body=feed([], "/feed/3?seq=3&apikey=geheim"))
    async with open_desk(database_url, tmp_path, logins=(f"{newsroom.url('')} query apikey geheim",)) as runtime:
        source = await add(runtime, url)

        done = await poll(runtime, source)

        row = await source_row(runtime, source)
        assert row.cursor == newsroom.url("/feed/3?seq=3")
        assert "geheim" not in repr((done, row, await rows(runtime, source)))
    assert paths(newsroom) == ["/feed?apikey=geheim", "/feed/2?seq=2&apikey=geheim"]


# --- what is not followed


async def test_the_older_pages_of_an_ordinary_feed_are_not_polled(newsroom: Newsroom, runtime: Runtime) -> None:
    body = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><title>F</title><link rel='next' href='/feed?page=2'/>"
        b"<entry><id>1</id><title>Ice</title><summary>Thick.</summary></entry></feed>"
    )
    source = await add(runtime, newsroom.publish("/feed", body=body))

    await poll(runtime, source)

    assert paths(newsroom) == ["/feed"]
    assert (await source_row(runtime, source)).cursor is None
