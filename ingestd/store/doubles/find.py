"""Find entries that made several records, and entries that lack the record they made.

In older programs, an entry that changed while its page was extracted made a second record.  That both records name it
as their origin is the evidence; nothing else is: two entries may well publish the same words.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import entries, records

#: Records of pages: all versions of a wire item are one record by its key.
OF_PAGE = records.c.item_key.is_(None) & records.c.merged_into.is_(None)


async def doubled(connection: AsyncConnection, *, after: int, limit: int) -> list[int]:
    """Return at most `limit` entries above number `after` that made several records, in ascending order."""
    c = records.c
    query = select(c.origin_entry_id).where(OF_PAGE, c.origin_entry_id > after).group_by(c.origin_entry_id)
    query = query.having(func.count() > 1).order_by(c.origin_entry_id).limit(limit)
    return list((await connection.execute(query)).scalars())


async def records_of(connection: AsyncConnection, entry_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Return the rows of the records that each entry made, by ascending record number."""
    found: dict[int, list[Any]] = {entry_id: [] for entry_id in entry_ids}
    query = select(records).where(OF_PAGE, records.c.origin_entry_id.in_(entry_ids)).order_by(records.c.id)
    for row in await connection.execute(query):
        found[row.origin_entry_id].append(row)
    return found


async def unlinked(connection: AsyncConnection, *, after: int, limit: int) -> list[tuple[int, int]]:
    """Return at most `limit` entries above number `after` without a record, each with the one record that it made."""
    query = select(entries.c.id, func.min(records.c.id)).join(records, records.c.origin_entry_id == entries.c.id)
    query = query.where(_LACKS_RECORD, entries.c.id > after).group_by(entries.c.id).having(func.count() == 1)
    rows = await connection.execute(query.order_by(entries.c.id).limit(limit))
    return [(entry_id, record_id) for entry_id, record_id in rows]


#: The record of an expired entry was deleted for its age, so that it makes no other.
_LACKS_RECORD: ColumnElement[bool] = OF_PAGE & entries.c.record_id.is_(None) & (entries.c.state != "expired")


def may_merge(rows: Sequence[Any]) -> bool:
    """Return whether no record is withheld, embargoed or killed: a merge must not decide what becomes of that."""
    return all(row.pubstatus == "usable" and row.release_at is None for row in rows)
