"""Who has the text of a record that was killed or corrected."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import copies, events, records, revisions
from ingestd.store.statements import among, chunks

#: The columns of a copy that name a record whose text it has.
SOURCES = ("origin_record", "second_origin", "via_record", "of_record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A usable record that has the text of others."""

    record_id: int
    #: Its newest revision with a text.
    text_revision: int
    #: Its current revision, and the entry that created it.
    revision: int
    entry_id: int
    story_id: int
    of: frozenset[int]


async def holders(connection: AsyncConnection, record_ids: Collection[int]) -> list[Holder]:
    """Return the usable records, in the stories of some records, that have the text of one of these."""
    of_stories = select(copies.c.story_id).where(copies.c.record_id.in_(record_ids))
    query = select(copies, records.c.revision.label("current"), records.c.origin_entry_id)
    query = query.join(records, records.c.id == copies.c.record_id).where(records.c.pubstatus == "usable")
    rows = await connection.execute(query.where(copies.c.story_id.in_(of_stories)).order_by(copies.c.record_id))
    found = [
        Holder(
            record_id=row.record_id,
            text_revision=row.revision,
            revision=row.current,
            entry_id=row.origin_entry_id,
            story_id=row.story_id,
            of=sources_of(row._mapping),
        )
        for row in rows
    ]
    return [one for one in found if not one.of.isdisjoint(record_ids)]


def sources_of(values: Any) -> frozenset[int]:
    """Return the records whose text a copy has, from its columns."""
    return frozenset(one for name in SOURCES if (one := values[name]) is not None and one != values["record_id"])


async def killed(connection: AsyncConnection, record_ids: Collection[int]) -> set[int]:
    """Return which of some records are killed."""
    return set((await connection.execute(_KILLED, {"records": sorted(record_ids)})).scalars().all())


_KILLED = select(records.c.id).where(among(records.c.id, "records"), records.c.pubstatus == "canceled")


async def corrected(connection: AsyncConnection, record_ids: Collection[int]) -> dict[int, int]:
    """Return the last revision that corrected each of some records; those never corrected are left out."""
    rows = (await connection.execute(_CORRECTED, {"records": sorted(record_ids)})).all()
    return {record_id: revision for record_id, revision in rows}  # noqa: C416 - a row is no tuple to the type checker


_CORRECTED = (
    select(revisions.c.record_id, func.max(revisions.c.revision))
    .where(among(revisions.c.record_id, "records"), revisions.c.change == "corrected")
    .group_by(revisions.c.record_id)
)


async def told(connection: AsyncConnection, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int, str]]:
    """Return the hints that there are for pairs of holder and record, each with its kind."""
    c, found = events.c, set[tuple[int, int, str]]()
    for some in chunks(sorted(pairs)):
        query = select(c.record_id, c.other_id, c.kind).where(tuple_(c.record_id, c.other_id).in_(some))
        query = query.where(c.kind.in_(("carries_killed", "carries_uncorrected")))
        found.update((await connection.execute(query)).all())
    return found
