"""Decisions about entries that no other table shows, and the history of a URL for `ingestd why`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls import windows
from ingestd.store.records import evidence
from ingestd.store.schema.tables import carriers, decisions, entries, failures, records, sources
from ingestd.store.statements import insert_all
from ingestd.store.work.addresses import has_url

#: The agency's guid of a wire item, else the one ingestd assigned.
_GUID = func.coalesce(records.c.item_guid, records.c.guid)

DecisionStage = Literal["robots", "limit", "identity", "repair", "operator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision about an entry, and its reason."""

    at: datetime
    entry_id: int
    stage: DecisionStage
    #: disallowed, quarantined, found; a `Verdict` of `policy.articles.identity` or `Change` of `policy.wire.versions`;
    #: reprocessed; merge (another record has the same text), merged; killed, released (by an operator).
    verdict: str
    reason: str


async def add(connection: AsyncConnection, found: Iterable[Decision | None]) -> None:
    """Insert decisions; None is skipped."""
    names = Decision.__slots__
    await insert_all(connection, decisions, [{name: getattr(one, name) for name in names} for one in found if one])


async def entries_at(connection: AsyncConnection, urls: Sequence[str]) -> list[dict[str, Any]]:
    """Return the entries with one of the URLs, and the carriers of records whose canonical URL is one of them.

    Each has its source's columns; at most 100, in the order they were first seen.
    """
    of_record = (
        select(carriers.c.entry_id).join(records, records.c.id == carriers.c.record_id).where(records.c.uri.in_(urls))
    )
    # The condition of the index `entries_by_own_guid`, word for word; an entry with its URL as its guid has that URL.
    has_own_guid = and_(entries.c.guid.in_(urls), or_(entries.c.url.is_(None), entries.c.guid != entries.c.url))
    # One by one: with all three conditions in one, both databases read all entries.
    ids = union(*(select(entries.c.id).where(one) for one in (has_url(entries, urls), has_own_guid)), of_record)
    query = (
        select(
            entries,
            sources.c.url.label("source_url"),
            sources.c.revisits,
            _GUID.label("record_guid"),
            records.c.uri,
            records.c.pubstatus,
        )
        .join(sources, sources.c.id == entries.c.source_id)
        .outerjoin(records, records.c.id == entries.c.record_id)
        .where(entries.c.id.in_(ids))
        .order_by(entries.c.first_seen_at, entries.c.id)
        .limit(100)
    )
    found = [dict(row) for row in (await connection.execute(query)).mappings()]
    seen = await windows.read(connection, {row["source_id"] for row in found})
    for row in found:
        if window := seen.get(row["source_id"]):
            row["last_seen_at"] = window.last_seen_at(row["id"], row["last_seen_at"])
    return found


async def history(connection: AsyncConnection, entry_id: int) -> list[dict[str, Any]]:
    """Return the history of an entry, oldest first: decisions, failed attempts and evidence."""
    c, f = decisions.c, failures.c
    decided = select(c.at, c.stage, c.verdict, c.reason).where(c.entry_id == entry_id)
    failed = select(f.at, f.stage, f.error.label("verdict"), f.message.label("reason")).where(f.entry_id == entry_id)
    found = [dict(row) for query in (decided, failed) for row in (await connection.execute(query)).mappings()]
    found += await evidence.of_entry(connection, entry_id)
    return sorted(found, key=lambda row: row["at"])
