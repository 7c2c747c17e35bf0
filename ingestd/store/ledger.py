"""The ledger of one transaction: which records there are, what articles become, and the rows that say so.

Ids are given out here, one after the other, which is safe because only one transaction at a time has a ledger.
So are the numbers of events: the log has no holes and its order is the order of commits.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model import Article
from ingestd.policy.identity import Candidate, Head, Verdict, decide
from ingestd.store.entries import Work
from ingestd.store.events import Kind
from ingestd.store.recipe import Recipe
from ingestd.store.statements import chunks, insert_absent, insert_all
from ingestd.store.tables import carriers, events, records, revisions, texts

_EVENTS: dict[Verdict, Kind] = {"new": "new", "text": "revised", "headline": "revised", "carried": "carried"}

_HEAD = (
    select(
        records.c.id,
        records.c.revision,
        records.c.uri,
        records.c.origin_entry_id,
        revisions.c.content_hash,
        revisions.c.headline,
        revisions.c.change,
    )
    .select_from(records)
    .join(revisions, (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision))
)


class Ledger:
    """Opened on a connection, entered article by article, closed by writing all rows at once."""

    def __init__(self) -> None:
        self._heads: dict[int, Head] = {}
        self._made_again: set[int] = set()
        self._by_uri: dict[str, int] = {}
        self._by_hash: dict[str, int] = {}
        self._by_entry: dict[int, int] = {}
        self._next = {"record": 0, "revision": 0, "event": 0}
        self._records: dict[int, dict[str, Any]] = {}
        self._updates: dict[int, dict[str, Any]] = {}
        self._remakes: list[dict[str, Any]] = []
        self._revisions: list[dict[str, Any]] = []
        self._texts: list[dict[str, Any]] = []
        self._carriers: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []

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
        ledger = cls()
        wanted = {record_id for record_id in ids if record_id is not None}
        for some in chunks(sorted(set(hashes))):
            rows = await connection.execute(select(texts).where(texts.c.content_hash.in_(some)))
            ledger._by_hash.update((row.content_hash, row.record_id) for row in rows)
        wanted.update(ledger._by_hash.values())
        for some in chunks(sorted({uri for uri in uris if uri})):
            ledger._know((await connection.execute(_HEAD.where(records.c.uri.in_(some)))).all())
        for few in chunks(sorted(wanted)):
            ledger._know((await connection.execute(_HEAD.where(records.c.id.in_(few)))).all())
        await ledger._read_back(connection)
        tops = select(func.max(records.c.id)), select(func.max(revisions.c.id)), select(func.max(events.c.seq))
        for name, query in zip(ledger._next, tops, strict=True):
            ledger._next[name] = (await connection.execute(query)).scalar() or 0
        return ledger

    async def _read_back(self, connection: AsyncConnection) -> None:
        """Learn of records that were made again what the rules before had made of the same page."""
        c = revisions.c
        query = select(c.record_id, c.revision, c.change, c.content_hash, c.headline).order_by(c.record_id, c.revision)
        for few in chunks(sorted(self._made_again)):
            for row in (await connection.execute(query.where(c.record_id.in_(few)))).all():
                head = self._heads[row.record_id]
                if row.change == "reprocessed":
                    head = head.made_again(content_hash=row.content_hash, headline=row.headline)
                else:
                    head = _head_of(row, row.record_id, head.origin_entry_id)
                self._heads[row.record_id] = head

    def _know(self, rows: Sequence[Any]) -> None:
        for row in rows:
            self._heads[row.id] = _head_of(row, row.id, row.origin_entry_id)
            if row.change == "reprocessed":
                self._made_again.add(row.id)
            self._by_entry[row.origin_entry_id] = row.id
            if row.uri:
                self._by_uri[row.uri] = row.id

    def enter(
        self,
        work: Work,
        article: Article,
        *,
        at: datetime,
        content_hash: str,
        whole_hash: str,
        url: str | None,
        recipe: Recipe,
    ) -> tuple[int, Verdict]:
        """Decide what an article becomes and note the rows for it; returns its record's id, and what it became."""
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
        record_id = head.id if head else self._number("record")
        if verdict in ("new", "text", "headline"):
            revision = head.revision + 1 if head else 1
            self._note_record(record_id, revision, recipe, article, at, is_new=head is None)
            self._note_revision(
                record_id, revision, article, change=verdict, at=at, content_hash=content_hash, recipe=recipe
            )
            origin = head.origin_entry_id if head else work.id
            self._heads[record_id] = Head(
                id=record_id,
                revision=revision,
                content_hash=content_hash,
                headline=article.headline,
                origin_entry_id=origin,
            )
        if verdict in _EVENTS:
            self._note_event(record_id, self.revision_of(record_id), _EVENTS[verdict], work.id, at)
        carrier = {"record_id": record_id, "entry_id": work.id, "source_id": work.source_id, "url": url, "seen_at": at}
        self._carriers.append(carrier)
        return record_id, verdict

    def revision_of(self, record_id: int) -> int:
        """Return the number of the current revision of a record that was asked for when this was opened."""
        return self._heads[record_id].revision

    def renew(self, record_id: int, article: Article, *, at: datetime, content_hash: str, recipe: Recipe) -> int | None:
        """Note a revision that other rules made of the same bytes: no news, so the record's time stays.

        Returns another record that has or had this text, None where there is none.
        """
        self._heads[record_id] = head = self._heads[record_id].made_again(
            content_hash=content_hash, headline=article.headline
        )
        revision = head.revision
        holder = self._by_hash.get(content_hash)
        self._remakes.append({"record": record_id, "current": revision, "by": recipe.rules})
        self._note_revision(
            record_id, revision, article, change="reprocessed", at=at, content_hash=content_hash, recipe=recipe
        )
        self._note_event(record_id, revision, "reprocessed", recipe.entry_id, at)
        return holder if holder != record_id else None

    def _note_event(self, record_id: int, revision: int, kind: Kind, entry_id: int, at: datetime) -> None:
        self._events.append(
            {
                "seq": self._number("event"),
                "record_id": record_id,
                "revision": revision,
                "kind": kind,
                "entry_id": entry_id,
                "at": at,
            }
        )

    def _head(self, record_id: int | None) -> Head | None:
        return None if record_id is None else self._heads[record_id]

    def _number(self, name: str) -> int:
        self._next[name] += 1
        return self._next[name]

    def _note_record(
        self, record_id: int, revision: int, recipe: Recipe, article: Article, at: datetime, *, is_new: bool
    ) -> None:
        if not is_new and record_id not in self._records:
            self._updates[record_id] = {"record": record_id, "current": revision, "at": at, "by": recipe.rules}
            return
        row = self._records.setdefault(
            record_id,
            {
                "id": record_id,
                "guid": f"urn:uuid:{uuid.uuid4()}",
                "uri": article.uri,
                "origin_entry_id": recipe.entry_id,
                "pubstatus": "usable",
                "created_at": at,
            },
        )
        row.update(revision=revision, updated_at=at, rules=recipe.rules)
        self._by_entry[row["origin_entry_id"]] = record_id
        if article.uri:
            self._by_uri[article.uri] = record_id

    def _note_revision(
        self,
        record_id: int,
        revision: int,
        article: Article,
        *,
        change: str,
        at: datetime,
        content_hash: str,
        recipe: Recipe,
    ) -> None:
        self._revisions.append(
            {
                "id": self._number("revision"),
                "record_id": record_id,
                "revision": revision,
                "change": change,
                "content_hash": content_hash,
                "seen_at": at,
                **asdict(recipe),
                "headline": article.headline,
                "body_text": article.body_text,
                "body_html": article.body_html,
                "description_text": article.description_text,
                "byline": article.byline,
                "authors": list(article.authors),
                "firstcreated": article.firstcreated,
                "versioncreated": article.versioncreated,
                "date_precision": article.date_precision,
                "language": article.language,
                "dateline": article.dateline,
                "source": article.source,
                "usageterms": article.usageterms,
                "associations": [asdict(image) for image in article.associations],
                "agencies": [asdict(agency) for agency in article.agencies],
                "paywall": article.paywall,
                "truncated": article.truncated,
                "provenance": dict(article.provenance),
            }
        )
        if content_hash not in self._by_hash:
            self._by_hash[content_hash] = record_id
            self._texts.append({"content_hash": content_hash, "record_id": record_id})

    async def close(self, connection: AsyncConnection) -> None:
        """Write what was entered."""
        await insert_all(connection, records, list(self._records.values()))
        if self._updates:
            await connection.execute(_RENEW, list(self._updates.values()))
        if self._remakes:
            await connection.execute(_REMAKE, self._remakes)
        await insert_all(connection, revisions, self._revisions)
        await insert_absent(connection, texts, self._texts)
        await insert_absent(connection, carriers, self._carriers)
        await insert_all(connection, events, self._events)


def _head_of(row: Any, record_id: int, origin_entry_id: int) -> Head:
    return Head(
        id=record_id,
        revision=row.revision,
        content_hash=row.content_hash,
        headline=row.headline,
        origin_entry_id=origin_entry_id,
    )


_RENEW = (
    update(records)
    .where(records.c.id == bindparam("record"))
    .values(revision=bindparam("current"), updated_at=bindparam("at"), rules=bindparam("by"))
)

_REMAKE = (
    update(records)
    .where(records.c.id == bindparam("record"))
    .values(revision=bindparam("current"), rules=bindparam("by"))
)
