"""Delete entries: only those that no record, event or evidence refers to."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import carriers, decisions, entries, events, evidence, failures, records, revisions

#: Columns that refer to an entry and outlive it; each is the first of an index.
_LASTING = (
    records.c.origin_entry_id, revisions.c.entry_id, carriers.c.entry_id, events.c.entry_id, evidence.c.entry_id,
)  # fmt: skip


async def delete_entries(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """Delete entries with their decisions; returns how many.  Their failures stay as those of their source.

    Left out are entries that a record, an event or evidence refers to.  On SQLite the newest of all entries only loses
    its content, since the next one would get its number: whoever still knows the number must not take one entry for
    another.  At most some hundred ids, since each is looked for in seven tables.
    """
    free = select(entries.c.id).where(entries.c.id.in_(ids))
    for column in _LASTING:
        free = free.where(~select(column).where(column == entries.c.id).exists())
    deletable = list((await connection.execute(free.order_by(entries.c.id))).scalars())
    if not deletable:
        return 0
    await connection.execute(update(failures).where(failures.c.entry_id.in_(deletable)).values(entry_id=None))
    await connection.execute(delete(decisions).where(decisions.c.entry_id.in_(deletable)))
    if connection.dialect.name == "sqlite":
        newest = (await connection.execute(select(func.max(entries.c.id)))).scalar_one()
        if deletable[-1] == newest:
            await connection.execute(update(entries).where(entries.c.id == newest).values(_placeholder(newest)))
            await connection.execute(delete(entries).where(entries.c.id.in_(deletable[:-1])))
            return len(deletable)
    await connection.execute(delete(entries).where(entries.c.id.in_(deletable)))
    return len(deletable)


def _placeholder(entry_id: int) -> dict[str, object]:
    """Return the values of a deleted entry that keeps its number: no feed lists its guid, and it is never due."""
    guid = f"deleted:{entry_id}"
    return {
        "guid": guid, "announced": {"guid": guid}, "state": "done", "url": None, "site": None, "address": None,
        "record_id": None, "revisit_at": None, "backfill_id": None, "raw": None,
    }  # fmt: skip
