"""The coverage ledger: gaps opened by polls, closed by repair or by a person, and what is complete beside them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.store.schema.tables import entries, gaps, sources
from ingestd.store.statements import chunks, insert_all
from ingestd.times import iso
from ingestd.urls import without_userinfo

# Times are shown to the second, and asked for as they were shown.
_SHOWN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which entries of a source may have come and gone unseen."""

    id: int
    source_id: int
    from_at: datetime
    to_at: datetime
    #: Where the document after it says its older entries are.
    older: str | None
    #: Tries to repair it so far.
    attempts: int


async def open_gaps(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Open gaps, a row each."""
    await insert_all(connection, gaps, rows)


async def take_due(connection: AsyncConnection, *, now: datetime, again: datetime, limit: int) -> list[Gap]:
    """Return open gaps that repair should look at and nobody else does now, the oldest first.

    None of sources that were removed.  Each is due `again` if nothing is noted of it before.
    """
    query = select(gaps).join(sources, sources.c.id == gaps.c.source_id)
    query = query.where(gaps.c.state == "open", gaps.c.due_at <= now, sources.c.state != "removed")
    query = query.order_by(gaps.c.due_at).limit(limit).with_for_update(skip_locked=True, of=gaps)
    found = [Gap(**{name: getattr(row, name) for name in Gap.__slots__}) for row in await connection.execute(query)]
    taken = update(gaps).where(gaps.c.id.in_([gap.id for gap in found]))
    await connection.execute(taken.values(due_at=again))
    return found


async def tried(
    connection: AsyncConnection, gap: Gap, *, found: int, note: str, due_at: datetime | None, closed_at: datetime | None
) -> None:
    """Note what a try to repair came to: closed where `closed_at` says when, else due again, or left to a person."""
    values = {
        "attempts": gap.attempts + 1,
        "found": gaps.c.found + found,
        "note": note,
        "due_at": due_at,
        "state": "repaired" if closed_at else "open",
        "closed_at": closed_at,
    }
    await connection.execute(update(gaps).where(gaps.c.id == gap.id, gaps.c.state == "open").values(values))


async def settle(connection: AsyncConnection, gap_id: int, *, accepted: bool, note: str | None, now: datetime) -> None:
    """Accept an open gap as it is, or have repair look at it again; raises UsageError when it is not open."""
    values: dict[str, object] = {"due_at": now}
    if accepted:
        values = {"state": "accepted", "closed_at": now, "due_at": None, "note": note or gaps.c.note}
    result = await connection.execute(update(gaps).where(gaps.c.id == gap_id, gaps.c.state == "open").values(values))
    if not result.rowcount:
        raise UsageError(f"no open gap {gap_id}: `ingestd gaps list` shows them")


async def listed(
    connection: AsyncConnection, *, state: str | None = None, source_id: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Return gaps, the newest first, each with its source's URL."""
    query = select(gaps, sources.c.url.label("source_url")).join(sources, sources.c.id == gaps.c.source_id)
    if state:
        query = query.where(gaps.c.state == state)
    if source_id is not None:
        query = query.where(gaps.c.source_id == source_id)
    rows = await connection.execute(query.order_by(gaps.c.from_at.desc(), gaps.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def coverage(
    connection: AsyncConnection, source_id: int | None, *, since: datetime | None, until: datetime | None
) -> list[dict[str, Any]]:
    """Return what is complete: a row a source, in their order, each with the gaps that are in the time asked for.

    `complete_from` and `complete_until` are cut to that time, and None where the source was not watched in it.
    `whole` says whether all of the time asked for is: nothing before it or after it is missing, and no gap is open.
    Without `since` it begins where watching began, without `until` it ends with the last look.
    `given_up` counts entries first seen in it whose article could not be made; they are known, not missed.

    What is only pushed to is left out: nobody looks whether all came.  A drop folder has no window that could roll
    over, and so no gaps: what comes while nobody looks, waits.

    Raises UsageError when nothing lies between the two times, or the source is one that is not polled.
    """
    if since and until and until <= since:
        raise UsageError(f"nothing lies between {iso(since)} and {iso(until)}")
    watched = select(sources).where(sources.c.kind == "feed", sources.c.url.not_like("inbox:%"))
    watched = watched.where(sources.c.state != "removed" if source_id is None else sources.c.id == source_id)
    rows = (await connection.execute(watched.order_by(sources.c.id))).all()
    if source_id is not None and not rows:
        raise UsageError(f"source {source_id} is not polled: what it missed, only those know who send it")
    found = []
    for row in rows:
        start, end = _later(row.watched_since, since), _earlier(row.last_success_at, until)
        if start is None or end is None or start > end:
            start = end = None
        holes = await _gaps_within(connection, row.id, since, until)
        found.append(
            {
                "source": row.id,
                "url": without_userinfo(row.url),
                "title": row.title,
                "state": row.state,
                "complete_from": start,
                "complete_until": end,
                "whole": _reaches(start, end, since, until) and all(gap["state"] != "open" for gap in holes),
                "gaps": holes,
                "given_up": await _given_up(connection, row.id, since, until),
            }
        )
    return found


def _reaches(start: datetime | None, end: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    """Say whether what was watched begins and ends where it was asked to."""
    if start is None or end is None:
        return False
    return not (since and start - since >= _SHOWN) and not (until and until - end >= _SHOWN)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one


async def _gaps_within(
    connection: AsyncConnection, source_id: int, since: datetime | None, until: datetime | None
) -> list[dict[str, Any]]:
    query = select(gaps).where(gaps.c.source_id == source_id)
    if since:
        query = query.where(gaps.c.to_at > since)
    if until:
        query = query.where(gaps.c.from_at < until)
    names = ("id", "from_at", "to_at", "state", "found", "note")
    rows = await connection.execute(query.order_by(gaps.c.from_at, gaps.c.id))
    return [{name: row[name] for name in names} for row in rows.mappings()]


async def _given_up(connection: AsyncConnection, source_id: int, since: datetime | None, until: datetime | None) -> int:
    query = select(func.count()).where(entries.c.source_id == source_id, entries.c.state == "quarantined")
    if since:
        query = query.where(entries.c.first_seen_at >= since)
    if until:
        query = query.where(entries.c.first_seen_at < until)
    return int((await connection.execute(query)).scalar_one())


async def known_urls(connection: AsyncConnection, urls: Collection[str]) -> set[str]:
    """Return which of these addresses any source has announced."""
    found: set[str] = set()
    for some in chunks([*urls]):
        query = select(entries.c.url).where(entries.c.url.in_(some))
        found.update((await connection.execute(query)).scalars())
    return found


async def latest_urls(connection: AsyncConnection, source_id: int, *, limit: int = 200) -> list[str]:
    """Return the addresses of a source's latest entries."""
    query = select(entries.c.url).where(entries.c.source_id == source_id, entries.c.url.is_not(None))
    return list((await connection.execute(query.order_by(entries.c.id.desc()).limit(limit))).scalars())
