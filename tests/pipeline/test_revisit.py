"""Revisits of pages, on both databases, over real sockets and in real worker processes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, delete, select, update

from ingestd.daemon.chores import correct_due_times
from ingestd.daemon.service import Service
from ingestd.errors import FetchError, Offline, TimedOut
from ingestd.model.feed import Entry
from ingestd.model.record import Record
from ingestd.model.source import NO_VALIDATORS
from ingestd.model.timing import Timing
from ingestd.pipeline.revisit import failed_visit, visits_after
from ingestd.pipeline.runtime import Runtime
from ingestd.pipeline.why import why
from ingestd.policy.articles.revisits import Visits
from ingestd.store.events import event_log
from ingestd.store.operations import failures, overview
from ingestd.store.polls import sources
from ingestd.store.records import records
from ingestd.store.schema import tables
from ingestd.store.work.entries import ClaimedEntry, KnownRecord
from tests.support.desk import OTHER, STORY, add, feed, open_desk, page, poll_all
from tests.support.newsroom import Newsroom

NOTE = "Correction: An earlier version of this article gave the wrong day for the first crossing of the ferry."


async def take(newsroom: Newsroom, runtime: Runtime, body: bytes) -> str:
    """Publish a new page and make a record of it; return its URL."""
    story = newsroom.publish("/a", body=body, content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story, stamp=stamp())))
    await poll_all(runtime)
    return story


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


async def revisit(runtime: Runtime) -> Service:
    """Make all scheduled visits due, and run them."""
    await make_due(runtime)
    service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
    await service.engine.run_until_idle(["revisits"])
    return service


async def make_due(runtime: Runtime) -> None:
    async with runtime.database.write() as connection:
        to_come = tables.entries.c.revisit_at.is_not(None)
        await connection.execute(update(tables.entries).where(to_come).values(revisit_at=datetime.now(UTC)))


async def entry(runtime: Runtime) -> Row[Any]:
    async with runtime.database.read() as connection:
        return (await connection.execute(select(tables.entries))).one()


async def record(runtime: Runtime) -> Record:
    async with runtime.database.read() as connection:
        return (await records.newest(connection, limit=5))[0]


async def changes(runtime: Runtime) -> Sequence[str]:
    async with runtime.database.read() as connection:
        return [row.change for row in await records.revisions_of(connection, 1)]


def minutes_until(when: datetime) -> float:
    return (when - datetime.now(UTC)).total_seconds() / 60


async def test_a_page_is_revisited_after_a_quarter_of_an_hour_and_then_less_often(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    first = await entry(runtime)
    async with runtime.database.write() as connection:
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        await connection.execute(update(tables.entries).values(first_seen_at=hour_ago))

    await revisit(runtime)

    second = await entry(runtime)
    assert 14 < minutes_until(first.revisit_at) < 17
    assert 59 < minutes_until(second.revisit_at) < 67
    assert (first.visits, second.visits, second.state, second.run_id) == (0, 1, "done", None)


@pytest.mark.parametrize("dated", [b"published>", b"updated>"])
async def test_an_old_story_is_not_revisited(newsroom: Newsroom, runtime: Runtime, dated: bytes) -> None:
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    old = feed(story, stamp="2020-01-31T12:00:00Z").replace(b"updated>", dated)
    await add(runtime, newsroom.publish("/feed.xml", body=old))

    await poll_all(runtime)

    assert (await entry(runtime)).revisit_at is None


async def test_an_unchanged_page_is_requested_conditionally_and_adds_nothing(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    story = newsroom.publish(
        "/a", body=page("Ferry runs again", STORY), content_type="text/html", conditional=True, ETag='"1"'
    )
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story, stamp=stamp())))
    await poll_all(runtime)

    service = await revisit(runtime)

    assert newsroom.requests[-1].headers["If-None-Match"] == '"1"'
    assert service.service_state.revisits_done == {"unchanged": 1}
    assert await changes(runtime) == ["new"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(page("Ferry runs again", STORY), id="the same bytes"),
        pytest.param(page("Ferry runs again", "Advertisement", STORY), id="other furniture"),
    ],
)
async def test_the_same_text_only_schedules_the_next_visit(newsroom: Newsroom, runtime: Runtime, body: bytes) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    newsroom.publish("/a", body=body, content_type="text/html", ETag='"2"')
    kept = tables.raws, tables.decisions, tables.events, tables.failures, tables.evidence
    async with runtime.database.read() as connection:
        before = [len((await connection.execute(select(table))).all()) for table in kept]

    service = await revisit(runtime)

    async with runtime.database.read() as connection:
        assert [len((await connection.execute(select(table))).all()) for table in kept] == before
    after = await entry(runtime)
    assert service.service_state.revisits_done == {"unchanged": 1}
    assert (after.visits, after.etag) == (1, '"2"')
    assert after.revisit_at > datetime.now(UTC)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        pytest.param(page("Ferry is back", STORY), "headline", id="headline"),
        pytest.param(page("Ferry runs again", STORY.replace("Monday", "Tuesday")), "text", id="text"),
        pytest.param(page("Ferry runs again", STORY.replace("Monday", "Tuesday"), NOTE), "corrected", id="correction"),
        pytest.param(page("Ferry runs again", STORY, NOTE), "corrected", id="a note alone"),
    ],
)
async def test_an_edited_page_is_a_revision_of_the_kind_that_changed(
    newsroom: Newsroom, runtime: Runtime, body: bytes, change: str
) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    newsroom.publish("/a", body=body, content_type="text/html")

    service = await revisit(runtime)

    assert await changes(runtime) == ["new", change]
    kind = "corrected" if change == "corrected" else "revised"
    async with runtime.database.read() as connection:
        assert [event.kind for event in (await event_log.read_after(connection, 0)).events] == ["new", kind]
    assert service.service_state.revisits_done == {"changed": 1}
    assert (await entry(runtime)).revisit_at > datetime.now(UTC)


async def test_an_old_correction_note_is_no_new_correction(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY, NOTE))
    edited = STORY.replace("Monday", "Tuesday")
    newsroom.publish("/a", body=page("Ferry runs again", edited, NOTE), content_type="text/html")
    await revisit(runtime)
    another = NOTE.replace("the wrong day", "the wrong name")
    newsroom.publish("/a", body=page("Ferry runs again", edited, NOTE, another), content_type="text/html")

    await revisit(runtime)

    assert await changes(runtime) == ["new", "text", "corrected"]


async def test_a_page_that_is_gone_is_evidence_and_its_record_stays(newsroom: Newsroom, runtime: Runtime) -> None:
    story = await take(newsroom, runtime, page("Ferry runs again", STORY))
    gone, body = [], page("Ferry runs again", STORY)
    for status in (404, 404, 410):
        newsroom.publish("/a", status=status)
        await revisit(runtime)
        gone.append(await record(runtime))
    newsroom.publish("/a", body=body, content_type="text/html")
    await revisit(runtime)
    back = await record(runtime)

    assert [len(one.evidence) for one in (*gone, back)] == [1, 1, 2, 3]
    assert [one.kind for one in back.evidence] == ["404", "410", "back"]
    assert gone[0].gone_since == gone[2].gone_since == gone[0].evidence[0].at
    assert back.gone_since is None
    assert {(one.pubstatus, one.revision, one.article.body_text) for one in (*gone, back)} == {("usable", 1, STORY)}
    async with runtime.database.read() as connection:
        figures = await overview.summary(connection)
        told = (await why(connection, story))["entries"][0]
        then = await records.find(connection, "1", as_of=gone[2].evidence[-1].at)
    assert (figures["failures"], figures["quarantined"], figures["pending"]) == (0, 0, 0)
    assert [(step["stage"], step["verdict"]) for step in told["history"]][1:] == [
        ("evidence", "404"), ("evidence", "410"), ("evidence", "back"),
    ]  # fmt: skip
    assert then.gone_since == gone[0].gone_since


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(500, b"", "Refused", id="the server fails"),
        pytest.param(200, b"<html><body><p>Welcome</p></body></html>", "NoArticle", id="no article any more"),
    ],
)
async def test_a_failed_visit_is_not_retried_before_the_next_one(
    newsroom: Newsroom, runtime: Runtime, status: int, body: bytes, error: str
) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    newsroom.publish("/a", status=status, body=body, content_type="text/html")

    for _ in range(runtime.ingest.timing.attempts + 1):
        await revisit(runtime)

    after = await entry(runtime)
    assert (after.state, after.attempts, after.gone) == ("done", 0, None)
    assert after.revisit_at > datetime.now(UTC)
    async with runtime.database.read() as connection:
        assert {row["error"] for row in await failures.latest(connection)} == {error}
        assert await failures.list_quarantined(connection) == []
    assert (await record(runtime)).article.body_text == STORY


async def test_a_page_that_robots_txt_disallows_is_not_requested_and_keeps_its_record(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    async with open_desk(database_url, tmp_path) as runtime:
        await take(newsroom, runtime, page("Ferry runs again", STORY))
        before = await entry(runtime)
        async with runtime.database.write() as connection:
            await connection.execute(delete(tables.robots_files))
    newsroom.publish("/robots.txt", body=b"User-agent: *\nDisallow: /", content_type="text/plain")

    async with open_desk(database_url, tmp_path) as runtime:
        kept = await entry(runtime)
        await revisit(runtime)
        after = await entry(runtime)

    assert kept.revisit_at == before.revisit_at  # a restart keeps the schedule
    assert [request.path for request in newsroom.requests].count("/a") == 1
    assert (after.state, after.visits, after.gone) == ("done", 1, None)


async def test_new_entries_are_processed_before_revisits(newsroom: Newsroom, runtime: Runtime) -> None:
    published = stamp()
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    source = await add(runtime, newsroom.publish("/feed.xml", body=feed(story, stamp=published)))
    await poll_all(runtime)
    other = newsroom.publish("/b", body=page("Too many umbrellas", OTHER), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(story, other, stamp=published))
    service = await poll_only(runtime, source)
    asked = len(newsroom.requests)

    await revisit(runtime)  # while new entries of the site are pending
    held_back = len(newsroom.requests)
    await service.engine.run_until_idle(["pages"])
    await revisit(runtime)

    assert held_back == asked
    assert [request.path for request in newsroom.requests[asked:]] == ["/b", "/a", "/b"]


async def poll_only(runtime: Runtime, source: int) -> Service:
    """Poll without processing the new entries."""
    async with runtime.database.write() as connection:
        due = update(tables.sources).where(tables.sources.c.id == source).values(due_at=datetime.now(UTC))
        await connection.execute(due)
    service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
    await service.engine.run_until_idle(["polls"])
    return service


async def test_a_claimed_visit_yields_to_new_entries_of_its_site(newsroom: Newsroom, runtime: Runtime) -> None:
    published = stamp()
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    source = await add(runtime, newsroom.publish("/feed.xml", body=feed(story, stamp=published)))
    await poll_all(runtime)
    go = asyncio.Event()
    other = newsroom.publish("/b", body=page("Too many umbrellas", OTHER), content_type="text/html", when=go)
    newsroom.publish("/feed.xml", body=feed(story, other, stamp=published))
    service = await poll_only(runtime, source)
    asked = len(newsroom.requests)
    newsroom.asked.clear()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(service.engine.run_until_idle(["pages"]))
        await newsroom.asked.wait()
        await make_due(runtime)
        await service.engine.run_until_idle(["revisits"])
        during = [request.path for request in newsroom.requests[asked:]]
        go.set()
    await revisit(runtime)

    assert during == ["/b"]
    assert "/a" in [request.path for request in newsroom.requests[asked:]]


@pytest.mark.parametrize("turned", ["off", "paused"])
async def test_pages_of_a_source_without_revisits_are_not_revisited(
    newsroom: Newsroom, runtime: Runtime, turned: str
) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    asked = len(newsroom.requests)
    async with runtime.database.write() as connection:
        if turned == "off":
            await sources.change(connection, 1, revisits=False)
        else:
            await sources.set_state(connection, 1, "paused", now=datetime.now(UTC))

    await revisit(runtime)

    after = await entry(runtime)
    assert len(newsroom.requests) == asked
    assert (after.visits, after.run_id) == (0, None)
    assert after.revisit_at > datetime.now(UTC)


async def test_visits_that_are_days_late_are_skipped(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    asked = len(newsroom.requests)
    async with runtime.database.write() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=30)
        await connection.execute(update(tables.entries).values(first_seen_at=long_ago))

    await revisit(runtime)

    assert len(newsroom.requests) == asked
    assert (await entry(runtime)).revisit_at is None


async def test_the_daemon_makes_due_visits(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    await make_due(runtime)
    newsroom.asked.clear()
    service = Service(runtime, max_polls=4, max_pages=4, per_site=4)

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(service.run())
        await newsroom.asked.wait()
        service.stop()

    assert newsroom.requests[-1].path == "/a"
    assert (await entry(runtime)).visits == 1


async def test_with_revisits_turned_off_no_page_is_revisited(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    asked = len(newsroom.requests)
    runtime.ingest.timing = replace(runtime.ingest.timing, revisit_first=0.0)

    await revisit(runtime)

    assert len(newsroom.requests) == asked


async def test_visits_of_a_site_on_hold_are_postponed(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    newsroom.publish("/a", status=429, Retry_After="7200")
    await revisit(runtime)
    asked = len(newsroom.requests)

    await revisit(runtime)

    after = await entry(runtime)
    assert len(newsroom.requests) == asked
    assert (after.state, after.run_id) == ("done", None)
    assert 110 < minutes_until(after.revisit_at) < 190


async def test_an_entry_with_its_full_text_is_not_revisited(newsroom: Newsroom, runtime: Runtime) -> None:
    whole = f"<content type='html'>&lt;p&gt;{STORY}&lt;/p&gt;&lt;p&gt;{OTHER}&lt;/p&gt;</content></entry>".encode()
    body = feed(newsroom.url("/a"), stamp=stamp()).replace(b"</entry>", whole)
    await add(runtime, newsroom.publish("/feed.xml", body=body))

    assert (await poll_all(runtime))["records"] == 1

    assert (await entry(runtime)).revisit_at is None


async def test_visits_scheduled_by_a_fast_clock_are_rescheduled(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    ahead = datetime.now(UTC) + timedelta(days=400)
    async with runtime.database.write() as connection:
        values = {"first_seen_at": ahead, "visited_at": ahead, "revisit_at": ahead + timedelta(minutes=15)}
        await connection.execute(update(tables.entries).values(values))
    service = Service(runtime, max_polls=4, max_pages=4, per_site=4)

    await correct_due_times(service)
    await service.engine.run_until_idle(["revisits"])

    after = await entry(runtime)
    assert after.visits == 1
    assert 14 < minutes_until(after.revisit_at) < 17


async def test_visits_scheduled_by_a_right_clock_are_unchanged(newsroom: Newsroom, runtime: Runtime) -> None:
    await take(newsroom, runtime, page("Ferry runs again", STORY))
    before = await entry(runtime)

    await correct_due_times(Service(runtime, max_polls=4, max_pages=4, per_site=4))

    assert (await entry(runtime)).revisit_at == before.revisit_at


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORK = ClaimedEntry(
    id=1, source_id=1, run_id="test", entry=Entry(guid="a", link="https://paper.example/a"), attempts=0,
    site="paper.example", validators=NO_VALIDATORS, first_seen_at=NOON - timedelta(hours=2), visits=Visits(count=3),
    known=KnownRecord(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("error", "visits", "minutes"),
    [
        pytest.param(Offline("https://paper.example/a", "no network"), 3, 15, id="ours"),
        pytest.param(TimedOut("https://paper.example/a", "took too long"), 4, 120, id="theirs"),
    ],
)
def test_a_local_failure_does_not_count_as_a_visit_and_is_retried_soon(
    error: FetchError, visits: int, minutes: float
) -> None:
    done = failed_visit(WORK, NOON, Timing(), error)

    assert done.visits.count == visits
    assert done.visits.next_at
    assert 1 <= (done.visits.next_at - NOON) / timedelta(minutes=minutes) <= 1.1
    assert done.failure
    assert done.failure.error == type(error).__name__


def test_pages_of_a_backfill_are_not_revisited() -> None:
    assert visits_after(WORK, NOON, Timing()).next_at
    assert visits_after(replace(WORK, backfill_id=1), NOON, Timing()).next_at is None
