"""Readers share a consumer: nothing is lost, order is kept for each record, and kills go first."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import delete, select

from ingestd.delivery import pulling
from ingestd.delivery.pulling import HandOut, LeaseEnded, NotActive, acknowledge, hand_out
from ingestd.errors import Busy, NotFound, UsageError
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import consumers, leases
from ingestd.store.database import Database
from ingestd.store.events.event_log import EpochEnded, EventsLost
from ingestd.store.polls import sources
from ingestd.store.schema import migrate, tables
from ingestd.store.transfer.copy_state import begin_new_epoch
from tests.support.agency import NOON, keep_versions, ninjs

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


class Log:
    """A database with a pull consumer, and an inbox to which a test sends versions of items."""

    def __init__(self, database: Database, source_id: int) -> None:
        self.database = database
        self._source_id = source_id

    async def send(self, *items: tuple[str, int] | tuple[str, int, str]) -> None:
        """Store versions of items, given as (name, version) or (name, version, status)."""
        for name, version, *status in items:
            fields = {"pubstatus": status[0]} if status else {}
            text = {} if status else {"body_text": f"{name} says version {version} of what it has to say today."}
            item = ninjs(f"urn:{name}", version, **fields, **text)
            await keep_versions(self.database, self._source_id, NOON + timedelta(days=1), item)

    async def take(self, limit: int = 100, *, after: float = 0, seconds: float = 60) -> HandOut:
        return await hand_out(self.database, "desk", limit=limit, seconds=seconds, now=NOW + timedelta(seconds=after))

    async def ack(self, taken: HandOut, upto: int | None = None) -> tuple[int, ...]:
        assert taken.lease
        done = await acknowledge(self.database, "desk", taken.lease.token, upto=upto, now=NOW)
        return done.overtaken

    async def cursor(self) -> int:
        async with self.database.read() as connection:
            return (await consumers.find(connection, "desk")).cursor

    async def ranges(self) -> int:
        async with self.database.read() as connection:
            return len((await connection.execute(select(tables.consumer_leases))).all())


def got(taken: HandOut) -> list[tuple[str, str]]:
    """Return item and kind of each message."""
    return [(one.event.guid.removeprefix("urn:"), one.event.kind) for one in taken.messages]


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[Log]:
    url = with_async_driver(database_url)
    await migrate.upgrade(url)
    async with Database(url) as database:
        async with database.write() as connection:
            source_id, _ = await sources.add(connection, "inbox:wire", now=NOW)
            await consumers.add(connection, name="desk", kind="pull", form="thin", now=NOW)
        yield Log(database, source_id)


async def test_what_is_acknowledged_is_not_handed_out_again(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))

    first = await log.take(2)
    await log.ack(first)
    second = await log.take(2)
    await log.ack(second)

    assert (got(first), got(second)) == ([("a", "new"), ("b", "new")], [("c", "new")])
    assert (await log.take()).messages == ()
    assert (await log.cursor(), await log.ranges()) == (3, 0)


async def test_two_readers_share(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))

    one, other = await log.take(2), await log.take(2)

    assert (got(one), got(other)) == ([("a", "new"), ("b", "new")], [("c", "new")])
    await log.ack(other)
    assert await log.cursor() == 0  # what lies below is held
    await log.ack(one)
    assert (await log.cursor(), await log.ranges()) == (3, 0)


async def test_an_expired_lease_is_handed_out_again_before_what_is_new(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))
    lost, other = await log.take(1, seconds=10), await log.take(1, seconds=60)

    again = await log.take(5, after=11)

    assert got(again) == got(lost) == [("a", "new")]
    assert again.messages[0].id == lost.messages[0].id
    with pytest.raises(LeaseEnded):
        await log.ack(lost)
    await log.ack(again)
    await log.ack(other)
    assert got(await log.take(after=11)) == [("c", "new")]


async def test_a_late_acknowledgement_counts_until_the_events_are_handed_out_again(log: Log) -> None:
    await log.send(("a", 1))
    late = await log.take(seconds=10)

    await log.ack(late)

    assert await log.cursor() == 1


async def test_a_late_acknowledgement_counts_though_other_events_were_handed_out_again(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))
    lost, late = await log.take(1, seconds=10), await log.take(1, seconds=10)

    again = await log.take(1, after=11)
    await log.ack(late)
    await log.ack(again)

    assert got(again) == got(lost) == [("a", "new")]
    assert await log.cursor() == 2
    with pytest.raises(LeaseEnded):
        await log.ack(lost)
    assert got(await log.take(after=11)) == [("c", "new")]


async def test_a_lease_of_which_a_part_was_handed_out_again_has_ended(log: Log) -> None:
    await log.send(("a", 1), ("b", 1))
    lost = await log.take(seconds=10)
    again = await log.take(1, after=11)

    with pytest.raises(LeaseEnded):
        await log.ack(lost)

    assert (got(again), got(await log.take(after=11))) == ([("a", "new")], [("b", "new")])


async def test_leases_that_have_expired_are_bounded(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "MOST", 2)
    await log.send(*((name, 1) for name in "abcdef"))
    for seconds in range(0, 40, 10):
        wide = await log.take(3, after=seconds, seconds=5)
        narrow = await log.take(1, after=seconds, seconds=5)
        assert (len(wide.messages), len(narrow.messages)) == (3, 1)
        assert await log.ranges() <= 4

    assert got(await log.take(after=60)) == [(name, "new") for name in "abcdef"]


async def test_part_of_a_lease_can_be_acknowledged(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))
    taken = await log.take()

    await log.ack(taken, 2)

    assert await log.cursor() == 2
    with pytest.raises(UsageError, match="3 to 3, and not 9"):
        await log.ack(taken, 9)
    await log.ack(taken)
    assert (await log.cursor(), await log.ranges()) == (3, 0)


async def test_no_reader_gets_a_later_event_of_a_record_that_another_holds(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("a", 2), ("c", 1))

    first, second, third = await log.take(1), await log.take(), await log.take()

    assert (got(first), got(second), got(third)) == ([("a", "new")], [("b", "new")], [])
    await log.ack(first)
    assert got(await log.take()) == [("a", "revised"), ("c", "new")]


async def test_a_kill_goes_first_and_nothing_of_its_record_after_it(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("a", 2), ("a", 3, "canceled"), ("c", 1))

    kill = await log.take()
    rest = await log.take()  # what follows the kill waits for its acknowledgement

    assert (got(kill), got(rest)) == ([("a", "killed")], [("b", "new")])
    await log.ack(kill)
    await log.ack(rest)
    assert got(await log.take()) == [("c", "new")]


async def test_a_reader_that_held_a_record_when_it_was_killed_is_told(log: Log) -> None:
    await log.send(("a", 1), ("b", 1))
    held = await log.take()
    await log.send(("a", 2, "canceled"))

    assert got(await log.take()) == [("a", "killed")]
    assert await log.ack(held) == (1,)


async def test_a_kill_whose_reader_died_goes_first_again(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("a", 2, "canceled"), ("c", 1))
    lost = await log.take(seconds=10)
    await log.ack(await log.take())

    again = await log.take(after=11)

    assert got(lost) == got(again) == [("a", "killed")]
    await log.ack(again)
    assert got(await log.take(after=11)) == [("c", "new")]


async def test_a_kill_among_others_can_be_acknowledged_alone(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("a", 2, "canceled"), ("b", 2, "canceled"))
    kills = await log.take()

    await log.ack(kills, kills.messages[0].event.seq)

    assert got(kills) == [("a", "killed"), ("b", "killed")]
    assert got(await log.take(after=61)) == [("b", "killed")]


async def test_a_paused_consumer_hands_out_nothing(log: Log) -> None:
    await log.send(("a", 1))
    async with log.database.write() as connection:
        await consumers.set_state(connection, "desk", "paused")

    with pytest.raises(NotActive, match="is paused; `ingestd consumers resume desk`"):
        await log.take()
    with pytest.raises(NotFound):
        await hand_out(log.database, "nobody", limit=1, seconds=1, now=NOW)


async def test_a_cursor_of_another_epoch_expires_the_consumer(log: Log) -> None:
    await log.send(("a", 1))
    async with log.database.write() as connection:
        await begin_new_epoch(connection)

    with pytest.raises(EpochEnded):
        await log.take()
    with pytest.raises(NotActive, match=r"is expired: .*consumers seek desk"):
        await log.take()


async def test_a_range_that_is_no_longer_kept_expires_the_consumer(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))
    await log.ack(await log.take(1))
    async with log.database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 2))

    with pytest.raises(EventsLost, match="events 2 to 2"):
        await log.take()


async def test_events_before_the_first_of_all_are_lost_too(log: Log) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))
    async with log.database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 2))

    with pytest.raises(EventsLost, match="events 1 to 2"):
        await log.take()


async def test_a_consumer_that_an_operator_has_just_moved_does_not_expire(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.send(("a", 1), ("b", 1), ("c", 1))
    await log.ack(await log.take(1))
    async with log.database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 2))
    expire = pulling.expire

    async def seek_first(database: Database, name: str) -> None:
        async with database.write() as connection:
            await consumers.seek(connection, name, after=2)
        await expire(database, name)

    monkeypatch.setattr(pulling, "expire", seek_first)
    with pytest.raises(EventsLost):
        await log.take()

    assert got(await log.take()) == [("c", "new")]


async def test_a_seek_ends_all_leases(log: Log) -> None:
    await log.send(("a", 1), ("b", 1))
    taken = await log.take(1)
    async with log.database.write() as connection:
        await consumers.seek(connection, "desk", after=0)

    assert got(await log.take()) == [("a", "new"), ("b", "new")]
    with pytest.raises(LeaseEnded):
        await log.ack(taken)


async def test_ranges_are_bounded(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "MOST", 2)
    await log.send(("a", 1), ("b", 1), ("c", 1))
    await log.take(1)
    await log.take(1)

    with pytest.raises(Busy):
        await log.take(1)


async def send_at_random(log: Log) -> tuple[dict[str, int], set[str]]:
    """Send versions and kills of some items; return the versions of each, and which were killed."""
    random, names = Random(7), [f"item{number}" for number in range(8)]
    versions, killed = dict.fromkeys(names, 0), set[str]()
    for _ in range(60):
        name = random.choice([name for name in names if name not in killed])
        versions[name] += 1
        if versions[name] > 2 and random.random() < 0.2 and len(killed) < 4:
            killed.add(name)
            await log.send((name, versions[name], "canceled"))
        else:
            await log.send((name, versions[name]))
    return versions, killed


async def test_concurrent_readers_that_die_lose_and_reorder_nothing(log: Log) -> None:
    versions, killed = await send_at_random(log)
    done: list[tuple[int, str, str]] = []
    clock = [0.0]

    async def read(number: int) -> None:
        dice = Random(number)
        idle = 0
        while idle < 3:
            clock[0] += 1
            taken = await log.take(dice.randint(1, 4), after=clock[0], seconds=8)
            idle = 0 if taken.lease or taken.more else idle + 1
            if not taken.messages:
                clock[0] += 10 * (idle > 1)  # leases of readers that died expire
                continue
            if dice.random() < 0.2:
                continue  # dies with its lease
            await asyncio.sleep(0)
            try:
                await log.ack(taken)
            except LeaseEnded:
                continue
            done.extend((one.event.seq, one.event.guid, one.event.kind) for one in taken.messages)

    async with asyncio.timeout(120):
        await asyncio.gather(*(read(number) for number in range(4)))

    by_record = defaultdict[str, list[tuple[int, str]]](list)
    for seq, guid, kind in done:
        by_record[guid].append((seq, kind))
    async with log.database.read() as connection:
        listed = (await connection.execute(select(tables.events.c.seq, tables.events.c.kind))).all()
        last = max(row.seq for row in listed)
    kills = {seq for events in by_record.values() for seq, kind in events if kind == "killed"}
    assert kills == {row.seq for row in listed if row.kind == "killed"}
    assert await log.cursor() == last
    assert len(done) == len({seq for seq, _, _ in done})
    for guid, events in by_record.items():
        assert [seq for seq, _ in events] == sorted(seq for seq, _ in events), guid
    untouched = {f"urn:{name}": version for name, version in versions.items() if name not in killed and version}
    assert {guid: len(by_record[guid]) for guid in untouched} == untouched
