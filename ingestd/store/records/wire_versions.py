"""Add the rows for versions of wire items: records, revisions, carriers and events.

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
from ingestd.store.records.records import article_or_headline
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
    versions: list[StoredVersion]
    carriers: set[int]
    release_at: datetime | None = None
    #: Content of the current revision; None: not read, since no version needs it.
    article: Article | None = None
    is_unconfirmed_kill: bool = False
    #: Whether its content was erased: then it gets no versions any more.
    is_purged: bool = False

    @property
    def state(self) -> RecordState:
        return RecordState(
            pubstatus=self.pubstatus,
            current=self.current,
            versions=self.versions,
            carriers=frozenset(self.carriers),
            release_at=self.release_at,
            is_unconfirmed_kill=self.is_unconfirmed_kill,
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
            select(c.id, c.item_key, c.pubstatus, c.revision, c.release_at, c.purged_at, c.unconfirmed_kill_at).where(
                c.item_key.in_(keys)
            )
        )
        heads = {row.id: row for row in found}
        stored: dict[int, list[StoredVersion]] = {record_id: [] for record_id in heads}
        for row in await connection.execute(_STORED.where(revisions.c.record_id.in_(heads))):
            stored[row.record_id].append(_stored_version(row))
        carried: dict[int, set[int]] = {record_id: set() for record_id in heads}
        carrier_rows = select(carriers.c.record_id, carriers.c.source_id).where(carriers.c.record_id.in_(heads))
        for record_id, source_id in await connection.execute(carrier_rows):
            carried[record_id].add(source_id)
        for record_id, head in heads.items():
            current = next(one for one in stored[record_id] if one.revision == head.revision)
            self._records[head.item_key] = _ItemRecord(
                record_id,
                head.pubstatus,
                current,
                stored[record_id],
                carried[record_id],
                head.release_at,
                is_unconfirmed_kill=head.unconfirmed_kill_at is not None,
                is_purged=head.purged_at is not None,
            )

    async def _read_texts(self, connection: AsyncConnection, wanted: Sequence[_ItemRecord]) -> None:
        by_record = {record.record_id: record for record in wanted}
        current = (records.c.id == revisions.c.record_id) & (records.c.revision == revisions.c.revision)
        query = select(revisions).join(records, current).where(records.c.id.in_(by_record))
        for row in (await connection.execute(query)).all() if by_record else ():
            by_record[row.record_id].article = article_or_headline(row, None)

    def add(self, incoming: IncomingVersion) -> tuple[int, Effect]:
        """Add the rows for a version; returns its record's id and the version's effect on it."""
        record = self._records.get(incoming.key)
        if record and record.is_purged:
            return record.record_id, Effect(change="same", pubstatus="canceled", record_status="canceled")
        received = received_version(incoming.version, incoming.source_id, incoming.at)
        effect = effect_of(received, record.state if record else None)
        if record is None:
            record = self._records[incoming.key] = self._new_record(incoming, received, effect)
        if effect.is_revision:
            self._add_revision(incoming, received, effect, record)
        record.carriers.add(incoming.source_id)
        self._unit_of_work.add_carrier(
            record.record_id, entry_id=incoming.entry_id, source_id=incoming.source_id, url=incoming.url, at=incoming.at
        )
        if effect.change == "carried":
            self._unit_of_work.add_event(
                record.record_id, record.current.revision, "carried", entry_id=incoming.entry_id, at=incoming.at
            )
        return record.record_id, effect

    def _new_record(self, incoming: IncomingVersion, received: ReceivedVersion, effect: Effect) -> _ItemRecord:
        """Add a record for an item that has none; the caller adds its first revision."""
        item = incoming.version.item
        record_id = self._unit_of_work.new_record(
            entry_id=incoming.entry_id, at=incoming.at, revision=1, item_guid=item.guid, item_key=incoming.key,
            id_origin=item.id_origin,
        )  # fmt: skip
        return _ItemRecord(record_id, effect.record_status, _new_stored_version(received, effect, 1), [], set())

    def _add_revision(
        self, incoming: IncomingVersion, received: ReceivedVersion, effect: Effect, record: _ItemRecord
    ) -> None:
        """Add a revision with its effect on the record."""
        number = len(record.versions) + 1
        before = record.article if effect.is_current else None
        content = revision_content(incoming.version, before, record.current.content_hash)
        stored = replace(
            _new_stored_version(received, effect, number),
            content_hash=content.content_hash,
            headline=content.article.headline,
        )
        record.versions.append(stored)
        self._unit_of_work.add_revision(
            record.record_id, number, content.article, change=effect.change, at=incoming.at,
            content_hash=content.content_hash, extraction=_extraction(incoming), pubstatus=effect.pubstatus,
            item=content.item, item_hash=received.item_hash,
        )  # fmt: skip
        # A withheld text is not registered: a page that publishes it has another origin and must not become a carrier.
        if content.article.body_text and effect.pubstatus != "withheld":
            self._unit_of_work.add_text(content.content_hash, record.record_id)
        self._cancel_revisions(record, effect)
        if effect.event:
            self._make_current(incoming, effect, effect.event, record)
            record.current, record.pubstatus, record.article = stored, effect.record_status, content.article
            record.release_at, record.is_unconfirmed_kill = effect.release_at, effect.kill_words is not None

    def _make_current(self, incoming: IncomingVersion, effect: Effect, event: EventKind, record: _ItemRecord) -> None:
        """Make the last revision the current one."""
        number, at = len(record.versions), incoming.at
        self._unit_of_work.update_record(
            record.record_id, revision=number, updated_at=at, pubstatus=effect.record_status,
            release_at=effect.release_at, unconfirmed_kill_at=at if effect.kill_words else None,
        )  # fmt: skip
        self._unit_of_work.add_event(
            record.record_id, number, event, entry_id=incoming.entry_id, at=at, pubstatus=effect.record_status
        )

    def _cancel_revisions(self, record: _ItemRecord, effect: Effect) -> None:
        if not effect.cancels:
            return
        canceled = set(effect.cancels)
        self._unit_of_work.set_status(record.record_id, effect.cancels, "canceled")
        record.versions[:] = [
            replace(one, pubstatus="canceled") if one.revision in canceled else one for one in record.versions
        ]


def _new_stored_version(received: ReceivedVersion, effect: Effect, number: int) -> StoredVersion:
    return StoredVersion(
        revision=number,
        stamp=received.stamp,
        pubstatus=effect.pubstatus,
        content_hash=received.content_hash,
        item_hash=received.item_hash,
        headline=received.headline,
        source_id=received.source_id,
        format=received.format,
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


def _stored_version(row: Any) -> StoredVersion:
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
