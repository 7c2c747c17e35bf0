"""Leases: ranges of events that readers of a pull consumer hold until they acknowledge them.

A range lies above the consumer's cursor and overlaps no other of its kind.  One that was acknowledged stays while a
lower one is held, and the cursor passes both together.  A lease that has expired stays until one of its events is
handed out again, so that its reader may still acknowledge it.  Every function but `lock` needs the consumer to be
locked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound
from ingestd.model.consumer import Consumer
from ingestd.model.event import KILLS
from ingestd.store.consumers.consumers import consumer_of
from ingestd.store.schema.tables import consumer_leases, consumers, events
from ingestd.store.statements import chunks

#: Ranges of one consumer that are held or were acknowledged, at most; as many that have expired may be kept.
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A range of events that a reader holds."""

    consumer_id: int
    token: str
    first_seq: int
    last_seq: int
    until: datetime
    #: Only the kills of the range were handed out.
    kills: bool = False
    acknowledged: bool = False


_NAMES = [one.name for one in fields(Lease)]


async def lock(connection: AsyncConnection, name: str) -> Consumer:
    """Return a consumer, which no other reader changes until the transaction ends; raises NotFound."""
    query = select(consumers).where(consumers.c.name == name).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound(f"no consumer {name}; `ingestd consumers list` shows all")
    return consumer_of(row)


async def read(connection: AsyncConnection, consumer_id: int, now: datetime) -> list[Lease]:
    """Return the ranges of a consumer in order that are held or were acknowledged, without leases that have expired."""
    c = consumer_leases.c
    query = select(consumer_leases).where(c.consumer_id == consumer_id).order_by(c.first_seq, c.kills)
    rows = (await connection.execute(query)).all()
    ranges = [Lease(**{name: row._mapping[name] for name in _NAMES}) for row in rows]
    if len(ranges) >= 2 * MOST:
        await connection.execute(delete(consumer_leases).where(c.consumer_id == consumer_id, _expired(now)))
    return [one for one in ranges if one.acknowledged or one.until > now]


def _expired(now: datetime) -> ColumnElement[bool]:
    return ~consumer_leases.c.acknowledged & (consumer_leases.c.until <= now)


async def held_tokens(connection: AsyncConnection, consumer_id: int, now: datetime) -> tuple[str, ...]:
    """Return the tokens of the leases that readers hold."""
    c = consumer_leases.c
    query = select(c.token).where(c.consumer_id == consumer_id, ~c.acknowledged, c.until > now).order_by(c.token)
    return tuple((await connection.execute(query)).scalars())


async def find(connection: AsyncConnection, consumer_id: int, token: str) -> Lease | None:
    """Return a lease, also one that has expired and was not handed out again; None: there is none."""
    c = consumer_leases.c
    query = select(consumer_leases).where(c.consumer_id == consumer_id, c.token == token, ~c.acknowledged)
    row = (await connection.execute(query)).first()
    return None if row is None else Lease(**{name: row._mapping[name] for name in _NAMES})


async def add(
    connection: AsyncConnection,
    consumer_id: int,
    first: int,
    last: int,
    *,
    until: datetime,
    kills: bool = False,
    acknowledged: bool = False,
) -> Lease:
    """Add a range, under a new token."""
    lease = Lease(
        consumer_id=consumer_id, token=str(uuid4()), first_seq=first, last_seq=last, until=until, kills=kills,
        acknowledged=acknowledged,
    )  # fmt: skip
    await connection.execute(insert(consumer_leases).values({name: getattr(lease, name) for name in _NAMES}))
    return lease


async def end_expired(
    connection: AsyncConnection, consumer_id: int, first: int, last: int, *, kills: bool = False, now: datetime
) -> None:
    """End the leases that have expired and have an event from `first` to `last`, as those are handed out again."""
    c = consumer_leases.c
    overlapping = (c.first_seq <= last) & (c.last_seq >= first) & (c.kills == kills)
    await connection.execute(delete(consumer_leases).where(c.consumer_id == consumer_id, overlapping, _expired(now)))


async def acknowledge(connection: AsyncConnection, lease: Lease, last: int) -> None:
    """Take the events up to number `last` from a lease; the rest stays with its reader."""
    c = consumer_leases.c
    this = (c.consumer_id == lease.consumer_id) & (c.token == lease.token)
    if last >= lease.last_seq:
        await connection.execute(update(consumer_leases).where(this).values(acknowledged=True))
        return
    await connection.execute(update(consumer_leases).where(this).values(first_seq=last + 1))
    await add(
        connection, lease.consumer_id, lease.first_seq, last, until=lease.until, kills=lease.kills, acknowledged=True
    )


async def advance(connection: AsyncConnection, consumer: Consumer, now: datetime | None = None) -> Consumer:
    """Move the cursors over what was acknowledged, and drop it; `now`: something was delivered then.

    Returns the consumer as it is then.
    """
    c = consumer_leases.c
    query = select(consumer_leases).where(c.consumer_id == consumer.id).order_by(c.first_seq)
    cursor, kill_cursor, passed = consumer.cursor, consumer.kill_cursor, []
    is_open = True
    for row in await connection.execute(query):
        if row.kills:
            # Kills are held by one reader at a time.
            if row.acknowledged:
                kill_cursor = max(kill_cursor, row.last_seq)
                passed.append(row.token)
        elif is_open and row.acknowledged and row.first_seq == cursor + 1:
            cursor = row.last_seq
            passed.append(row.token)
        else:
            is_open = False
    if passed:
        await connection.execute(delete(consumer_leases).where(c.consumer_id == consumer.id, c.token.in_(passed)))
    return await move(connection, consumer, cursor=cursor, kill_cursor=max(kill_cursor, cursor), now=now)


async def move(
    connection: AsyncConnection, consumer: Consumer, *, cursor: int, kill_cursor: int, now: datetime | None = None
) -> Consumer:
    """Set the cursors of a consumer; `now`: something was delivered then."""
    if (cursor, kill_cursor) == (consumer.cursor, consumer.kill_cursor) and now is None:
        return consumer
    values = {"cursor": cursor, "kill_cursor": kill_cursor, "delivered_at": now or consumer.delivered_at}
    moved = update(consumers).where(consumers.c.id == consumer.id).values(values)
    return consumer_of((await connection.execute(moved.returning(*consumers.c))).one())


async def pass_over(
    connection: AsyncConnection, consumer: Consumer, first: int, last: int, ranges: Sequence[Lease]
) -> Consumer:
    """Pass the events from `first` to `last`, of which the consumer gets none; `ranges` are all of its ranges.

    Returns the consumer as it is then.
    """
    if first == consumer.cursor + 1:
        return await move(connection, consumer, cursor=last, kill_cursor=max(consumer.kill_cursor, last))
    below = next(one for one in ranges if not one.kills and one.last_seq == first - 1)
    if below.acknowledged:
        c = consumer_leases.c
        this = update(consumer_leases).where(c.consumer_id == consumer.id, c.token == below.token)
        await connection.execute(this.values(last_seq=last))
    else:
        await add(connection, consumer.id, first, last, until=below.until, acknowledged=True)
    return consumer


async def held_records(
    connection: AsyncConnection, consumer_id: int, records: Collection[int], now: datetime
) -> set[int]:
    """Return which of some records have an event in a range that a reader holds."""
    c, held = consumer_leases.c, set[int]()
    for some in chunks(sorted(set(records))):
        query = select(events.c.record_id).distinct().where(events.c.record_id.in_(some))
        in_range = events.c.seq.between(c.first_seq, c.last_seq)
        query = query.join(consumer_leases, in_range).where(c.consumer_id == consumer_id, ~c.kills)
        query = query.where(~c.acknowledged, c.until > now)
        held.update((await connection.execute(query)).scalars())
    return held


async def last_kills(connection: AsyncConnection, records: Sequence[int]) -> dict[int, int]:
    """Return the number of the last kill of each record that has one."""
    found: dict[int, int] = {}
    for some in chunks(sorted(set(records))):
        query = select(events.c.record_id, func.max(events.c.seq)).where(events.c.record_id.in_(some))
        query = query.where(events.c.kind.in_(KILLS)).group_by(events.c.record_id)
        found.update((row[0], row[1]) for row in await connection.execute(query))
    return found


async def records_in(connection: AsyncConnection, first: int, last: int) -> dict[int, int]:
    """Return the record of each event in a range, kills left out, by the event's number."""
    query = select(events.c.seq, events.c.record_id).where(events.c.seq.between(first, last))
    rows = await connection.execute(query.where(events.c.kind.not_in(KILLS)).order_by(events.c.seq))
    return {row.seq: row.record_id for row in rows}
