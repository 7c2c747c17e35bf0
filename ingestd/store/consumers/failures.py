"""Messages that could not be delivered, the attempts at them, and what an operator does with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound, UsageError
from ingestd.model.consumer import Consumer, FailedMessage, FailedState
from ingestd.store.events import event_log
from ingestd.store.schema.tables import consumer_attempts, consumer_failures, consumers, events
from ingestd.store.statements import chunks, insert_absent, insert_all

#: Rows of one consumer, at most, that wait or are blocked.
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt at a message that has failed at least once."""

    consumer_id: int
    seq: int
    #: 1, 2, ...
    attempt: int
    at: datetime
    delivered: bool
    #: HTTP status, or None.
    status: int | None = None
    #: None: it was delivered.
    error: str | None = None
    #: The first kilobyte of the answer.
    excerpt: str | None = None


_NAMES = [one.name for one in fields(FailedMessage)]
_ATTEMPT_NAMES = [one.name for one in fields(Attempt)]


def _failed(row: Row[Any]) -> FailedMessage:
    return FailedMessage(**{name: row._mapping[name] for name in _NAMES})


def _row(message: FailedMessage) -> dict[str, Any]:
    return {name: getattr(message, name) for name in _NAMES}


async def failed(
    connection: AsyncConnection,
    consumer_id: int,
    *,
    states: Iterable[FailedState] = (),
    after: int = 0,
    limit: int = 500,
) -> list[FailedMessage]:
    """Return messages that were not delivered to a consumer, by number; with `states`, those in one of them.

    `after` is the number after which to continue.
    """
    c = consumer_failures.c
    query = select(consumer_failures).where(c.consumer_id == consumer_id, c.seq > after)
    if wanted := list(states):
        query = query.where(c.state.in_(wanted))
    return [_failed(row) for row in await connection.execute(query.order_by(c.seq).limit(limit))]


async def attempts_of(connection: AsyncConnection, consumer_id: int, seq: int) -> list[Attempt]:
    """Return the attempts at a message, oldest first."""
    c = consumer_attempts.c
    query = select(consumer_attempts).where(c.consumer_id == consumer_id, c.seq == seq).order_by(c.id)
    rows = await connection.execute(query)
    return [Attempt(**{name: row._mapping[name] for name in _ATTEMPT_NAMES}) for row in rows]


async def counts(connection: AsyncConnection) -> dict[int, dict[str, int]]:
    """Return how many messages of each consumer are in each state, by the consumer's id."""
    c = consumer_failures.c
    query = select(c.consumer_id, c.state, func.count().label("rows")).group_by(c.consumer_id, c.state)
    found: dict[int, dict[str, int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.consumer_id, {})[row.state] = row.rows
    return found


async def redeliver(
    connection: AsyncConnection, consumer: Consumer, *, first: int | None = None, last: int | None = None, now: datetime
) -> int:
    """Try messages again now that were not delivered: those from event `first` to `last`, or all; return how many.

    Each gets all its tries anew.  Raises NotFound when there is none in the range.
    """
    await _note_change(connection, consumer.id)
    c = consumer_failures.c
    chosen = _range(consumer.id, first, last) & c.state.in_(("dead", "waiting"))
    again = update(consumer_failures).where(chosen).values(state="waiting", attempts=0, next_at=now)
    done = (await connection.execute(again)).rowcount
    if not done:
        raise NotFound(
            f"consumer {consumer.name} has no such message; `ingestd consumers failures {consumer.name}` lists them"
        )
    return done


async def drop(
    connection: AsyncConnection, consumer: Consumer, *, first: int | None = None, last: int | None = None
) -> int:
    """Give up messages that were not delivered: those from event `first` to `last`, or all; return how many."""
    await _note_change(connection, consumer.id)
    done = (await connection.execute(delete(consumer_failures).where(_range(consumer.id, first, last)))).rowcount
    await _unblock(connection, consumer.id)
    return done


async def replay(connection: AsyncConnection, consumer: Consumer, *, first: int, last: int, now: datetime) -> int:
    """Deliver the events from `first` to `last` again, as far as the consumer has passed them; return how many.

    They are tried like messages that failed, in order for each record, while the consumer goes on with later ones.
    Those that its filter leaves out are dropped then.

    Raises UsageError when the range is empty, too long, or no longer kept.
    """
    kept = await event_log.read_range(connection)
    last = min(last, consumer.cursor)
    if consumer.epoch != kept.epoch:
        raise event_log.EpochEnded(consumer.epoch, kept.epoch)
    if first < kept.first:
        raise event_log.EventsLost(first, kept.first - 1)
    if last < first:
        raise UsageError(f"consumer {consumer.name} has passed no event from {first} on; it is at {consumer.cursor}")
    if last - first >= MOST_WAITING:
        raise UsageError(
            f"{last - first + 1} events are too many to replay, {MOST_WAITING} are the most; "
            f"`ingestd consumers seek {consumer.name}` delivers all after an event again"
        )
    c = events.c
    rows = (
        await connection.execute(select(c.seq, c.record_id).where(c.seq.between(first, last)).order_by(c.seq))
    ).all()
    made = [
        {
            "consumer_id": consumer.id, "seq": row.seq, "record_id": row.record_id, "state": "blocked", "attempts": 0,
            "first_at": now, "last_at": now, "next_at": None, "status": None, "error": "replayed", "excerpt": None,
        }
        for row in rows
    ]  # fmt: skip
    await _note_change(connection, consumer.id)
    for some in chunks(made):
        await insert_absent(connection, consumer_failures, some)
    again = update(consumer_failures).where(_range(consumer.id, first, last), consumer_failures.c.state == "dead")
    await connection.execute(again.values(state="blocked", attempts=0))
    await _unblock(connection, consumer.id, now=now)
    return len(rows)


def _range(consumer_id: int, first: int | None, last: int | None) -> Any:
    c = consumer_failures.c
    chosen = c.consumer_id == consumer_id
    if first is not None:
        chosen &= c.seq >= first
    return chosen if last is None else chosen & (c.seq <= last)


async def _unblock(connection: AsyncConnection, consumer_id: int, *, now: datetime | None = None) -> None:
    """Have the first row of each record wait for its next attempt, where all are blocked."""
    c, earlier = consumer_failures.c, consumer_failures.alias("earlier")
    firsts = (
        select(func.min(earlier.c.seq))
        .where(earlier.c.consumer_id == consumer_id, earlier.c.state.in_(("waiting", "blocked")))
        .group_by(earlier.c.record_id)
    )
    first = update(consumer_failures).where(c.consumer_id == consumer_id, c.state == "blocked", c.seq.in_(firsts))
    await connection.execute(first.values(state="waiting", next_at=c.last_at if now is None else now))


async def _note_change(connection: AsyncConnection, consumer_id: int) -> None:
    """Raise the generation: the run that delivers to the consumer reads its rows again.

    This comes before the rows are changed: it locks the consumer, as `positions.write` does first.  In another order
    two transactions could wait for each other.
    """
    c = consumers.c
    await connection.execute(update(consumers).where(c.id == consumer_id).values(generation=c.generation + 1))


# The functions that follow are those of the delivering run: see `positions`.


async def save(connection: AsyncConnection, messages: Sequence[FailedMessage]) -> None:
    """Insert rows of messages that failed or are blocked, or replace them."""
    for message in messages:
        row = _row(message)
        c = consumer_failures.c
        changed = update(consumer_failures).where(c.consumer_id == message.consumer_id, c.seq == message.seq)
        values = {name: value for name, value in row.items() if name not in ("consumer_id", "seq", "first_at")}
        if not (await connection.execute(changed.values(values))).rowcount:
            await connection.execute(insert(consumer_failures).values(row))


async def delete_rows(connection: AsyncConnection, consumer_id: int, seqs: Sequence[int]) -> None:
    """Delete the rows of messages that were delivered, or are not to be delivered any more."""
    for some in chunks(list(seqs)):
        c = consumer_failures.c
        await connection.execute(delete(consumer_failures).where(c.consumer_id == consumer_id, c.seq.in_(some)))


async def add_attempts(connection: AsyncConnection, attempts: Sequence[Attempt]) -> None:
    """Insert attempts."""
    rows = [{name: getattr(one, name) for name in _ATTEMPT_NAMES} for one in attempts]
    await insert_all(connection, consumer_attempts, rows)
