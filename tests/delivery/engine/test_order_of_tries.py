"""Messages of one record that an operator has delivered again come in order."""

import pytest

from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.store.consumers import consumers, failures
from ingestd.store.database import Database
from tests.delivery.engine.conftest import Engines
from tests.delivery.engine.receiving import Receiver
from tests.delivery.engine.test_deliveries import SOURCE, add, append, found, rows_of
from tests.support.outcomes import NOON, keep_texts


async def start_with_events(database: Database, receiver: Receiver, engines: Engines) -> Deliveries:
    """Start to deliver four events of each of three records: 1, 4, 7 and 10 are of the first, and so on."""
    await keep_texts(database, SOURCE, "Story 1", "Story 2", "Story 3")
    await append(database, *((record, "revised") for _ in range(3) for record in (1, 2, 3)))
    await add(database, receiver, settings={"retries": []})
    return await engines.start()


async def have_all_refused(database: Database, receiver: Receiver, engines: Engines) -> None:
    """Have the receiver refuse all events of three records once."""
    receiver.answer = lambda _message: 500
    engine = await start_with_events(database, receiver, engines)
    await receiver.until(lambda: len(receiver.seen) == 12)
    await engines.stop(engine)


def of_record(receiver: Receiver, record: int) -> list[int]:
    return [message["seq"] for message in receiver.taken if message["record_id"] == record]


async def test_dead_messages_of_a_record_are_redelivered_in_order(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await have_all_refused(database, receiver, engines)
    assert await rows_of(database) == [(seq, "dead") for seq in range(1, 13)]

    receiver.answer = lambda _message: 200
    async with database.write() as connection:
        # One by one, the newest first: what decides is the number of the event.
        for seq in range(12, 0, -1):
            await failures.redeliver(connection, await found(database), first=seq, last=seq, now=NOON)
    await append(database, (1, "revised"))
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 13)
    await engines.stop(engine)

    assert [of_record(receiver, record) for record in (1, 2, 3)] == [[1, 4, 7, 10, 13], [2, 5, 8, 11], [3, 6, 9, 12]]
    assert await rows_of(database) == []


async def test_a_message_that_is_refused_again_holds_up_the_later_ones(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await have_all_refused(database, receiver, engines)
    async with database.write() as connection:
        await consumers.change(connection, "desk", settings={"url": receiver.url, "retries": [1.0]})
        await failures.redeliver(connection, await found(database), now=NOON)

    refusals = iter([500])
    receiver.answer = lambda message: next(refusals, 200) if message["seq"] == 4 else 200
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 12)
    await engines.stop(engine)

    assert [message["seq"] for message in receiver.seen[12:] if message["record_id"] == 1] == [1, 4, 4, 7, 10]


@pytest.mark.parametrize("is_running", [False, True], ids=["before a start", "while it delivers"])
async def test_replayed_events_of_a_record_come_in_order(
    is_running: bool, database: Database, receiver: Receiver, engines: Engines
) -> None:
    engine = await start_with_events(database, receiver, engines)
    await receiver.until(lambda: len(receiver.taken) == 12)
    await engine.write_positions()
    if not is_running:
        await engines.stop(engine)

    receiver.taken.clear()
    async with database.write() as connection:
        await failures.replay(connection, await found(database), first=1, last=12, now=NOON)
    await append(database, (1, "revised"), (2, "revised"))
    if not is_running:
        engine = await engines.start()
    await receiver.until(lambda: {message["seq"] for message in receiver.taken} == set(range(1, 15)))
    await engines.stop(engine)

    orders = [of_record(receiver, record) for record in (1, 2, 3)]
    if is_running:
        # What was new when the replay began may come before it, and is then sent again after it.
        orders = [[seq for seq in order if seq <= 12] for order in orders]
        assert orders == [[1, 4, 7, 10], [2, 5, 8, 11], [3, 6, 9, 12]]
    else:
        assert orders == [[1, 4, 7, 10, 13], [2, 5, 8, 11, 14], [3, 6, 9, 12]]
        assert await rows_of(database) == []
