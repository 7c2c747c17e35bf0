"""Records of articles from pages: decide for each article if it is a new record, a revision, a carrier or unchanged.

`policy.articles.identity` makes the decision; this module reads the records it needs and adds the resulting rows to the
transaction's `UnitOfWork`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.event import EventKind
from ingestd.model.feed import Entry
from ingestd.model.item import Item, PubStatus
from ingestd.policy.articles.identity import Candidate, Head, Verdict, decide
from ingestd.policy.articles.index_entry import IndexEntry
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.listings import Listings
from ingestd.store.records.outcomes import SameText
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import records, revisions, texts
from ingestd.store.statements import chunks
from ingestd.store.work.entries import ClaimedEntry
from ingestd.urls import with_fragment

_EVENTS: dict[Verdict, EventKind] = {"new": "new", "text": "revised", "headline": "revised", "carried": "carried"}

_HEAD = (
    select(
        records.c.id, records.c.revision, records.c.uri, records.c.origin_entry_id, records.c.item_key,
        records.c.purged_at, records.c.pubstatus, records.c.merged_into, revisions.c.content_hash,
        revisions.c.headline, revisions.c.change, revisions.c.fragment, revisions.c.id.label("revision_id"),
    )
    .select_from(records)
    # A merged record has no revision.
    .outerjoin(revisions, (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision))
)  # fmt: skip

# Built once: to build a statement takes longer than to execute it.
_HEADS_AT = _HEAD.where(records.c.uri.in_(bindparam("uris", expanding=True)))
_HEADS_OF = _HEAD.where(records.c.id.in_(bindparam("ids", expanding=True)), revisions.c.id.is_not(None))
_OF_TEXTS = select(texts.c.content_hash, texts.c.record_id).where(
    texts.c.content_hash.in_(bindparam("hashes", expanding=True))
)


class PageRecords:
    """The records that the articles of one transaction may belong to; call `open`, `add` each article, then `flush`."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._heads: dict[int, Head] = {}
        self._reprocessed: set[int] = set()
        self._by_uri: dict[str, int] = {}
        self._by_hash: dict[str, int] = {}
        self._by_entry: dict[int, int] = {}
        self._purged: set[int] = set()
        self._listings = Listings()

    @classmethod
    async def open(
        cls,
        connection: AsyncConnection,
        *,
        hashes: Iterable[str],
        ids: Iterable[int | None],
        uris: Iterable[str | None] = (),
        fragments: Iterable[ClaimedEntry] = (),
        unit_of_work: UnitOfWork | None = None,
    ) -> Self:
        """Read the records that articles may belong to: by content hash, record id and canonical URL.

        `fragments` are the entries that are articles themselves.  The connection must hold `database.lock_records`.
        """
        page_records = cls(unit_of_work or await UnitOfWork.open(connection))
        wanted = {record_id for record_id in ids if record_id is not None}
        for some in chunks(sorted(set(hashes))):
            page_records._by_hash.update((await connection.execute(_OF_TEXTS, {"hashes": some})).all())
        wanted.update(page_records._by_hash.values())
        for some in chunks(sorted({uri for uri in uris if uri})):
            rows = (await connection.execute(_HEADS_AT, {"uris": some})).all()
            page_records._add_heads([row for row in rows if row.revision_id is not None])
            # The address of a merged record leads to the one that it was merged into.
            merged = {row.uri: row.merged_into for row in rows if row.merged_into is not None}
            page_records._by_uri |= merged
            wanted.update(merged.values())
        for few in chunks(sorted(wanted)):
            page_records._add_heads((await connection.execute(_HEADS_OF, {"ids": few})).all())
        await page_records._read_earlier_revisions(connection)
        origins = (head.origin_entry_id for head in page_records._heads.values() if head.fragment)
        page_records._listings = await Listings.read(connection, fragments, origins)
        return page_records

    async def _read_earlier_revisions(self, connection: AsyncConnection) -> None:
        """Read earlier revisions of reprocessed records, whose texts other rules extracted from the same page."""
        c = revisions.c
        query = select(c.record_id, c.revision, c.change, c.content_hash, c.headline, c.fragment)
        query = query.order_by(c.record_id, c.revision)
        for few in chunks(sorted(self._reprocessed)):
            for row in (await connection.execute(query.where(c.record_id.in_(few)))).all():
                head = self._heads[row.record_id]
                if row.change == "reprocessed":
                    head = head.reprocessed(content_hash=row.content_hash, headline=row.headline)
                else:
                    head = _head_of(row, row.record_id, head.origin_entry_id, head.pubstatus)
                self._heads[row.record_id] = head

    def _add_heads(self, rows: Sequence[Any]) -> None:
        for row in rows:
            self._heads[row.id] = _head_of(row, row.id, row.origin_entry_id, row.pubstatus)
            if row.change == "reprocessed":
                self._reprocessed.add(row.id)
            if row.purged_at is not None:
                self._purged.add(row.id)
            if row.item_key is None:  # a page never revises a wire item
                self._by_entry[row.origin_entry_id] = row.id
            if row.uri:
                self._by_uri[row.uri] = row.id

    def add(
        self,
        work: ClaimedEntry,
        article: Article,
        *,
        at: datetime,
        content_hash: str,
        whole_hash: str,
        url: str | None,
        extraction: Extraction,
        same_text: SameText | None = None,
        index: IndexEntry | None = None,
        corrects: bool = False,
    ) -> tuple[int, Verdict]:
        """Add the rows for an article; returns its record's id and the verdict.

        `whole_hash` is the hash of its text including the site's boilerplate, `same_text` what other rules extracted
        from a page with this text.  With `corrects`, a revision is saved as
        a correction.
        """
        own, uri = self._own(work, article.uri, fragment=extraction.fragment)
        candidate = Candidate(
            entry_id=work.id,
            content_hash=content_hash,
            whole_hash=whole_hash,
            same_hash=same_text.content_hash if same_text else None,
            headline=(same_text and same_text.headline) or article.headline,
            fragment=extraction.fragment,
            carries=work.record_id,
            listed_beside=own is not None and self._listings.are_beside(work.id, self._heads[own].origin_entry_id),
        )
        hashes = (content_hash, whole_hash, candidate.same_hash)
        holder = next((self._by_hash[one] for one in hashes if one in self._by_hash), None)
        for record_id in (own, holder, work.record_id):
            if record_id in self._purged:
                return record_id, "same"
        verdict, head = decide(candidate, own=self._head(own), holder=self._head(holder))
        record_id = head.id if head else self._new_record(work, uri, at)
        change = "corrected" if corrects and verdict in ("text", "headline") else verdict
        if verdict in ("new", "text", "headline"):
            revision = head.revision + 1 if head else 1
            self._unit_of_work.update_record(record_id, revision=revision, updated_at=at, rules=extraction.rules)
            self._heads[record_id] = Head(
                id=record_id,
                revision=revision,
                content_hash=content_hash,
                headline=article.headline,
                origin_entry_id=head.origin_entry_id if head else work.id,
                fragment=extraction.fragment,
                pubstatus=head.pubstatus if head else "usable",
            )
            self._add_revision(
                record_id, article, change=change, at=at, content_hash=content_hash, extraction=extraction,
                entry=work.entry, index=index,
            )  # fmt: skip
        if verdict in _EVENTS:
            revision = self.revision_of(record_id)
            kind: EventKind = "corrected" if change == "corrected" else _EVENTS[verdict]
            self._unit_of_work.add_event(record_id, revision, kind, entry_id=work.id, at=at)
        self._unit_of_work.add_carrier(record_id, entry_id=work.id, source_id=work.source_id, url=url, at=at)
        return record_id, verdict

    def carry(self, work: ClaimedEntry, record_id: int, *, at: datetime, url: str | None) -> Verdict | None:
        """Make an entry a carrier of a record; returns "same" if it is one already, None if there is no such record."""
        if record_id not in self._heads:
            return None
        if work.record_id == record_id or record_id in self._purged:
            return "same"
        self._unit_of_work.add_event(record_id, self.revision_of(record_id), "carried", entry_id=work.id, at=at)
        self._unit_of_work.add_carrier(record_id, entry_id=work.id, source_id=work.source_id, url=url, at=at)
        return "carried"

    def is_purged(self, record_id: int) -> bool:
        """Return whether the content of a record that was opened was erased: nothing is stored for it any more."""
        return record_id in self._purged

    def _own(self, work: ClaimedEntry, uri: str | None, *, fragment: bool) -> tuple[int | None, str | None]:
        """Return the record of an article's address or entry, and the address that a new record of it would have.

        Entries that are articles may share an address with others: the entry's own record comes first, then that of
        the address with the fragment of the link.
        """
        by_entry = self._by_entry.get(work.id)
        if not fragment:
            return (self._by_uri.get(uri, by_entry) if uri else by_entry), uri
        if by_entry is not None or uri is None:
            return by_entry, uri
        exact = with_fragment(uri, work.entry.link)
        own = self._by_uri.get(exact, self._by_uri.get(uri))
        return own, exact if uri in self._by_uri and exact not in self._by_uri else uri

    def _new_record(self, work: ClaimedEntry, uri: str | None, at: datetime) -> int:
        # Another record may have the address, which then identifies neither article.
        uri = None if uri in self._by_uri else uri
        record_id = self._unit_of_work.new_record(entry_id=work.id, at=at, uri=uri)
        self._by_entry[work.id] = record_id
        if uri:
            self._by_uri[uri] = record_id
        return record_id

    def revision_of(self, record_id: int) -> int:
        """Return the number of the current revision of a record that was opened."""
        return self._heads[record_id].revision

    def is_at(self, record_id: int, revision: int) -> bool:
        """Return whether a revision is the current one of a record, which may have been deleted or merged meanwhile."""
        head = self._heads.get(record_id)
        return head is not None and head.revision == revision

    def add_reprocessed(
        self, record_id: int, article: Article, *, at: datetime, content_hash: str, extraction: Extraction, entry: Entry
    ) -> int | None:
        """Add a revision that other rules extracted from the same bytes; `updated_at` of the record stays.

        Returns the id of another record that has or had this text, or None.
        """
        self._heads[record_id] = head = self._heads[record_id].reprocessed(
            content_hash=content_hash, headline=article.headline
        )
        revision = head.revision
        holder = self._by_hash.get(content_hash)
        self._unit_of_work.update_record(record_id, revision=revision, rules=extraction.rules)
        self._add_revision(
            record_id, article, change="reprocessed", at=at, content_hash=content_hash, extraction=extraction,
            entry=entry,
        )  # fmt: skip
        self._unit_of_work.add_event(record_id, revision, "reprocessed", entry_id=extraction.entry_id, at=at)
        return holder if holder != record_id else None

    def _head(self, record_id: int | None) -> Head | None:
        return None if record_id is None else self._heads[record_id]

    def _add_revision(
        self,
        record_id: int,
        article: Article,
        *,
        change: str,
        at: datetime,
        content_hash: str,
        extraction: Extraction,
        entry: Entry,
        index: IndexEntry | None = None,
    ) -> None:
        head = self._heads[record_id]
        self._unit_of_work.add_revision(
            record_id, head.revision, article, change=change, at=at, content_hash=content_hash, extraction=extraction,
            pubstatus=head.pubstatus, item=_item_of(entry), index=index,
        )  # fmt: skip
        if content_hash not in self._by_hash:
            self._by_hash[content_hash] = record_id
            self._unit_of_work.add_text(content_hash, record_id)

    async def flush(self, connection: AsyncConnection) -> None:
        """Write all rows."""
        await self._unit_of_work.flush(connection)


def _item_of(entry: Entry) -> Item | None:
    """Return the fields of a page's entry that its article does not have, as an item; None if there are none."""
    if entry.item or not entry.keywords:
        return entry.item
    return Item(guid=entry.guid, keywords=entry.keywords)


def _head_of(row: Any, record_id: int, origin_entry_id: int, pubstatus: PubStatus) -> Head:
    return Head(
        id=record_id,
        revision=row.revision,
        content_hash=row.content_hash,
        headline=row.headline,
        origin_entry_id=origin_entry_id,
        fragment=row.fragment,
        pubstatus=pubstatus,
    )
