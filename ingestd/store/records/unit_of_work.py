"""Unit of work of a transaction: collects rows of records, revisions, carriers and events, and writes them at once.

It assigns ids and event numbers itself, in sequence, and never one whose row was deleted.  That is safe because only
one transaction at a time has a unit of work (`database.lock_records`), and it numbers events consecutively, in the
order of commits.  Those that save pages side by side (`share`) take numbers from sequences, and number their events
last.
"""

import asyncio
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any, Self

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.event import EventKind
from ingestd.model.item import Item, PubStatus
from ingestd.model.item_json import item_as_json, without_body
from ingestd.policy.articles.index_entry import IndexEntry, index_entry
from ingestd.store.events.status_log import log_statuses
from ingestd.store.records import search_index, sharing
from ingestd.store.records.content import pack
from ingestd.store.records.extraction import Extraction
from ingestd.store.schema.tables import carriers, events, last_numbers, records, revisions, texts
from ingestd.store.statements import chunks, insert_absent, insert_all, insert_for_all, insert_or_update

_ID_COLUMNS: Mapping[str, Any] = {"record": records.c.id, "revision": revisions.c.id, "event": events.c.seq}

#: The last number of each kind that was given out.  The tables, too: the older program, which may run beside this one
#: during an upgrade, writes no last numbers.
_LAST = select(
    *(select(func.max(column)).scalar_subquery().label(name) for name, column in _ID_COLUMNS.items()),
    *(
        select(last_numbers.c.number).where(last_numbers.c.name == name).scalar_subquery().label(f"stored_{name}")
        for name in _ID_COLUMNS
    ),
)

_CURRENT = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)


class UnitOfWork:
    """Collects rows; `open` reads the last ids, `flush` writes the rows."""

    def __init__(self, last: Mapping[str, int]) -> None:
        self._last = dict(last)
        #: Numbers for new rows, if other transactions save records at the same time; None: this one saves alone.
        self._given: Mapping[str, Iterator[int]] | None = None
        self._records: dict[int, dict[str, Any]] = {}
        self._changed: dict[int, dict[str, Any]] = {}
        self._revisions: list[dict[str, Any]] = []
        self._indexed: dict[int, IndexEntry] = {}
        self._texts: list[dict[str, Any]] = []
        self._carriers: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._statuses: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, connection: AsyncConnection) -> Self:
        """Read the last ids; the connection must hold `database.lock_records`."""
        row = (await connection.execute(_LAST)).one()._mapping
        return cls({name: max(row[name] or 0, row[f"stored_{name}"] or 0) for name in _ID_COLUMNS})

    @classmethod
    async def share(cls, connection: AsyncConnection, count: int) -> Self:
        """Take numbers for `count` records and revisions; the connection must hold `database.share_records`.

        Raises Contended if `database.lock_records` must be held instead.
        """
        unit_of_work = cls(dict.fromkeys(_ID_COLUMNS, 0))
        unit_of_work._given = await sharing.take_numbers(connection, count)
        return unit_of_work

    @property
    def last_event(self) -> int:
        """The number of the last event, with those that are added."""
        return self._last["event"] + len(self._events)

    def _next_id(self, name: str) -> int:
        self._last[name] = next(self._given[name]) if self._given else self._last[name] + 1
        return self._last[name]

    def new_record(self, *, entry_id: int, at: datetime, **values: Any) -> int:
        """Add a record created by an entry; `values` are further columns of `records`.  Returns its id."""
        record_id = self._next_id("record")
        self._records[record_id] = {
            "id": record_id,
            "guid": f"urn:uuid:{uuid.uuid4()}",
            "uri": None,
            "origin_entry_id": entry_id,
            "pubstatus": "usable",
            "created_at": at,
            "updated_at": at,
            "rules": None,
            "item_guid": None,
            "item_key": None,
            "id_origin": None,
            "release_at": None,
            "purged_at": None,
            "unconfirmed_kill_at": None,
        } | values
        return record_id

    def update_record(self, record_id: int, **values: Any) -> None:
        """Change columns of a record, whether new or stored."""
        row = self._records.get(record_id)
        (self._changed.setdefault(record_id, {}) if row is None else row).update(values)

    def add_revision(
        self,
        record_id: int,
        revision: int,
        article: Article,
        *,
        change: str,
        at: datetime,
        content_hash: str,
        extraction: Extraction,
        pubstatus: PubStatus = "usable",
        item: Item | None = None,
        item_hash: str | None = None,
        index: IndexEntry | None = None,
    ) -> None:
        """Add a revision.

        `item` is a wire item, given with its hash, or holds the fields that only the feed has for a page.  `index` is
        its entry of the full-text index, if it is made already.
        """
        revision_id = self._next_id("revision")
        if index:
            self._indexed[revision_id] = index
        self._revisions.append(
            {
                "id": revision_id,
                "record_id": record_id,
                "revision": revision,
                "change": change,
                "seen_at": at,
                "content_hash": content_hash,
                **asdict(extraction),
                **_columns(article),
                "pubstatus": pubstatus,
                "version": item.version if item and item_hash else None,
                "item": item_as_json(without_body(item)) if item else None,
                "item_hash": item_hash,
            }
        )

    def set_status(self, record_id: int, numbers: Iterable[int], pubstatus: PubStatus) -> None:
        """Change the status of revisions, whether new or stored; their content stays."""
        self._statuses += ({"record": record_id, "number": number, "status": pubstatus} for number in numbers)

    def add_text(self, content_hash: str, record_id: int) -> None:
        """Add the text of a record, unless another record had it first."""
        self._texts.append({"content_hash": content_hash, "record_id": record_id})

    def add_carrier(self, record_id: int, *, entry_id: int, source_id: int, url: str | None, at: datetime) -> None:
        """Add an entry as a carrier of a record, unless it is one already."""
        row = {"record_id": record_id, "entry_id": entry_id, "source_id": source_id, "url": url, "seen_at": at}
        self._carriers.append(row)

    def add_event(
        self,
        record_id: int,
        revision: int,
        kind: EventKind,
        *,
        entry_id: int,
        at: datetime,
        pubstatus: PubStatus | None = None,
        story_id: int | None = None,
        other_id: int | None = None,
    ) -> None:
        """Add an event of a record; `pubstatus` is the record's from this event on, None: unchanged.

        `story_id` is the story that the event is about, `other_id` the other record or story.
        """
        self._events.append(
            {
                "record_id": record_id,
                "revision": revision,
                "kind": kind,
                "entry_id": entry_id,
                "at": at,
                "pubstatus": pubstatus,
                "story_id": story_id,
                "other_id": other_id,
            }
        )

    async def flush(self, connection: AsyncConnection) -> None:
        """Write all rows."""
        rows, indexed = await asyncio.to_thread(self._prepared)
        replaced = [id_ for id_, row in self._changed.items() if "revision" in row]
        for some in chunks(replaced):
            query = select(revisions.c.id).join(records, _CURRENT).where(records.c.id.in_(some))
            await search_index.remove(connection, list((await connection.execute(query)).scalars()))
        await insert_all(connection, records, list(self._records.values()))
        await self._write_changes(connection)
        await insert_all(connection, revisions, rows)
        await search_index.add(connection, indexed)
        if self._statuses:
            await connection.execute(_SET_STATUS, self._statuses)
        if self._given:
            await sharing.insert_texts(connection, self._texts)
        else:
            await insert_absent(connection, texts, self._texts)
        await insert_absent(connection, carriers, self._carriers)
        if not self._given:
            await self.write_events(connection)

    async def write_events(self, connection: AsyncConnection) -> None:
        """Write the events with their numbers; `flush` does so unless others save records at the same time."""
        if self._given and self._events:
            self._last["event"] = await sharing.lock_last_event(connection)
        rows = [{"seq": number} | row for number, row in enumerate(self._events, self._last["event"] + 1)]
        await insert_for_all(connection, events, rows)
        await self._write_last_numbers(connection)
        await log_statuses(connection, rows)

    async def _write_last_numbers(self, connection: AsyncConnection) -> None:
        last = self._last | {"event": self.last_event}
        used = {"record": self._records, "revision": self._revisions, "event": self._events}
        rows = [{"name": name, "number": last[name]} for name, made in used.items() if made]
        if self._given:
            await sharing.raise_last_numbers(connection, rows)
        else:
            await insert_or_update(connection, last_numbers, rows)

    def _prepared(self) -> tuple[list[dict[str, Any]], dict[int, IndexEntry]]:
        """Return the revisions with packed content, and the index entries of those now current, by number."""
        indexed = {}
        for row in self._revisions:
            record_id = row["record_id"]
            current = (self._records.get(record_id) or self._changed.get(record_id, {})).get("revision")
            if row["revision"] == current:
                indexed[row["id"]] = self._indexed.get(row["id"]) or index_entry(row["headline"], row["body_text"])
        return [pack(row) for row in self._revisions], indexed

    async def _write_changes(self, connection: AsyncConnection) -> None:
        """Write changed columns, one statement for all records that change the same ones."""
        rows = sorted(self._changed.items(), key=lambda row: sorted(row[1]))
        for names, some in groupby(rows, key=lambda row: sorted(row[1])):
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            statement = update(records).where(records.c.id == bindparam("record")).values(values)
            changed_rows = [{"record": id_} | {f"new_{name}": row[name] for name in names} for id_, row in some]
            await connection.execute(statement, changed_rows)


_SET_STATUS = (
    update(revisions)
    .where(revisions.c.record_id == bindparam("record"), revisions.c.revision == bindparam("number"))
    .values(pubstatus=bindparam("status"))
)


def _columns(article: Article) -> dict[str, Any]:
    """Return an article as columns of `revisions`, without `uri`, which is a column of `records`."""
    return {
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
