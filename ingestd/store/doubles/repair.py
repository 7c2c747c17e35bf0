"""Repair a database in small batches, while a daemon works on it: merge doubles, and give entries their records.

Each batch is one transaction that leaves everything consistent; an interrupted repair is continued by running it again.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from sqlalchemy import bindparam, select, update

from ingestd.store.database import Database, begin_now, lock_records
from ingestd.store.doubles import find
from ingestd.store.doubles.merge import Doubles, merge, plans
from ingestd.store.schema.tables import entries

#: Entries that one read looks for, and entries whose records one transaction merges or links.
_PAGE, _MERGED, _LINKED = 200, 10, 200

#: The pause after a transaction, for other writers: a multiple of its time, and the least and the most, in seconds.
_REST, _LEAST_REST, _MOST_REST = 1.0, 0.005, 1.0


@dataclass(slots=True, kw_only=True)
class Repaired:
    """What a repair did; in a dry run, what it would do."""

    merged: list[Doubles] = field(default_factory=list)
    #: Entries whose records were left alone because one of them is withheld, embargoed or killed.
    left: list[int] = field(default_factory=list)
    #: Entries that got the record that they had made.
    linked: int = 0


async def repair(database: Database, *, now: datetime, dry_run: bool = False) -> Repaired:
    """Merge records that one entry made, then give entries without a record the one that they made.

    Raises StoreUnavailable or StoreError.
    """
    done = Repaired()
    await _merge_doubles(database, done, now=now, dry_run=dry_run)
    await _link_entries(database, done, dry_run=dry_run)
    return done


async def _merge_doubles(database: Database, done: Repaired, *, now: datetime, dry_run: bool) -> None:
    position = 0
    while True:
        async with database.read() as connection:
            ids = await find.doubled(connection, after=position, limit=_PAGE)
            planned, left = await plans(connection, ids)
        done.left += left
        if dry_run:
            done.merged += planned
        else:
            to_merge = [one.entry_id for one in planned]
            for start in range(0, len(to_merge), _MERGED):
                async with database.write() as connection:
                    await begin_now(connection)
                    began = monotonic()
                    merged = await merge(connection, to_merge[start : start + _MERGED], now=now)
                done.merged += merged
                await _rest(began)
        if len(ids) < _PAGE:
            return
        position = ids[-1]


async def _link_entries(database: Database, done: Repaired, *, dry_run: bool) -> None:
    position = 0
    while True:
        async with database.read() as connection:
            found = await find.unlinked(connection, after=position, limit=_LINKED)
        if dry_run:
            done.linked += len(found)
        elif found:
            async with database.write() as connection:
                await begin_now(connection)
                began = monotonic()
                await lock_records(connection)
                # Again, under the lock: a record may have been deleted meanwhile, or its entry finished.
                some = await find.unlinked(connection, after=position, limit=_LINKED)
                rows = [{"entry": entry_id, "record": record_id} for entry_id, record_id in some]
                locked = select(entries.c.id).where(entries.c.id.in_([row["entry"] for row in rows]))
                await connection.execute(locked.order_by(entries.c.id).with_for_update(key_share=True))
                if rows:
                    await connection.execute(_LINK, rows)
            done.linked += len(rows)
            await _rest(began)
        if len(found) < _LINKED:
            return
        position = found[-1][0]


_LINK = (
    update(entries)
    .where(entries.c.id == bindparam("entry"), entries.c.record_id.is_(None))
    .values(record_id=bindparam("record"))
)


async def _rest(began: float) -> None:
    await asyncio.sleep(min(_MOST_REST, max(_LEAST_REST, (monotonic() - began) * _REST)))
