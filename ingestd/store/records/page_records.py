"""The ledger of one transaction: which records there are, what articles become, and the rows that say so.

It reads the records that articles may belong to, decides, and writes in the transaction's `UnitOfWork`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.policy.articles.identity import Candidate, Head, Verdict, decide
from ingestd.store.events.event_log import EventKind
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import records, revisions, texts
from ingestd.store.statements import chunks
from ingestd.store.work.entries import ClaimedEntry

_EVENTS: dict[Verdict, EventKind] = {"new": "new", "text": "revised", "headline": "revised", "carried": "carried"}

_HEAD = (
    select(
        records.c.id,
        records.c.revision,
        records.c.uri,
        records.c.origin_entry_id,
        records.c.item_key,
        revisions.c.content_hash,
        revisions.c.headline,
        revisions.c.change,
    )
    .select_from(records)
    .join(revisions, (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision))
)


class PageRecords:
    """Opened on a connection, entered article by article, closed by writing all rows at once."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._heads: dict[int, Head] = {}
        self._made_again: set[int] = set()
        self._by_uri: dict[str, int] = {}
        self._by_hash: dict[str, int] = {}
        self._by_entry: dict[int, int] = {}

    @classmethod
    async def open(
        cls,
        connection: AsyncConnection,
        *,
        hashes: Iterable[str],
        ids: Iterable[int | None],
        uris: Iterable[str | None] = (),
    ) -> Self:
        """Read the heads of the records that articles may belong to: by text, record and address."""
        page_records = cls(await UnitOfWork.open(connection))
        wanted = {record_id for record_id in ids if record_id is not None}
        for some in chunks(sorted(set(hashes))):
            rows = await connection.execute(select(texts).where(texts.c.content_hash.in_(some)))
            page_records._by_hash.update((row.content_hash, row.record_id) for row in rows)
        wanted.update(page_records._by_hash.values())
        for some in chunks(sorted({uri for uri in uris if uri})):
            page_records._know((await connection.execute(_HEAD.where(records.c.uri.in_(some)))).all())
        for few in chunks(sorted(wanted)):
            page_records._know((await connection.execute(_HEAD.where(records.c.id.in_(few)))).all())
        await page_records._read_back(connection)
        return page_records

    async def _read_back(self, connection: AsyncConnection) -> None:
        """Learn of records that were made again what the rules before had made of the same page."""
        c = revisions.c
        query = select(c.record_id, c.revision, c.change, c.content_hash, c.headline).order_by(c.record_id, c.revision)
        for few in chunks(sorted(self._made_again)):
            for row in (await connection.execute(query.where(c.record_id.in_(few)))).all():
                head = self._heads[row.record_id]
                if row.change == "reprocessed":
                    head = head.reprocessed(content_hash=row.content_hash, headline=row.headline)
                else:
                    head = _head_of(row, row.record_id, head.origin_entry_id)
                self._heads[row.record_id] = head

    def _know(self, rows: Sequence[Any]) -> None:
        for row in rows:
            self._heads[row.id] = _head_of(row, row.id, row.origin_entry_id)
            if row.change == "reprocessed":
                self._made_again.add(row.id)
            if row.item_key is None:  # no page revises a wire item
                self._by_entry[row.origin_entry_id] = row.id
            if row.uri:
                self._by_uri[row.uri] = row.id

    def enter(
        self,
        work: ClaimedEntry,
        article: Article,
        *,
        at: datetime,
        content_hash: str,
        whole_hash: str,
        url: str | None,
        recipe: Extraction,
        corrects: bool = False,
    ) -> tuple[int, Verdict]:
        """Decide what an article becomes and note the rows for it; returns its record's id, and what it became.

        With `corrects`, a revision of its record is a correction.
        """
        candidate = Candidate(
            entry_id=work.id,
            content_hash=content_hash,
            whole_hash=whole_hash,
            headline=article.headline,
            fragment=recipe.fragment,
            carries=work.record_id,
        )
        own = self._by_uri.get(article.uri) if article.uri else None
        own = self._by_entry.get(work.id) if own is None else own
        holder = self._by_hash.get(content_hash, self._by_hash.get(whole_hash))
        verdict, head = decide(candidate, own=self._head(own), holder=self._head(holder))
        record_id = head.id if head else self._new_record(work, article, at)
        change = "corrected" if corrects and verdict in ("text", "headline") else verdict
        if verdict in ("new", "text", "headline"):
            revision = head.revision + 1 if head else 1
            self._unit.renew_record(record_id, revision=revision, updated_at=at, rules=recipe.rules)
            self._note_revision(
                record_id, revision, article, change=change, at=at, content_hash=content_hash, recipe=recipe,
                entry=work.entry,
            )  # fmt: skip
            self._heads[record_id] = Head(
                id=record_id,
                revision=revision,
                content_hash=content_hash,
                headline=article.headline,
                origin_entry_id=head.origin_entry_id if head else work.id,
            )
        if verdict in _EVENTS:
            revision = self.revision_of(record_id)
            kind: EventKind = "corrected" if change == "corrected" else _EVENTS[verdict]
            self._unit.add_event(record_id, revision, kind, entry_id=work.id, at=at)
        self._unit.add_carrier(record_id, entry_id=work.id, source_id=work.source_id, url=url, at=at)
        return record_id, verdict

    def _new_record(self, work: ClaimedEntry, article: Article, at: datetime) -> int:
        record_id = self._unit.new_record(entry_id=work.id, at=at, uri=article.uri)
        self._by_entry[work.id] = record_id
        if article.uri:
            self._by_uri[article.uri] = record_id
        return record_id

    def revision_of(self, record_id: int) -> int:
        """Return the number of the current revision of a record that was asked for when this was opened."""
        return self._heads[record_id].revision

    def renew(
        self, record_id: int, article: Article, *, at: datetime, content_hash: str, recipe: Extraction, entry: Entry
    ) -> int | None:
        """Note a revision that other rules made of the same bytes: no news, so the record's time stays.

        Returns another record that has or had this text, None where there is none.
        """
        self._heads[record_id] = head = self._heads[record_id].reprocessed(
            content_hash=content_hash, headline=article.headline
        )
        revision = head.revision
        holder = self._by_hash.get(content_hash)
        self._unit.renew_record(record_id, revision=revision, rules=recipe.rules)
        self._note_revision(
            record_id, revision, article, change="reprocessed", at=at, content_hash=content_hash, recipe=recipe,
            entry=entry,
        )  # fmt: skip
        self._unit.add_event(record_id, revision, "reprocessed", entry_id=recipe.entry_id, at=at)
        return holder if holder != record_id else None

    def _head(self, record_id: int | None) -> Head | None:
        return None if record_id is None else self._heads[record_id]

    def _note_revision(
        self,
        record_id: int,
        revision: int,
        article: Article,
        *,
        change: str,
        at: datetime,
        content_hash: str,
        recipe: Extraction,
        entry: Entry,
    ) -> None:
        self._unit.add_revision(
            record_id, revision, article, change=change, at=at, content_hash=content_hash, recipe=recipe,
            item=_item_of(entry),
        )  # fmt: skip
        if content_hash not in self._by_hash:
            self._by_hash[content_hash] = record_id
            self._unit.add_text(content_hash, record_id)

    async def close(self, connection: AsyncConnection) -> None:
        """Write what was entered."""
        await self._unit.close(connection)


def _item_of(entry: Entry) -> Item | None:
    """Return what a feed says of a page and the page itself does not."""
    if entry.item or not entry.keywords:
        return entry.item
    return Item(guid=entry.guid, keywords=entry.keywords)


def _head_of(row: Any, record_id: int, origin_entry_id: int) -> Head:
    return Head(
        id=record_id,
        revision=row.revision,
        content_hash=row.content_hash,
        headline=row.headline,
        origin_entry_id=origin_entry_id,
    )
