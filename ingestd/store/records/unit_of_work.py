"""The book of one transaction: rows of records, revisions, carriers and events, noted one by one and written at once.

Ids are given out here, one after the other, which is safe because only one transaction at a time has a book
(`database.lock_records`).  So are the numbers of events: the log has no holes and its order is the order of commits.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any, Self

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.item import Item, PubStatus
from ingestd.model.item_json import item_as_json, without_body
from ingestd.store.events.event_log import Kind
from ingestd.store.records.recipe import Recipe
from ingestd.store.schema.tables import carriers, events, records, revisions, texts
from ingestd.store.statements import insert_absent, insert_all


class UnitOfWork:
    """Opened on a connection, closed by writing what was noted."""

    def __init__(self, last: Mapping[str, int]) -> None:
        self._last = dict(last)
        self._records: dict[int, dict[str, Any]] = {}
        self._renewed: dict[int, dict[str, Any]] = {}
        self._revisions: list[dict[str, Any]] = []
        self._texts: list[dict[str, Any]] = []
        self._carriers: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._statuses: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, connection: AsyncConnection) -> Self:
        """Read which ids were given out last; the connection has the lock that writers of records wait for."""
        tops = {"record": records.c.id, "revision": revisions.c.id, "event": events.c.seq}
        return cls(
            {name: (await connection.execute(select(func.max(top)))).scalar() or 0 for name, top in tops.items()}
        )

    def _number(self, name: str) -> int:
        self._last[name] += 1
        return self._last[name]

    def new_record(self, *, entry_id: int, at: datetime, **values: Any) -> int:
        """Note a record, made by an entry, with more columns of `records`; returns its id."""
        record_id = self._number("record")
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
        } | values
        return record_id

    def renew_record(self, record_id: int, **values: Any) -> None:
        """Note other values for columns of a record, new or not."""
        row = self._records.get(record_id)
        (self._renewed.setdefault(record_id, {}) if row is None else row).update(values)

    def add_revision(
        self,
        record_id: int,
        revision: int,
        article: Article,
        *,
        change: str,
        at: datetime,
        content_hash: str,
        recipe: Recipe,
        pubstatus: PubStatus = "usable",
        item: Item | None = None,
        item_hash: str | None = None,
    ) -> None:
        """Note a revision; `item` is what a feed says besides of a page, or, with a hash, what a wire item says."""
        self._revisions.append(
            {
                "id": self._number("revision"),
                "record_id": record_id,
                "revision": revision,
                "change": change,
                "seen_at": at,
                "content_hash": content_hash,
                **asdict(recipe),
                **_columns(article),
                "pubstatus": pubstatus,
                "version": item.version if item and item_hash else None,
                "item": item_as_json(without_body(item)) if item else None,
                "item_hash": item_hash,
            }
        )

    def give_status(self, record_id: int, numbers: Iterable[int], pubstatus: PubStatus) -> None:
        """Note another status for revisions, new or not; what they say stays."""
        self._statuses += ({"record": record_id, "number": number, "status": pubstatus} for number in numbers)

    def add_text(self, content_hash: str, record_id: int) -> None:
        """Note that a record has a text; the first one to have it keeps it."""
        self._texts.append({"content_hash": content_hash, "record_id": record_id})

    def add_carrier(self, record_id: int, *, entry_id: int, source_id: int, url: str | None, at: datetime) -> None:
        """Note that an entry carries a record; one that does already stays as it is."""
        row = {"record_id": record_id, "entry_id": entry_id, "source_id": source_id, "url": url, "seen_at": at}
        self._carriers.append(row)

    def add_event(
        self,
        record_id: int,
        revision: int,
        kind: Kind,
        *,
        entry_id: int,
        at: datetime,
        pubstatus: PubStatus | None = None,
    ) -> None:
        """Note that something happened to a record; `pubstatus` is what it has from then on, None what it had."""
        self._events.append(
            {
                "seq": self._number("event"),
                "record_id": record_id,
                "revision": revision,
                "kind": kind,
                "entry_id": entry_id,
                "at": at,
                "pubstatus": pubstatus,
            }
        )

    async def close(self, connection: AsyncConnection) -> None:
        """Write what was noted."""
        await insert_all(connection, records, list(self._records.values()))
        await self._renew(connection)
        await insert_all(connection, revisions, self._revisions)
        if self._statuses:
            await connection.execute(_GIVE_STATUS, self._statuses)
        await insert_absent(connection, texts, self._texts)
        await insert_absent(connection, carriers, self._carriers)
        await insert_all(connection, events, self._events)

    async def _renew(self, connection: AsyncConnection) -> None:
        """Write the renewed columns, one statement for all records that renew the same ones."""
        rows = sorted(self._renewed.items(), key=lambda row: sorted(row[1]))
        for names, some in groupby(rows, key=lambda row: sorted(row[1])):
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            statement = update(records).where(records.c.id == bindparam("record")).values(values)
            renewed = [{"record": id_} | {f"new_{name}": row[name] for name in names} for id_, row in some]
            await connection.execute(statement, renewed)


_GIVE_STATUS = (
    update(revisions)
    .where(revisions.c.record_id == bindparam("record"), revisions.c.revision == bindparam("number"))
    .values(pubstatus=bindparam("status"))
)


def _columns(article: Article) -> dict[str, Any]:
    """Return an article as columns of `revisions`; its address is the record's."""
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
