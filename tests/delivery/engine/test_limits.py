"""Limits of an engine: how long an endpoint may fail, how many messages wait, and what a stop or a pause leaves."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from ingestd.delivery.engine import intake, rows
from ingestd.delivery.engine.endpoint import Endpoint
from ingestd.store.consumers import consumers
from ingestd.store.database import Database
from ingestd.store.schema import tables
from tests.delivery.engine.conftest import Engines
from tests.delivery.engine.receiving import Receiver
from tests.delivery.engine.test_deliveries import SOURCE, add, append, found, rows_of, until_state
from tests.support.outcomes import NOON, keep_texts


async def test_an_endpoint_is_given_up_after_75_hours_without_success(database: Database, receiver: Receiver) -> None:
    endpoint = Endpoint(await add(database, receiver, after=None))
    endpoint.note_down(NOON, "HTTP 503", None, 0.0)
    assert not endpoint.is_given_up(NOON + timedelta(hours=74, minutes=59))
    assert endpoint.is_given_up(NOON + timedelta(hours=75))

    endpoint.note_success(NOON + timedelta(hours=75))
    endpoint.note_down(NOON + timedelta(hours=76), "HTTP 503", None, 0.0)
    assert not endpoint.is_given_up(NOON + timedelta(hours=150))


async def test_a_consumer_that_failed_for_75_hours_is_disabled_and_keeps_its_cursor(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story")
    await add(database, receiver)
    async with database.write() as connection:
        since = datetime.now(UTC) - timedelta(hours=76)
        await connection.execute(update(tables.consumers).values(failing_since=since))
    receiver.answer = lambda _: 503
    engine = await engines.start()
    consumer = await until_state(database, engine, "disabled")
    assert consumer.cursor == 0
    assert "75 hours" in (consumer.reason or "")


async def test_an_endpoint_that_refuses_more_than_20_in_a_row_counts_as_down(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(40)))
    await add(database, receiver, settings={"retries": [86_400.0]})
    receiver.answer = lambda _: 500
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.seen) > 20)
    await engines.stop(engine)

    consumer = await found(database)
    assert len(await rows_of(database)) == 20, "the others keep their place"
    assert consumer.failing_since
    assert "refuses all messages" in (consumer.reason or "")


async def test_no_more_is_taken_in_while_as_many_wait_as_may(
    database: Database, receiver: Receiver, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_WAITING", 5)
    monkeypatch.setattr(intake, "PAGE", 4)
    monkeypatch.setattr(intake, "LOW", 2)
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(40)))
    number = (await add(database, receiver, settings={"retries": [86_400.0]})).id
    receiver.answer = lambda message: 500 if message["seq"] % 2 else 200  # so that it does not count as down
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.seen) >= 10)
    deliverer = engine.running[number]
    async with asyncio.timeout(30):
        while not deliverer.lanes.rows.is_full or deliverer.at_work or deliverer.lanes.queued:
            await engine.write_positions()
    await engines.stop(engine)

    waiting = await rows_of(database)
    consumer = await found(database)
    assert 5 <= len(waiting) <= 5 + 4
    assert consumer.state == "active"
    assert consumer.cursor < 40


async def test_pages_of_large_messages_are_small(
    database: Database, receiver: Receiver, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PAGE", 32)
    monkeypatch.setattr(intake, "_PAGE_BYTES", 1_000)  # two messages
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(200)))
    number = (await add(database, receiver)).id
    receiver.gate.clear()
    engine = await engines.start()
    queued: list[int] = []

    def answer(_: object) -> int:
        queued.append(engine.running[number].lanes.queued)
        return 200

    receiver.answer = answer
    receiver.gate.set()
    await receiver.until(lambda: len(receiver.taken) == 200)

    assert max(queued[40:]) <= 3, "two of a page and one that waited before, once the first page was sent"


async def test_a_paused_consumer_gets_nothing_until_it_is_resumed(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story")
    await add(database, receiver)
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 1)
    async with asyncio.timeout(30):
        while (await found(database)).cursor != 1:
            await engine.write_positions()
    async with database.write() as connection:
        await consumers.set_state(connection, "desk", "paused")
    await engine.look_at_consumers()
    await append(database, (1, "revised"))
    await engine.look_at_consumers()
    await engine.tail.look(0.0)
    assert len(receiver.seen) == 1

    async with database.write() as connection:
        await consumers.set_state(connection, "desk", "active")
    await receiver.until(lambda: len(receiver.taken) == 2)
    assert [seq for seq, _ in receiver.events()] == [1, 2]


async def test_an_attempt_that_the_stop_cut_off_is_made_again_with_the_same_id(
    database: Database, receiver: Receiver, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.delivery.engine.deliveries.GRACE", 0.0)
    await keep_texts(database, SOURCE, "Story")
    await add(database, receiver)
    receiver.gate.clear()
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.seen) == 1)
    await engines.stop(engine)
    assert (await found(database)).cursor == 0

    receiver.gate.set()
    await engines.start()
    await receiver.until(lambda: len(receiver.seen) == 2)
    assert receiver.seen[0]["id"] == receiver.seen[1]["id"]
