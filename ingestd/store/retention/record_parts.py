"""Deletion of most rows of records that have thousands: revisions, events, texts and carriers.

A batch of retention deletes records whole, and one with 3,000 revisions would hold the write lock for 0.1 to 0.6 s.  So
the rows that no reader of the record misses first go in batches of their own: superseded revisions, then the oldest of
the others.  The record stays readable, with its last revision and carriers, until it goes itself, and so it does if it
changes in the meantime.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Column, Select, delete, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Parts
from ingestd.store.schema.tables import carriers, entries, events, records, revisions, texts

#: Rows of a table that a record keeps until it goes; so many more in a batch take some milliseconds.
KEPT = 20

#: The tables with their keys, in which order the rows go.  Entries become "expired", like all of the record's.
_KEYS: dict[str, Column[Any]] = {
    "revisions": revisions.c.id, "events": events.c.seq, "texts": texts.c.content_hash, "entries": entries.c.id,
    "carriers": carriers.c.entry_id,
}  # fmt: skip

#: Record that is to go, table, record that the row belongs to (the same, or one merged into it), key of the row.
_Part = tuple[int, str, int, Any]


def of_records(may_go: Callable[[AsyncConnection, Sequence[Any]], Awaitable[Sequence[int]]]) -> Parts:
    """Return how to find and delete the parts of records; `may_go` locks and returns which of some may go now."""

    async def find(connection: AsyncConnection, keys: Sequence[Any], limit: int) -> list[_Part]:
        merged = select(records.c.id, records.c.merged_into).where(records.c.merged_into.in_(keys))
        target = {key: key for key in keys} | {row.id: row.merged_into for row in await connection.execute(merged)}
        found: list[_Part] = []
        for row in (await connection.execute(_counts(list(target)))).all():
            rows = _rows(row.name, row.record_id).limit(min(row.rows - KEPT, limit - len(found)))
            found += [
                (target[row.record_id], row.name, row.record_id, key)
                for key in (await connection.execute(rows)).scalars()
            ]
            if len(found) == limit:
                break
        return found

    async def delete_parts(connection: AsyncConnection, parts: Sequence[_Part]) -> int:
        going = set(await may_go(connection, sorted({part[0] for part in parts})))
        done = 0
        for name, record_id in dict.fromkeys((part[1], part[2]) for part in parts if part[0] in going):
            keys = [part[3] for part in parts if part[1:3] == (name, record_id)]
            column = _KEYS[name]
            of_record = column.table.c.record_id == record_id, column.in_(keys)
            if name == "entries":
                expired = update(entries).values(record_id=None, state="expired", revisit_at=None)
                done += (await connection.execute(expired.where(*of_record))).rowcount
            else:
                done += (await connection.execute(delete(column.table).where(*of_record))).rowcount
        return done

    return Parts(find=find, delete=delete_parts)


def _counts(record_ids: Sequence[int]) -> Any:
    """Return the query for the tables and records with more than KEPT rows to delete, and their number."""
    of_table = []
    for name, column in _KEYS.items():
        c = column.table.c
        query = select(literal(name).label("name"), c.record_id, func.count().label("rows"))
        query = query.where(c.record_id.in_(record_ids)).group_by(c.record_id).having(func.count() > KEPT)
        of_table.append(query)
    return union_all(*of_table)


def _rows(name: str, record_id: int) -> Select[Any]:
    """Return the query for the keys of a record's rows, those first that go first."""
    column = _KEYS[name]
    query = select(column).where(column.table.c.record_id == record_id)
    if name == "revisions":
        current = select(records.c.revision).where(records.c.id == record_id).scalar_subquery()
        return query.where(revisions.c.revision < current).order_by(revisions.c.revision)
    return query.order_by(carriers.c.seen_at, column) if name == "carriers" else query.order_by(column)
