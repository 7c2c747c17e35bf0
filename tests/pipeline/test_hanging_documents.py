"""Documents on which a parser needs CPU time without end: each fails alone, with its own error, and work goes on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.daemon.health import Health
from ingestd.daemon.service import Service
from ingestd.errors import Busy, WorkerStalled, WorkerTimedOut
from ingestd.pipeline import inbox as inbox_module
from ingestd.pipeline.inbox import Inbox
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from ingestd.urls import source_url
from tests.daemon.services import be_patient
from tests.support.agency import add_inbox
from tests.support.desk import add, claim_source, feed, open_desk, page, poll_all, source_row
from tests.support.dropping import drop, item, names
from tests.support.newsroom import Newsroom

#: CPU time for a document, in seconds; a worker that imports the parsers needs a part of it.
LIMIT = 3.0

HANGS = ["backtrack", "spin"]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


def hanging(hang: str) -> bytes:
    """Return a document on which the worker hangs, in C or in Python."""
    return b"<rss version='2.0'><!-- hang: " + hang.encode() + b" --><channel><title>F</title></channel></rss>"


@pytest.fixture
async def runtime(database_url: str, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with open_desk(database_url, tmp_path, extract_timeout=LIMIT) as runtime:
        run = runtime.pool.run

        async def run_or_hang(function: Any, /, *arguments: Any, **options: Any) -> Any:
            if function == "ingestd.workers.jobs:parse_feed":
                function = "tests.workers.samples:parse_or_hang"
            return await run(function, *arguments, **options)

        runtime.pool.run = run_or_hang  # type: ignore[method-assign]
        yield runtime


async def failures_in(runtime: Runtime) -> list[tuple[str, str, int | None]]:
    c = tables.failures.c
    async with runtime.database.read() as connection:
        return [tuple(row) for row in await connection.execute(select(c.error, c.stage, c.source_id).order_by(c.id))]


def inbox_of(runtime: Runtime) -> Inbox:
    return Inbox(run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller)


@pytest.mark.parametrize("hang", HANGS)
async def test_a_feed_that_hangs_is_a_failure_of_its_source_and_others_are_polled(
    newsroom: Newsroom, runtime: Runtime, hang: str
) -> None:
    story = newsroom.publish("/story", body=page("Story", "A ferry."), content_type="text/html")
    bad = await add(runtime, newsroom.publish("/bad", body=hanging(hang)))
    good = await add(runtime, newsroom.publish("/good", body=feed(story)))

    before = datetime.now(UTC)
    await poll_all(runtime)

    row = await source_row(runtime, bad)
    assert row.last_error.startswith("WorkerTimedOut: ")
    assert "needed more than 3s of CPU time" in row.last_error
    assert (row.state, row.condition, row.failures, row.run_id) == ("active", "failing", 1, None)
    assert row.due_at > before
    assert (await source_row(runtime, good)).condition == "ok"
    assert ("WorkerTimedOut", "parse", bad) in await failures_in(runtime)
    assert (runtime.pool.timeouts, runtime.pool.busy, runtime.pool.waiting) == (1, 0, 0)

    newsroom.publish("/bad", body=feed(story))
    await poll_all(runtime)
    row = await source_row(runtime, bad)
    assert (row.condition, row.failures, row.last_error) == ("ok", 0, None)


async def test_health_counts_the_documents_that_hang_and_warns_of_many(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_patient(monkeypatch)
    health = Health(Service(runtime, max_polls=1, max_pages=1, per_site=1))
    await health.report()
    await add(runtime, newsroom.publish("/bad", body=hanging("spin")))

    await poll_all(runtime)

    found = {check.name: check for check in (await health.report()).checks}
    assert (found["extractors:timeouts"].value, found["extractors:timeouts"].verdict.status) == (1, "pass")
    assert found["sources:failing"].value == 1
    runtime.pool.timeouts += 9
    [many] = [check for check in (await health.report()).checks if check.name == "extractors:timeouts"]
    assert (many.value, many.verdict.status) == (10, "warn")
    assert many.verdict.output
    assert "failures list" in many.verdict.output


async def test_a_worker_that_stalls_is_a_local_failure_and_health_warns(newsroom: Newsroom, runtime: Runtime) -> None:
    health = Health(Service(runtime, max_polls=1, max_pages=1, per_site=1))
    await health.report()
    bad = await add(runtime, newsroom.publish("/bad", body=hanging("sleep")))

    await poll_all(runtime)

    row = await source_row(runtime, bad)
    assert row.last_error.startswith("WorkerStalled: ")
    assert (row.state, row.condition, row.failures, row.run_id) == ("active", "ok", 0, None)
    assert 0 < (row.due_at - datetime.now(UTC)).total_seconds() < 90
    [stalls] = [check for check in (await health.report()).checks if check.name == "extractors:stalls"]
    assert (stalls.value, stalls.verdict.status) == (1, "warn")


async def test_a_file_that_hangs_goes_to_the_error_folder_and_the_others_are_read(
    runtime: Runtime, tmp_path: Path
) -> None:
    path = tmp_path / "wire"
    path.mkdir()
    source = await add(runtime, source_url(str(path)))
    for name, body in (("a.json", item("urn:a")), ("bad.xml", hanging("backtrack")), ("c.json", item("urn:c"))):
        drop(path, name, body)
        runtime.ingest.folder_poller.note_arrival(source, name)

    done = await runtime.ingest.poll(await claim_source(runtime, source))

    assert (done.outcome, len(done.new)) == ("new", 2)
    assert names(path / "done") == {"a.json", "c.json"}
    assert names(path / "error") == {"bad.xml", "bad.xml.reason"}
    assert (path / "error/bad.xml.reason").read_text().startswith("WorkerTimedOut: ")
    assert await failures_in(runtime) == [("WorkerTimedOut", "parse", source)]
    row = await source_row(runtime, source)
    assert (row.condition, row.failures, row.run_id) == ("ok", 0, None)


async def test_a_push_that_hangs_is_refused_for_good_and_the_others_are_committed(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As by default, where both limits are 20 s: the wait for a push must not end before the CPU time of its document.
    monkeypatch.setattr(inbox_module, "PUSH_TIMEOUT", LIMIT)
    source = await add_inbox(runtime)
    inbox = inbox_of(runtime)

    async with runtime.ingest.poller.push_lock(source):
        pushes = [
            asyncio.create_task(inbox.receive(source, body, content_type=None))
            for body in (hanging("backtrack"), item("urn:a"), item("urn:b"))
        ]
        await asyncio.sleep(0)
    bad, *good = await asyncio.gather(*pushes, return_exceptions=True)

    assert type(bad) is WorkerTimedOut
    # Those whose sender was told to try again in the meantime are committed as well, or with the next push.
    assert all(isinstance(one, Busy) or not isinstance(one, BaseException) for one in good)
    again = [await inbox.receive(source, item(guid), content_type=None) for guid in ("urn:a", "urn:b")]
    assert all(len(one.new) + (one.known or 0) == 1 for one in again)
    assert await failures_in(runtime) == [("WorkerTimedOut", "parse", source)]
    assert (await source_row(runtime, source)).run_id is None


async def test_a_push_on_which_a_worker_stalls_may_be_sent_again(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    with pytest.raises(WorkerStalled) as caught:
        await inbox_of(runtime).receive(source, hanging("sleep"), content_type=None)

    assert caught.value.local
    assert await failures_in(runtime) == []
    assert (await source_row(runtime, source)).run_id is None
