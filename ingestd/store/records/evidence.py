"""Evidence that a story was withdrawn, from its page or its feed; kept as long as its record.

Evidence is not a kill and leaves `pubstatus` alone: pages also disappear in relaunches, and come back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.record import Evidence, EvidenceKind
from ingestd.policy.articles.revisits import Gone
from ingestd.store.schema.tables import carriers, entries, evidence
from ingestd.store.statements import insert_all


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEvidence:
    """One piece of evidence about an entry."""

    entry_id: int
    kind: EvidenceKind
    at: datetime
    words: str


async def add(connection: AsyncConnection, found: Iterable[EntryEvidence | None]) -> None:
    """Insert evidence; None is skipped."""
    names = EntryEvidence.__slots__
    await insert_all(connection, evidence, [{name: getattr(one, name) for name in names} for one in found if one])


async def of_records(
    connection: AsyncConnection, record_ids: Sequence[int], *, until: datetime | None = None
) -> dict[int, list[tuple[int, Evidence]]]:
    """Return the evidence about each record as (entry id, evidence) pairs, oldest first.

    The entry is any carrier of the record.  `until` limits it to evidence seen by then; None: all.
    """
    e = evidence.c
    query = (
        select(carriers.c.record_id, e.entry_id, e.kind, e.at, e.words, entries.c.url)
        .join(carriers, carriers.c.entry_id == e.entry_id)
        .join(entries, entries.c.id == e.entry_id)
        .where(carriers.c.record_id.in_(record_ids))
        .order_by(e.at, e.id)
    )
    if until is not None:
        query = query.where(e.at <= until)
    found: dict[int, list[tuple[int, Evidence]]] = {}
    for row in (await connection.execute(query)).all() if record_ids else ():
        one = Evidence(kind=row.kind, at=row.at, url=row.url, words=row.words)
        found.setdefault(row.record_id, []).append((row.entry_id, one))
    return found


async def of_entry(connection: AsyncConnection, entry_id: int) -> list[dict[str, Any]]:
    """Return the evidence about an entry as rows of `decisions.history`, oldest first."""
    e = evidence.c
    query = select(e.at, e.kind.label("verdict"), e.words.label("reason")).where(e.entry_id == entry_id)
    rows = (await connection.execute(query.order_by(e.at, e.id))).mappings()
    return [{"stage": "evidence", **row} for row in rows]


def gone_since(seen: Iterable[Evidence]) -> datetime | None:
    """Return since when a page has been gone, given the evidence about it, oldest first, or None if it is there."""
    since: datetime | None = None
    for one in seen:
        if one.kind == "back":
            since = None
        elif one.kind in get_args(Gone):
            since = since or one.at
    return since
