"""Gaps: opened by polls, closed by repairs or by the operator; and the coverage of sources, computed from them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound, UsageError
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema.tables import entries, gaps, polls, sources
from ingestd.store.schema.work_tables import QUARANTINED
from ingestd.store.statements import among, insert_all, one_of
from ingestd.times import iso
from ingestd.urls import without_userinfo

# Times are printed without fractions of a second; a caller who passes one back must get the same coverage.
_PRECISION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An interval in which entries of a source may have appeared and disappeared between polls."""

    id: int
    source_id: int
    from_at: datetime
    to_at: datetime
    #: URL of older entries, from the document at the gap's end.
    older: str | None
    #: Attempts at a repair so far.
    attempts: int


async def gap_row(connection: AsyncConnection, poll: PollResult) -> dict[str, Any]:
    """Return a row for the gap since the last document with entries: one without entries did not show the window.

    False 304s did not show it either.
    """
    source, since = poll.source, poll.source.last_success_at or poll.at
    read_at = source.last_read_at
    empty = select(polls.c.id).where(polls.c.source_id == source.id, polls.c.at > read_at, polls.c.listed == 0)
    if poll.unmasks_304s:
        since = source.full_answer_at or read_at or since
    elif read_at and (await connection.execute(empty.limit(1))).first():
        since = read_at
    return {
        "source_id": source.id, "from_at": since, "to_at": poll.at, "older": poll.older,
        "state": "open", "due_at": poll.at,
    }  # fmt: skip


async def open_gaps(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert open gaps, given as rows."""
    await insert_all(connection, gaps, rows)


async def claim_due(connection: AsyncConnection, *, now: datetime, retry_at: datetime, limit: int) -> list[Gap]:
    """Claim open gaps that are due for repair, the longest due first, without those of removed sources.

    Each is postponed to `retry_at`, so that no other process takes it, and it is due again even if this process dies.
    """
    query = select(gaps).join(sources, sources.c.id == gaps.c.source_id)
    query = query.where(gaps.c.state == "open", gaps.c.due_at <= now, sources.c.state != "removed")
    query = query.order_by(gaps.c.due_at).limit(limit).with_for_update(skip_locked=True, of=gaps)
    found = [Gap(**{name: getattr(row, name) for name in Gap.__slots__}) for row in await connection.execute(query)]
    claimed = update(gaps).where(gaps.c.id.in_([gap.id for gap in found]))
    await connection.execute(claimed.values(due_at=retry_at))
    return found


async def save_attempt(
    connection: AsyncConnection, gap: Gap, *, found: int, note: str, due_at: datetime | None, closed_at: datetime | None
) -> None:
    """Save an attempt at a repair that found `found` entries.

    With `closed_at` the gap is repaired.  Otherwise it stays open, due at `due_at`; None leaves it to the operator.
    """
    values = {
        "attempts": gap.attempts + 1,
        "found": gaps.c.found + found,
        "note": note,
        "due_at": due_at,
        "state": "repaired" if closed_at else "open",
        "closed_at": closed_at,
    }
    await connection.execute(update(gaps).where(gaps.c.id == gap.id, gaps.c.state == "open").values(values))


async def accept_or_retry(
    connection: AsyncConnection, gap_id: int, *, accepted: bool, note: str | None, now: datetime
) -> None:
    """Accept an open gap, or make it due for repair now; raises UsageError when there is no such open gap."""
    values: dict[str, object] = {"due_at": now}
    if accepted:
        values = {"state": "accepted", "closed_at": now, "due_at": None, "note": note or gaps.c.note}
    result = await connection.execute(update(gaps).where(gaps.c.id == gap_id, gaps.c.state == "open").values(values))
    if not result.rowcount:
        raise NotFound(f"no open gap {gap_id}; `ingestd gaps list` shows all gaps")


async def list_all(
    connection: AsyncConnection,
    *,
    state: str | None = None,
    source_id: int | None = None,
    source_ids: Collection[int] | None = None,
    limit: int = 100,
    after: tuple[datetime, int] | None = None,
) -> list[dict[str, Any]]:
    """Return gaps, newest first, each with its source's URL; with `after`, those behind a gap's start and number.

    `source_ids` are the sources whose gaps they may be; None: of all.
    """
    query = select(gaps, sources.c.url.label("source_url")).join(sources, sources.c.id == gaps.c.source_id)
    if state:
        query = query.where(gaps.c.state == state)
    if source_id is not None:
        query = query.where(gaps.c.source_id == source_id)
    if source_ids is not None:
        query = query.where(one_of(gaps.c.source_id, source_ids))
    if after is not None:
        from_at, gap_id = after
        query = query.where(gaps.c.from_at <= from_at, (gaps.c.from_at < from_at) | (gaps.c.id < gap_id))
    rows = await connection.execute(query.order_by(gaps.c.from_at.desc(), gaps.c.id.desc()).limit(limit))
    return [{**row, "source_url": without_userinfo(row["source_url"])} for row in rows.mappings()]


async def coverage(
    connection: AsyncConnection,
    source_id: int | None,
    *,
    source_ids: Collection[int] | None = None,
    since: datetime | None,
    until: datetime | None,
    after: int = 0,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return the coverage of each source (by id) in an interval, with the gaps in it; `source_ids`: only of these.

    Of all sources, `limit` are listed at most, those with numbers above `after`.

    `since` None: from each source's first successful poll.  `until` None: to its last one.

    - `complete_from`, `complete_until`: the part of the interval in which the source was watched; None: it was not
    - `whole`: whether that is the whole interval and no gap in it is open
    - `quarantined`: quarantined entries first seen in the interval; they are known, not missed
    - `given_up`: the same number under its former name

    Inboxes are left out, since only the sender knows whether everything arrived.  Drop folders have no gaps: files
    wait in the folder, so nothing is missed while ingestd is stopped.

    Raises UsageError when the interval is empty, or `source_id` is not a polled source.
    """
    if since and until and until <= since:
        raise UsageError(f"nothing lies between {iso(since)} and {iso(until)}; the end must be after the start")
    watched = select(sources).where(sources.c.kind == "feed", sources.c.url.not_like("inbox:%"))
    watched = watched.where(sources.c.state != "removed" if source_id is None else sources.c.id == source_id)
    if source_id is None:
        watched = watched.where(sources.c.id > after)
    if source_ids is not None:
        watched = watched.where(one_of(sources.c.id, source_ids))
    rows = (await connection.execute(watched.order_by(sources.c.id).limit(limit))).all()
    if source_id is not None and not rows:
        raise UsageError(f"source {source_id} is not polled, so its coverage is unknown; ask its sender")
    # Three statements, however many sources there are.
    ids = None if source_id is None and limit is None else [row.id for row in rows]
    gaps_of = await _gaps_within(connection, ids, since, until)
    quarantined_of = await _count_quarantined(connection, ids, since, until)
    coverages = []
    for row in rows:
        start, end = _later(row.watched_since, since), _earlier(row.last_success_at, until)
        if start is None or end is None or start > end:
            start = end = None
        gaps_within, quarantined = gaps_of.get(row.id, []), quarantined_of.get(row.id, 0)
        coverages.append(
            {
                "source": row.id,
                "url": without_userinfo(row.url),
                "title": row.title,
                "state": row.state,
                "complete_from": start,
                "complete_until": end,
                "whole": _covers(start, end, since, until) and all(gap["state"] != "open" for gap in gaps_within),
                "gaps": gaps_within,
                "quarantined": quarantined,
                "given_up": quarantined,
            }
        )
    return coverages


def _covers(start: datetime | None, end: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    """Return whether the watched interval from `start` to `end` covers the one asked for."""
    if start is None or end is None:
        return False
    return not (since and start - since >= _PRECISION) and not (until and until - end >= _PRECISION)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later time; `one` if `other` is None, and None if `one` is None."""
    return max(one, other) if one and other else one


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier time; `one` if `other` is None, and None if `one` is None."""
    return min(one, other) if one and other else one


async def _gaps_within(
    connection: AsyncConnection, source_ids: Sequence[int] | None, since: datetime | None, until: datetime | None
) -> dict[int, list[dict[str, Any]]]:
    """Return the gaps in an interval by source, of some or of all, each source's in the order of time."""
    query = select(gaps) if source_ids is None else select(gaps).where(among(gaps.c.source_id, "ids"))
    if since:
        query = query.where(gaps.c.to_at > since)
    if until:
        query = query.where(gaps.c.from_at < until)
    names = ("id", "from_at", "to_at", "state", "found", "note")
    found: dict[int, list[dict[str, Any]]] = {}
    for row in (await connection.execute(query.order_by(gaps.c.from_at, gaps.c.id), _ids(source_ids))).mappings():
        found.setdefault(row["source_id"], []).append({name: row[name] for name in names})
    return found


async def _count_quarantined(
    connection: AsyncConnection, source_ids: Sequence[int] | None, since: datetime | None, until: datetime | None
) -> dict[int, int]:
    """Return the number of quarantined entries first seen in an interval by source, of some or of all."""
    query = select(entries.c.source_id, func.count()).where(QUARANTINED)
    if source_ids is not None:
        query = query.where(among(entries.c.source_id, "ids"))
    if since:
        query = query.where(entries.c.first_seen_at >= since)
    if until:
        query = query.where(entries.c.first_seen_at < until)
    rows = await connection.execute(query.group_by(entries.c.source_id), _ids(source_ids))
    return {row[0]: row[1] for row in rows}


def _ids(source_ids: Sequence[int] | None) -> dict[str, Any]:
    return {} if source_ids is None else {"ids": list(source_ids)}
