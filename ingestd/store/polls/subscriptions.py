"""W3C WebSub subscriptions: who pushes what a source publishes, and until when."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.cadence import next_poll
from ingestd.store.polls.sources import hints_of
from ingestd.store.schema.tables import sources, subscriptions
from ingestd.store.statements import insert_absent

#: How long a hub is left out that did not push what a poll found.
_DOUBT = timedelta(days=7)

#: How soon a source is polled that had a hub, counted from its last poll (seconds).
_SOON = 3600.0

#: Waits before a hub is asked again that did not verify (seconds); the last one from then on.
_WAITS = (600.0, 3600.0, 6 * 3600.0, 86_400.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a hub was asked to push; `token` is the last part of the callback's path, and nobody else's business."""

    source_id: int
    hub: str
    topic: str
    token: str
    secret: str
    state: str
    attempts: int
    lease_until: datetime | None


async def offered(connection: AsyncConnection, source_id: int, hub: str, topic: str, *, now: datetime) -> None:
    """Note that a source names a hub; another one than before is asked anew, with a new secret."""
    row = {
        "source_id": source_id, "hub": hub, "topic": topic, "state": "asked", "due_at": now, "attempts": 0,
        "token": secrets.token_urlsafe(32), "secret": secrets.token_urlsafe(32),
    }  # fmt: skip
    await insert_absent(connection, subscriptions, [row])
    other = (subscriptions.c.hub != hub) | (subscriptions.c.topic != topic)
    changed = update(subscriptions).where(subscriptions.c.source_id == source_id, other)
    if (await connection.execute(changed.values({**row, "lease_until": None, "last_error": None}))).rowcount:
        await _polled_again(connection, source_id, now=now)


async def withdrawn(connection: AsyncConnection, source_ids: Sequence[int], *, now: datetime) -> None:
    """Forget the hubs of sources that name none, where they did."""
    gone = delete(subscriptions).where(subscriptions.c.source_id.in_(source_ids)).returning(subscriptions.c.source_id)
    for source_id in (await connection.execute(gone)).scalars().all() if source_ids else ():
        await _polled_again(connection, source_id, now=now)


async def doubted(connection: AsyncConnection, source_id: int, *, now: datetime) -> None:
    """Poll a source again as if it had no hub: a poll found what should have been pushed."""
    values = {"state": "silent", "due_at": now + _DOUBT, "last_error": "a poll found entries that were not pushed"}
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))
    await _polled_again(connection, source_id, now=now)


async def _polled_again(connection: AsyncConnection, source_id: int, *, now: datetime) -> None:
    """Poll a source as if it had no hub: within the hour, and no sooner than its publisher asks for."""
    of_source = sources.c.id == source_id
    row = (await connection.execute(select(sources).where(of_source))).one()
    polled = row.last_polled_at or now
    due = max(now, next_poll(polled, wait=_SOON, floor=_SOON, hints=hints_of(row.hints), jitter=0.0))
    values = {"pushed_until": None, "due_at": min(row.due_at, due)}
    await connection.execute(update(sources).where(of_source).values(values))


async def take_due(connection: AsyncConnection, *, now: datetime, limit: int) -> list[Subscription]:
    """Return subscriptions to ask for, whose hubs nobody else asks now: each is due again when this may have failed."""
    active = sources.c.state == "active"
    query = select(subscriptions).join(sources, sources.c.id == subscriptions.c.source_id)
    query = query.where(subscriptions.c.due_at <= now, active).order_by(subscriptions.c.due_at).limit(limit)
    found = [_of(row) for row in await connection.execute(query.with_for_update(skip_locked=True, of=subscriptions))]
    for one in found:
        wait = timedelta(seconds=_WAITS[min(one.attempts, len(_WAITS) - 1)])
        values = {"attempts": one.attempts + 1, "due_at": now + wait}
        statement = update(subscriptions).where(subscriptions.c.source_id == one.source_id)
        await connection.execute(statement.values(values))
    return found


async def find(connection: AsyncConnection, token: str) -> Subscription | None:
    """Return the subscription of a callback, None when there is none or its source is not polled."""
    query = select(subscriptions).join(sources, sources.c.id == subscriptions.c.source_id)
    row = (await connection.execute(query.where(subscriptions.c.token == token, sources.c.state == "active"))).first()
    return _of(row) if row else None


async def verified(connection: AsyncConnection, source_id: int, *, lease: timedelta, now: datetime) -> None:
    """Note that a hub pushes for so long; it is asked to go on when a fifth of that is left."""
    until = now + lease
    values: dict[str, Any] = {
        "state": "active", "lease_until": until, "due_at": now + lease * 0.8, "attempts": 0, "last_error": None,
    }  # fmt: skip
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))
    await connection.execute(update(sources).where(sources.c.id == source_id).values(pushed_until=until))


async def refused(
    connection: AsyncConnection,
    source_id: int,
    reason: str,
    *,
    now: datetime,
    until: datetime | None,
    denied: bool = False,
) -> None:
    """Note why a hub does not push, and when it is asked again where it is not to be soon (`until`).

    A hub that failed to answer keeps the lease it gave; one that denied has ended it.
    """
    values: dict[str, Any] = {"last_error": reason[:1000]}
    if until:
        values["due_at"] = until
    if denied:
        values |= {"state": "denied", "lease_until": None}
        await _polled_again(connection, source_id, now=now)
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))


async def pushed(connection: AsyncConnection, source_id: int) -> None:
    """Count a push that was taken; one that comes from a hub in doubt ends the doubt."""
    was_silent = subscriptions.c.state == "silent"
    values = {
        "pushes": subscriptions.c.pushes + 1,
        "state": case((was_silent, "active"), else_=subscriptions.c.state),
        "last_error": None,
    }
    changed = update(subscriptions).where(subscriptions.c.source_id == source_id).values(values)
    until = (await connection.execute(changed.returning(subscriptions.c.lease_until))).scalar_one_or_none()
    await connection.execute(update(sources).where(sources.c.id == source_id).values(pushed_until=until or null()))


async def rejected(connection: AsyncConnection, source_id: int, reason: str) -> None:
    """Count a push that was dropped."""
    values = {"rejected": subscriptions.c.rejected + 1, "last_error": reason}
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))


async def look_at_pushed(connection: AsyncConnection, *, now: datetime) -> None:
    """Let sources be due whose hub pushes: while we were away it may have given up."""
    leased = (sources.c.pushed_until > now) & sources.c.run_id.is_(None) & (sources.c.due_at > now)
    await connection.execute(update(sources).where(leased).values(due_at=now))


async def of_source(connection: AsyncConnection, source_id: int) -> dict[str, Any] | None:
    """Return a source's subscription as it is told: without what only its hub may know; None where it has none."""
    names = ("hub", "topic", "state", "lease_until", "due_at", "pushes", "rejected", "last_error")
    query = select(*(subscriptions.c[name] for name in names)).where(subscriptions.c.source_id == source_id)
    row = (await connection.execute(query)).mappings().first()
    return dict(row) if row else None


def _of(row: Any) -> Subscription:
    return Subscription(**{name: getattr(row, name) for name in Subscription.__slots__})
