"""Merge the records of one entry into the oldest of them.

The row of a merged record stays without revisions, so that its guid and its events name the record that it is in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.articles import doubles
from ingestd.policy.articles.doubles import DoubleRevision, Merge
from ingestd.store.database import lock_records
from ingestd.store.doubles.find import may_merge, records_of
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records import search_index
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import carriers, entries, events, records, revisions, texts
from ingestd.store.statements import insert_all
from ingestd.store.stories import erase


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubles:
    """The records of one entry, and what became of them."""

    entry_id: int
    kept: int
    dropped: tuple[int, ...]
    #: Revisions that the kept record has now.
    revisions: int


async def plans(connection: AsyncConnection, entry_ids: Sequence[int]) -> tuple[list[Doubles], list[int]]:
    """Return what `merge` would do, and the entries that it would leave alone: a record is withheld or killed."""
    found, left = [], []
    for entry_id, rows in (await records_of(connection, entry_ids)).items():
        if not may_merge(rows):
            left.append(entry_id)
        elif len(rows) > 1:
            found.append(_doubles(entry_id, (await _plan(connection, entry_id, rows))[1]))
    return found, left


async def merge(connection: AsyncConnection, entry_ids: Sequence[int], *, now: datetime) -> list[Doubles]:
    """Merge the records of each of some entries; the caller commits the transaction."""
    await lock_records(connection)
    unit_of_work = await UnitOfWork.open(connection)
    decided: list[Decision] = []
    done = []
    for entry_id, rows in (await records_of(connection, entry_ids)).items():
        if len(rows) < 2 or not may_merge(rows):
            continue
        before, merged = await _plan(connection, entry_id, rows)
        await _move_revisions(connection, before, merged)
        await _move_carriers(connection, merged)
        await _link_entries(connection, entry_id, merged)
        await connection.execute(
            update(texts).where(texts.c.record_id.in_(merged.dropped)).values(record_id=merged.kept)
        )
        await _update_records(connection, rows, before, merged, now=now)
        await erase.rename(connection, dict.fromkeys(merged.dropped, merged.kept))
        _add_events(unit_of_work, entry_id, rows, before, merged, now=now)
        numbers = ", ".join(map(str, merged.dropped))
        reason = f"record {merged.kept}: record {numbers} was of the same entry and is merged into it"
        decided.append(Decision(at=now, entry_id=entry_id, stage="repair", verdict="merged", reason=reason))
        done.append(_doubles(entry_id, merged))
    await unit_of_work.flush(connection)
    await decisions.add(connection, decided)
    return done


def _doubles(entry_id: int, merged: Merge) -> Doubles:
    return Doubles(entry_id=entry_id, kept=merged.kept, dropped=merged.dropped, revisions=len(merged.revisions))


async def _plan(
    connection: AsyncConnection, entry_id: int, rows: Sequence[Any]
) -> tuple[dict[int, DoubleRevision], Merge]:
    """Return the revisions as they are, by number of their row, and how they are merged."""
    c = revisions.c
    query = select(c.id, c.record_id, c.revision, c.change, c.content_hash, c.seen_at)
    found = await connection.execute(query.where(c.record_id.in_([row.id for row in rows])))
    before = {row.id: DoubleRevision(**row._mapping) for row in found}
    latest = (await connection.execute(select(entries.c.record_id).where(entries.c.id == entry_id))).scalar()
    return before, doubles.merge(list(before.values()), latest=latest)


async def _move_revisions(connection: AsyncConnection, before: dict[int, DoubleRevision], merged: Merge) -> None:
    """Give the revisions their new records and numbers, and remove those that are no longer current from the index."""
    of_group = [merged.kept, *merged.dropped]
    query = select(revisions.c.id).join(
        records, (records.c.id == revisions.c.record_id) & (records.c.revision == revisions.c.revision)
    )
    current = set((await connection.execute(query.where(records.c.id.in_(of_group)))).scalars())
    await search_index.remove(connection, current - {merged.current.id})
    changed = [one for one in merged.revisions if one != before[one.id]]
    # No two rows may have the same number, not even between two statements.
    for sign in (-1, 1):
        moved = [
            {"number": one.id, "record": one.record_id, "new": sign * one.revision, "kind": one.change}
            for one in changed
        ]
        await connection.execute(_MOVE, moved)
    numbers = {
        old.revision: one.revision for one in merged.revisions if (old := before[one.id]).record_id == one.record_id
    }
    renumbered = {old: new for old, new in numbers.items() if old != new}
    if renumbered:
        renumber = case(renumbered, value=events.c.revision, else_=events.c.revision)
        await connection.execute(update(events).where(events.c.record_id == merged.kept).values(revision=renumber))


_MOVE = (
    update(revisions)
    .where(revisions.c.id == bindparam("number"))
    .values(record_id=bindparam("record"), revision=bindparam("new"), change=bindparam("kind"))
)


async def _move_carriers(connection: AsyncConnection, merged: Merge) -> None:
    """Make all carriers those of the kept record; an entry that carried several did so since the first time."""
    of_group = carriers.c.record_id.in_([merged.kept, *merged.dropped])
    query = select(carriers).where(of_group).order_by(carriers.c.seen_at, carriers.c.record_id)
    first: dict[int, dict[str, Any]] = {}
    for row in await connection.execute(query):
        first.setdefault(row.entry_id, {**row._mapping, "record_id": merged.kept})
    await connection.execute(delete(carriers).where(of_group))
    await insert_all(connection, carriers, list(first.values()))


async def _link_entries(connection: AsyncConnection, entry_id: int, merged: Merge) -> None:
    """Give the entries of the dropped records, and the one that made them, the kept record."""
    c = entries.c
    of_dropped = c.record_id.in_(merged.dropped)
    of_origin = (c.id == entry_id) & c.record_id.is_(None) & (c.state != "expired")
    query = select(c.id).where(of_dropped | of_origin).order_by(c.id).with_for_update(key_share=True)
    ids = (await connection.execute(query)).scalars().all()
    await connection.execute(update(entries).where(c.id.in_(ids)).values(record_id=merged.kept))


async def _update_records(
    connection: AsyncConnection,
    rows: Sequence[Any],
    before: dict[int, DoubleRevision],
    merged: Merge,
    *,
    now: datetime,
) -> None:
    by_id = {row.id: row for row in rows}
    kept, current = by_id[merged.kept], by_id[before[merged.current.id].record_id]
    is_new = current.id != kept.id
    uri = kept.uri
    if uri is None and (with_uri := [row for row in (current, *rows) if row.uri]):
        uri = with_uri[0].uri
        # Two records never have the same address, not even between two statements.
        await connection.execute(update(records).where(records.c.id == with_uri[0].id).values(uri=None))
    c = records.c
    await connection.execute(update(records).where(c.merged_into.in_(merged.dropped)).values(merged_into=kept.id))
    await connection.execute(
        update(records).where(c.id.in_(merged.dropped)).values(merged_into=kept.id, updated_at=now)
    )
    values = {"revision": merged.current.revision, "rules": current.rules, "uri": uri}
    await connection.execute(
        update(records).where(c.id == kept.id).values(values | ({"updated_at": now} if is_new else {}))
    )


def _add_events(
    unit_of_work: UnitOfWork,
    entry_id: int,
    rows: Sequence[Any],
    before: dict[int, DoubleRevision],
    merged: Merge,
    *,
    now: datetime,
) -> None:
    """Add the events of a merge: first the new text of the kept record, then what was merged into it."""
    if before[merged.current.id].record_id != merged.kept:
        unit_of_work.add_event(merged.kept, merged.current.revision, "revised", entry_id=entry_id, at=now)
    for row in rows:
        if row.id != merged.kept:
            unit_of_work.add_event(row.id, row.revision, "merged", entry_id=entry_id, at=now)
