"""Purge records: erase their content, leave a tombstone.

What stays of a purged record: its number and guid, its addresses, the hash of its text, who carried it and when, and an
empty revision.  They are what keeps it from becoming news again: an entry of state `expired` is never processed, and an
article or wire item that belongs to the record is dropped.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.store.database import Database, lock_records
from ingestd.store.records import search_index
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import (
    carriers,
    decisions,
    entries,
    evidence,
    failures,
    polls,
    purges,
    raws,
    records,
    revisions,
)
from ingestd.store.statements import chunks

#: SHA-256 of no text.
_NO_TEXT = sha256(b"").hexdigest()

#: What becomes of an entry's stored announcement: an entry without content.
_STUB = {"guid": "purged", "id_origin": "assigned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purgeable:
    """What belongs to a set of records."""

    record_ids: tuple[int, ...]
    revisions: int
    #: Entries that made or carried them.
    entry_ids: tuple[int, ...]
    #: SHA-256 of the documents that have their content: pages, wire documents, and feed documents that listed them.
    documents: tuple[str, ...]


async def select_ids(
    connection: AsyncConnection,
    *,
    after: int,
    limit: int,
    record_ids: Collection[int] = (),
    source_id: int | None = None,
    site: str | None = None,
) -> list[int]:
    """Return the ids above `after` of records that are not purged, in order, at most `limit`.

    They are those in `record_ids`, carried by a source, or carried by an entry of a site.
    """
    c = carriers.c
    condition: ColumnElement[bool] = records.c.id.in_(record_ids)
    if source_id is not None:
        condition = exists().where(c.record_id == records.c.id, c.source_id == source_id)
    elif site is not None:
        condition = exists().where(c.record_id == records.c.id, c.entry_id == entries.c.id, entries.c.site == site)
    query = select(records.c.id).where(records.c.id > after, records.c.purged_at.is_(None), condition)
    return list((await connection.execute(query.order_by(records.c.id).limit(limit))).scalars())


async def find(connection: AsyncConnection, record_ids: Sequence[int]) -> Purgeable:
    """Return what belongs to records: the revisions, entries and documents that a purge erases."""
    c = entries.c
    of_records = or_(
        c.record_id.in_(record_ids),
        c.id.in_(select(carriers.c.entry_id).where(carriers.c.record_id.in_(record_ids))),
        c.id.in_(select(records.c.origin_entry_id).where(records.c.id.in_(record_ids))),
    )
    entry_ids = tuple((await connection.execute(select(c.id).where(of_records).order_by(c.id))).scalars())
    made = select(revisions.c.raw).where(revisions.c.record_id.in_(record_ids), revisions.c.raw.is_not(None))
    found = set((await connection.execute(made)).scalars())
    for some in chunks(entry_ids):
        # The document that brought the entry, and every other one of its source while the entry was listed.
        brought = select(c.raw).where(c.id.in_(some), c.raw.is_not(None))
        listed = select(polls.c.raw).join(entries, polls.c.source_id == c.source_id)
        listed = listed.where(c.id.in_(some), polls.c.raw.is_not(None), polls.c.at >= c.first_seen_at)
        found.update((await connection.execute(brought)).scalars())
        found.update((await connection.execute(listed.distinct())).scalars())
    count = select(func.count()).where(revisions.c.record_id.in_(record_ids))
    return Purgeable(
        record_ids=tuple(record_ids),
        revisions=int((await connection.execute(count)).scalar_one()),
        entry_ids=entry_ids,
        documents=tuple(sorted(found)),
    )


async def purge(
    connection: AsyncConnection, found: Purgeable, *, now: datetime, actor: str, reason: str | None
) -> None:
    """Erase what belongs to records, and add an event for each and a row that says who did it, when and why.

    The documents have to be deleted from the archive before this transaction commits: it forgets where they are.
    """
    await lock_records(connection)
    if connection.dialect.name == "sqlite":
        # Overwrite what is deleted with zeros instead of leaving it on free pages.
        await connection.execute(text("PRAGMA secure_delete = ON"))
    unit_of_work = await UnitOfWork.open(connection)
    c = records.c
    rows = (
        await connection.execute(select(c.id, c.revision, c.origin_entry_id).where(c.id.in_(found.record_ids)))
    ).all()
    revision_ids = select(revisions.c.id).where(revisions.c.record_id.in_(found.record_ids))
    await search_index.remove(connection, list((await connection.execute(revision_ids)).scalars()))
    await connection.execute(delete(revisions).where(revisions.c.record_id.in_(found.record_ids)))
    for row in rows:
        unit_of_work.add_revision(
            row.id, row.revision + 1, Article(headline=None, body_text=""), change="purged", at=now,
            content_hash=_NO_TEXT, extraction=_nothing_extracted(row.origin_entry_id), pubstatus="canceled",
        )  # fmt: skip
        unit_of_work.update_record(
            row.id, revision=row.revision + 1, updated_at=now, pubstatus="canceled", rules=None, release_at=None,
            purged_at=now,
        )  # fmt: skip
        unit_of_work.add_event(
            row.id, row.revision + 1, "purged", entry_id=row.origin_entry_id, at=now, pubstatus="canceled"
        )
    await unit_of_work.flush(connection)
    for some in chunks(found.entry_ids):
        for table in (decisions, failures, evidence):
            await connection.execute(delete(table).where(table.c.entry_id.in_(some)))
    await forget_entries(connection, found.entry_ids)
    for names in chunks(found.documents):
        await connection.execute(update(polls).where(polls.c.raw.in_(names)).values(raw=None))
        await connection.execute(delete(raws).where(raws.c.sha256.in_(names)))
    audit = {
        "at": now, "actor": actor, "reason": reason, "record_ids": list(found.record_ids),
        "revisions": found.revisions, "documents": len(found.documents),
    }  # fmt: skip
    await connection.execute(purges.insert().values(audit))


def _nothing_extracted(entry_id: int) -> Extraction:
    return Extraction(
        entry_id=entry_id, raw=None, fragment=False, page_url=None, content_type=None, extractor="", rules=None
    )


async def forget_entries(connection: AsyncConnection, entry_ids: Sequence[int]) -> None:
    """Erase what the feed announced of entries, and end all work on them."""
    blank = {"state": "expired", "announced": _STUB, "revisit_at": None, "etag": None, "last_modified": None}
    for some in chunks(sorted(entry_ids)):
        await connection.execute(update(entries).where(entries.c.id.in_(some)).values(run_id=None, raw=None, **blank))


async def erase_free_space(database: Database) -> None:
    """Overwrite what the database files still have of deleted rows; raises StoreUnavailable, StoreError."""
    statements = ["PRAGMA wal_checkpoint(TRUNCATE)"]
    if database.dialect == "postgresql":
        statements = [f"VACUUM {table.name}" for table in (revisions, entries, decisions, failures, evidence)]
    for statement in statements:
        await database.run_alone(statement)
