"""Messages that wait while what they are about is deleted, purged, or merged into a record that is killed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ingestd.store.consumers import failures
from ingestd.store.database import Database
from ingestd.store.doubles.merge import merge
from ingestd.store.events import event_log
from ingestd.store.records import operator_decisions, purge
from ingestd.store.retention import prune
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import tables
from tests.delivery.engine.conftest import Engines
from tests.delivery.engine.receiving import Receiver
from tests.delivery.engine.test_deliveries import SOURCE, add, append, found, rows_of
from tests.support.doubles import make_doubles
from tests.support.outcomes import NOON, keep_texts

DAY = 86_400.0


async def fail(
    database: Database,
    receiver: Receiver,
    engines: Engines,
    is_refused: Callable[[dict[str, Any]], bool],
    **values: Any,
) -> None:
    """Deliver all events to a consumer that refuses some, which then wait for a day."""
    await add(database, receiver, settings={"retries": [DAY]}, **values)
    receiver.answer = lambda message: 500 if is_refused(message) else 200
    engine = await engines.start()
    await keep_texts(database, "https://last.example/feed", "The last story")
    engine.wake()
    await receiver.until(lambda: any("The last story" in str(message) for message in receiver.taken))
    await engines.stop(engine)
    receiver.answer = lambda _: 200
    receiver.taken.clear()
    receiver.seen.clear()


async def make_due(database: Database) -> None:
    """Let what waits be tried again now, as when its time has come."""
    async with database.write() as connection:
        now = datetime.now(UTC) - timedelta(seconds=1)
        waiting = tables.consumer_failures.c.state == "waiting"
        await connection.execute(update(tables.consumer_failures).where(waiting).values(next_at=now))


async def delete_old(database: Database, limits: Limits) -> None:
    async def delete_bodies(_: object) -> None: ...

    await prune.prune(database, limits, now=NOON + timedelta(days=400), delete_bodies=delete_bodies)


async def errors_of(database: Database) -> dict[int, tuple[str, str]]:
    consumer = await found(database)
    async with database.read() as connection:
        return {row.seq: (row.state, row.error) for row in await failures.failed(connection, consumer.id)}


async def deliver_next(database: Database, receiver: Receiver, engines: Engines) -> list[tuple[int, str]]:
    """Let an engine deliver what waits and another story; return what was taken before that, as (number, kind)."""
    await make_due(database)
    engine = await engines.start()
    await keep_texts(database, "https://next.example/feed", "The next story")
    engine.wake()
    await receiver.until(lambda: any("The next story" in str(message) for message in receiver.taken))
    await engines.stop(engine)
    return [
        (message["seq"], message["kind"]) for message in receiver.taken if "The next story" not in json.dumps(message)
    ]


@pytest.mark.parametrize("limits", [Limits(events=DAY), Limits(records=DAY)], ids=["keep_events", "keep_records"])
async def test_what_waits_and_is_no_longer_kept_is_dead_and_says_so(
    database: Database, receiver: Receiver, engines: Engines, limits: Limits
) -> None:
    await keep_texts(database, SOURCE, "Story 1", "Story 2")
    await append(database, (1, "revised"))
    await fail(database, receiver, engines, lambda message: message["record_id"] == 1)
    assert await rows_of(database) == [(1, "waiting"), (3, "blocked")]
    await delete_old(database, limits)

    assert await deliver_next(database, receiver, engines) == []

    lost = await errors_of(database)
    assert {seq: state for seq, (state, _) in lost.items()} == {1: "dead", 3: "dead"}
    assert all("no longer kept (keep_events, keep_records)" in error for _, error in lost.values())
    consumer = await found(database)
    assert consumer.state == "active"
    assert consumer.cursor == 5


async def test_of_a_revision_that_is_no_longer_kept_the_present_one_is_sent(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1")
    await fail(database, receiver, engines, lambda message: message["record_id"] == 1, form="full")
    r = tables.revisions.c
    async with database.write() as connection:
        second = {"revision": 2, "change": "revised", "headline": "Story 1, revised"}
        await connection.execute(update(tables.revisions).where(r.record_id == 1).values(second))
        await connection.execute(update(tables.records).where(tables.records.c.id == 1).values(revision=2))

    assert await deliver_next(database, receiver, engines) == [(1, "new")]

    [message] = [one for one in receiver.taken if one["seq"] == 1]
    assert message["headline"] is None
    assert "Story 1, revised" in json.dumps(message["record"])
    assert await rows_of(database) == []


async def test_entries_that_are_no_longer_kept_take_no_message_with_them(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1")
    await fail(database, receiver, engines, lambda message: message["record_id"] == 1, form="full")
    await delete_old(database, Limits(entries=DAY, feed_documents=DAY, pages=DAY))

    assert await deliver_next(database, receiver, engines) == [(1, "new")]
    assert await rows_of(database) == []


@pytest.mark.parametrize("form", ["full", "ninjs", "cloudevents"])
@pytest.mark.parametrize("is_running", [True, False], ids=["while it runs", "while it is stopped"])
async def test_of_a_purged_record_only_the_purge_is_sent(
    database: Database, receiver: Receiver, engines: Engines, is_running: bool, form: str
) -> None:
    await keep_texts(database, SOURCE, "Harbour secret")
    await append(database, (1, "revised"))
    await fail(database, receiver, engines, lambda message: "Harbour secret" in json.dumps(message), form=form)
    assert await rows_of(database) == [(1, "waiting"), (2, "blocked")]
    engine = await engines.start() if is_running else None

    async with database.write() as connection:
        erased = await purge.find(connection, [1])
        await purge.purge(connection, erased, (), shared=0, now=NOON, actor="tester", reason=None)
    if engine:
        engine.wake()
        await receiver.until(lambda: len(receiver.taken) == 1)
        await engines.stop(engine)
        assert await rows_of(database) == []
        receiver.taken.clear()
        receiver.taken.extend(receiver.seen)

    await make_due(database)
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) >= 1)
    await engines.stop(engine)
    assert len(receiver.seen) == 1
    assert "secret" not in json.dumps(receiver.seen).lower()
    assert await rows_of(database) == []


async def merge_and_kill(database: Database) -> None:
    """Merge record 2 into record 1, and kill this one."""
    async with database.write() as connection:
        [done] = await merge(connection, [1], now=NOON)
        assert (done.kept, done.dropped) == (1, (2,))
    async with database.write() as connection:
        await operator_decisions.kill(connection, 1, actor="me", reason=None, now=NOON)


@pytest.mark.parametrize("form", ["thin", "full"])
@pytest.mark.parametrize("is_running", [True, False], ids=["while it runs", "while it is stopped"])
async def test_what_waits_of_a_record_that_is_merged_into_a_killed_one_is_not_sent(
    database: Database, receiver: Receiver, engines: Engines, is_running: bool, form: str
) -> None:
    await make_doubles(database, SOURCE)
    await fail(database, receiver, engines, lambda message: message["record_id"] == 2, form=form)
    assert await rows_of(database) == [(2, "waiting")]
    receiver.answer = lambda message: 500 if message["record_id"] == 2 else 200
    engine = await engines.start() if is_running else None

    await merge_and_kill(database)
    if engine:
        engine.wake()
        await receiver.until(lambda: any(message["kind"] == "killed" for message in receiver.taken))
        await engines.stop(engine)
    receiver.answer = lambda _: 200
    events = await deliver_next(database, receiver, engines)

    kinds = [kind for _, kind in events]
    assert "new" not in kinds
    assert kinds.count("killed") == 1
    assert kinds.count("merged") == 1, "that the record is in another one is still said"
    async with database.read() as connection:
        log = (await event_log.read_after(connection, 0)).events
    assert {(one.headline, one.entry_url) for one in log if one.record_id in (1, 2)} == {(None, None)}
    assert "1 text" not in json.dumps([one for one in receiver.seen if one["kind"] in ("killed", "merged")])
    assert await rows_of(database) == []


async def test_that_a_record_was_merged_is_said_even_if_that_waited_before_the_kill(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await make_doubles(database, SOURCE)
    async with database.write() as connection:
        await merge(connection, [1], now=NOON)
    await fail(database, receiver, engines, lambda message: message["record_id"] == 2)
    async with database.read() as connection:
        rows = await connection.execute(select(tables.events.c.seq, tables.events.c.kind))
        kinds = {row.seq: row.kind for row in rows}
    assert [kinds[seq] for seq, _ in await rows_of(database)] == ["new", "merged"]
    async with database.write() as connection:
        await operator_decisions.kill(connection, 1, actor="me", reason=None, now=NOON)

    events = await deliver_next(database, receiver, engines)

    assert [kind for _, kind in events] == ["killed", "merged"]
    assert await rows_of(database) == []
