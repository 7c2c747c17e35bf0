"""What polls say of entries that are in their feed no more: what it says that it took out, and what is just missing."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.feed import Deleted
from ingestd.model.record import EvidenceKind
from ingestd.store.polls.poll_result import Poll
from ingestd.store.records import evidence as kept
from ingestd.store.records.evidence import Sighting
from ingestd.store.schema.tables import entries, evidence, polls
from ingestd.store.statements import chunks
from ingestd.times import iso

#: An entry is absent when so many documents in a row do not have it.
IN_A_ROW = 3

#: Entries that were first seen longer ago are not missed: that bounds what is looked through.
_LONG_AGO = timedelta(days=7)

#: Absent entries that one poll may find.
_MOST = 100


async def note(connection: AsyncConnection, done: Sequence[Poll]) -> None:
    """Keep what polls say of entries that are there no more, of each entry once; before the polls have their rows."""
    for poll in done:
        if poll.deleted:
            await kept.add(connection, await _deleted(connection, poll))
        if poll.settled_at:
            await kept.add(connection, await _absent(connection, poll))


async def _deleted(connection: AsyncConnection, poll: Poll) -> list[Sighting]:
    said = {one.guid: one for one in poll.deleted}
    found: list[Sighting] = []
    for some in chunks([*said]):
        query = _of_source(poll, entries.c.guid.in_(some), but_for="deleted-entry")
        for row in await connection.execute(query):
            words = _words(said[row.guid])
            found.append(Sighting(entry_id=row.id, kind="deleted-entry", at=poll.at, words=words))
    return found


async def _absent(connection: AsyncConnection, poll: Poll) -> list[Sighting]:
    """Return the entries that this document lacks, as those before it did, although it has older ones."""
    read = select(polls.c.at).where(polls.c.source_id == poll.source.id, polls.c.listed > 0)
    first_without = read.order_by(polls.c.at.desc()).offset(IN_A_ROW - 2).limit(1).scalar_subquery()
    e = entries.c
    missing = (
        (e.first_seen_at > max(poll.settled_at or poll.at, poll.at - _LONG_AGO))
        & (e.last_seen_at < first_without)
        # What a hub pushed, or was found elsewhere to close a gap, was in no window.
        & (e.last_seen_at > e.first_seen_at)
    )
    rows = await connection.execute(_of_source(poll, missing, but_for="absent").order_by(e.id).limit(_MOST))
    return [
        Sighting(
            entry_id=row.id,
            kind="absent",
            at=poll.at,
            words=f"not in {IN_A_ROW} documents in a row that have older entries, last seen {iso(row.last_seen_at)}",
        )
        for row in rows
    ]


def _of_source(poll: Poll, which: ColumnElement[bool], *, but_for: EvidenceKind) -> Select[tuple[int, str, object]]:
    """Select entries of a poll's source, but for those of which there is evidence of a kind already."""
    known = exists().where(evidence.c.entry_id == entries.c.id, evidence.c.kind == but_for)
    query = select(entries.c.id, entries.c.guid, entries.c.last_seen_at)
    return query.where(entries.c.source_id == poll.source.id, which, ~known)


def _words(deleted: Deleted) -> str:
    when = f" at {iso(deleted.when)}" if deleted.when else ""
    return f"the feed says that it was taken out{when}" + (f": {deleted.comment}" if deleted.comment else "")
