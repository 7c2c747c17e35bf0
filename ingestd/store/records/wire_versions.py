"""Versions of wire items: decide what each version does to its item's record, and add the rows.

`policy.wire.versions` decides; this module reads the records it needs and adds the resulting rows to the
transaction's `UnitOfWork`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.item import PubStatus
from ingestd.model.version import Version
from ingestd.policy.wire.version_order import VersionStamp, key_of
from ingestd.policy.wire.version_texts import may_keep_text, revision_content
from ingestd.policy.wire.versions import (
    Effect,
    EventKind,
    ReceivedVersion,
    RecordState,
    StoredVersion,
    effect_of,
    received_version,
)
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.records import article_of
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import carriers, entries, records, revisions
from ingestd.store.statements import chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingVersion:
    """A version as a source sent it, with its entry."""

    version: Version
    source_id: int
    entry_id: int
    at: datetime
    #: SHA-256 of the document in the archive; None: not archived.
    raw: str | None = None
    url: str | None = None

    @property
    def key(self) -> str:
        """The item's key, which all its versions share."""
        return key_of(self.version.item, self.source_id)


@dataclass(slots=True)
class _ItemRecord:
    """The record of an item, updated as its versions are added."""

    record_id: int
    pubstatus: PubStatus
    current: StoredVersion
    kept: list[StoredVersion]
    carriers: set[int]
    release_at: datetime | None = None
    #: Content of the current revision; None: not read, since no version needs it.
    article: Article | None = None

    @property
    def state(self) -> RecordState:
        return RecordState(
            pubstatus=self.pubstatus,
            current=self.current,
            versions=self.kept,
            carriers=frozenset(self.carriers),
            release_at=self.release_at,
        )


class WireVersions:
    """The records of the items whose versions one transaction saves.  Call `open`, then `add` each version."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._records: dict[str, _ItemRecord] = {}

    @classmethod
    async def open(
        cls, connection: AsyncConnection, unit_of_work: UnitOfWork, versions: Sequence[IncomingVersion]
    ) -> Self:
        """Read the records of the items; `versions` are all that will be added."""
        wire_versions = cls(unit_of_work)
        for some in chunks(sorted({version.key for version in versions})):
            await wire_versions._read(connection, some)
        # A kill, for example, keeps the text of the current revision.
        need_text = {version.key for version in versions if may_keep_text(version.version)}
        await wire_versions._read_texts(
            connection, [wire_versions._records[key] for key in sorted(need_text) if key in wire_versions._records]
        )
        return wire_versions

    async def _read(self, connection: AsyncConnection, keys: Sequence[str]) -> None:
        c = records.c
        found = await connection.execute(
            select(c.id, c.item_key, c.pubstatus, c.revision, c.release_at).where(c.item_key.in_(keys))
        )
        heads = {row.id: row for row in found}
        kept: dict[int, list[StoredVersion]] = {record_id: [] for record_id in heads}
        for row in await connection.execute(_STORED.where(revisions.c.record_id.in_(heads))):
            kept[row.record_id].append(_kept(row))
        carried: dict[int, set[int]] = {record_id: set() for record_id in heads}
        carrier_rows = select(carriers.c.record_id, carriers.c.source_id).where(carriers.c.record_id.in_(heads))
        for record_id, source_id in await connection.execute(carrier_rows):
            carried[record_id].add(source_id)
        for record_id, head in heads.items():
            current = next(one for one in kept[record_id] if one.revision == head.revision)
            self._records[head.item_key] = _ItemRecord(
                record_id,
                head.pubstatus,
                current,
                kept[record_id],
                carried[record_id],
                head.release_at,
            )

    async def _read_texts(self, connection: AsyncConnection, wanted: Sequence[_ItemRecord]) -> None:
        by_record = {record.record_id: record for record in wanted}
        current = (records.c.id == revisions.c.record_id) & (records.c.revision == revisions.c.revision)
        query = select(revisions).join(records, current).where(records.c.id.in_(by_record))
        for row in (await connection.execute(query)).all() if by_record else ():
            by_record[row.record_id].article = article_of(row, None)

    def add(self, incoming: IncomingVersion) -> tuple[int, Effect]:
        """Add the rows for a version; returns its record's id and the version's effect on it."""
        record = self._records.get(incoming.key)
        sent = received_version(incoming.version, incoming.source_id, incoming.at)
        effect = effect_of(sent, record.state if record else None)
        if record is None:
            record = self._records[incoming.key] = self._new_record(incoming, sent, effect)
        if effect.is_revision:
            self._add_revision(incoming, sent, effect, record)
        record.carriers.add(incoming.source_id)
        self._unit_of_work.add_carrier(
            record.record_id, entry_id=incoming.entry_id, source_id=incoming.source_id, url=incoming.url, at=incoming.at
        )
        if effect.change == "carried":
            self._unit_of_work.add_event(
                record.record_id, record.current.revision, "carried", entry_id=incoming.entry_id, at=incoming.at
            )
        return record.record_id, effect

    def _new_record(self, incoming: IncomingVersion, sent: ReceivedVersion, effect: Effect) -> _ItemRecord:
        """Add a record for an item that has none; the caller adds its first revision."""
        item = incoming.version.item
        record_id = self._unit_of_work.new_record(
            entry_id=incoming.entry_id, at=incoming.at, revision=1, item_guid=item.guid, item_key=incoming.key,
            id_origin=item.id_origin,
        )  # fmt: skip
        return _ItemRecord(record_id, effect.record_status, _kept_as(sent, effect, 1), [], set())

    def _add_revision(
        self, incoming: IncomingVersion, sent: ReceivedVersion, effect: Effect, record: _ItemRecord
    ) -> None:
        """Add a revision with its effect on the record."""
        number = len(record.kept) + 1
        before = record.article if effect.is_current else None
        content = revision_content(incoming.version, before, record.current.content_hash)
        kept = replace(
            _kept_as(sent, effect, number), content_hash=content.content_hash, headline=content.article.headline
        )
        record.kept.append(kept)
        self._unit_of_work.add_revision(
            record.record_id, number, content.article, change=effect.change, at=incoming.at,
            content_hash=content.content_hash, extraction=_extraction(incoming), pubstatus=effect.pubstatus,
            item=content.item, item_hash=sent.item_hash,
        )  # fmt: skip
        # A page with a withheld text has it from elsewhere, so it must not become a carrier of this record.
        if content.article.body_text and effect.pubstatus != "withheld":
            self._unit_of_work.add_text(content.content_hash, record.record_id)
        self._cancel_revisions(record, effect)
        if effect.event:
            self._make_current(incoming, effect, effect.event, record)
            record.current, record.pubstatus, record.article = kept, effect.record_status, content.article
            record.release_at = effect.release_at

    def _make_current(
        self, incoming: IncomingVersion, effect: Effect, happened: EventKind, record: _ItemRecord
    ) -> None:
        """Make the last revision the current one."""
        number, at = len(record.kept), incoming.at
        self._unit_of_work.update_record(
            record.record_id, revision=number, updated_at=at, pubstatus=effect.record_status,
            release_at=effect.release_at,
        )  # fmt: skip
        self._unit_of_work.add_event(
            record.record_id, number, happened, entry_id=incoming.entry_id, at=at, pubstatus=effect.record_status
        )

    def _cancel_revisions(self, record: _ItemRecord, effect: Effect) -> None:
        if not effect.cancels:
            return
        taken_back = set(effect.cancels)
        self._unit_of_work.set_status(record.record_id, effect.cancels, "canceled")
        record.kept[:] = [replace(k, pubstatus="canceled") if k.revision in taken_back else k for k in record.kept]


def _kept_as(sent: ReceivedVersion, effect: Effect, number: int) -> StoredVersion:
    return StoredVersion(
        revision=number,
        stamp=sent.stamp,
        pubstatus=effect.pubstatus,
        content_hash=sent.content_hash,
        item_hash=sent.item_hash,
        headline=sent.headline,
        source_id=sent.source_id,
        format=sent.format,
    )


def _extraction(incoming: IncomingVersion) -> Extraction:
    return Extraction(
        entry_id=incoming.entry_id, raw=incoming.raw, fragment=True, page_url=None, content_type=None,
        extractor=incoming.version.format, rules=None,
    )  # fmt: skip


_STORED = (
    select(
        revisions.c.record_id, revisions.c.revision, revisions.c.version, revisions.c.versioncreated,
        revisions.c.pubstatus, revisions.c.content_hash, revisions.c.item_hash, revisions.c.headline,
        revisions.c.extractor,
        entries.c.source_id,
    )
    .join(entries, entries.c.id == revisions.c.entry_id)
    .order_by(revisions.c.record_id, revisions.c.revision)
)  # fmt: skip


def _kept(row: Any) -> StoredVersion:
    return StoredVersion(
        revision=row.revision,
        stamp=VersionStamp(version=row.version, versioncreated=row.versioncreated),
        pubstatus=row.pubstatus,
        content_hash=row.content_hash,
        item_hash=row.item_hash,
        headline=row.headline,
        source_id=row.source_id,
        format=row.extractor,
    )
