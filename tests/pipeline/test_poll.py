"""Polls, on both databases: the requests that a publisher sees, and the state that is stored."""

import socket
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict
from sqlalchemy import select, update

from ingestd.daemon.service import Service
from ingestd.model.reply import Reply
from ingestd.model.source import Hints
from ingestd.pipeline.poll_results import REDIRECTS_TO_BELIEVE
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import due_times, gaps, sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.source_rows import source_from_row
from ingestd.store.schema import tables
from tests.support.desk import STORY, add, claim_source, feed, open_desk, page, poll_all, source_row
from tests.support.newsroom import Answer, Newsroom


def stories(first: int, last: int) -> bytes:
    """Return a feed of numbered stories with their text, newest first."""
    numbers = range(last, first - 1, -1)
    items = "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><title>Story {n}</title>"
        f"<description>{STORY} {n}</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>F</title>{items}</channel></rss>".encode()


async def waits(runtime: Runtime, source_id: int) -> float:
    """Return the seconds from a source's last poll to its next."""
    row = await source_row(runtime, source_id)
    return float((row.due_at - row.last_polled_at).total_seconds())


def asked(newsroom: Newsroom, path: str) -> list[dict[str, str]]:
    return [dict(request.headers) for request in newsroom.requests if request.path == path]


# --- validators


async def test_a_poll_answered_with_304_makes_one_result_and_changes_nothing_of_it_later(
    newsroom: Newsroom, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Answer(body=stories(1, 3), headers=_multi({"ETag": '"1"'}), conditional=True)
    url = newsroom.publish("/feed", answers=[known, known])
    made: list[PollResult] = []
    async with open_desk(database_url, tmp_path) as runtime:
        source_id = await add(runtime, url)
        await poll_all(runtime)
        poller = runtime.ingest.poller
        init = PollResult.__init__

        def count(result: PollResult, **fields: Any) -> None:
            made.append(result)
            init(result, **fields)

        monkeypatch.setattr(PollResult, "__init__", count)
        committed: list[PollResult] = []
        put = poller._commits.put

        async def keep(results: Sequence[PollResult]) -> bool:
            committed.extend(map(copy, results))
            return await put(results)

        monkeypatch.setattr(poller._commits, "put", keep)
        source = await claim_source(runtime, source_id)
        done = await runtime.ingest.poll(source)

    assert (len(made), done.outcome, done.source is source) == (1, "not_modified", True)
    assert committed == [replace(done, seconds=committed[0].seconds)]


@pytest.mark.parametrize(
    ("etag", "modified"),
    [
        pytest.param('"abc"', "Sat, 31 Jan 2026 12:00:00 GMT", id="both"),
        pytest.param('W/"weak"', None, id="weak"),
        pytest.param("unquoted", None, id="unquoted"),
        pytest.param('"odd \\" ,;=#"', None, id="odd"),
        pytest.param(None, "yesterday, about noon", id="a-date-that-is-none"),
    ],
)
async def test_only_the_first_request_is_unconditional(
    newsroom: Newsroom, database_url: str, tmp_path: Path, etag: str | None, modified: str | None
) -> None:
    headers = {name: value for name, value in (("ETag", etag), ("Last_Modified", modified)) if value}
    known = Answer(body=stories(1, 3), headers=_multi(headers), conditional=True)
    url = newsroom.publish("/feed", answers=[known, Answer(status=500), known])
    for _start in range(2):
        async with open_desk(database_url, tmp_path) as runtime:
            await add(runtime, url)
            for _poll in range(2):
                await poll_all(runtime)

    sent = asked(newsroom, "/feed")
    assert len(sent) == 4
    assert [("If-None-Match" in one, "If-Modified-Since" in one) for one in sent[1:]] == [
        (bool(etag), bool(modified))
    ] * 3
    assert {one.get("If-None-Match") for one in sent[1:]} == {etag}
    assert {one.get("If-Modified-Since") for one in sent[1:]} == {modified}
    assert not {"If-None-Match", "If-Modified-Since"} & sent[0].keys()


def _multi(headers: dict[str, str]) -> CIMultiDict[str]:
    return CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})


async def test_validators_are_updated_even_if_the_body_is_unchanged(newsroom: Newsroom, runtime: Runtime) -> None:
    url = newsroom.publish("/feed", body=stories(1, 3), ETag='"one"')
    source = await add(runtime, url)
    await poll_all(runtime)
    newsroom.publish("/feed", body=stories(1, 3), ETag='"two"')
    await poll_all(runtime)
    assert (await source_row(runtime, source)).etag == '"two"'
    newsroom.publish("/feed", body=stories(1, 3))
    await poll_all(runtime)

    assert (await source_row(runtime, source)).etag is None


@pytest.mark.parametrize(
    "answer", [Answer(body=b"<html>"), Answer(body=stories(4, 6), truncated=True)], ids=["no feed", "cut"]
)
async def test_an_unreadable_document_leaves_no_validators(
    newsroom: Newsroom, runtime: Runtime, answer: Answer
) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 3), ETag='"one"'))
    await poll_all(runtime)
    newsroom.publish(
        "/feed", answers=[Answer(body=answer.body, truncated=answer.truncated, headers=_multi({"ETag": '"two"'}))]
    )

    await poll_all(runtime)

    assert (await source_row(runtime, source)).etag == '"one"'


async def test_a_document_that_was_cut_off_is_asked_for_in_full_again(newsroom: Newsroom, runtime: Runtime) -> None:
    url = newsroom.publish("/feed", body=stories(1, 3)[: -len("text</description></item></channel></rss>")], ETag='"1"')
    source = await add(runtime, url)
    await poll_all(runtime)
    assert (await source_row(runtime, source)).etag is None

    newsroom.publish("/feed", answers=[Answer(body=stories(1, 3), headers=_multi({"ETag": '"1"'}), conditional=True)])
    await poll_all(runtime)

    assert "If-None-Match" not in asked(newsroom, "/feed")[-1]
    async with runtime.database.read() as connection:
        guids = (await connection.execute(select(tables.entries.c.guid))).scalars().all()
    assert sorted(guids) == ["1", "2", "3"]
    assert (await source_row(runtime, source)).etag == '"1"'


# --- freshness


@pytest.mark.parametrize(
    ("headers", "body", "hours"),
    [
        pytest.param({"Cache_Control": "public, max-age=7200"}, stories(1, 2), 2, id="max-age"),
        pytest.param({"Cache_Control": "max-age=7200", "Age": "3600"}, stories(1, 2), 1, id="aged"),
        pytest.param({"Cache_Control": "max-age=3600", "Expires": "Fri, 01 Jan 2100 00:00:00 GMT"}, stories(1, 2), 1,
                     id="max-age-over-expires"),
        pytest.param({"Cache_Control": "max-age=99999999999999999999"}, stories(1, 2), 24, id="a-day-at-the-most"),
        pytest.param({"Cache_Control": "no-cache, max-age=7200"}, stories(1, 2), 0.25, id="no-cache"),
        pytest.param({}, stories(1, 2).replace(b"<title>F", b"<ttl>120</ttl><title>F"), 2, id="ttl"),
        pytest.param({}, stories(1, 2).replace(
            b"version='2.0'", b"version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'").replace(
            b"<title>F", b"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency><title>F"),
            6, id="syndication"),
    ],
)  # fmt: skip
async def test_a_source_is_not_polled_while_its_response_is_fresh(
    newsroom: Newsroom, runtime: Runtime, headers: dict[str, str], body: bytes, hours: float
) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=body, **headers))

    await poll_all(runtime)

    assert hours * 3600 <= await waits(runtime, source) <= hours * 3600 * 1.1


async def test_a_304_updates_or_keeps_the_freshness(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 2), ETag='"a"', Cache_Control="max-age=3600"))
    await poll_all(runtime)
    newsroom.publish("/feed", status=304)
    await poll_all(runtime)
    assert 3600 <= await waits(runtime, source) < 4000
    newsroom.publish("/feed", status=304, Cache_Control="max-age=7200")
    await poll_all(runtime)

    assert 7200 <= await waits(runtime, source) < 8000


async def test_skip_hours_are_respected(newsroom: Newsroom, runtime: Runtime) -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(23))
    skip = f"<skipHours>{hours}</skipHours><title>F".encode()
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 2).replace(b"<title>F", skip, 1)))

    await poll_all(runtime)

    row = await source_row(runtime, source)
    assert row.due_at.hour == 23
    assert source_from_row(row).hints == Hints(skip_hours=tuple(range(23)))


# --- refusals


async def test_retry_after_with_a_date_is_respected_until_a_success(newsroom: Newsroom, runtime: Runtime) -> None:
    later = (datetime.now(UTC) + timedelta(hours=3)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    source = await add(runtime, newsroom.publish("/feed", status=503, Retry_After=later))
    await poll_all(runtime)
    row = await source_row(runtime, source)
    assert (row.condition, row.failures) == ("throttled", 1)
    assert 3 * 3600 - 60 <= await waits(runtime, source) <= 4.6 * 3600
    _forget_holds(runtime)
    newsroom.publish("/feed", body=stories(1, 2))
    await poll_all(runtime)

    row = await source_row(runtime, source)
    assert (row.condition, row.failures, row.last_error) == ("ok", 0, None)


def _forget_holds(runtime: Runtime) -> None:
    for state in runtime.pacing._sites.values():
        state.held_until = 0.0
    runtime.pacing._sites.clear()


async def test_a_429_puts_all_sources_of_the_site_on_hold(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/busy", status=429, Retry_After="600"))
    await poll_all(runtime)
    sibling = await add(runtime, newsroom.publish("/sibling", body=stories(1, 2)))

    await poll_all(runtime)

    assert not asked(newsroom, "/sibling")
    row = await source_row(runtime, sibling)
    assert (row.failures, row.last_polled_at) == (0, None)
    assert row.due_at > datetime.now(UTC) + timedelta(seconds=500)


async def test_a_second_410_makes_a_source_gone_until_it_is_revived(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", status=410))
    await poll_all(runtime)
    row = await source_row(runtime, source)
    assert (row.state, row.condition) == ("active", "gone")
    await poll_all(runtime)
    assert (await source_row(runtime, source)).state == "gone"
    await poll_all(runtime)
    assert len(asked(newsroom, "/feed")) == 2
    newsroom.publish("/feed", body=stories(1, 2))
    async with runtime.database.write() as connection:
        await sources.set_state(connection, source, "active", now=datetime.now(UTC))
    await poll_all(runtime)

    row = await source_row(runtime, source)
    assert (row.state, row.condition, row.window) == ("active", "ok", 2)


async def test_a_single_410_has_no_effect(newsroom: Newsroom, runtime: Runtime) -> None:
    gone, back = Answer(status=410), Answer(body=stories(1, 2))
    source = await add(runtime, newsroom.publish("/feed", answers=[gone, back, gone, back]))

    for _ in range(4):
        await poll_all(runtime)

    row = await source_row(runtime, source)
    assert (row.state, row.condition) == ("active", "ok")


async def test_a_local_failure_does_not_confirm_a_410(
    newsroom: Newsroom, runtime: Runtime, database_url: str, tmp_path: Path
) -> None:
    source = await add(runtime, newsroom.publish("/feed", status=410))
    await poll_all(runtime)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))  # takes questions, answers none
        async with runtime.database.write() as connection:
            await connection.execute(update(tables.sources).values(url="http://paper.example/feed"))
        nameserver = f"127.0.0.1:{nobody.getsockname()[1]}"
        async with open_desk(database_url, tmp_path, nameservers=nameserver) as cut_off:
            await poll_all(cut_off)

    row = await source_row(runtime, source)
    assert (row.state, row.condition, row.last_error[:7]) == ("active", "gone", "Offline")


async def test_a_silent_name_server_is_a_local_failure(database_url: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))  # takes questions, answers none
        nameserver = f"127.0.0.1:{nobody.getsockname()[1]}"
        async with open_desk(database_url, tmp_path, nameservers=nameserver) as runtime:
            source = await add(runtime, "http://paper.example/feed")
            await poll_all(runtime)

            row = await source_row(runtime, source)
    assert (row.failures, row.condition) == (0, "ok")
    assert row.last_error.startswith("Offline: the local network is down")
    assert row.due_at < datetime.now(UTC) + timedelta(minutes=2)


# --- redirects


async def test_a_permanent_redirect_is_adopted_after_three_polls(newsroom: Newsroom, runtime: Runtime) -> None:
    target = newsroom.publish("/new", body=stories(1, 3), ETag='"new"')
    old = newsroom.publish("/old", status=301, Location="/new")
    source = await add(runtime, old)
    for _ in range(REDIRECTS_TO_BELIEVE):
        assert (await source_row(runtime, source)).url == old
        await poll_all(runtime)
    row = await source_row(runtime, source)
    assert (row.url, row.etag) == (target, '"new"')

    await poll_all(runtime)

    assert asked(newsroom, "/new")[-1]["If-None-Match"] == '"new"'
    assert len(asked(newsroom, "/old")) == REDIRECTS_TO_BELIEVE
    async with runtime.database.write() as connection:
        assert (await sources.find(connection, old)).id == source
        assert await sources.add(connection, old, now=datetime.now(UTC)) == (source, False)


@pytest.mark.parametrize(
    ("first", "second", "moves"),
    [
        pytest.param(301, 302, "/middle", id="only-the-permanent-part"),
        pytest.param(302, 301, None, id="not-behind-one-that-is-not"),
        pytest.param(308, 308, "/end", id="the-whole-chain"),
        pytest.param(307, 303, None, id="never-these"),
    ],
)
async def test_only_the_permanent_part_of_a_redirect_chain_is_adopted(
    newsroom: Newsroom, runtime: Runtime, first: int, second: int, moves: str | None
) -> None:
    newsroom.publish("/end", body=stories(1, 3))
    newsroom.publish("/middle", status=second, Location="/end")
    source = await add(runtime, newsroom.publish("/start", status=first, Location="/middle"))

    for _ in range(REDIRECTS_TO_BELIEVE):
        await poll_all(runtime)

    assert (await source_row(runtime, source)).url == newsroom.url(moves or "/start")


async def test_a_redirect_that_changes_or_leads_to_no_feed_is_not_adopted(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/a", body=stories(1, 3))
    newsroom.publish("/b", body=b"<html>parked</html>")
    to_a, to_b = (Answer(status=301, headers=_multi({"Location": path})) for path in ("/a", "/b"))
    source = await add(runtime, newsroom.publish("/start", answers=[to_a, to_a, to_b, to_b, to_b, to_b]))

    for _ in range(6):
        await poll_all(runtime)

    assert (await source_row(runtime, source)).url == newsroom.url("/start")


async def test_two_sources_with_the_same_target_are_both_kept_and_flagged(newsroom: Newsroom, runtime: Runtime) -> None:
    there = await add(runtime, newsroom.publish("/there", body=stories(1, 3), ETag='"there"'))
    moving = await add(runtime, newsroom.publish("/here", status=301, Location="/there"))

    for _ in range(REDIRECTS_TO_BELIEVE):
        await poll_all(runtime)

    row = await source_row(runtime, moving)
    assert (row.url, row.same_as) == (newsroom.url("/here"), there)
    assert (row.etag, row.last_modified) == (None, None)  # validators of the other URL are not its own
    newsroom.publish("/here", body=stories(1, 3))
    await poll_all(runtime)
    assert (await source_row(runtime, moving)).same_as is None


async def test_a_redirect_to_a_removed_source_is_adopted_and_not_flagged(newsroom: Newsroom, runtime: Runtime) -> None:
    removed = await add(runtime, newsroom.publish("/there", body=stories(1, 3)))
    async with runtime.database.write() as connection:
        await sources.set_state(connection, removed, "removed", now=datetime.now(UTC))
    moving = await add(runtime, newsroom.publish("/here", status=301, Location="/there"))

    for _ in range(REDIRECTS_TO_BELIEVE):
        await poll_all(runtime)

    row = await source_row(runtime, moving)
    assert (row.same_as, row.condition) == (None, "ok")


# --- robots


async def test_robots_txt_is_read_once_and_applies_to_pages_but_not_to_the_feed(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    newsroom.publish("/robots.txt", body=b"User-agent: *\nDisallow: /", content_type="text/plain")
    links = [newsroom.publish(f"/{name}", body=page(name, STORY), content_type="text/html") for name in ("a", "b")]
    await add(runtime, newsroom.publish("/feed", body=feed(*links)))

    figures = await poll_all(runtime)

    assert [request.path for request in newsroom.requests] == ["/feed", "/robots.txt"]
    assert (figures["quarantined"], figures["records"]) == (2, 0)
    async with runtime.database.read() as connection:
        reasons = (await connection.execute(select(tables.decisions.c.reason))).scalars().all()
    assert all("says 'Disallow: /'" in reason for reason in reasons)
    assert len(reasons) == 2


async def test_a_discovered_feed_obeys_robots_txt(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/robots.txt", body=b"User-agent: ingestd\nDisallow: /feed", content_type="text/plain")
    url = newsroom.publish("/feed", body=stories(1, 2))
    async with runtime.database.write() as connection:
        source, _ = await sources.add(connection, url, now=datetime.now(UTC), obeys_robots=True)

    await poll_all(runtime)

    assert not asked(newsroom, "/feed")
    assert (await source_row(runtime, source)).last_error.startswith("Disallowed")


# --- coverage


async def test_a_window_without_overlap_opens_a_gap(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 10)))
    await poll_all(runtime)
    newsroom.publish("/feed", body=stories(10, 19))
    await poll_all(runtime)
    before = await source_row(runtime, source)
    newsroom.publish("/feed", body=stories(30, 39))
    await poll_all(runtime)

    async with runtime.database.read() as connection:
        found = await gaps.list_all(connection)
        overlaps = (
            (await connection.execute(select(tables.polls.c.overlap).order_by(tables.polls.c.id))).scalars().all()
        )
    row = await source_row(runtime, source)
    assert overlaps == [0, 1, 0]
    assert [(gap["state"], gap["from_at"], gap["to_at"]) for gap in found] == [
        ("open", before.last_success_at, row.last_success_at)
    ]


async def test_a_failure_or_an_empty_document_does_not_hide_a_gap(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", answers=[
        Answer(body=stories(1, 5)), Answer(status=500), Answer(body=stories(1, 0)), Answer(body=stories(11, 15)),
    ]))  # fmt: skip
    await poll_all(runtime)
    first = await source_row(runtime, source)
    for _ in range(3):
        await poll_all(runtime)

    async with runtime.database.read() as connection:
        [gap] = await gaps.list_all(connection)
    # Entries listed after the first poll may have been dropped before the second one, which saw nothing.
    assert (gap["from_at"], gap["to_at"]) == (first.last_read_at, (await source_row(runtime, source)).last_read_at)


async def test_an_entry_with_an_old_date_is_new(newsroom: Newsroom, runtime: Runtime) -> None:
    links = [
        newsroom.publish(f"/{name}", body=page(name, f"{name} {STORY}"), content_type="text/html") for name in "abc"
    ]
    await add(runtime, newsroom.publish("/feed", body=feed(*links[:2])))
    await poll_all(runtime)
    newsroom.publish("/feed", body=feed(*links[:2], links[2]).replace(b"2026-01-31", b"2019-01-31"))

    assert (await poll_all(runtime))["records"] == 3


async def test_overdue_sources_are_spread_over_time(runtime: Runtime) -> None:
    now = datetime.now(UTC)
    ids = [await add(runtime, f"http://paper{number}.example/feed") for number in range(20)]
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=now - timedelta(hours=1)))
        assert await due_times.spread_overdue(connection, now=now, max_due=5, seconds=150.0) == 15
        due = (await connection.execute(select(tables.sources.c.due_at).order_by(tables.sources.c.id))).scalars().all()

    assert len(ids) == 20
    assert [moment <= now for moment in due].count(True) == 5
    assert [(moment - now).total_seconds() for moment in due[5:]] == [10.0 * step for step in range(1, 16)]


async def test_a_push_adds_entries_and_changes_nothing_else(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 3), ETag='"one"'))
    await poll_all(runtime)
    before = await source_row(runtime, source)
    claimed = await claim_source(runtime, source)
    reply = Reply(
        url=before.url, final_url=before.url, status=200, body=stories(4, 4), content_type="application/rss+xml"
    )

    done = await runtime.ingest.poller.push(claimed, reply)
    await Service(runtime, max_polls=1, max_pages=1, per_site=1).run_until_idle()

    row = await source_row(runtime, source)
    assert (done.outcome, len(done.new), done.may_have_lost) == ("pushed", 1, False)
    assert (row.etag, row.due_at, row.window, row.failures) == ('"one"', before.due_at, 3, 0)
