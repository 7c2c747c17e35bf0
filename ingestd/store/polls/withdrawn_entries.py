"""Evidence from polls that entries were withdrawn: deleted by the feed, or missing from its window."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.feed import Deleted
from ingestd.model.record import EvidenceKind
from ingestd.store.polls import windows
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records import evidence as evidence_rows
from ingestd.store.records.evidence import EntryEvidence
from ingestd.store.schema.tables import entries, evidence, polls
from ingestd.store.statements import chunks
from ingestd.times import iso

#: Documents in a row that must lack an entry before it counts as absent.
ABSENT_AFTER = 3

#: Entries first seen longer ago are not checked, which bounds the query.
_MAX_AGE = timedelta(days=7)

#: Absent entries that one poll may report.
_MAX_ABSENT = 100


async def add_evidence(
    connection: AsyncConnection, done: Sequence[PollResult], now_listed: Mapping[int, windows.Window]
) -> None:
    """Save evidence of withdrawn entries, each kind once for each entry.

    Call this after their windows are saved, which `now_listed` has by source, and before the polls are inserted into
    `polls`.
    """
    for poll in done:
        if poll.deleted:
            await evidence_rows.add(connection, await _deleted_evidence(connection, poll))
        if poll.settled_at:
            await evidence_rows.add(
                connection, await _absent_evidence(connection, poll, now_listed.get(poll.source.id))
            )


async def _deleted_evidence(connection: AsyncConnection, poll: PollResult) -> list[EntryEvidence]:
    deleted_by_guid = {one.guid: one for one in poll.deleted}
    found: list[EntryEvidence] = []
    for some in chunks([*deleted_by_guid]):
        for row in await connection.execute(_DELETED, {"source": poll.source.id, "guids": some}):
            words = _words(deleted_by_guid[row.guid])
            found.append(EntryEvidence(entry_id=row.id, kind="deleted-entry", at=poll.at, words=words))
    return found


async def _absent_evidence(
    connection: AsyncConnection, poll: PollResult, window: windows.Window | None
) -> list[EntryEvidence]:
    """Return evidence for entries missing from this and the preceding documents, which list older entries."""
    since = max(poll.settled_at or poll.at, poll.at - _MAX_AGE)
    rows = (await connection.execute(_ABSENT, {"source": poll.source.id, "since": since})).all()
    # The row of an entry that came back says when it was last seen before.
    absent = [row for row in rows if window is None or row.id not in window.entry_ids]
    return [
        EntryEvidence(
            entry_id=row.id,
            kind="absent",
            at=poll.at,
            words=(
                f"not in {ABSENT_AFTER} documents in a row that have older entries, last seen {iso(row.last_seen_at)}"
            ),
        )
        for row in absent[:_MAX_ABSENT]
    ]


def _of_source(condition: ColumnElement[bool], *, without: EvidenceKind) -> Select[tuple[int, str, datetime]]:
    """Select entries of the source in the parameter `source` for which there is no evidence of kind `without` yet."""
    known = exists().where(evidence.c.entry_id == entries.c.id, evidence.c.kind == without)
    query = select(entries.c.id, entries.c.guid, entries.c.last_seen_at)
    return query.where(entries.c.source_id == bindparam("source"), condition, ~known)


_DELETED = _of_source(entries.c.guid.in_(bindparam("guids", expanding=True)), without="deleted-entry")

#: When the document before the last `ABSENT_AFTER` - 2 was read.
_FIRST_WITHOUT = (
    select(polls.c.at)
    .where(polls.c.source_id == bindparam("source"), polls.c.listed > 0)
    .order_by(polls.c.at.desc())
    .offset(ABSENT_AFTER - 2)
    .limit(1)
    .scalar_subquery()
)

_ABSENT = _of_source(
    (entries.c.first_seen_at > bindparam("since"))
    & (entries.c.last_seen_at < _FIRST_WITHOUT)
    # An entry pushed by a hub, or found by a gap's repair, was never in a window.
    & (entries.c.last_seen_at > entries.c.first_seen_at),
    without="absent",
).order_by(entries.c.id)


def _words(deleted: Deleted) -> str:
    when = f" at {iso(deleted.when)}" if deleted.when else ""
    return f"the feed says it was deleted{when}" + (f": {deleted.comment}" if deleted.comment else "")
