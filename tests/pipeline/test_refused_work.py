"""Work that can never be committed, unexpected exceptions and unavailable databases: each costs only itself."""

import asyncio
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text

from ingestd.daemon.service import Service
from ingestd.errors import ArchiveError, ArchiveUnavailable, IngestError, StoreConflict, StoreUnavailable
from ingestd.pipeline import retry
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.entry_worker import run_or_postpone
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from ingestd.store.work import entries
from ingestd.store.work.own_claims import claim_of
from tests.support.desk import OTHER, STORY, add, feed, page, poll_all, source_row
from tests.support.newsroom import Newsroom


def long_word(seed: int) -> str:
    return "".join(Random(seed).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4000))


async def failure_rows(runtime: Runtime) -> list[Any]:
    async with runtime.database.read() as connection:
        c = tables.failures.c
        return list((await connection.execute(select(c.stage, c.error, c.attempt, c.entry_id).order_by(c.id))).all())


async def test_pages_with_long_canonical_addresses_become_records(newsroom: Newsroom, runtime: Runtime) -> None:
    stories = []
    for number in range(6):
        canonical = f"<html><head><link rel=canonical href='/{long_word(number)}'></head>".encode()
        body = page(f"Ferry {number} runs again", f"{STORY} This is ferry number {number}.").replace(b"<html>", b"")
        stories.append(newsroom.publish(f"/{number}", body=canonical + body, content_type="text/html"))
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*stories)))

    async with asyncio.timeout(60):
        figures = await poll_all(runtime)

    assert (figures["records"], figures["pending"], figures["failures"]) == (6, 0, 0)


async def test_a_permanent_redirect_to_a_long_address_leaves_the_source_where_it_is(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    target = newsroom.publish(f"/{long_word(1)}", body=feed())
    source_id = await add(runtime, newsroom.publish("/feed.xml", status=301, Location=target))

    async with asyncio.timeout(60):
        for _ in range(4):
            await poll_all(runtime)

    row = await source_row(runtime, source_id)
    assert (row.url.endswith("/feed.xml"), row.condition, row.run_id) == (True, "ok", None)


async def refuse(runtime: Runtime, table: str, condition: str) -> None:
    """Have the database refuse some rows of a table, as it would a value that no index can hold."""
    async with runtime.database.write() as connection:
        if connection.dialect.name == "sqlite":
            await connection.execute(
                text(
                    f"CREATE TRIGGER refusal BEFORE INSERT ON {table} WHEN {condition} "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )
            return
        await connection.execute(
            text("CREATE FUNCTION refusal() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$ BEGIN RAISE program_limit_exceeded; END $$")
        )  # fmt: skip
        await connection.execute(
            text(
                f"CREATE TRIGGER refusal BEFORE INSERT ON {table} FOR EACH ROW WHEN ({condition}) "
                "EXECUTE FUNCTION refusal()"
            )
        )


async def test_a_refused_record_is_a_failure_of_its_entry_alone(newsroom: Newsroom, runtime: Runtime) -> None:
    await refuse(runtime, "revisions", "NEW.headline LIKE 'Ferry%'")
    good = newsroom.publish("/a", body=page("Too many umbrellas", OTHER), content_type="text/html")
    bad = newsroom.publish("/b", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(good, bad)))

    async with asyncio.timeout(60):
        figures = await poll_all(runtime)

    assert (figures["records"], figures["quarantined"], figures["pending"]) == (1, 1, 0)
    assert [(row.stage, row.error) for row in await failure_rows(runtime)] == [("save", "StoreRefused")]


async def test_a_refused_poll_is_a_failure_of_its_source(newsroom: Newsroom, runtime: Runtime) -> None:
    await refuse(runtime, "entries", "NEW.id_origin = 'source'")
    source_id = await add(runtime, newsroom.publish("/feed.xml", body=feed(newsroom.publish("/a"))))

    async with asyncio.timeout(60):
        await poll_all(runtime)
        await poll_all(runtime)

    row = await source_row(runtime, source_id)
    assert (row.failures, row.condition, row.run_id) == (2, "failing", None)
    assert [(one.stage, one.error, one.attempt) for one in await failure_rows(runtime)] == [
        ("save", "StoreRefused", 1),
        ("save", "StoreRefused", 2),
    ]


async def test_a_bug_is_a_failure_with_attempts(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise KeyError("author")

    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    source_id = await add(runtime, newsroom.publish("/feed.xml", body=feed(story)))
    monkeypatch.setattr("ingestd.pipeline.ingest.read_new_page", fail)

    figures = await poll_all(runtime)

    assert (figures["quarantined"], figures["pending"]) == (1, 0)
    monkeypatch.setattr(runtime.ingest.poller, "_read_reply", fail)
    newsroom.publish("/feed.xml", body=feed(story, stamp="2026-01-31T14:00:00Z"))
    await poll_all(runtime)

    row = await source_row(runtime, source_id)
    assert (row.failures, row.condition, row.last_error) == (1, "failing", "UnexpectedError: KeyError: 'author'")
    found = [(one.stage, one.error, one.attempt, bool(one.entry_id)) for one in await failure_rows(runtime)]
    assert found == [
        ("bug", "UnexpectedError", 1, True),
        ("bug", "UnexpectedError", 2, True),
        ("bug", "UnexpectedError", 1, False),
    ]


@pytest.mark.parametrize(
    ("error", "raised"), [(StoreUnavailable("away"), StoreUnavailable), (ArchiveError("full"), ArchiveUnavailable)]
)
async def test_an_unavailable_database_is_waited_for_with_a_bound(
    monkeypatch: pytest.MonkeyPatch, error: IngestError, raised: type[IngestError]
) -> None:
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(retry, "monotonic", lambda: next(clock))
    clock = count(0.0, 0.01)
    waiting: list[float | None] = []
    retries, others = retry.Retries(), retry.Retries()

    async def fail() -> None:
        waiting.append(retries.waiting_since)
        assert others.waiting_since is None
        raise error

    with pytest.raises(raised) as caught:
        await retries.while_unavailable(fail, limit=0.2)

    assert caught.value.local
    assert len(waiting) > 3
    assert waiting[0] is None
    assert waiting[-1] is not None
    assert retries.waiting_since is None


async def test_a_conflict_is_tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_WAIT", 600.0)
    errors = [StoreConflict("deadlock"), StoreConflict("deadlock")]

    async def save() -> str:
        if errors:
            raise errors.pop()
        return "saved"

    async with asyncio.timeout(60):
        assert await retry.retry_while_unavailable(save) == "saved"


async def test_work_that_cannot_be_committed_gives_its_claim_back_when_the_database_is_there_again(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(retry.Retries.while_unavailable, "__kwdefaults__", {"event": "waiting", "limit": 0.05})
    story = newsroom.publish("/a", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(story)))
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
    await service.engine.run_until_idle(["polls"])
    async with runtime.database.write() as connection:
        [work] = await entries.claim_due(connection, runtime.run_id, now=datetime.now(UTC), limit=1)
        runtime.claims.add([claim_of(work)])

    away = True
    original = runtime.database.write

    def write() -> Any:
        if away:
            raise StoreUnavailable("away")
        return original()

    monkeypatch.setattr(runtime.database, "write", write)

    async def postpone(until: datetime) -> None:
        async with runtime.database.write() as connection:
            await entries.postpone(connection, work, until=until)

    async def process() -> None:
        await runtime.ingest.process_entry(work)

    async with asyncio.timeout(60):
        await run_or_postpone(
            runtime.fetcher,
            work.site,
            process,
            postpone,
            claims=runtime.claims,
            retries=runtime.retries,
            on_end=lambda: None,
        )
    away = False

    async def state() -> tuple[str, str | None, int]:
        async with runtime.database.read() as connection:
            c = tables.entries.c
            row = (await connection.execute(select(c.state, c.run_id, c.attempts))).one()
        return row.state, row.run_id, row.attempts

    async with asyncio.timeout(60):
        await asyncio.gather(*runtime.claims.returns)
    assert await state() == ("pending", None, 0)


async def test_a_dispatcher_survives_what_its_claims_and_jobs_raise() -> None:
    jobs, done = [1, 2, 3], []
    calls = 0

    async def claim(wanted: int, _sites: object) -> list[int]:
        nonlocal calls
        calls += 1
        found, jobs[:] = jobs[:wanted], jobs[wanted:]
        if calls == 2:
            raise KeyError(calls)
        return found

    async def work(job: int) -> None:
        if job == 2:
            raise ZeroDivisionError(job)
        done.append(job)

    dispatcher: Dispatcher[int] = Dispatcher(claim=claim, work=work, site=str, limit=1, per_site=1)
    async with asyncio.timeout(60):
        await dispatcher.run_until_idle()

    assert done == [1, 3]
