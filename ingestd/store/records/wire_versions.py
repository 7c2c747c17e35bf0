"""The desk: which records versions of wire items belong to, and what they become of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.item import PubStatus
from ingestd.model.version import Version
from ingestd.policy.wire.version_order import Mark, key_of
from ingestd.policy.wire.version_texts import needs_the_text_before, said_by
from ingestd.policy.wire.versions import Happened, Kept, Sent, Standing, Step, sent_of, step
from ingestd.store.records.recipe import Recipe
from ingestd.store.records.records import article_of
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import carriers, entries, records, revisions
from ingestd.store.statements import chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingVersion:
    """A version as a source sent it."""

    version: Version
    source_id: int
    entry_id: int
    at: datetime
    #: The document it was in, by its name in the archive; None where that was not kept.
    raw: str | None = None
    url: str | None = None

    @property
    def key(self) -> str:
        """What all versions of the item have in common."""
        return key_of(self.version.item, self.source_id)


@dataclass(slots=True)
class _Story:
    """A record while versions of it come in."""

    record_id: int
    pubstatus: PubStatus
    current: Kept
    kept: list[Kept]
    carriers: set[int]
    release_at: datetime | None = None
    #: What the current revision says; None where nobody asked for it.
    article: Article | None = None

    @property
    def standing(self) -> Standing:
        return Standing(
            pubstatus=self.pubstatus,
            current=self.current,
            kept=self.kept,
            carriers=frozenset(self.carriers),
            release_at=self.release_at,
        )


class WireVersions:
    """Decides what versions become, one after the other, and notes it in a book."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._stories: dict[str, _Story] = {}

    @classmethod
    async def open(cls, connection: AsyncConnection, unit: UnitOfWork, arrivals: Sequence[IncomingVersion]) -> Self:
        """Read the records that versions may belong to."""
        wire_versions = cls(unit)
        for some in chunks(sorted({arrival.key for arrival in arrivals})):
            await wire_versions._read(connection, some)
        # A kill has no text of its own that counts, and mostly none at all.
        bare = {arrival.key for arrival in arrivals if needs_the_text_before(arrival.version)}
        await wire_versions._read_texts(
            connection, [wire_versions._stories[key] for key in sorted(bare) if key in wire_versions._stories]
        )
        return wire_versions

    async def _read(self, connection: AsyncConnection, keys: Sequence[str]) -> None:
        c = records.c
        found = await connection.execute(
            select(c.id, c.item_key, c.pubstatus, c.revision, c.release_at).where(c.item_key.in_(keys))
        )
        heads = {row.id: row for row in found}
        kept: dict[int, list[Kept]] = {record_id: [] for record_id in heads}
        for row in await connection.execute(_KEPT.where(revisions.c.record_id.in_(heads))):
            kept[row.record_id].append(_kept(row))
        carried: dict[int, set[int]] = {record_id: set() for record_id in heads}
        by_whom = select(carriers.c.record_id, carriers.c.source_id).where(carriers.c.record_id.in_(heads))
        for record_id, source_id in await connection.execute(by_whom):
            carried[record_id].add(source_id)
        for record_id, head in heads.items():
            current = next(one for one in kept[record_id] if one.revision == head.revision)
            self._stories[head.item_key] = _Story(
                record_id,
                head.pubstatus,
                current,
                kept[record_id],
                carried[record_id],
                head.release_at,
            )

    async def _read_texts(self, connection: AsyncConnection, stories: Sequence[_Story]) -> None:
        by_record = {story.record_id: story for story in stories}
        current = (records.c.id == revisions.c.record_id) & (records.c.revision == revisions.c.revision)
        query = select(revisions).join(records, current).where(records.c.id.in_(by_record))
        for row in (await connection.execute(query)).all() if by_record else ():
            by_record[row.record_id].article = article_of(row, None)

    def enter(self, arrival: IncomingVersion) -> tuple[int, Step]:
        """Decide what a version becomes and note the rows for it; returns its record's id, and what it becomes."""
        story = self._stories.get(arrival.key)
        sent = sent_of(arrival.version, arrival.source_id, arrival.at)
        becomes = step(sent, story.standing if story else None)
        if story is None:
            story = self._stories[arrival.key] = self._begin(arrival, sent, becomes)
        if becomes.is_kept:
            self._note(arrival, sent, becomes, story)
        story.carriers.add(arrival.source_id)
        self._unit.add_carrier(
            story.record_id, entry_id=arrival.entry_id, source_id=arrival.source_id, url=arrival.url, at=arrival.at
        )
        if becomes.change == "carried":
            self._unit.add_event(
                story.record_id, story.current.revision, "carried", entry_id=arrival.entry_id, at=arrival.at
            )
        return story.record_id, becomes

    def _begin(self, arrival: IncomingVersion, sent: Sent, becomes: Step) -> _Story:
        """Note a record for a guid that is not known; its first revision is to come."""
        item = arrival.version.item
        record_id = self._unit.new_record(
            entry_id=arrival.entry_id, at=arrival.at, revision=1, item_guid=item.guid, item_key=arrival.key,
            id_origin=item.id_origin,
        )  # fmt: skip
        return _Story(record_id, becomes.record_status, _kept_as(sent, becomes, 1), [], set())

    def _note(self, arrival: IncomingVersion, sent: Sent, becomes: Step, story: _Story) -> None:
        """Note a revision, and what it does to its record."""
        number = len(story.kept) + 1
        before = story.article if becomes.is_current else None
        said = said_by(arrival.version, before, story.current.content_hash)
        kept = replace(_kept_as(sent, becomes, number), content_hash=said.content_hash, headline=said.article.headline)
        story.kept.append(kept)
        self._unit.add_revision(
            story.record_id, number, said.article, change=becomes.change, at=arrival.at,
            content_hash=said.content_hash, recipe=_recipe(arrival), pubstatus=becomes.pubstatus, item=said.item,
            item_hash=sent.item_hash,
        )  # fmt: skip
        # Who has the text before it may be published has it from elsewhere.
        if said.article.body_text and becomes.pubstatus != "withheld":
            self._unit.add_text(said.content_hash, story.record_id)
        self._cancel(story, becomes)
        if becomes.happened:
            self._turn(arrival, becomes, becomes.happened, story)
            story.current, story.pubstatus, story.article = kept, becomes.record_status, said.article
            story.release_at = becomes.release_at

    def _turn(self, arrival: IncomingVersion, becomes: Step, happened: Happened, story: _Story) -> None:
        """Note that the last revision is the current one from now on."""
        number, at = len(story.kept), arrival.at
        self._unit.renew_record(
            story.record_id, revision=number, updated_at=at, pubstatus=becomes.record_status,
            release_at=becomes.release_at,
        )  # fmt: skip
        self._unit.add_event(
            story.record_id, number, happened, entry_id=arrival.entry_id, at=at, pubstatus=becomes.record_status
        )

    def _cancel(self, story: _Story, becomes: Step) -> None:
        if not becomes.cancels:
            return
        taken_back = set(becomes.cancels)
        self._unit.give_status(story.record_id, becomes.cancels, "canceled")
        story.kept[:] = [replace(k, pubstatus="canceled") if k.revision in taken_back else k for k in story.kept]


def _kept_as(sent: Sent, becomes: Step, number: int) -> Kept:
    return Kept(
        revision=number,
        mark=sent.mark,
        pubstatus=becomes.pubstatus,
        content_hash=sent.content_hash,
        item_hash=sent.item_hash,
        headline=sent.headline,
        source_id=sent.source_id,
        format=sent.format,
    )


def _recipe(arrival: IncomingVersion) -> Recipe:
    return Recipe(
        entry_id=arrival.entry_id, raw=arrival.raw, fragment=True, page_url=None, content_type=None,
        extractor=arrival.version.format, rules=None,
    )  # fmt: skip


_KEPT = (
    select(
        revisions.c.record_id, revisions.c.revision, revisions.c.version, revisions.c.versioncreated,
        revisions.c.pubstatus, revisions.c.content_hash, revisions.c.item_hash, revisions.c.headline,
        revisions.c.extractor,
        entries.c.source_id,
    )
    .join(entries, entries.c.id == revisions.c.entry_id)
    .order_by(revisions.c.record_id, revisions.c.revision)
)  # fmt: skip


def _kept(row: Any) -> Kept:
    return Kept(
        revision=row.revision,
        mark=Mark(version=row.version, versioncreated=row.versioncreated),
        pubstatus=row.pubstatus,
        content_hash=row.content_hash,
        item_hash=row.item_hash,
        headline=row.headline,
        source_id=row.source_id,
        format=row.extractor,
    )
