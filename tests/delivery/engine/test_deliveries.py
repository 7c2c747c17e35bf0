"""Engine of deliveries: order, kills, failures and outages, against a receiver on the loopback."""

import asyncio
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert, select, update

from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.model.consumer import Consumer, ConsumerState
from ingestd.store.consumers import consumers, failures
from ingestd.store.database import Database
from ingestd.store.schema import tables
from ingestd.store.transfer.copy_state import begin_new_epoch
from tests.delivery.engine.conftest import Engines
from tests.delivery.engine.receiving import Receiver
from tests.support.outcomes import NOON, keep_texts

SOURCE = "https://one.example/feed"


async def add(
    database: Database, receiver: Receiver, kind: str = "post", name: str = "desk", **values: Any
) -> Consumer:
    settings = {"url": receiver.url, **values.pop("settings", {})}
    given: dict[str, Any] = {"form": "thin", "after": 0} | values
    async with database.write() as connection:
        return await consumers.add(connection, name=name, kind=kind, settings=settings, now=NOON, **given)


async def found(database: Database, name: str = "desk") -> Consumer:
    async with database.read() as connection:
        return await consumers.find(connection, name)


async def append(database: Database, *events: tuple[int, str]) -> None:
    """Append events to the log, as (record, kind)."""
    status = {"killed": "canceled", "withheld": "withheld", "released": "usable"}
    async with database.write() as connection:
        for record_id, kind in events:
            c = tables.events.c
            last = (await connection.execute(select(c.seq).order_by(c.seq.desc()).limit(1))).scalar_one()
            of_record = select(c.entry_id).where(c.record_id == record_id).limit(1)
            row = {
                "seq": last + 1, "record_id": record_id, "revision": 1, "kind": kind, "at": NOON,
                "entry_id": (await connection.execute(of_record)).scalar_one(), "pubstatus": status.get(kind),
            }  # fmt: skip
            await connection.execute(insert(tables.events).values(row))
            if kind in status:
                set_status = update(tables.records).where(tables.records.c.id == record_id)
                await connection.execute(set_status.values(pubstatus=status[kind]))


async def until_state(database: Database, engine: Deliveries, state: ConsumerState) -> Consumer:
    """Wait until the consumer is in a state."""
    async with asyncio.timeout(30):
        while (consumer := await found(database)).state != state:
            await engine.look_at_consumers()
    return consumer


async def rows_of(database: Database) -> list[tuple[int, str]]:
    async with database.read() as connection:
        consumer = await consumers.find(connection, "desk")
        return [(row.seq, row.state) for row in await failures.failed(connection, consumer.id)]


async def test_a_consumer_gets_what_is_kept_and_what_comes(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(200)))
    await add(database, receiver)
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 200)

    await keep_texts(database, "https://two.example/feed", "Another story")
    engine.wake()
    await receiver.until(lambda: len(receiver.taken) == 201)

    assert sorted(seq for seq, _ in receiver.events()) == list(range(1, 202))
    await engines.stop(engine)
    assert (await found(database)).cursor == 201


async def test_what_other_processes_commit_is_seen_without_a_word(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story")
    await add(database, receiver)
    await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 1)
    await append(database, (1, "revised"))
    await receiver.until(lambda: len(receiver.taken) == 2)


async def test_a_kill_overtakes_all_that_waits(database: Database, receiver: Receiver, engines: Engines) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(1, 101)))
    await add(database, receiver)
    receiver.gate.clear()
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.seen) == 8)  # as many as the kind sends at once
    await append(database, (90, "revised"), (90, "killed"), (1, "withheld"), (1, "released"))
    engine.wake()
    await receiver.until(lambda: len(receiver.seen) == 9)
    receiver.gate.set()

    await receiver.until(lambda: len(receiver.taken) == 102)
    events = receiver.events()
    assert (90, "new") not in events
    assert (101, "revised") not in events
    # Record 1 was being sent as `new` when it was withheld.
    assert [kind for seq, kind in events if seq in (1, 103, 104)] == ["new", "withheld", "released"]
    assert events.index((102, "killed")) <= 9
    await engines.stop(engine)
    assert (await found(database)).cursor == 104


async def test_what_was_killed_before_the_start_is_not_sent_as_new(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1", "Story 2")
    await append(database, (1, "killed"))
    await add(database, receiver)
    await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 2)
    assert receiver.events() == [(3, "killed"), (2, "new")]


async def test_a_refused_message_holds_up_its_record_only(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1", "Story 2")
    await append(database, (1, "revised"), (2, "revised"))
    await add(database, receiver, settings={"retries": [1.0, 86_400.0]})
    refusals = iter([500, 500, 200, 200])
    receiver.answer = lambda message: next(refusals) if message["record_id"] == 1 else 200
    engine = await engines.start()
    await receiver.until(lambda: sum(message["record_id"] == 1 for message in receiver.seen) == 2)
    await receiver.until(lambda: len(receiver.taken) == 2)
    await engines.stop(engine)

    assert receiver.events() == [(2, "new"), (4, "revised")]
    assert await rows_of(database) == [(1, "waiting"), (3, "blocked")]
    consumer = await found(database)
    assert consumer.cursor == 4
    async with database.write() as connection:
        attempts = await failures.attempts_of(connection, consumer.id, 1)
        assert [(one.attempt, one.status, one.excerpt) for one in attempts] == [
            (1, 500, "answer 500"), (2, 500, "answer 500"),
        ]  # fmt: skip
        await failures.redeliver(connection, consumer, first=1, last=1, now=NOON)
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 4)
    assert receiver.events()[2:] == [(1, "new"), (3, "revised")]
    await engines.stop(engine)
    assert await rows_of(database) == []


async def test_a_dead_message_is_listed_and_blocks_no_more(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1")
    await append(database, (1, "revised"))
    await add(database, receiver, settings={"retries": []})
    receiver.answer = lambda message: 500 if message["kind"] == "new" else 200
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 1)
    await engines.stop(engine)
    assert receiver.events() == [(2, "revised")]
    assert await rows_of(database) == [(1, "dead")]


async def test_a_kill_drops_the_row_of_what_it_overtakes(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1")
    await add(database, receiver, settings={"retries": [86_400.0]})
    receiver.answer = lambda message: 500 if message["kind"] == "new" else 200
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.seen) == 1)
    await append(database, (1, "killed"))
    await receiver.until(lambda: len(receiver.taken) == 1)
    await engines.stop(engine)
    assert receiver.events() == [(2, "killed")]
    assert await rows_of(database) == []


async def test_an_endpoint_that_is_down_costs_the_others_nothing_and_loses_nothing(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(50)))
    await add(database, receiver)
    async with Receiver() as other:
        await add(database, other, name="other")
        other.answer = lambda _: 503
        engine = await engines.start()
        await receiver.until(lambda: len(receiver.taken) == 50)
        await other.until(lambda: len(other.seen) >= 1)
        other.answer = lambda _: 200
        await other.until(lambda: len(other.taken) == 50)
        await engines.stop(engine)
    for name in ("desk", "other"):
        consumer = await found(database, name)
        assert (consumer.cursor, consumer.failing_since, consumer.reason) == (50, None, None)


async def test_an_endpoint_that_is_gone_disables_its_consumer(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story")
    await add(database, receiver)
    receiver.answer = lambda _: 410
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.seen) == 1)
    consumer = await until_state(database, engine, "disabled")
    assert (consumer.cursor, consumer.reason) == (0, "HTTP 410")
    receiver.answer = lambda _: 200
    async with database.write() as connection:
        await consumers.set_state(connection, "desk", "active")
    await receiver.until(lambda: len(receiver.taken) == 1)


async def test_settings_that_cannot_be_used_disable_the_consumer(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await add(database, receiver, settings={"unknown": 1})
    engine = await engines.start()
    consumer = await until_state(database, engine, "disabled")
    assert "unknown" in (consumer.reason or "")


async def test_a_value_that_the_database_refuses_disables_its_consumer_and_no_other(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1", "Story 2")
    await add(database, receiver, kind="odd")
    await add(database, receiver, name="other")
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 2)

    consumer = await until_state(database, engine, "disabled")
    assert consumer.cursor == 0
    assert "the database refuses" in (consumer.reason or "")
    await engines.stop(engine)
    assert (await found(database, "other")).cursor == 2


async def test_operators_seek_and_pause_while_it_runs(database: Database, receiver: Receiver, engines: Engines) -> None:
    await keep_texts(database, SOURCE, "Story 1", "Story 2", "Story 3")
    await add(database, receiver)
    await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 3)
    async with database.write() as connection:
        await consumers.seek(connection, "desk", after=1)
    await receiver.until(lambda: len(receiver.taken) == 5)
    assert sorted(receiver.events()[3:]) == [(2, "new"), (3, "new")]
    async with database.write() as connection:
        await consumers.remove(connection, "desk")


async def test_a_consumer_whose_events_are_gone_is_expired_and_not_moved(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(5)))
    await add(database, receiver)
    async with database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 3))
    engine = await engines.start()
    consumer = await until_state(database, engine, "expired")
    assert consumer.cursor == 0
    assert "events 1 to 3 are no longer kept" in (consumer.reason or "")
    assert receiver.seen == []


async def test_a_consumer_of_an_ended_epoch_is_expired(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story")
    await add(database, receiver)
    async with database.write() as connection:
        await begin_new_epoch(connection)
    engine = await engines.start()
    consumer = await until_state(database, engine, "expired")
    assert "ingestd consumers seek desk" in (consumer.reason or "")
    assert receiver.seen == []


async def test_another_run_takes_over_when_one_has_ended(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1")
    await add(database, receiver)
    one = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 1)
    other = await engines.start()
    assert not other.running
    await engines.stop(one)
    await append(database, (1, "revised"))
    await receiver.until(lambda: len(receiver.taken) == 2)
    assert [seq for seq, _ in receiver.events()] == [1, 2]


async def test_a_filter_leaves_out_what_does_not_match(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, "Story 1", "Story 2")
    await keep_texts(database, "https://two.example/feed", "Story 3", "Story 4")
    await append(database, (1, "killed"), (3, "killed"))
    await add(database, receiver, filter="site:two.example")
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 2)
    await engines.stop(engine)
    assert receiver.events() == [(6, "killed"), (4, "new")]
    assert (await found(database)).cursor == 6


async def test_a_kind_in_order_sends_one_after_the_other(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(1, 41)))
    await append(database, (7, "killed"), (7, "released"))
    await add(database, receiver, kind="in-order", form="full")
    await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 41)
    assert len(set(ids(receiver.taken))) == 41


def ids(messages: Iterable[dict[str, Any]]) -> list[str]:
    return [message["id"] for message in messages]
