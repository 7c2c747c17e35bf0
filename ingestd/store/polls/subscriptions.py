"""W3C WebSub subscriptions: the hub of each source, its lease and its pushes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, exists, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.cadence import next_poll
from ingestd.store.nodes.nodes import database_now
from ingestd.store.polls.node_sources import polled_by
from ingestd.store.polls.source_rows import hints_from_json
from ingestd.store.schema.tables import nodes, runs, sources, subscriptions
from ingestd.store.statements import chunks, insert_absent

#: Time before a silent hub, which did not push what a poll found, is asked again.
_SILENT_WAIT = timedelta(days=7)

#: Time for which a node must have been away before others take its subscriptions over.
_AWAY = timedelta(minutes=2)

#: Seconds from the last poll to the next one when a source has lost its hub.
_POLL_WITHIN = 3600.0

#: Seconds to wait for a hub's verification before the next request, by attempt; the last one repeats.
_RETRY_WAITS = (600.0, 3600.0, 6 * 3600.0, 86_400.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription at a hub.

    `token` is the last segment of the callback's path.  It is as secret as `secret`, the key of signatures.
    """

    source_id: int
    hub: str
    topic: str
    token: str
    secret: str
    state: str
    attempts: int
    lease_until: datetime | None


async def set_hub(connection: AsyncConnection, source_id: int, hub: str, topic: str, *, now: datetime) -> None:
    """Save the hub that a source names; a changed hub or topic starts a new subscription with a new secret."""
    row = {
        "source_id": source_id, "hub": hub, "topic": topic, "state": "asked", "due_at": now, "attempts": 0,
        "token": secrets.token_urlsafe(32), "secret": secrets.token_urlsafe(32),
    }  # fmt: skip
    await insert_absent(connection, subscriptions, [row])
    other = (subscriptions.c.hub != hub) | (subscriptions.c.topic != topic)
    changed = update(subscriptions).where(subscriptions.c.source_id == source_id, other)
    if (await connection.execute(changed.values({**row, "lease_until": None, "last_error": None}))).rowcount:
        await _poll_without_hub(connection, source_id, now=now)


async def remove_hubs(connection: AsyncConnection, source_ids: Sequence[int], *, now: datetime) -> None:
    """Delete the subscriptions of sources that no longer name a hub."""
    if not source_ids:
        return
    deleted = (
        delete(subscriptions).where(subscriptions.c.source_id.in_(source_ids)).returning(subscriptions.c.source_id)
    )
    for source_id in (await connection.execute(deleted)).scalars().all():
        await _poll_without_hub(connection, source_id, now=now)


async def mark_silent(connection: AsyncConnection, source_id: int, *, now: datetime) -> None:
    """Mark a source's hub as silent, since a poll found entries it had not pushed, and poll the source again."""
    values = {
        "state": "silent",
        "due_at": now + _SILENT_WAIT,
        "last_error": "a poll found entries that were not pushed",
    }
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))
    await _poll_without_hub(connection, source_id, now=now)


async def _poll_without_hub(connection: AsyncConnection, source_id: int, *, now: datetime) -> None:
    """Schedule a source as if it had no hub: within the hour, but no sooner than its publisher asks for."""
    of_source = sources.c.id == source_id
    row = (await connection.execute(select(sources).where(of_source))).one()
    polled = row.last_polled_at or now
    due = max(
        now, next_poll(polled, wait=_POLL_WITHIN, floor=_POLL_WITHIN, hints=hints_from_json(row.hints), jitter=0.0)
    )
    values = {"pushed_until": None, "due_at": min(row.due_at, due)}
    await connection.execute(update(sources).where(of_source).values(values))


async def claim_due(
    connection: AsyncConnection, *, now: datetime, limit: int, node: str | None = None
) -> list[Subscription]:
    """Claim due subscriptions of active sources, to be requested from their hubs; the hubs then push to `node`.

    Each is postponed to the time of the next attempt, so that no other process takes it.  Those of another node, which
    renews them itself, are left out, as are those of its sources.
    """
    # Not a join, for which SQLite may read the sources first.
    usable = exists().where(sources.c.id == subscriptions.c.source_id, sources.c.state == "active", polled_by(node))
    own = or_(subscriptions.c.node.is_(None), subscriptions.c.node == node)
    query = select(subscriptions).where(subscriptions.c.due_at <= now, usable, own)
    query = query.order_by(subscriptions.c.due_at).limit(limit)
    found = [
        _subscription(row)
        for row in await connection.execute(query.with_for_update(skip_locked=True, of=subscriptions))
    ]
    for one in found:
        wait = timedelta(seconds=_RETRY_WAITS[min(one.attempts, len(_RETRY_WAITS) - 1)])
        values = {"attempts": one.attempts + 1, "due_at": now + wait, "node": node}
        statement = update(subscriptions).where(subscriptions.c.source_id == one.source_id)
        await connection.execute(statement.values(values))
    return found


async def leave_lost_nodes(connection: AsyncConnection, *, now: datetime) -> int:
    """Make subscriptions due whose hubs push to a node that is away, and their sources too; returns how many."""
    at_work = exists().where(nodes.c.name == subscriptions.c.node, nodes.c.run_id == runs.c.id)
    # One that stops is given the time to start again.
    recent = exists().where(
        nodes.c.name == subscriptions.c.node, nodes.c.seen_at > await database_now(connection) - _AWAY
    )
    lost = update(subscriptions).where(subscriptions.c.node.is_not(None), ~at_work, ~recent)
    left = await connection.execute(lost.values(node=None, due_at=now).returning(subscriptions.c.source_id))
    source_ids = list(left.scalars())
    for some in chunks(source_ids):
        waiting = sources.c.id.in_(some) & sources.c.pushed_until.is_not(None) & sources.c.run_id.is_(None)
        earlier = case((sources.c.due_at > now, now), else_=sources.c.due_at)
        await connection.execute(update(sources).where(waiting).values(due_at=earlier))
    return len(source_ids)


async def find(connection: AsyncConnection, token: str) -> Subscription | None:
    """Return the subscription with a callback token; None if there is none, or its source is not active."""
    query = select(subscriptions).join(sources, sources.c.id == subscriptions.c.source_id)
    row = (await connection.execute(query.where(subscriptions.c.token == token, sources.c.state == "active"))).first()
    return _subscription(row) if row else None


async def activate(connection: AsyncConnection, source_id: int, *, lease: timedelta, now: datetime) -> None:
    """Mark a subscription as active for the length of `lease`; it is due for renewal after four fifths of it."""
    until = now + lease
    values: dict[str, Any] = {
        "state": "active", "lease_until": until, "due_at": now + lease * 0.8, "attempts": 0, "last_error": None,
    }  # fmt: skip
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))
    await connection.execute(update(sources).where(sources.c.id == source_id).values(pushed_until=until))


async def save_refusal(
    connection: AsyncConnection,
    source_id: int,
    reason: str,
    *,
    now: datetime,
    until: datetime | None,
    denied: bool = False,
) -> None:
    """Save why a hub does not push.

    `until` is when to ask it again; None keeps the time that `claim_due` set.  With `denied` the hub has ended the
    subscription; otherwise it failed to answer, and the lease it gave stays.
    """
    values: dict[str, Any] = {"last_error": reason[:1000]}
    if until:
        values["due_at"] = until
    if denied:
        values |= {"state": "denied", "lease_until": None}
        await _poll_without_hub(connection, source_id, now=now)
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))


async def count_push(connection: AsyncConnection, source_id: int) -> None:
    """Count an accepted push; a silent hub is active again."""
    was_silent = subscriptions.c.state == "silent"
    values = {
        "pushes": subscriptions.c.pushes + 1,
        "state": case((was_silent, "active"), else_=subscriptions.c.state),
        "last_error": None,
    }
    changed = update(subscriptions).where(subscriptions.c.source_id == source_id).values(values)
    until = (await connection.execute(changed.returning(subscriptions.c.lease_until))).scalar_one_or_none()
    await connection.execute(update(sources).where(sources.c.id == source_id).values(pushed_until=until or null()))


async def count_rejected(connection: AsyncConnection, source_id: int, reason: str) -> None:
    """Count a push that was dropped, for example for its signature."""
    values = {"rejected": subscriptions.c.rejected + 1, "last_error": reason}
    await connection.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(values))


async def make_pushed_sources_due(connection: AsyncConnection, *, now: datetime) -> None:
    """Make sources with an active hub due now: the hub may have dropped the subscription while ingestd was stopped."""
    leased = (sources.c.pushed_until > now) & sources.c.run_id.is_(None) & (sources.c.due_at > now)
    await connection.execute(update(sources).where(leased).values(due_at=now))


async def status_of(connection: AsyncConnection, source_id: int) -> dict[str, Any] | None:
    """Return a source's subscription for display, without token and secret, or None."""
    names = ("hub", "topic", "state", "lease_until", "due_at", "pushes", "rejected", "last_error")
    query = select(*(subscriptions.c[name] for name in names)).where(subscriptions.c.source_id == source_id)
    row = (await connection.execute(query)).mappings().first()
    return dict(row) if row else None


def _subscription(row: Any) -> Subscription:
    return Subscription(**{name: getattr(row, name) for name in Subscription.__slots__})
