"""Write the placements of a batch of records, in one transaction."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness.placement import TextKey
from ingestd.store.database import lock_records
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import copies, last_numbers, records, stories, story_keys, story_samples
from ingestd.store.statements import among, execute_for_all, insert_for_all, insert_or_update
from ingestd.store.stories import cursor, postings
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.events import StoryEvent
from ingestd.store.stories.working_set import Changes, Merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a transaction wrote."""

    #: Number of the last event that is placed now.
    seq: int
    events: int


async def write(
    connection: AsyncConnection, at: Cursor, changes: Changes, *, seq: int, happened: Iterable[StoryEvent]
) -> Written | None:
    """Write changes that were computed from the state `at`, and that the events up to `seq` are placed.

    None, with nothing written: stories or these records have been changed since.
    """
    await lock_records(connection)
    if await cursor.lock(connection) != at.generation or not await _all_exist(connection, changes.record_ids):
        return None
    await _write_stories(connection, changes)
    await postings.add(connection, changes.shingles)
    await postings.store_keys(
        connection,
        [
            {"kind": int(key.kind), "key": key.number, "story_id": story_id, "at": when}
            for key, (story_id, when) in changes.keys.items()
        ],
    )
    await _retire(connection, changes.retired)
    await execute_for_all(connection, _store_samples(connection.dialect.name), list(changes.samples.values()))
    await insert_for_all(connection, copies, list(changes.copies.values()))
    for merge in changes.merges:
        await merge_stories(connection, merge)
    await write_lineages(connection, changes)
    done = await _add_events(connection, list(happened), seq)
    await cursor.move(connection, done.seq)
    return done


async def _all_exist(connection: AsyncConnection, record_ids: Collection[int]) -> bool:
    """Return whether records were neither deleted, purged nor merged into others since they were read."""
    found = (await connection.execute(_COUNT, {"records": sorted(record_ids)})).scalar_one()
    return bool(found == len(record_ids))


_COUNT = select(func.count()).where(
    among(records.c.id, "records"), records.c.purged_at.is_(None), records.c.merged_into.is_(None)
)


@cache
def _store_samples(dialect: str) -> Any:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(story_samples)
    keys = ("record_id", "revision")
    values = {column.name: insert.excluded[column.name] for column in story_samples.c if column.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=values)


async def _write_stories(connection: AsyncConnection, changes: Changes) -> None:
    new = list(changes.stories.values())
    await insert_for_all(connection, stories, new)
    if new:
        row = {"name": "story", "number": max(changes.stories)}
        await insert_or_update(connection, last_numbers, [row])
    if changes.touched:
        touched = [{"story": story_id, "at": at} for story_id, at in sorted(changes.touched.items())]
        await execute_for_all(connection, _TOUCH, touched)


_TOUCH = update(stories).where(stories.c.id == bindparam("story")).values(last_at=bindparam("at"), indexed=True)


_SET_FIRST = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(first_record=bindparam("record"), first_entry=bindparam("entry"))
)


async def write_lineages(connection: AsyncConnection, changes: Changes) -> None:
    """Write changed columns of copies, one statement for all that change the same ones, and first carriers."""
    if changes.firsts:
        firsts = [{"story": story, "record": one, "entry": other} for story, (one, other) in changes.firsts.items()]
        await execute_for_all(connection, _SET_FIRST, firsts)
    rows = sorted(changes.revised.items(), key=lambda row: sorted(row[1]))
    for names, some in groupby(rows, key=lambda row: sorted(row[1])):
        values = {name: bindparam(f"new_{name}", type_=copies.c[name].type) for name in names}
        statement = update(copies).where(copies.c.record_id == bindparam("record")).values(values)
        changed = [{"record": id_} | {f"new_{name}": row[name] for name in names} for id_, row in some]
        await connection.execute(statement, changed)


async def _retire(connection: AsyncConnection, keys: Iterable[TextKey]) -> None:
    rows = [{"record": key.record, "number": key.revision} for key in keys]
    if rows:
        await connection.execute(_RETIRE, rows)


# Of a text that no longer stands, what it brought to the index stays known.
_RETIRE = (
    update(story_samples)
    .where(story_samples.c.record_id == bindparam("record"), story_samples.c.revision == bindparam("number"))
    .values(added=func.coalesce(story_samples.c.added, story_samples.c.sampled), sampled=None)
)


async def merge_stories(connection: AsyncConnection, merge: Merge) -> None:
    """Give the records of a story, its shingles and its keys to another one."""
    hashes = (await postings.of_story(connection, [merge.gone])).get(merge.gone, set())
    await postings.copy(connection, merge.gone, merge.kept, hashes)
    await postings.remove(connection, merge.gone, hashes)
    for table in (story_samples, story_keys, copies):
        moved = update(table).where(table.c.story_id == merge.gone)
        await connection.execute(moved.values(story_id=merge.kept))
    await _retire(connection, merge.retired)
    c = stories.c
    await connection.execute(update(stories).where(c.merged_into == merge.gone).values(merged_into=merge.kept))
    gone = update(stories).where(c.id == merge.gone)
    await connection.execute(gone.values(merged_into=merge.kept, indexed=False))


async def _add_events(connection: AsyncConnection, happened: list[StoryEvent], seq: int) -> Written:
    if not happened:
        return Written(seq=seq, events=0)
    unit_of_work = await UnitOfWork.open(connection)
    is_last = unit_of_work.last_event == seq
    for one in happened:
        unit_of_work.add_event(
            one.record_id,
            one.revision,
            one.kind,
            entry_id=one.entry_id,
            at=one.at,
            story_id=one.story_id,
            other_id=one.other_id,
        )
    await unit_of_work.flush(connection)
    # Where nothing came in between, these are placed with what caused them: they place nothing.
    return Written(seq=unit_of_work.last_event if is_last else seq, events=len(happened))
