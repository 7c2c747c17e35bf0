"""The end of the event log, and the kills in it, for deliveries."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.event import EventKind
from ingestd.store.schema.tables import events, records
from ingestd.store.statements import chunks


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill: what is of its record and has a lower number is not to be delivered any more."""

    record_id: int
    seq: int
    #: Whether the record was not killed itself, but the one that it was merged into.
    of_target: bool = False


async def since(
    connection: AsyncConnection, seq: int, kinds: Collection[EventKind], *, limit: int = 1000
) -> tuple[int, list[Kill]]:
    """Return the number of the last of the next events after `seq`, at most `limit`, and the kills among them."""
    c = events.c
    query = select(c.seq, c.kind, c.record_id).where(c.seq > seq).order_by(c.seq).limit(limit)
    rows = (await connection.execute(query)).all()
    found = [Kill(row.record_id, row.seq) for row in rows if row.kind in kinds]
    if found:
        last = {kill.record_id: kill.seq for kill in found}
        merged = select(records.c.id, records.c.merged_into).where(records.c.merged_into.in_(list(last)))
        found += [Kill(row.id, last[row.merged_into], True) for row in await connection.execute(merged)]
    return (rows[-1].seq if rows else seq), found


async def merges_among(connection: AsyncConnection, numbers: Iterable[int]) -> set[int]:
    """Return which of some events say that a record was merged: no kill overtakes these."""
    c, found = events.c, set[int]()
    for some in chunks(list(numbers)):
        found.update((await connection.execute(select(c.seq).where(c.seq.in_(some), c.kind == "merged"))).scalars())
    return found


async def last_of(
    connection: AsyncConnection, record_ids: Iterable[int], kinds: Collection[EventKind]
) -> dict[int, int]:
    """Return the number of the last kill of each of some records that have one."""
    c, found = events.c, dict[int, int]()
    for some in chunks(sorted(set(record_ids))):
        query = select(c.record_id, func.max(c.seq)).where(c.record_id.in_(some), c.kind.in_(list(kinds)))
        for record_id, seq in await connection.execute(query.group_by(c.record_id)):
            found[record_id] = seq
        # Of those that were merged, the kill of the record that has their revisions now.
        merged = select(records.c.id, func.max(c.seq)).join(events, c.record_id == records.c.merged_into)
        merged = merged.where(records.c.id.in_(some), c.kind.in_(list(kinds))).group_by(records.c.id)
        for record_id, seq in await connection.execute(merged):
            found[record_id] = max(seq, found.get(record_id, 0))
    return found
