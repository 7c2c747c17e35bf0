"""Hand out the events of a consumer to readers that ask for them, and take their acknowledgements.

Several readers may share a consumer.  Each holds ranges of events until it acknowledges them or its lease expires; then
they are handed out again.  Three rules keep order:

- Kills go first, in leases of their own, one at a time.  Nothing that follows one is handed out before it is
  acknowledged, and nothing of its record that precedes it is handed out any more.
- A range ends before the first event of a record of which another range that is held has an event.
- Ranges are handed out from below: what an expired lease leaves comes before everything that is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.delivery import messages
from ingestd.errors import Busy, NotFound, UsageError
from ingestd.model.consumer import Consumer
from ingestd.model.event import KILLS, Event
from ingestd.model.message import Message
from ingestd.renderers.forms import FORMS
from ingestd.store.consumers import candidates, claims, consumers, leases
from ingestd.store.consumers.leases import Lease
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import CursorExpired, EpochEnded, EventsLost, LogRange

#: Events that are read from the log at once, and looked at for one request: a filter may leave out nearly all.
_BATCH, _MOST_READ = 500, 5_000


class LeaseEnded(UsageError):
    """The lease has expired and its events were handed out again, or they were acknowledged."""


class NotActive(UsageError):
    """The consumer is paused, disabled or expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOut:
    """What a reader gets."""

    #: As it is after it.
    consumer: Consumer
    #: None: there are no messages.
    lease: Lease | None = None
    messages: tuple[Message, ...] = ()
    #: Whether there may be more at once, though there are no messages: the log was not read to its end.
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What an acknowledgement did."""

    #: As it is after it.
    consumer: Consumer
    #: The numbers of acknowledged events whose record was killed while they were held: their reader must take back
    #: what it has done with them, if it has not seen the kill.
    overtaken: tuple[int, ...]


async def hand_out(database: Database, name: str, *, limit: int, seconds: float, now: datetime) -> HandOut:
    """Hand out at most `limit` messages of a consumer, on a lease of some seconds.

    Raises NotFound; NotActive; CursorExpired, after which the consumer is expired; Busy when its readers hold too many
    ranges.
    """
    try:
        async with database.write() as connection:
            consumer = active(await leases.lock(connection, name))
            kept = await event_log.read_range(connection)
            check_cursor(consumer, kept)
            taken = await _hand_out(connection, consumer, kept, limit, seconds, now)
            # Again, after the events were read: what is deleted before that must not be missing without a word.
            check_cursor(consumer, await event_log.read_range(connection))
            return taken
    except CursorExpired:
        await expire(database, name)
        raise


async def expire(database: Database, name: str) -> None:
    """Set a consumer to expired, which keeps its cursor, if its next events are not kept or its epoch has ended.

    An operator may have moved or removed it since that was found.
    """
    async with database.write() as connection:
        try:
            consumer = await leases.lock(connection, name)
            check_cursor(consumer, await event_log.read_range(connection))
        except CursorExpired as error:
            await claims.stop(connection, consumer.id, consumer.generation, state="expired", reason=str(error))
        except NotFound:
            return


async def look(database: Database, name: str, now: datetime) -> tuple[object, ...]:
    """Return what decides whether a reader would get something, read without a lock; raises NotFound.

    It is worth asking again once this has changed.
    """
    async with database.read() as connection:
        consumer = await consumers.find(connection, name)
        held = await leases.held_tokens(connection, consumer.id, now)
        last = await event_log.last_seq(connection)
    return consumer.state, consumer.generation, consumer.cursor, consumer.kill_cursor, last, held


async def acknowledge(
    database: Database, name: str, token: str, *, upto: int | None = None, now: datetime
) -> Acknowledged:
    """Take a lease's events as dealt with: all, or those up to number `upto`, and the reader keeps the rest.

    A lease that has expired counts as long as its events were not handed out again.

    Raises NotFound, LeaseEnded, and UsageError when the lease has no event `upto`.
    """
    async with database.write() as connection:
        consumer = await leases.lock(connection, name)
        lease = await leases.find(connection, consumer.id, token)
        if lease is None:
            raise LeaseEnded(
                f"consumer {name} has no lease {token}: it has expired and its messages were handed out again, or it "
                "was acknowledged; ask for messages again"
            )
        last = lease.last_seq if upto is None else upto
        if not lease.first_seq <= last <= lease.last_seq:
            raise UsageError(f"the lease has the events {lease.first_seq} to {lease.last_seq}, and not {last}")
        overtaken = () if lease.kills else await _overtaken(connection, lease, last)
        await leases.acknowledge(connection, lease, last)
        return Acknowledged(consumer=await leases.advance(connection, consumer, now), overtaken=overtaken)


def active(consumer: Consumer) -> Consumer:
    """Return a consumer that gets messages; raises NotActive."""
    if consumer.state != "active":
        why = f": {consumer.reason}" if consumer.reason else ""
        what = "seek" if consumer.state == "expired" else "resume"
        raise NotActive(
            f"consumer {consumer.name} is {consumer.state}{why}; `ingestd consumers {what} {consumer.name}` ends that"
        )
    return consumer


def check_cursor(consumer: Consumer, kept: LogRange) -> None:
    """Raise CursorExpired if the epoch of a consumer has ended, or its next events are no longer kept."""
    if consumer.epoch != kept.epoch:
        raise EpochEnded(consumer.epoch, kept.epoch)
    if consumer.cursor < kept.first - 1:
        raise EventsLost(consumer.cursor + 1, kept.first - 1)


async def _hand_out(
    connection: AsyncConnection, consumer: Consumer, kept: LogRange, limit: int, seconds: float, now: datetime
) -> HandOut:
    ranges, until = await leases.read(connection, consumer.id, now), now + timedelta(seconds=seconds)
    kills = [one for one in ranges if one.kills]
    if not kills and (found := await _kills(connection, consumer, limit)):
        lower, upper = found[0].seq, found[-1].seq
        await leases.end_expired(connection, consumer.id, lower, upper, kills=True, now=now)
        lease = await leases.add(connection, consumer.id, lower, upper, until=until, kills=True)
        return HandOut(consumer=consumer, lease=lease, messages=await _messages(connection, consumer, found))
    first, last = _free_range(consumer, ranges, kept.last)
    if kills:
        last = min(last, kills[0].first_seq - 1)
    if first > last:
        return HandOut(consumer=consumer)
    if len(ranges) >= leases.MOST:
        raise Busy(f"the readers of consumer {consumer.name} hold {len(ranges)} ranges; acknowledge some first")
    events, passed = await _events(connection, consumer, first, last, limit, now)
    # The kills are looked for after the records were read: whatever is committed before is known.
    read = await _messages(connection, consumer, events)
    killed = await leases.last_kills(connection, [event.record_id for event in events])
    messages = tuple(one for one in read if killed.get(one.event.record_id, 0) <= one.event.seq)
    if passed < first:
        return HandOut(consumer=consumer)
    await leases.end_expired(connection, consumer.id, first, passed, now=now)
    if not messages:
        consumer = await leases.pass_over(connection, consumer, first, passed, ranges)
        return HandOut(consumer=await leases.advance(connection, consumer), more=passed < last)
    lease = await leases.add(connection, consumer.id, first, passed, until=until)
    return HandOut(consumer=consumer, lease=lease, messages=messages)


async def _kills(connection: AsyncConnection, consumer: Consumer, limit: int) -> list[Event]:
    """Return the first kills that no reader has acknowledged, at most `limit`."""
    after = consumer.kill_cursor
    while True:
        batch = await event_log.read_after(connection, after, epoch=consumer.epoch, limit=_BATCH, kinds=KILLS)
        if found := await _matching(connection, consumer, batch.events):
            return found[:limit]
        if len(batch.events) < _BATCH:
            return []
        after = batch.after


def _free_range(consumer: Consumer, ranges: Sequence[Lease], newest: int) -> tuple[int, int]:
    """Return the numbers of the first and last event of the lowest range that nobody holds or has acknowledged."""
    last = consumer.cursor
    for one in ranges:
        if one.kills:
            continue
        if one.first_seq > last + 1:
            return last + 1, one.first_seq - 1
        last = one.last_seq
    return last + 1, newest


async def _events(
    connection: AsyncConnection, consumer: Consumer, first: int, last: int, limit: int, now: datetime
) -> tuple[list[Event], int]:
    """Return events to hand out, and the number up to which events were looked at."""
    chosen: list[Event] = []
    passed = first - 1
    while passed < last and passed - first < _MOST_READ:
        batch = await event_log.read_after(connection, passed, epoch=consumer.epoch, limit=_BATCH)
        listed = [event for event in batch.events if event.seq <= last]
        wanted = await _matching(connection, consumer, listed)
        held = await leases.held_records(connection, consumer.id, [event.record_id for event in wanted], now)
        for event in wanted:
            if event.kind in KILLS and event.seq <= consumer.kill_cursor:
                continue  # it was acknowledged before its turn
            if event.kind in KILLS or event.record_id in held:
                return chosen, event.seq - 1
            chosen.append(event)
            if len(chosen) == limit:
                return chosen, event.seq
        passed = min(batch.after, last)
    return chosen, passed


async def _matching(connection: AsyncConnection, consumer: Consumer, events: Sequence[Event]) -> list[Event]:
    """Return the events that the filter of a consumer lets through."""
    found = filters.parse(consumer.filter)
    if not events or not consumer.filter:
        return list(events)
    seen = await candidates.read(connection, events, found.fields, by_revisions=True)
    return [event for event, candidate in zip(events, seen, strict=True) if found.matches(candidate)]


async def _messages(connection: AsyncConnection, consumer: Consumer, events: Sequence[Event]) -> tuple[Message, ...]:
    needs_record = any(form.needs_record for form in FORMS if form.name == consumer.form)
    return tuple(await messages.of_events(connection, events, epoch=consumer.epoch, records=needs_record))


async def _overtaken(connection: AsyncConnection, lease: Lease, last: int) -> tuple[int, ...]:
    """Return the events of a lease that are followed by a kill of their record."""
    records = await leases.records_in(connection, lease.first_seq, last)
    killed = await leases.last_kills(connection, sorted(set(records.values())))
    return tuple(seq for seq, record in records.items() if killed.get(record, 0) > seq)
