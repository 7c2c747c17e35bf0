"""Consumers: what an operator changes, and who may write for whom."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound, UsageError
from ingestd.model.consumer import Consumer, FailedMessage, FailedState
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import claims, consumers, failures, positions
from ingestd.store.consumers.failures import Attempt
from ingestd.store.consumers.positions import Position, Write
from ingestd.store.database import Database
from ingestd.store.records import purge
from ingestd.store.schema import tables
from ingestd.store.transfer.copy_state import begin_new_epoch
from ingestd.store.work import runs
from tests.support.outcomes import NOON, keep_texts
from tests.support.statements import executed


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        await keep_texts(database, "https://one.example/feed", *(f"Story {n}" for n in range(1, 7)))
        yield database


async def add(database: Database, name: str = "desk", after: int | None = None) -> Consumer:
    async with database.write() as connection:
        return await consumers.add(connection, name=name, kind="webhook", after=after, now=NOON)


async def start_run(database: Database) -> str:
    async with database.write() as connection:
        return await runs.start(connection, role="daemon", now=NOON)


def failed(consumer: Consumer, seq: int, record_id: int = 1, state: FailedState = "waiting") -> FailedMessage:
    return FailedMessage(
        consumer_id=consumer.id, seq=seq, record_id=record_id, state=state, attempts=1, first_at=NOON, last_at=NOON,
        next_at=NOON if state == "waiting" else None, status=500, error="HTTP 500", excerpt="no",
    )  # fmt: skip


def position(consumer: Consumer, cursor: int, rows: Mapping[int, FailedMessage | None] = MappingProxyType({})) -> Write:
    at = Position(
        consumer_id=consumer.id, generation=consumer.generation, cursor=cursor, kill_cursor=6,
        delivered_at=None, failing_since=None, waits_until=None, reason=None,
    )  # fmt: skip
    return Write(position=at, rows=rows)


async def save(database: Database, *messages: FailedMessage) -> None:
    async with database.write() as connection:
        await failures.save(connection, messages)


@pytest.mark.parametrize(("after", "cursor"), [(None, 6), (0, 0), (4, 4)])
async def test_a_consumer_begins_where_it_is_told(database: Database, after: int | None, cursor: int) -> None:
    consumer = await add(database, after=after)

    assert (consumer.cursor, consumer.kill_cursor, consumer.state) == (cursor, cursor, "active")
    async with database.read() as connection:
        assert await consumers.list_all(connection) == [consumer]


@pytest.mark.parametrize("name", ["", "Desk", "a b", "-a", "x" * 65, "a/b"])
async def test_a_name_fits_into_a_url(database: Database, name: str) -> None:
    with pytest.raises(UsageError, match="is no name"):
        await add(database, name)


async def test_a_name_is_given_once_and_found(database: Database) -> None:
    await add(database)
    with pytest.raises(UsageError, match="already"):
        await add(database)
    async with database.read() as connection:
        with pytest.raises(NotFound, match="no consumer other"):
            await consumers.find(connection, "other")


async def test_events_that_are_not_kept_or_not_there_are_no_start(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 3))
    with pytest.raises(UsageError, match="events 2 to 3 are no longer kept"):
        await add(database, after=1)
    with pytest.raises(UsageError, match="no event 7 yet"):
        await add(database, after=7)
    assert (await add(database, after=0)).cursor == 3


async def test_one_run_has_a_consumer_until_it_ends(database: Database) -> None:
    consumer, one, other = await add(database), await start_run(database), await start_run(database)
    async with database.write() as connection:
        mine = await claims.claim(connection, consumer.id, one)
        assert mine
        assert await claims.claim(connection, consumer.id, other) is None
        await runs.end(connection, one)
        theirs = await claims.claim(connection, consumer.id, other)

    assert theirs
    assert theirs.generation > mine.generation
    async with database.write() as connection:
        late = failed(consumer, 2)
        assert await positions.write(connection, [position(mine, 6, rows={2: late})]) == {consumer.id}
        assert await positions.write(connection, [position(theirs, 5)]) == set()
    async with database.read() as connection:
        assert (await consumers.find(connection, "desk")).cursor == 5
        assert not await failures.failed(connection, consumer.id), "the row of the late one was written"


async def test_an_operator_ends_the_claim_of_a_run(database: Database) -> None:
    consumer, run_id = await add(database), await start_run(database)
    async with database.write() as connection:
        mine = await claims.claim(connection, consumer.id, run_id)
        assert mine
        await consumers.set_state(connection, "desk", "paused")
        assert await positions.write(connection, [position(mine, 6)]) == {consumer.id}
        assert await claims.claim(connection, consumer.id, run_id) is None
        await consumers.set_state(connection, "desk", "active")
        assert await claims.claim(connection, consumer.id, run_id)


async def test_seek_moves_both_cursors_and_drops_what_is_delivered_again(database: Database) -> None:
    consumer = await add(database)
    await save(database, failed(consumer, 2), failed(consumer, 5, 5))

    async with database.write() as connection:
        await consumers.seek(connection, "desk", after=3)

    async with database.read() as connection:
        moved = await consumers.find(connection, "desk")
        left = await failures.failed(connection, consumer.id)
    assert (moved.cursor, moved.kill_cursor) == (3, 3)
    assert [one.seq for one in left] == [2]


async def test_seek_finds_the_first_event_since_a_time(database: Database) -> None:
    await add(database)
    async with database.write() as connection:
        for seq in range(1, 7):
            at = tables.events.update().where(tables.events.c.seq == seq).values(at=NOON + timedelta(hours=seq))
            await connection.execute(at)
        cursors = [
            (await consumers.seek(connection, "desk", at=NOON + timedelta(hours=hours))).cursor
            for hours in (0, 1, 3.5, 6, 9)
        ]
    assert cursors == [0, 0, 3, 5, 6]


async def test_a_consumer_of_an_ended_epoch_continues_after_seek_only(database: Database) -> None:
    consumer, run_id = await add(database), await start_run(database)
    await save(database, failed(consumer, 2))
    async with database.write() as connection:
        await begin_new_epoch(connection)
        mine = await claims.claim(connection, consumer.id, run_id)
        assert mine
        await claims.stop(connection, consumer.id, mine.generation, state="expired", reason="another epoch")
        with pytest.raises(UsageError, match="another epoch"):
            await consumers.set_state(connection, "desk", "active")
        sought = await consumers.seek(connection, "desk", after=0)
        assert (sought.state, sought.cursor) == ("active", 0)
        assert sought.epoch != consumer.epoch
        assert not await failures.failed(connection, consumer.id)


async def test_removal_takes_all_that_is_of_the_consumer(database: Database) -> None:
    consumer = await add(database)
    await save(database, failed(consumer, 2))
    async with database.write() as connection:
        attempt = failures.Attempt(consumer_id=consumer.id, seq=2, attempt=1, at=NOON, delivered=False)
        await failures.add_attempts(connection, [attempt])
        lease = {"consumer_id": consumer.id, "first_seq": 1, "last_seq": 2, "token": str(uuid.uuid4()), "until": NOON}
        await connection.execute(tables.consumer_leases.insert().values(lease))
        await consumers.remove(connection, "desk")
    async with database.read() as connection:
        for table in (
            tables.consumers, tables.consumer_failures, tables.consumer_attempts, tables.consumer_leases,
        ):  # fmt: skip
            assert not (await connection.execute(select(table))).first(), table.name


async def test_redelivery_begins_with_a_fresh_schedule(database: Database) -> None:
    consumer = await add(database)
    await save(database, failed(consumer, 2, state="dead"), failed(consumer, 3, state="blocked"))
    later = NOON + timedelta(hours=1)

    async with database.write() as connection:
        with pytest.raises(NotFound):
            await failures.redeliver(connection, consumer, first=4, last=5, now=later)
        assert await failures.redeliver(connection, consumer, first=2, last=2, now=later) == 1
        [one, blocked] = await failures.failed(connection, consumer.id)
    assert (one.state, one.attempts, one.next_at) == ("waiting", 0, later)
    assert blocked.state == "blocked"


async def test_what_is_dropped_no_longer_blocks(database: Database) -> None:
    consumer = await add(database)
    await save(
        database, failed(consumer, 2), failed(consumer, 3, state="blocked"), failed(consumer, 4, state="blocked")
    )

    async with database.write() as connection:
        assert await failures.drop(connection, consumer, first=2, last=2) == 1
        states = {one.seq: one.state for one in await failures.failed(connection, consumer.id)}
    assert states == {3: "waiting", 4: "blocked"}


async def test_replay_has_the_events_wait_in_order_for_each_record(database: Database) -> None:
    consumer = await add(database, after=5)
    async with database.write() as connection:
        moved = tables.events.update().where(tables.events.c.seq == 3).values(record_id=2)
        await connection.execute(moved)
        assert await failures.replay(connection, consumer, first=2, last=6, now=NOON) == 4
        found = await failures.failed(connection, consumer.id)
        with pytest.raises(UsageError, match="has passed no event"):
            await failures.replay(connection, consumer, first=6, last=6, now=NOON)
    assert [(one.seq, one.record_id, one.state) for one in found] == [
        (2, 2, "waiting"), (3, 2, "blocked"), (4, 4, "waiting"), (5, 5, "waiting"),
    ]  # fmt: skip
    async with database.read() as connection:
        assert (await consumers.find(connection, "desk")).generation > consumer.generation


async def test_an_operator_locks_the_consumer_before_its_rows_as_who_delivers_does(database: Database) -> None:
    # In different orders, PostgreSQL would find a deadlock and end one of the two.
    consumer = await add(database, after=6)
    await save(database, failed(consumer, 2))
    changes: list[Callable[[AsyncConnection], Awaitable[int]]] = [
        lambda connection: failures.redeliver(connection, consumer, now=NOON),
        lambda connection: failures.replay(connection, consumer, first=1, last=6, now=NOON),
        lambda connection: failures.drop(connection, consumer),
    ]
    for change in changes:
        async with database.write() as connection:
            with executed(connection) as statements:
                await change(connection)
        writes = [text for text, _ in statements if text.startswith(("UPDATE", "INSERT", "DELETE"))]
        assert writes[0].startswith("UPDATE consumers "), writes
        assert len(writes) > 1


async def test_a_purge_forgets_what_endpoints_answered_to_messages_of_the_record(database: Database) -> None:
    consumer = await add(database, after=0)
    await save(database, failed(consumer, 1), failed(consumer, 2, record_id=2))
    async with database.write() as connection:
        attempts = [
            Attempt(consumer_id=consumer.id, seq=seq, attempt=1, at=NOON, delivered=False, excerpt="an echo")
            for seq in (1, 2)
        ]
        await failures.add_attempts(connection, attempts)
        found = await purge.find(connection, [1])
        await purge.purge(connection, found, (), shared=0, now=NOON, actor="tester", reason=None)
        rows = await failures.failed(connection, consumer.id)
        kept = [(await failures.attempts_of(connection, consumer.id, seq))[0].excerpt for seq in (1, 2)]
    assert [row.excerpt for row in rows] == [None, "no"]
    assert kept == [None, "an echo"]
