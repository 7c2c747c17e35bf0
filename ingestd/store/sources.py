"""Sources: added, listed, claimed when due, given back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.model import Source, Validators
from ingestd.store.statements import insert_absent
from ingestd.store.tables import entries, polls, sources
from ingestd.urls import site, without_userinfo


async def add(
    connection: AsyncConnection,
    url: str,
    *,
    now: datetime,
    title: str | None = None,
    interval: float | None = None,
) -> tuple[int, bool]:
    """Add a source, due at once; returns its id and whether it is new.

    One that was removed, or that only backfills know, comes back with its history; one that is there stays as it is.
    """
    query = select(sources.c.id, sources.c.kind, sources.c.state).where(sources.c.url == url)
    before = (await connection.execute(query)).first()
    if before and before.kind == "feed" and before.state != "removed":
        return before.id, False
    if before:
        values = {"kind": "feed", "state": "active", "due_at": now, "failures": 0, "last_error": None}
        await connection.execute(update(sources).where(sources.c.id == before.id).values(values))
        return before.id, True
    return await _insert(connection, url, kind="feed", state="active", title=title, interval=interval, now=now), True


async def add_list(connection: AsyncConnection, url: str, *, now: datetime) -> int:
    """Return the id of the source that a backfill's entries belong to; one that is new is never polled."""
    return await _insert(connection, url, kind="list", state="paused", title=None, interval=None, now=now)


async def _insert(
    connection: AsyncConnection,
    url: str,
    *,
    kind: str,
    state: str,
    title: str | None,
    interval: float | None,
    now: datetime,
) -> int:
    row = {
        "url": url,
        "kind": kind,
        "state": state,
        "title": title,
        "site": site(url),
        "interval": interval,
        "due_at": now,
        "failures": 0,
        "created_at": now,
    }
    await insert_absent(connection, sources, [row])
    return int((await connection.execute(select(sources.c.id).where(sources.c.url == url))).scalar_one())


async def find(connection: AsyncConnection, name: str) -> Row[Any]:
    """Return the source of that number or URL.

    Raises UsageError when there is none.
    """
    column = sources.c.id == int(name) if name.isascii() and name.isdigit() else sources.c.url == name
    row = (await connection.execute(select(sources).where(column, sources.c.state != "removed"))).first()
    if row is None:
        raise UsageError(f"no source {without_userinfo(name)}: `ingestd sources list` shows them")
    return row


async def listed(connection: AsyncConnection, *, kind: str | None = "feed") -> list[Row[Any]]:
    """Return the sources that were not removed, with their number of entries, in the order they were added."""
    count = select(func.count()).where(entries.c.source_id == sources.c.id).scalar_subquery().label("entries")
    query = select(sources, count).where(sources.c.state != "removed").order_by(sources.c.id)
    if kind:
        query = query.where(sources.c.kind == kind)
    return list((await connection.execute(query)).all())


async def set_state(connection: AsyncConnection, source_id: int, state: str, *, now: datetime) -> None:
    """Pause, resume (due at once) or remove a source; its entries and records stay."""
    values: dict[str, object] = {"state": state}
    if state == "active":
        values["due_at"] = now
    await connection.execute(update(sources).where(sources.c.id == source_id).values(values))


async def claim_due(
    connection: AsyncConnection, run_id: str, *, now: datetime, limit: int, without_sites: Collection[str] = ()
) -> list[Source]:
    """Claim sources that are due, the longest waiting first; one statement, so no two runs get the same."""
    due = (
        select(sources.c.id)
        .where(sources.c.state == "active", sources.c.run_id.is_(None), sources.c.due_at <= now)
        .order_by(sources.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if without_sites:
        due = due.where(sources.c.site.not_in(without_sites))
    return await _claim(connection, run_id, sources.c.id.in_(due.scalar_subquery()))


async def claim_these(connection: AsyncConnection, run_id: str, source_ids: Sequence[int]) -> list[Source]:
    """Claim sources whether due or not; those that another run has at work are left out."""
    return await _claim(connection, run_id, sources.c.id.in_(source_ids) & sources.c.run_id.is_(None))


async def _claim(connection: AsyncConnection, run_id: str, which: Any) -> list[Source]:
    statement = update(sources).where(which).values(run_id=run_id).returning(sources)
    rows = (await connection.execute(statement)).all()
    return [source_of(row) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]


async def put_off(connection: AsyncConnection, source_id: int, run_id: str, *, until: datetime) -> None:
    """Give a claimed source back without a poll, due later."""
    mine = (sources.c.id == source_id) & (sources.c.run_id == run_id)
    await connection.execute(update(sources).where(mine).values(run_id=None, due_at=until))


def source_of(row: Row[Any]) -> Source:
    """Return a row of `sources` as a value."""
    return Source(
        id=row.id,
        url=row.url,
        title=row.title,
        interval=row.interval,
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        body_hash=row.body_hash,
        failures=row.failures,
    )


async def last_polls(connection: AsyncConnection, source_id: int, *, limit: int = 20) -> list[dict[str, Any]]:
    """Return the latest polls of a source, newest first."""
    query = select(polls).where(polls.c.source_id == source_id).order_by(polls.c.at.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(query)).mappings()]
