"""Purge records: erase their content, leave a tombstone.

What stays of a purged record: its number and guid, its addresses, the hash of its text, who carried it and when, and an
empty revision.  They are what keeps it from becoming news again: an entry of state `expired` is never processed, and an
article or wire item that belongs to the record is dropped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, null, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.store.database import lock_records
from ingestd.store.records import search_index, search_parts
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import (
    carriers,
    consumer_attempts,
    consumer_failures,
    decisions,
    entries,
    events,
    evidence,
    failures,
    polls,
    purges,
    raws,
    records,
    revisions,
    sources,
)
from ingestd.store.statements import chunks
from ingestd.store.stories import erase
from ingestd.store.work.addresses import has_url

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
    #: Source and guid of each entry.
    items: tuple[tuple[int, str], ...]
    #: Source → since when it has listed any of them.
    sources: Mapping[int, datetime]
    #: Addresses under which they were listed and fetched.
    urls: tuple[str, ...]
    #: SHA-256 of the documents from which they were made, or that brought their entries.
    documents: tuple[str, ...]
    #: SHA-256 of all other documents of the sources since then: feeds, and wire documents with any items.
    listings: tuple[str, ...]


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
    columns = (c.id, c.source_id, c.guid, c.url, c.first_seen_at, c.raw, c.announced)
    rows = (await connection.execute(select(*columns).where(of_records).order_by(c.id))).all()
    made = select(revisions.c.raw, revisions.c.page_url).where(revisions.c.record_id.in_(record_ids))
    pages = (await connection.execute(made)).all()
    carried = select(carriers.c.url).where(carriers.c.record_id.in_(record_ids))
    own = select(records.c.uri).where(records.c.id.in_(record_ids))
    urls = {*(row.url for row in rows), *(row.page_url for row in pages)}
    for query in (carried, own):
        urls.update((await connection.execute(query)).scalars())
    documents = {*(row.raw for row in (*rows, *pages)), *(_own_text(row.announced) for row in rows)} - {None}
    since: dict[int, datetime] = {}
    for row in rows:
        since[row.source_id] = min(row.first_seen_at, since.get(row.source_id, row.first_seen_at))
    listings: set[str] = set()
    for source_id, first_seen_at in since.items():
        p = polls.c
        listed = select(p.raw).where(p.source_id == source_id, p.raw.is_not(None), p.at >= first_seen_at).distinct()
        listings.update((await connection.execute(listed)).scalars())
    count = select(func.count()).where(revisions.c.record_id.in_(record_ids))
    return Purgeable(
        record_ids=tuple(record_ids),
        revisions=int((await connection.execute(count)).scalar_one()),
        entry_ids=tuple(row.id for row in rows),
        items=tuple((row.source_id, row.guid) for row in rows),
        sources=since,
        urls=tuple(sorted(urls - {None})),
        documents=tuple(sorted(documents)),
        listings=tuple(sorted(listings - documents)),
    )


def _own_text(announced: Any) -> str | None:
    """Return the SHA-256 of an entry's own full text, which is archived like a page; None: it has none."""
    text = announced.get("body_html") if isinstance(announced, dict) else None
    return sha256(text.encode("utf-8", "replace")).hexdigest() if isinstance(text, str) else None


async def raws_of_others(connection: AsyncConnection, found: Purgeable, documents: Collection[str]) -> set[str]:
    """Return which of some documents other records were made from, at the same addresses."""
    r = revisions.c
    others: set[str] = set()
    for some in chunks(found.urls):
        query = select(r.raw).join(entries, entries.c.id == r.entry_id).where(has_url(entries, some))
        others.update((await connection.execute(query.where(r.record_id.not_in(found.record_ids)))).scalars())
    return others & set(documents)


async def shared_documents(connection: AsyncConnection, found: Purgeable, documents: Collection[str]) -> set[str]:
    """Return which of some documents brought other entries of the same sources, or other records were made from."""
    c, r = entries.c, revisions.c
    shared: set[str] = set()
    of_sources = c.source_id.in_(found.sources)
    for some in chunks(sorted(documents)):
        brought = select(c.raw).where(of_sources, c.raw.in_(some), c.id.not_in(found.entry_ids))
        made = select(r.raw).join(entries, c.id == r.entry_id).where(of_sources, r.raw.in_(some))
        made = made.where(r.record_id.not_in(found.record_ids))
        for query in (brought, made):
            shared.update((await connection.execute(query.distinct())).scalars())
    return shared


async def purge(
    connection: AsyncConnection,
    found: Purgeable,
    documents: Collection[str],
    *,
    shared: int,
    now: datetime,
    actor: str,
    reason: str | None,
) -> None:
    """Erase what belongs to records, and add an event for each and a row that says who did it, when and why.

    The documents have to be erased from the archive before this transaction commits: it forgets where they are.
    `shared` is how many of them others were in.
    """
    await lock_records(connection)
    await _forget_warnings(connection, found.sources)
    if connection.dialect.name == "sqlite":
        # Overwrite what is deleted with zeros instead of leaving it on free pages.
        await connection.execute(text("PRAGMA secure_delete = ON"))
    unit_of_work = await UnitOfWork.open(connection)
    c = records.c
    rows = (
        await connection.execute(select(c.id, c.revision, c.origin_entry_id).where(c.id.in_(found.record_ids)))
    ).all()
    query = select(revisions.c.id).where(revisions.c.record_id.in_(found.record_ids))
    revision_ids = (await connection.execute(query)).scalars().all()
    await search_index.remove(connection, revision_ids)
    if connection.dialect.name == "postgresql":
        await search_parts.mark_for_erasure(connection, revision_ids)
    await connection.execute(delete(revisions).where(revisions.c.record_id.in_(found.record_ids)))
    for row in rows:
        unit_of_work.add_revision(
            row.id, row.revision + 1, Article(headline=None, body_text=""), change="purged", at=now,
            content_hash=_NO_TEXT, extraction=_nothing_extracted(row.origin_entry_id), pubstatus="canceled",
        )  # fmt: skip
        unit_of_work.update_record(
            row.id, revision=row.revision + 1, updated_at=now, pubstatus="canceled", rules=None, release_at=None,
            purged_at=now, unconfirmed_kill_at=None,
        )  # fmt: skip
        unit_of_work.add_event(
            row.id, row.revision + 1, "purged", entry_id=row.origin_entry_id, at=now, pubstatus="canceled"
        )
    await unit_of_work.flush(connection)
    await erase.forget(connection, found.record_ids)
    await _forget_answers(connection, found.record_ids)
    for some in chunks(found.entry_ids):
        for table in (decisions, failures, evidence):
            await connection.execute(delete(table).where(table.c.entry_id.in_(some)))
    await forget_entries(connection, found.entry_ids)
    await forget_documents(connection, documents)
    audit = {
        "at": now, "actor": actor, "reason": reason, "record_ids": list(found.record_ids),
        "revisions": found.revisions, "documents": len(documents), "shared": shared,
    }  # fmt: skip
    await connection.execute(purges.insert().values(audit))


async def _forget_answers(connection: AsyncConnection, record_ids: Sequence[int]) -> None:
    """Forget what endpoints of consumers answered to messages of records: many repeat what they were sent."""
    for some in chunks(list(record_ids)):
        of_records = select(events.c.seq).where(events.c.record_id.in_(some))
        for table in (consumer_failures, consumer_attempts):
            await connection.execute(update(table).where(table.c.seq.in_(of_records)).values(excerpt=None))


async def _forget_warnings(connection: AsyncConnection, source_ids: Collection[int]) -> None:
    """Erase the warnings about documents of sources, which may quote them; locked before entries, as polls do."""
    these = sources.c.id.in_(source_ids)
    await connection.execute(select(sources.c.id).where(these).order_by(sources.c.id).with_for_update())
    await connection.execute(update(sources).where(these).values(warnings=null()))


async def list_purges(connection: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Return the latest purges, newest first, each with the guids of its records."""
    columns = [column for column in purges.c if column.name != "id"]
    rows = (await connection.execute(select(*columns).order_by(purges.c.id.desc()).limit(limit))).mappings().all()
    ids = {record_id for row in rows for record_id in row["record_ids"]}
    guids: dict[int, str] = {}
    for some in chunks(sorted(ids)):
        query = select(records.c.id, records.c.guid).where(records.c.id.in_(some))
        guids.update((row.id, row.guid) for row in await connection.execute(query))
    return [{**row, "guids": [guids[one] for one in row["record_ids"] if one in guids]} for row in rows]


async def purged_ids(connection: AsyncConnection) -> list[int]:
    """Return the ids of all purged records, in order; some may have been deleted since."""
    lists = (await connection.execute(select(purges.c.record_ids))).scalars()
    return sorted({record_id for ids in lists for record_id in ids})


async def forget_purged(connection: AsyncConnection, record_ids: Mapping[int, int]) -> None:
    """Erase what was announced of those entries whose record is purged; `record_ids`: the record of each entry."""
    purged: set[int] = set()
    for some in chunks(sorted(set(record_ids.values()))):
        query = select(records.c.id).where(records.c.id.in_(some), records.c.purged_at.is_not(None))
        purged.update((await connection.execute(query)).scalars())
    await forget_entries(connection, [entry_id for entry_id, record_id in record_ids.items() if record_id in purged])


async def forget_documents(connection: AsyncConnection, documents: Collection[str]) -> None:
    """Delete the rows of documents that were erased from the archive."""
    for names in chunks(sorted(documents)):
        await connection.execute(update(polls).where(polls.c.raw.in_(names)).values(raw=None))
        await connection.execute(delete(raws).where(raws.c.sha256.in_(names)))


def _nothing_extracted(entry_id: int) -> Extraction:
    return Extraction(
        entry_id=entry_id, raw=None, fragment=False, page_url=None, content_type=None, extractor="", rules=None
    )


async def forget_entries(connection: AsyncConnection, entry_ids: Sequence[int]) -> None:
    """Erase what the feed announced of entries, and end all work on them."""
    blank = {"state": "expired", "announced": _STUB, "revisit_at": None, "etag": None, "last_modified": None}
    for some in chunks(sorted(entry_ids)):
        await connection.execute(update(entries).where(entries.c.id.in_(some)).values(run_id=None, raw=None, **blank))
