"""Sources: add, find, change, claim when due, release, postpone."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, bindparam, case, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound
from ingestd.model.source import Source
from ingestd.model.typed_url import with_scheme
from ingestd.store.polls import source_rows
from ingestd.store.polls.node_sources import NODE, polled_by
from ingestd.store.polls.source_addresses import Spellings, address_of, find_by_address, find_by_id, ids_at
from ingestd.store.schema.source_tables import NOT_HTTP
from ingestd.store.schema.tables import polls, sources
from ingestd.store.statements import insert_if_absent
from ingestd.urls import is_inbox, pacing_key, without_userinfo


async def add(
    connection: AsyncConnection,
    url: str,
    *,
    now: datetime,
    title: str | None = None,
    interval: float | None = None,
    obeys_robots: bool = False,
    node: str | None = None,
    spellings: Spellings | None = None,
) -> tuple[int, bool]:
    """Add a source, due at once (an inbox is never due); returns its id and whether it is new.

    A source that was removed, or that only backfills used, is activated again with its history, and takes the title
    and interval that are given.  A source that has this address in any spelling, or had it before it moved, stays as it
    is.  `node` is the only node that polls it; None: any does.  `spellings` are the `other_spellings`, for who adds
    many.
    """
    url = address_of(url)
    values: dict[str, object] = {"title": title, "interval": interval, "obeys_robots": obeys_robots, "node": node}
    if is_inbox(url):
        # An inbox is never polled, but it can be quiet: its history starts now.
        values |= {"due_at": None, "watched_since": now}
    existing = await find_by_address(connection, url, spellings)
    if existing is None:
        source_id, is_new = await _insert(connection, url, kind="feed", state="active", now=now, **values)
        if is_new:
            return source_id, True
        existing = await find_by_id(connection, source_id)  # another transaction has just added it
    if _is_feed_not_removed(existing):
        return existing.id, False
    given = {
        name: value for name, value in (("title", title), ("interval", interval), ("node", node)) if value is not None
    }
    reactivated = {"kind": "feed", "obeys_robots": obeys_robots, **_activation_values(now), **given}
    await connection.execute(update(sources).where(sources.c.id == existing.id).values(reactivated))
    return existing.id, True


async def find_polled(connection: AsyncConnection, url: str) -> int | None:
    """Return the id of the feed or folder that has or had an address; None if there is none, or it was removed."""
    existing = await find_by_address(connection, address_of(url))
    return existing.id if existing and _is_feed_not_removed(existing) else None


def _is_feed_not_removed(row: Any) -> bool:
    return bool(row.kind == "feed" and row.state != "removed")


async def add_list(connection: AsyncConnection, url: str, *, now: datetime) -> int:
    """Add the source for a backfill's entries (kind "list", never polled) unless it exists; returns its id."""
    return (await _insert(connection, url, kind="list", state="paused", now=now))[0]


async def _insert(
    connection: AsyncConnection, url: str, *, kind: str, state: str, now: datetime, **values: object
) -> tuple[int, bool]:
    """Insert a source unless there is one with this URL; returns its id, and whether it was inserted."""
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
    is_new = await insert_if_absent(connection, sources, row)
    return int((await connection.execute(select(sources.c.id).where(sources.c.url == url))).scalar_one()), is_new


def _activation_values(now: datetime) -> dict[str, object]:
    due = case((sources.c.url.like("inbox:%"), null()), else_=now)
    return {"state": "active", "due_at": due, "failures": 0, "last_error": None, "condition": "ok"}


async def find(connection: AsyncConnection, name: str) -> Row[Any]:
    """Return the source with an id, URL or path; a former address of a source that moved is accepted too.

    Raises UsageError when there is none.
    """
    # Ids have 63 bits, which every number of 18 digits fits.
    if name.isascii() and name.isdigit() and len(name) <= 18:
        conditions = [sources.c.id == int(name)]
    else:
        conditions = [sources.c.url == name]
        conditions += [
            sources.c.id == source_id for source_id in await ids_at(connection, address_of(with_scheme(name)))
        ]
    for condition in conditions:
        query = select(sources).where(condition, sources.c.state != "removed")
        if row := (await connection.execute(query)).first():
            return row
    raise not_found(name)


def not_found(name: str) -> NotFound:
    """Return the error that there is no source with a number or URL."""
    return NotFound(f"no source {without_userinfo(name)}; `ingestd sources list` shows all sources")


async def set_state(connection: AsyncConnection, source_id: int, state: str, *, now: datetime) -> None:
    """Pause, resume (due at once) or remove a source; its entries and records stay."""
    values = _activation_values(now) if state == "active" else {"state": state}
    await connection.execute(update(sources).where(sources.c.id == source_id).values(values))


async def make_due_now(connection: AsyncConnection, source_id: int, *, now: datetime) -> bool:
    """Make an active source due now, whatever its failures; returns False for an inbox and a source that is stopped."""
    c = sources.c
    active = (c.id == source_id) & (c.state == "active") & c.due_at.is_not(None)
    result = await connection.execute(update(sources).where(active).values(due_at=now))
    return bool(result.rowcount)


async def change(connection: AsyncConnection, source_id: int, **values: object) -> None:
    """Change a source's title, interval (seconds; None: learned), obeys_robots, revisits or node (None: any)."""
    await connection.execute(update(sources).where(sources.c.id == source_id).values(values))


async def claim_due(
    connection: AsyncConnection,
    run_id: str,
    *,
    now: datetime,
    limit: int,
    node: str | None = None,
    without_sites: Collection[str] = (),
) -> list[Source]:
    """Claim due sources that a node may poll, the longest due first.

    A single statement, so that no two runs get the same source.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_IN_INDEX_ORDER)
    statement = _CLAIM_DUE_WITHOUT if without_sites else _CLAIM_DUE
    values = {
        "claiming_run": run_id, "due_until": now, "most": limit, "without_sites": list(without_sites), NODE.key: node,
    }  # fmt: skip
    return _claimed(await connection.execute(statement, values))


async def claim_due_of_site(
    connection: AsyncConnection, run_id: str, site: str, *, now: datetime, limit: int, node: str | None = None
) -> list[Source]:
    """Claim due sources of one site that a node may poll, the longest due first."""
    values = {"claiming_run": run_id, "due_until": now, "most": limit, "only_site": site, NODE.key: node}
    return _claimed(await connection.execute(_CLAIM_DUE_OF_SITE, values))


async def claim(connection: AsyncConnection, run_id: str, source_ids: Sequence[int]) -> list[Source]:
    """Claim sources, due or not, except sources that a run has claimed already."""
    return _claimed(await connection.execute(_CLAIM_THESE, {"claiming_run": run_id, "these": list(source_ids)}))


def _claimed(rows: Iterable[Row[Any]]) -> list[Source]:
    found = [source_rows.source_from_values(row) for row in rows]
    return sorted(found, key=lambda source: (source.due_at or _NEVER, source.id))


#: Sorts before any due time.
_NEVER = datetime.min.replace(tzinfo=UTC)


async def make_due(connection: AsyncConnection, source_ids: Collection[int], *, now: datetime) -> set[int]:
    """Make drop folders due now, since files have arrived; returns the claimed ones, which the caller must try again.

    A folder whose last poll failed keeps its due time: new files are no reason to retry sooner.
    """
    these = sources.c.id.in_(source_ids) & (sources.c.state == "active")
    ready = these & sources.c.run_id.is_(None) & (sources.c.condition == "ok") & (sources.c.due_at > now)
    await connection.execute(update(sources).where(ready).values(due_at=now))
    at_work = select(sources.c.id).where(these, sources.c.run_id.is_not(None))
    return set((await connection.execute(at_work)).scalars())


async def drop_folders(connection: AsyncConnection, *, node: str | None = None) -> dict[int, str]:
    """Return the URLs of the active local drop folders that a node may read, by id."""
    query = select(sources.c.id, sources.c.url).where(NOT_HTTP, sources.c.url.like("file:///%"))
    usable = (sources.c.state == "active") & (sources.c.kind == "feed") & polled_by(node)
    rows = await connection.execute(query.where(usable))
    return {row.id: row.url for row in rows}


async def release(connection: AsyncConnection, source: Source, run_id: str) -> None:
    """Release a source while it has the claim of `source`, otherwise unchanged."""
    await connection.execute(update(sources).where(_is_claim(source, run_id)).values(run_id=None))


def _is_claim(source: Source, run_id: str) -> ColumnElement[bool]:
    return (sources.c.id == source.id) & (sources.c.run_id == run_id) & (sources.c.claims == source.claim)


async def postpone(connection: AsyncConnection, source: Source, run_id: str, *, until: datetime) -> None:
    """Release a source, while it has the claim of `source`, unpolled; it is due again at `until`."""
    await connection.execute(update(sources).where(_is_claim(source, run_id)).values(run_id=None, due_at=until))


async def next_attempt(connection: AsyncConnection, source_id: int) -> tuple[str, datetime | None]:
    """Return the state of a source, and when it is polled next; None: it is gone, paused or removed."""
    row = (await connection.execute(select(sources.c.state, sources.c.due_at).where(sources.c.id == source_id))).one()
    return row.state, row.due_at if row.state == "active" else None


async def last_polls(connection: AsyncConnection, source_id: int, *, limit: int = 20) -> list[dict[str, Any]]:
    """Return the latest polls of a source, newest first."""
    query = (
        select(polls).where(polls.c.source_id == source_id).order_by(polls.c.at.desc(), polls.c.id.desc()).limit(limit)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


_c = sources.c

# Built once: to build such a statement takes as long as to execute it.
_DUE = (
    select(_c.id)
    .where(_c.state == "active", _c.run_id.is_(None), _c.due_at <= bindparam("due_until"), polled_by(NODE))
    .order_by(_c.due_at)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_DUE_WITHOUT = _DUE.where(_c.site.not_in(bindparam("without_sites", expanding=True)))


# Each claim leaves a dead row at the head of the index of due times.  An index scan marks it there, so that the next
# one passes it; a bitmap scan, which PostgreSQL prefers for some hundred rows, reads all of them until VACUUM.
_IN_INDEX_ORDER = text("SET LOCAL enable_bitmapscan = off")


def _claim_of(which: ColumnElement[bool]) -> Any:
    values = {"run_id": bindparam("claiming_run"), "claims": _c.claims + 1}
    return update(sources).where(which).values(values).returning(*source_rows.COLUMNS)


_CLAIM_DUE = _claim_of(_c.id.in_(_DUE.scalar_subquery()))
_CLAIM_DUE_WITHOUT = _claim_of(_c.id.in_(_DUE_WITHOUT.scalar_subquery()))
_CLAIM_DUE_OF_SITE = _claim_of(_c.id.in_(_DUE.where(_c.site == bindparam("only_site")).scalar_subquery()))
_CLAIM_THESE = _claim_of(_c.id.in_(bindparam("these", expanding=True)) & _c.run_id.is_(None))
