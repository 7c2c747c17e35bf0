"""Reprocessing: read current revisions, and save revisions extracted from the same bytes by other rules.

Writes are optimistic: a record that was revised after it was read is left alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.store.database import lock_records
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.page_records import PageRecords
from ingestd.store.records.records import article_or_headline
from ingestd.store.schema.tables import carriers, entries, raws, records, revisions, texts
from ingestd.store.statements import chunks
from ingestd.store.unreadable import UNREADABLE
from ingestd.store.work.entries import entry_from_json, without_content
from ingestd.urls import without_userinfo

log = structlog.get_logger(__name__)

_CURRENT = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records to reprocess; a field that is None does not restrict them."""

    #: Only those extracted by other rules than these (a digest).
    except_rules: str | None = None
    #: The registrable domain of their pages.
    site: str | None = None
    #: The source that carries them.
    source_id: int | None = None
    #: Only those saved or revised since then.
    since: datetime | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRevision:
    """A record's current revision, with everything needed to extract it again."""

    record_id: int
    revision: int
    uri: str | None
    article: Article
    content_hash: str
    extraction: Extraction
    #: The entry as last announced, without its content.
    entry: Entry
    #: When its raw bytes were first stored: later dates on the page are ignored as implausible.
    bytes_at: datetime

    @property
    def address(self) -> str | None:
        """The record's canonical URL or else the entry's, without user-info, or None if neither has one."""
        url = self.uri or self.entry.link
        return url and without_userinfo(url)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReprocessedRevision:
    """A revision extracted again."""

    current: CurrentRevision
    article: Article
    content_hash: str
    extractor: str
    rules: str
    #: Names of the fields that differ; empty: none.
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """The result of saving reprocessed revisions."""

    #: Records that have a new revision, and records left alone because they were revised meanwhile.
    revised: frozenset[int] = frozenset()
    overtaken: frozenset[int] = frozenset()
    #: Record id → id of another record that has or had the same text.
    same_text: Mapping[int, int] = field(default_factory=dict)


async def selected_ids(connection: AsyncConnection, selection: Selection) -> list[int]:
    """Return the ids of the selected records in ascending order, without wire items, which have no page."""
    of_page = records.c.item_key.is_(None) & records.c.merged_into.is_(None)
    query = select(records.c.id).where(of_page).order_by(records.c.id).limit(selection.limit)
    if selection.except_rules is not None:
        query = query.where(records.c.rules.is_distinct_from(selection.except_rules))
    if selection.since is not None:
        query = query.where(records.c.updated_at >= selection.since)
    if selection.source_id is not None:
        of_source = select(carriers.c.record_id).where(carriers.c.source_id == selection.source_id)
        query = query.where(records.c.id.in_(of_source))
    if selection.site is not None:
        query = query.join(revisions, _CURRENT).join(entries, entries.c.id == revisions.c.entry_id)
        query = query.where(entries.c.site == selection.site)
    return list((await connection.execute(query)).scalars())


async def current_revisions(connection: AsyncConnection, ids: Sequence[int]) -> list[CurrentRevision]:
    """Return the current revisions of records, in order of record id.

    A record whose entry cannot be read is left out; the log names it.
    """
    query = (
        select(
            revisions, records.c.uri, entries.c.announced, raws.c.seen_at.label("bytes_at"),
        )
        .select_from(records)
        .join(revisions, _CURRENT)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .outerjoin(raws, raws.c.sha256 == revisions.c.raw)
        .where(records.c.id.in_(ids))
        .order_by(records.c.id)
    )  # fmt: skip
    found = []
    for row in (await connection.execute(query)).all():
        try:
            found.append(_current_revision(row))
        except UNREADABLE as error:
            log.warning("record left out", record=row.record_id, error=f"its entry cannot be read: {error}")
    return found


async def revision_by_other_rules(
    connection: AsyncConnection, *, record_id: int | None, uri: str | None, rules: str
) -> CurrentRevision | None:
    """Return the current revision of the record of an address, or else of a record, if other rules extracted it.

    None if `rules` extracted it, if there is no such record, or if it is a wire item.
    """
    query = select(records.c.id, records.c.rules, records.c.uri).where(records.c.item_key.is_(None))
    rows = (await connection.execute(query.where((records.c.id == record_id) | (records.c.uri == uri)))).all()
    row = next((row for row in rows if uri and row.uri == uri), rows[0] if rows else None)
    if row is None or row.rules == rules:
        return None
    return next(iter(await current_revisions(connection, [row.id])), None)


def _current_revision(row: Row[Any]) -> CurrentRevision:
    return CurrentRevision(
        record_id=row.record_id,
        revision=row.revision,
        uri=row.uri,
        article=article_or_headline(row, row.uri),
        content_hash=row.content_hash,
        extraction=Extraction(**{column.name: getattr(row, column.name) for column in fields(Extraction)}),
        entry=without_content(entry_from_json(row.announced)),
        bytes_at=min(row.bytes_at or row.seen_at, row.seen_at),
    )


async def records_with_same_text(
    connection: AsyncConnection, reprocessed: Sequence[ReprocessedRevision]
) -> dict[int, int]:
    """Return, by record id, the id of another record that has or had the reprocessed text."""
    holders: dict[str, int] = {}
    for some in chunks([one.content_hash for one in reprocessed]):
        rows = await connection.execute(select(texts).where(texts.c.content_hash.in_(some)))
        holders.update((row.content_hash, row.record_id) for row in rows)
    found = ((one.current.record_id, holders.get(one.content_hash)) for one in reprocessed)
    return {record_id: other for record_id, other in found if other is not None and other != record_id}


async def save(connection: AsyncConnection, reprocessed: Sequence[ReprocessedRevision], *, at: datetime) -> SaveResult:
    """Save reprocessed revisions.

    One that differs becomes a revision with the change `reprocessed`; otherwise the record only stores the new rules.
    """
    await lock_records(connection)
    page_records = await PageRecords.open(
        connection, hashes=[one.content_hash for one in reprocessed], ids=[one.current.record_id for one in reprocessed]
    )
    revised, overtaken, same_text, unchanged = set[int](), set[int](), dict[int, int](), list[dict[str, Any]]()
    decided: list[Decision] = []
    for one in reprocessed:
        record_id, extraction = one.current.record_id, _new_extraction(one)
        if not one.changed:
            unchanged.append({"record": record_id, "seen": one.current.revision, "by": one.rules})
        elif not page_records.is_at(record_id, one.current.revision):
            overtaken.add(record_id)
        else:
            other_id = page_records.add_reprocessed(
                record_id,
                one.article,
                at=at,
                content_hash=one.content_hash,
                extraction=extraction,
                entry=one.current.entry,
            )
            if other_id:
                same_text[record_id] = other_id
            revised.add(record_id)
            decided += _decisions(one, other_id, at)
    await page_records.flush(connection)
    if unchanged:
        await connection.execute(_SET_RULES, unchanged)
    await decisions.add(connection, decided)
    return SaveResult(revised=frozenset(revised), overtaken=frozenset(overtaken), same_text=same_text)


_SET_RULES = (
    update(records)
    .where(records.c.id == bindparam("record"), records.c.revision == bindparam("seen"))
    .values(rules=bindparam("by"))
)


def _new_extraction(one: ReprocessedRevision) -> Extraction:
    return replace(one.current.extraction, extractor=one.extractor, rules=one.rules)


def _decisions(one: ReprocessedRevision, other_id: int | None, at: datetime) -> Iterator[Decision]:
    """Yield the decision for the new revision, and one to merge if another record has the same text."""
    record_id, entry_id = one.current.record_id, one.current.extraction.entry_id
    reason = (
        f"record {record_id}: other rules changed {', '.join(one.changed)}; text sha256 {one.content_hash}, "
        f"by {one.extractor}, rules {one.rules}"
    )
    yield Decision(at=at, entry_id=entry_id, stage="identity", verdict="reprocessed", reason=reason)
    if other_id:
        reason = f"record {record_id}: record {other_id} has this text as well; they may be the same story"
        yield Decision(at=at, entry_id=entry_id, stage="identity", verdict="merge", reason=reason)
