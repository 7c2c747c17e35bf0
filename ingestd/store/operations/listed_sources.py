"""What lists of sources show, in pages for the API; `store.polls.source_list` reads all for commands."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.condition import Condition
from ingestd.store.operations import overview
from ingestd.store.polls import source_list, sources, subscriptions
from ingestd.store.polls.source_rows import shown_values
from ingestd.store.schema.tables import entries
from ingestd.store.schema.tables import sources as table
from ingestd.store.statements import one_of
from ingestd.times import iso

#: Conditions, "overdue": an active source that was due over five minutes ago, and "warned": its documents have defects.
Only = Literal[Condition, "overdue", "warned"]
ONLY: tuple[str, ...] = (*get_args(Condition), "overdue", "warned")

#: What is read of a source, before its number of entries.
READ = (*overview.SUMMARISED, table.c.last_polled_at)

#: Sources that one page looks through, and those read at once, if not all are listed.
_MAX_ROWS, _BATCH = 20_000, 2_000


def only(wanted: str | None, now: datetime) -> ColumnElement[bool] | None:
    """Return the condition that a source is in a condition, overdue or warned; None: any source."""
    if wanted is None:
        return None
    if wanted == "overdue":
        return source_list.is_overdue(now - timedelta(seconds=overview.OVERDUE))
    if wanted == "warned":
        return source_list.IS_WARNED
    return source_list.in_condition(next(one for one in get_args(Condition) if one == wanted))


def listed(row: Sequence[Any]) -> dict[str, Any]:
    """Return a row of `READ` and the number of entries for display."""
    *values, last_polled_at, number = row
    return {**overview.summary_of_values(*values), "entries": number, "last_polled_at": iso(last_polled_at)}


async def page(
    connection: AsyncConnection,
    *,
    wanted: str | None,
    site: str | None,
    source_ids: Collection[int] | None = None,
    now: datetime,
    after: int,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return at most `limit` sources after a number, and the number after which the next page begins; None: no more.

    With `source_ids`, only these sources.
    A page looks through a bounded number of sources, so that it may have fewer and still have a next one.
    """
    condition = only(wanted, now)
    chosen = and_(true() if condition is None else condition, true() if site is None else table.c.site == site)
    if source_ids is not None:
        chosen = and_(chosen, one_of(table.c.id, source_ids))
    if wanted not in (None, "ok", "overdue", "warned"):  # an index has them
        query = select(table.c.id).where(chosen, table.c.kind == "feed", table.c.state != "removed", table.c.id > after)
        ids = list((await connection.execute(query.order_by(table.c.id).limit(limit + 1))).scalars())
        return await _read(connection, ids[:limit]), ids[limit - 1] if len(ids) > limit else None
    is_plain = wanted is None and site is None and source_ids is None
    found: list[int] = []
    looked_at, size = 0, limit + 1 if is_plain else max(limit + 1, _BATCH)
    while True:
        some = select(table.c.id).where(table.c.id > after).order_by(table.c.id).limit(size).subquery("some")
        is_listed = (table.c.kind == "feed") & (table.c.state != "removed")
        query = select(some.c.id, and_(is_listed, chosen)).join(table, table.c.id == some.c.id).order_by(some.c.id)
        rows = (await connection.execute(query)).all()
        found += [row[0] for row in rows if row[1]]
        looked_at += len(rows)
        if len(found) > limit:
            following: int | None = found[limit - 1]
            break
        after = rows[-1][0] if rows else after
        if len(rows) < size or looked_at >= _MAX_ROWS:
            following = None if len(rows) < size else after
            break
    return await _read(connection, found[:limit]), following


async def _read(connection: AsyncConnection, ids: Sequence[int]) -> list[dict[str, Any]]:
    count = select(func.count()).where(entries.c.source_id == table.c.id).scalar_subquery()
    query = select(*READ, count).where(table.c.id.in_(ids)).order_by(table.c.id)
    return [listed(row) for row in await connection.execute(query)]


async def details(connection: AsyncConnection, name: str) -> dict[str, Any]:
    """Return a source with its warnings, its recent polls and its WebSub hub; raises NotFound."""
    row = await sources.find(connection, name)
    polls = await sources.last_polls(connection, row.id)
    hub = await subscriptions.status_of(connection, row.id)
    values = shown_values(row)
    return {**values, **overview.source_summary(row), "warnings": values["warnings"], "hub": hub, "polls": polls}
