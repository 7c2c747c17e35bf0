"""Lists of sources for operators, read in pages: there may be a million."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.condition import Condition
from ingestd.store.database import Database
from ingestd.store.schema.source_tables import HAVE_PROBLEM
from ingestd.store.schema.tables import entries, sources

#: Sources read in one transaction.
_PAGE = 1000

_c = sources.c

_LAST_FAILED = sources.c.condition.in_(("throttled", "failing", "gone"))
_IS_STOPPED = sources.c.state.in_(("paused", "gone"))

#: Condition of a source as `condition_of` has it → the same in SQL.
_CONDITIONS: dict[Condition, ColumnElement[bool]] = {
    "paused": sources.c.state == "paused",
    "gone": sources.c.state == "gone",
    "throttled": ~_IS_STOPPED & (sources.c.condition == "throttled"),
    "failing": ~_IS_STOPPED & sources.c.condition.in_(("failing", "gone")),
    "quiet": ~_IS_STOPPED & ~_LAST_FAILED & sources.c.quiet_since.is_not(None),
    "ok": ~_IS_STOPPED & ~_LAST_FAILED & sources.c.quiet_since.is_(None),
}


def in_condition(condition: Condition) -> ColumnElement[bool]:
    """Return the condition that a source is in a condition; all but "ok" are found by an index."""
    found = _CONDITIONS[condition]
    return found if condition == "ok" else and_(found, HAVE_PROBLEM)


def is_overdue(late: datetime) -> ColumnElement[bool]:
    """Return the condition that an active source was due before `late`."""
    return (sources.c.state == "active") & (sources.c.due_at < late)


#: The documents of an active source have defects.
IS_WARNED = (sources.c.state == "active") & sources.c.warnings.is_not(None)


async def list_all(connection: AsyncConnection, *, kind: str | None = "feed") -> list[Row[Any]]:
    """Return the sources that are not removed, each with its number of `entries`, in the order they were added."""
    return list((await connection.execute(query(kind))).all())


async def pages(
    database: Database,
    columns: Sequence[ColumnElement[Any]],
    *,
    only: ColumnElement[bool] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> AsyncIterator[list[Row[Any]]]:
    """Yield the feeds that are not removed in the order they were added, a page at a time; each is a transaction.

    A row has the columns, the first of which is the number, and the number of `entries`.  `only` chooses among the
    feeds; at most `limit`, from the first one above `after` on.
    """
    chosen = query("feed", *columns).where(_c.id > bindparam("after"), true() if only is None else only)
    page = chosen.limit(bindparam("rows", type_=Integer()))  # built once, which takes as long as to read a hundred rows
    while limit is None or limit > 0:
        size = _PAGE if limit is None else min(limit, _PAGE)
        async with database.read() as connection:
            rows = list((await connection.execute(page, {"after": after, "rows": size})).all())
        if rows:
            yield rows
            after = rows[-1][0]
        if len(rows) < size:
            return
        limit = None if limit is None else limit - len(rows)


def query(kind: str | None, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select the sources of a kind that are not removed, each with its number of `entries`, by their numbers.

    `columns` are those to read; none: all.
    """
    count = select(func.count()).where(entries.c.source_id == _c.id).scalar_subquery().label("entries")
    found = select(*(columns or (sources,)), count).where(_c.state != "removed").order_by(_c.id)
    return found.where(_c.kind == kind) if kind else found
