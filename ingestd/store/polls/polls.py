"""A poll's result, committed whole: entries, the validators that vouch for them, the next due time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.source import NO_VALIDATORS
from ingestd.store.database import lock_records
from ingestd.store.operations import failures
from ingestd.store.polls import gaps, redirects, source_schedule, subscriptions, withdrawn
from ingestd.store.polls.poll_result import Announcement, Poll
from ingestd.store.records import raws, wire_items
from ingestd.store.records.wire_versions import IncomingVersion
from ingestd.store.schema.tables import entries, polls
from ingestd.store.statements import chunks, insert_absent, insert_all
from ingestd.store.work.entries import announced
from ingestd.urls import site


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry as it is known from earlier polls."""

    fingerprint: str
    first_seen_at: datetime
    last_seen_at: datetime


async def known_entries(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, Known]:
    """Return what is known of each guid of a source that was seen before."""
    found: dict[str, Known] = {}
    for some in chunks(guids):
        query = select(entries.c.guid, entries.c.fingerprint, entries.c.first_seen_at, entries.c.last_seen_at)
        query = query.where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        for guid, *rest in await connection.execute(query):
            fingerprint, first, last = rest
            found[guid] = Known(fingerprint=fingerprint, first_seen_at=first, last_seen_at=last)
    return found


async def save(connection: AsyncConnection, done: Sequence[Poll]) -> None:
    """Commit polls: their entries as durable work, their sources' new state, a row each, and their failures."""
    if any(poll.versions for poll in done):
        # Before any row of ours is locked: whoever saves articles has this first, and rows of entries then.
        await lock_records(connection)
    await raws.add(connection, [poll.raw for poll in done], now=done[0].at)
    rows = [row for poll in done for row in _entry_rows(poll.source.id, poll.new, now=poll.at, raw=poll.raw)]
    await insert_absent(connection, entries, rows)
    await _renew_entries(connection, done)
    await _keep_versions(connection, [(poll.source.id, poll.versions, poll.at, poll.raw) for poll in done])
    await withdrawn.note(connection, done)
    await source_schedule.move(connection, [await _moved(connection, poll) for poll in done])
    await _note_hubs(connection, done)
    await insert_all(connection, polls, [_poll_row(poll) for poll in done])
    await gaps.open_gaps(connection, [await _gap_row(connection, poll) for poll in done if poll.lost])
    await failures.add(connection, [poll.failure for poll in done])


async def _keep_versions(
    connection: AsyncConnection, found: Sequence[tuple[int, Sequence[Announcement], datetime, raws.Kept | None]]
) -> None:
    """Keep versions of several documents, in order: of each its source, what it announces, when it came, its bytes."""
    guids: dict[int, list[str]] = {}
    for source_id, items, _, _ in found:
        guids.setdefault(source_id, []).extend(item.entry.guid for item in items if item.version)
    ids = {source_id: await _ids_of(connection, source_id, some) for source_id, some in guids.items() if some}
    arrivals = [
        IncomingVersion(
            version=item.version, source_id=source_id, entry_id=ids[source_id][item.entry.guid], at=at,
            raw=raw.sha256 if raw and raw.stored_size else None, url=item.entry.link,
        )
        for source_id, items, at, raw in found
        for item in items
        if item.version
    ]  # fmt: skip
    if arrivals:
        await wire_items.finish(connection, await wire_items.keep(connection, arrivals))


async def _ids_of(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(sorted(set(guids))):
        query = select(entries.c.guid, entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found.update((guid, entry_id) for guid, entry_id in await connection.execute(query))
    return found


async def _moved(connection: AsyncConnection, poll: Poll) -> Poll:
    """Give a source its new address where it is time to; the validators of one that it cannot have are not its own."""
    if not poll.moves or not poll.moved_to:
        return poll
    if await redirects.adopt(connection, poll.source, poll.moved_to, run_id=poll.run_id, now=poll.at):
        return poll
    return replace(poll, validators=NO_VALIDATORS)


async def _note_hubs(connection: AsyncConnection, done: Sequence[Poll]) -> None:
    """Note who pushes, by what documents say and by what polls found that was not pushed."""
    read = [poll for poll in done if poll.listed is not None]
    await subscriptions.withdrawn(connection, [poll.source.id for poll in read if not poll.hub], now=done[0].at)
    for poll in read:
        source = poll.source
        if poll.hub:
            await subscriptions.offered(connection, source.id, poll.hub, poll.topic or source.url, now=poll.at)
            if poll.new and source.pushed_until:
                await subscriptions.doubted(connection, source.id, now=poll.at)


async def add_entries(
    connection: AsyncConnection,
    source_id: int,
    found: Sequence[Announcement],
    *,
    now: datetime,
    raw: raws.Kept | None = None,
    backfill_id: int | None = None,
) -> None:
    """Add entries as pending work, due at once; those that are known stay as they are.

    Versions of wire items are kept at once, those of known entries as well.
    """
    if any(item.version for item in found):
        await lock_records(connection)
    await insert_absent(connection, entries, _entry_rows(source_id, found, now=now, raw=raw, backfill_id=backfill_id))
    await _keep_versions(connection, [(source_id, found, now, raw)])


def _entry_rows(
    source_id: int,
    found: Sequence[Announcement],
    *,
    now: datetime,
    raw: raws.Kept | None,
    backfill_id: int | None = None,
) -> list[dict[str, Any]]:
    return [
        {
            "source_id": source_id,
            "guid": item.entry.guid,
            "id_origin": item.entry.id_origin,
            "url": item.entry.link,
            "site": site(item.entry.link) if item.entry.link else None,
            "fingerprint": item.fingerprint,
            "announced": announced(item.entry),
            # A version is kept in the same transaction.
            "state": "done" if item.version else "pending",
            "attempts": 0,
            "due_at": now,
            "backfill_id": backfill_id,
            "raw": raw.sha256 if raw and raw.stored_size else None,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for item in found
    ]


async def _renew_entries(connection: AsyncConnection, done: Sequence[Poll]) -> None:
    """Note what was there again, and make what changed pending again."""
    seen: dict[tuple[int, datetime], set[str]] = {}
    for poll in done:
        seen.setdefault((poll.source.id, poll.at), set()).update(poll.seen)
    for (source_id, at), guids in seen.items():
        for some in chunks(sorted(guids)):
            again = (entries.c.source_id == source_id) & entries.c.guid.in_(some)
            # What the feed shows now is the daemon's work, even where a backfill listed it first: that may be dead.
            whose = case((entries.c.state == "pending", None), else_=entries.c.backfill_id)
            await connection.execute(update(entries).where(again).values(last_seen_at=at, backfill_id=whose))
    rows = [_changed_row(poll, item) for poll in done for item in poll.changed]
    if rows:
        await connection.execute(_CHANGE, rows)


_CHANGE = (
    update(entries)
    .where(entries.c.source_id == bindparam("source"), entries.c.guid == bindparam("named"))
    .values(
        fingerprint=bindparam("fingerprint_"),
        announced=bindparam("announced_"),
        url=bindparam("url_"),
        site=bindparam("site_"),
        state=bindparam("state_"),
        attempts=0,
        due_at=bindparam("at"),
        # Whoever has the entry at work has what it was: that result does not finish it.
        run_id=None,
        # The daemon's work, even where a backfill made it first: that may be over.
        backfill_id=None,
    )
)


def _changed_row(poll: Poll, item: Announcement) -> dict[str, Any]:
    return {
        "source": poll.source.id,
        "named": item.entry.guid,
        "fingerprint_": item.fingerprint,
        "announced_": announced(item.entry),
        "url_": item.entry.link,
        "site_": site(item.entry.link) if item.entry.link else None,
        "state_": "done" if item.version else "pending",
        "at": poll.at,
    }


async def _gap_row(connection: AsyncConnection, poll: Poll) -> dict[str, Any]:
    """Return a gap from the last look at the window on; a document without entries was none."""
    read_at = poll.source.last_read_at
    since = poll.source.last_success_at or poll.at
    empty = select(polls.c.id).where(polls.c.source_id == poll.source.id, polls.c.at > read_at, polls.c.listed == 0)
    if read_at and (await connection.execute(empty.limit(1))).first():
        since = read_at
    return {
        "source_id": poll.source.id, "from_at": since, "to_at": poll.at, "older": poll.older,
        "state": "open", "due_at": poll.at,
    }  # fmt: skip


def _poll_row(poll: Poll) -> dict[str, Any]:
    read = poll.listed is not None or poll.outcome == "pushed"
    return {
        "source_id": poll.source.id,
        "at": poll.at,
        "seconds": poll.seconds,
        "outcome": poll.outcome,
        "status": poll.status,
        "size": poll.size,
        "listed": poll.listed,
        "known": poll.known,
        "overlap": poll.overlap,
        "added": len(poll.new) if read else None,
        "changed": len(poll.changed) if read else None,
        "error": poll.failure.error if poll.failure else None,
        "raw": poll.raw.sha256 if poll.raw and poll.raw.stored_size else None,
    }


async def forget_before(connection: AsyncConnection, moment: datetime, *, batch: int = 10_000) -> int:
    """Delete rows of polls older than a moment, a bounded number at a time; returns how many."""
    old = select(polls.c.id).where(polls.c.at < moment).limit(batch)
    result = await connection.execute(delete(polls).where(polls.c.id.in_(old.scalar_subquery())))
    return int(result.rowcount)
