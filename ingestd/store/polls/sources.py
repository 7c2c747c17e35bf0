"""Sources: added, listed, changed, claimed when due, given back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.model.source import NO_HINTS, Cursor, Hints, Pace, Source, Validators
from ingestd.store.schema.tables import aliases, entries, polls, sources
from ingestd.store.statements import insert_absent
from ingestd.urls import is_inbox, pacing_key, source_url, without_userinfo

#: A site may be held for a day, and a failing one be put off by half of that again.
_FURTHEST = timedelta(days=2)


async def add(
    connection: AsyncConnection,
    url: str,
    *,
    now: datetime,
    title: str | None = None,
    interval: float | None = None,
    obeys_robots: bool = False,
) -> tuple[int, bool]:
    """Add a source, due at once unless it is an inbox, which never is; returns its id and whether it is new.

    One that was removed, or that only backfills know, comes back with its history; one that is there, or was
    there before it moved, stays as it is.
    """
    before = await _at(connection, url)
    if before and _is_polled(before):
        return before.id, False
    if before:
        revived = {"kind": "feed", "obeys_robots": obeys_robots, **_revived(now)}
        await connection.execute(update(sources).where(sources.c.id == before.id).values(revived))
        return before.id, True
    values: dict[str, object] = {"title": title, "interval": interval, "obeys_robots": obeys_robots}
    if is_inbox(url):
        # Never due: nobody polls it. Its silence can be judged from now on.
        values |= {"due_at": None, "watched_since": now}
    return await _insert(connection, url, kind="feed", state="active", now=now, **values), True


async def find_polled(connection: AsyncConnection, url: str) -> int | None:
    """Return the source that is polled at an address, or was before it moved; None when there is none."""
    before = await _at(connection, url)
    return before.id if before and _is_polled(before) else None


async def _at(connection: AsyncConnection, url: str) -> Any:
    query = select(sources.c.id, sources.c.kind, sources.c.state)
    by_alias = query.join(aliases, aliases.c.source_id == sources.c.id).where(aliases.c.url == url)
    found = (await connection.execute(query.where(sources.c.url == url))).first()
    return found or (await connection.execute(by_alias)).first()


def _is_polled(row: Any) -> bool:
    return bool(row.kind == "feed" and row.state != "removed")


async def add_list(connection: AsyncConnection, url: str, *, now: datetime) -> int:
    """Return the id of the source that a backfill's entries belong to; one that is new is never polled."""
    return await _insert(connection, url, kind="list", state="paused", now=now)


async def _insert(
    connection: AsyncConnection, url: str, *, kind: str, state: str, now: datetime, **values: object
) -> int:
    row = {
        "url": url,
        "kind": kind,
        "state": state,
        "site": pacing_key(url),
        "due_at": now,
        "failures": 0,
        "created_at": now,
        **values,
    }
    await insert_absent(connection, sources, [row])
    return int((await connection.execute(select(sources.c.id).where(sources.c.url == url))).scalar_one())


def _revived(now: datetime) -> dict[str, object]:
    due = case((sources.c.url.like("inbox:%"), null()), else_=now)
    return {"state": "active", "due_at": due, "failures": 0, "last_error": None, "condition": "ok"}


async def find(connection: AsyncConnection, name: str) -> Row[Any]:
    """Return the source of that number, URL or path, be it one it had before it moved.

    Raises UsageError when there is none.
    """
    url = _address(name)
    former = select(aliases.c.source_id).where(aliases.c.url == url)
    by_url = (sources.c.url == url) | sources.c.id.in_(former.scalar_subquery())
    # Ids have 63 bits: 18 digits are always one.
    is_id = name.isascii() and name.isdigit() and len(name) <= 18
    column = sources.c.id == int(name) if is_id else by_url
    row = (await connection.execute(select(sources).where(column, sources.c.state != "removed"))).first()
    if row is None:
        raise UsageError(f"no source {without_userinfo(name)}: `ingestd sources list` shows them")
    return row


def _address(name: str) -> str:
    try:
        return source_url(name)
    except ValueError:  # what backfills took is known by other names
        return name


async def list_all(connection: AsyncConnection, *, kind: str | None = "feed") -> list[Row[Any]]:
    """Return the sources that were not removed, with their number of entries, in the order they were added."""
    count = select(func.count()).where(entries.c.source_id == sources.c.id).scalar_subquery().label("entries")
    query = select(sources, count).where(sources.c.state != "removed").order_by(sources.c.id)
    if kind:
        query = query.where(sources.c.kind == kind)
    return list((await connection.execute(query)).all())


async def set_state(connection: AsyncConnection, source_id: int, state: str, *, now: datetime) -> None:
    """Pause, resume (due at once) or remove a source; its entries and records stay."""
    values = _revived(now) if state == "active" else {"state": state}
    await connection.execute(update(sources).where(sources.c.id == source_id).values(values))


async def change(connection: AsyncConnection, source_id: int, **values: object) -> None:
    """Change a source's title, interval (seconds, None: learned), obeys_robots or revisits."""
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


async def claim(connection: AsyncConnection, run_id: str, source_ids: Sequence[int]) -> list[Source]:
    """Claim sources whether due or not; those that another run has at work are left out."""
    return await _claim(connection, run_id, sources.c.id.in_(source_ids) & sources.c.run_id.is_(None))


async def _claim(connection: AsyncConnection, run_id: str, which: Any) -> list[Source]:
    statement = update(sources).where(which).values(run_id=run_id).returning(sources)
    rows = (await connection.execute(statement)).all()
    return [
        source_from_row(row)
        for row in sorted(rows, key=lambda row: (row.due_at.timestamp() if row.due_at else 0.0, row.id))
    ]


async def make_due(connection: AsyncConnection, source_ids: Collection[int], *, now: datetime) -> set[int]:
    """Let drop folders be due that have something in them; returns those that are at work, to be asked for again.

    One that fails keeps its own time: what arrives there is no reason to try more often.
    """
    these = sources.c.id.in_(source_ids) & (sources.c.state == "active")
    ready = these & sources.c.run_id.is_(None) & (sources.c.condition == "ok") & (sources.c.due_at > now)
    await connection.execute(update(sources).where(ready).values(due_at=now))
    at_work = select(sources.c.id).where(these, sources.c.run_id.is_not(None))
    return set((await connection.execute(at_work)).scalars())


async def drop_folders(connection: AsyncConnection) -> dict[int, str]:
    """Return the drop folders that are looked at: their URLs by their numbers."""
    query = select(sources.c.id, sources.c.url).where(sources.c.url.like("file:///%"), sources.c.state == "active")
    rows = await connection.execute(query.where(sources.c.kind == "feed"))
    return {row.id: row.url for row in rows}


async def release(connection: AsyncConnection, source_id: int, run_id: str) -> None:
    """Give a claimed source back as it was."""
    mine = (sources.c.id == source_id) & (sources.c.run_id == run_id)
    await connection.execute(update(sources).where(mine).values(run_id=None))


async def postpone(connection: AsyncConnection, source_id: int, run_id: str, *, until: datetime) -> None:
    """Give a claimed source back without a poll, due later."""
    mine = (sources.c.id == source_id) & (sources.c.run_id == run_id)
    await connection.execute(update(sources).where(mine).values(run_id=None, due_at=until))


async def fix_future_due_times(connection: AsyncConnection, *, now: datetime) -> None:
    """Let sources be due that were polled, or put off, by a clock which was ahead and has been set back."""
    polled_later = sources.c.last_polled_at > now + timedelta(minutes=1)
    put_off_further_than_anybody_is = (sources.c.due_at > now + _FURTHEST) & sources.c.interval.is_(None)
    waiting = (sources.c.state == "active") & sources.c.run_id.is_(None) & (sources.c.due_at > now)
    success = case((sources.c.last_success_at > now, now), else_=sources.c.last_success_at)
    values = {"due_at": now, "last_polled_at": now, "last_success_at": success}
    ahead = polled_later | put_off_further_than_anybody_is
    await connection.execute(update(sources).where(waiting, ahead).values(values))


async def spread_overdue(connection: AsyncConnection, *, now: datetime, most: int, over: float) -> int:
    """Let no more than `most` sources be due at once: spread the rest over the next `over` seconds.

    In the order in which they were due; returns how many were spread.
    """
    query = select(sources.c.id).where(sources.c.state == "active", sources.c.run_id.is_(None), sources.c.due_at <= now)
    late = list((await connection.execute(query.order_by(sources.c.due_at, sources.c.id))).scalars())[most:]
    step = over / max(1, len(late))
    rows = [{"source": number, "due": now + timedelta(seconds=step * at)} for at, number in enumerate(late, 1)]
    if rows:
        statement = update(sources).where(sources.c.id == bindparam("source")).values(due_at=bindparam("due"))
        await connection.execute(statement, rows)
    return len(rows)


def source_from_row(row: Row[Any]) -> Source:
    """Return a row of `sources` as a value."""
    return Source(
        id=row.id,
        url=row.url,
        title=row.title,
        home=row.home,
        interval=row.interval,
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        body_hash=row.body_hash,
        due_at=row.due_at,
        failures=row.failures,
        maybe_gone=row.condition == "gone",
        obeys_robots=row.obeys_robots,
        hints=hints_from_json(row.hints),
        pace=Pace(arrivals=row.arrivals, hours=row.observed, squares=row.squares) if row.observed else None,
        last_success_at=row.last_success_at,
        last_read_at=row.last_read_at,
        last_new_at=row.last_new_at,
        window=row.window,
        moved_to=row.moved_to,
        moved_seen=row.moved_seen,
        pushed_until=row.pushed_until,
        cursor=Cursor(url=row.cursor, kind=row.cursor_kind) if row.cursor else None,
    )


def hints_from_json(value: dict[str, Any] | None) -> Hints:
    """Return hints out of their JSON value."""
    if not value:
        return NO_HINTS
    lists: dict[str, Any] = {name: tuple(found) for name, found in value.items() if isinstance(found, list)}
    return Hints(**{**value, **lists})


def hints_as_json(hints: Hints) -> dict[str, Any] | None:
    """Return hints as a JSON value, None where there are none; absent ones are left out."""
    if hints == NO_HINTS:
        return None
    return {name: found for name in Hints.__slots__ if (found := getattr(hints, name)) not in (None, ())}


async def last_polls(connection: AsyncConnection, source_id: int, *, limit: int = 20) -> list[dict[str, Any]]:
    """Return the latest polls of a source, newest first."""
    query = select(polls).where(polls.c.source_id == source_id).order_by(polls.c.at.desc()).limit(limit)
    return [dict(row) for row in (await connection.execute(query)).mappings()]
