"""Wire items, kept: their versions as revisions of one record each, and what becomes of it.

There is no page to fetch and nothing to extract, so versions are kept in the transaction of the poll that brought
them: none is lost between two others, and a kill has no queue to wait in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.items import EdNote, Item, PubStatus
from ingestd.model import Article
from ingestd.policy import versions
from ingestd.policy.embargo import held
from ingestd.policy.versions import Kept, Mark, Sent, Standing, Step, key_of
from ingestd.store import decisions
from ingestd.store.book import Book
from ingestd.store.decisions import Decision
from ingestd.store.events import Kind
from ingestd.store.recipe import Recipe
from ingestd.store.records import article_of
from ingestd.store.statements import chunks
from ingestd.store.tables import carriers, entries, records, revisions
from ingestd.versions import Version

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
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


async def keep(connection: AsyncConnection, arrivals: Sequence[Arrival]) -> None:
    """Keep versions in the order they are in; the connection has the lock that writers of records wait for.

    Their entries are done with that.
    """
    book = await Book.open(connection)
    desk = await Desk.open(connection, book, arrivals)
    made: list[Decision] = []
    of_record: dict[int, int] = {}
    for arrival in arrivals:
        of_record[arrival.entry_id], step = desk.enter(arrival)
        made += _told(arrival, of_record[arrival.entry_id], step)
    await book.close(connection)
    await decisions.add(connection, made)
    rows = [{"entry": entry_id, "record": record_id} for entry_id, record_id in of_record.items()]
    if rows:
        await connection.execute(_FINISH, rows)


_FINISH = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(record_id=bindparam("record"), state="done", attempts=0, run_id=None)
)


@dataclass(slots=True)
class _Story:
    """A record while versions of it come in."""

    record_id: int
    pubstatus: PubStatus
    current: Kept
    kept: list[Kept]
    carriers: set[int]
    #: What the current revision says; None where nobody asked for it.
    article: Article | None = None

    @property
    def standing(self) -> Standing:
        return Standing(
            pubstatus=self.pubstatus, current=self.current, kept=self.kept, carriers=frozenset(self.carriers)
        )


class Desk:
    """Decides what versions become, one after the other, and notes it in a book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._stories: dict[str, _Story] = {}

    @classmethod
    async def open(cls, connection: AsyncConnection, book: Book, arrivals: Sequence[Arrival]) -> Self:
        """Read the records that versions may belong to."""
        desk = cls(book)
        for some in chunks(sorted({arrival.key for arrival in arrivals})):
            await desk._read(connection, some)
        # A kill has no text of its own that counts, and mostly none at all.
        bare = {arrival.key for arrival in arrivals if _keeps_the_text_before(arrival.version)}
        await desk._read_texts(connection, [desk._stories[key] for key in sorted(bare) if key in desk._stories])
        return desk

    async def _read(self, connection: AsyncConnection, keys: Sequence[str]) -> None:
        c = records.c
        found = await connection.execute(select(c.id, c.item_key, c.pubstatus, c.revision).where(c.item_key.in_(keys)))
        heads = {row.id: row for row in found}
        kept: dict[int, list[Kept]] = {record_id: [] for record_id in heads}
        for row in await connection.execute(_KEPT.where(revisions.c.record_id.in_(heads))):
            kept[row.record_id].append(_kept(row))
        carried: dict[int, set[int]] = {record_id: set() for record_id in heads}
        query = select(carriers.c.record_id, carriers.c.source_id).where(carriers.c.record_id.in_(heads))
        for record_id, source_id in await connection.execute(query):
            carried[record_id].add(source_id)
        for record_id, head in heads.items():
            current = next(one for one in kept[record_id] if one.revision == head.revision)
            self._stories[head.item_key] = _Story(
                record_id, head.pubstatus, current, kept[record_id], carried[record_id]
            )

    async def _read_texts(self, connection: AsyncConnection, stories: Sequence[_Story]) -> None:
        by_record = {story.record_id: story for story in stories}
        current = (records.c.id == revisions.c.record_id) & (records.c.revision == revisions.c.revision)
        query = select(revisions).join(records, current).where(records.c.id.in_(by_record))
        for row in (await connection.execute(query)).all() if by_record else ():
            by_record[row.record_id].article = article_of(row, None)

    def enter(self, arrival: Arrival) -> tuple[int, Step]:
        """Decide what a version becomes and note the rows for it; returns its record's id, and what it becomes."""
        key, version = arrival.key, arrival.version
        story = self._stories.get(key)
        hold = held(version.item)
        waits = hold is not None and (hold.until is None or hold.until > arrival.at)
        status: PubStatus = "withheld" if waits else "usable"
        if version.item.pubstatus == "canceled":
            status = "canceled"
        sent = Sent(
            mark=_mark(version),
            pubstatus=status,
            content_hash=version.content_hash,
            item_hash=version.item_hash,
            headline=version.article.headline,
            source_id=arrival.source_id,
            is_correction=versions.corrects(version.item),
        )
        step = versions.step(sent, story.standing if story else None)
        if step.is_kept:
            release_at = hold.until if hold and step.record_status == "withheld" else None
            story = self._note(arrival, sent, step, story, release_at)
            self._stories[key] = story
        assert story is not None
        story.carriers.add(arrival.source_id)
        self._book.add_carrier(
            story.record_id, entry_id=arrival.entry_id, source_id=arrival.source_id, url=arrival.url, at=arrival.at
        )
        if step.change == "carried":
            self._book.add_event(
                story.record_id, story.current.revision, "carried", entry_id=arrival.entry_id, at=arrival.at
            )
        return story.record_id, step

    def _note(
        self, arrival: Arrival, sent: Sent, step: Step, story: _Story | None, release_at: datetime | None
    ) -> _Story:
        """Note a revision, and what it does to its record."""
        version, at = arrival.version, arrival.at
        article, content_hash = _article(version, story)
        item = _item(version, article)
        kept = Kept(
            revision=len(story.kept) + 1 if story else 1,
            mark=sent.mark,
            pubstatus=step.pubstatus,
            content_hash=content_hash,
            item_hash=sent.item_hash,
            headline=article.headline,
            source_id=sent.source_id,
        )
        if story is None:
            record_id = self._book.new_record(
                entry_id=arrival.entry_id, at=at, revision=1, item_guid=version.item.guid, item_key=arrival.key,
                id_origin=version.item.id_origin,
            )  # fmt: skip
            story = _Story(record_id, step.record_status, kept, [], set())
            before = None
        else:
            before = story.pubstatus
        story.kept.append(kept)
        self._book.add_revision(
            story.record_id, kept.revision, article, change=step.change, at=at, content_hash=content_hash,
            recipe=_recipe(arrival), pubstatus=step.pubstatus,
            item=item, item_hash=sent.item_hash,
        )  # fmt: skip
        if article.body_text:
            self._book.add_text(content_hash, story.record_id)
        self._cancel(story, step)
        if step.is_current:
            self._book.renew_record(
                story.record_id, revision=kept.revision, updated_at=at, pubstatus=step.record_status,
                release_at=release_at,
            )  # fmt: skip
            kind = _kind(before, step, is_correction=sent.is_correction)
            self._book.add_event(
                story.record_id, kept.revision, kind, entry_id=arrival.entry_id, at=at, pubstatus=step.record_status
            )
            story.current, story.pubstatus, story.article = kept, step.record_status, article
        return story

    def _cancel(self, story: _Story, step: Step) -> None:
        taken_back = set(step.cancels)
        self._book.give_status(story.record_id, step.cancels, "canceled")
        story.kept[:] = [replace(k, pubstatus="canceled") if k.revision in taken_back else k for k in story.kept]


def _kind(before: PubStatus | None, step: Step, *, is_correction: bool) -> Kind:
    """Return what happened to a record by a version that is its current one now."""
    after = step.record_status
    if after != before:
        if after == "canceled":
            return "killed"
        if after == "withheld":
            return "withheld"
        return "released" if before else "new"
    return "corrected" if is_correction else "revised"


def _keeps_the_text_before(version: Version) -> bool:
    return version.item.pubstatus == "canceled" or not version.article.body_text


def _article(version: Version, story: _Story | None) -> tuple[Article, str]:
    """Return what a version's revision says, and the hash of its text.

    A kill, and what is withheld without a text, leave the text that is there.
    """
    before = story.article if story else None
    if story is None or before is None:
        return version.article, version.content_hash
    if version.item.pubstatus == "canceled":
        return replace(before, versioncreated=version.article.versioncreated), story.current.content_hash
    if not version.article.body_text and version.item.pubstatus == "withheld":
        article = replace(version.article, body_text=before.body_text, body_html=before.body_html)
        return article, story.current.content_hash
    return version.article, version.content_hash


def _item(version: Version, article: Article) -> Item:
    """Return what is kept of an item beside its article; what a kill itself says is a note to editors."""
    item, said = version.item, version.article
    if article is not said and version.item.pubstatus == "canceled":
        words = "\n\n".join(filter(None, (said.headline, said.body_text)))
        if words and said.body_text != article.body_text:
            return replace(item, headline=None, headlines=(), ednotes=(*item.ednotes, EdNote(text=words, role="kill")))
    return item


def _recipe(arrival: Arrival) -> Recipe:
    return Recipe(
        entry_id=arrival.entry_id, raw=arrival.raw, fragment=True, page_url=None, content_type=None,
        extractor=arrival.version.format, rules=None,
    )  # fmt: skip


def _mark(version: Version) -> Mark:
    return Mark(version=version.item.version, versioncreated=version.article.versioncreated)


_KEPT = (
    select(
        revisions.c.record_id, revisions.c.revision, revisions.c.version, revisions.c.versioncreated,
        revisions.c.pubstatus, revisions.c.content_hash, revisions.c.item_hash, revisions.c.headline,
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
    )


def _told(arrival: Arrival, record_id: int, step: Step) -> Iterable[Decision]:
    """Yield why a version became what it did; what is odd is logged as well."""
    item = arrival.version.item
    if step.change == "silent":
        log.warning("other content under the same version", record=record_id, guid=item.guid, version=item.version)
    if step.change not in ("same", "carried"):
        reason = f"record {record_id}: version {item.version} of {item.guid}, {_WHY.get(step.change, step.change)}"
        yield Decision(
            at=arrival.at, entry_id=arrival.entry_id, stage="identity", verdict=step.change, reason=reason
        )  # fmt: skip


_WHY = {
    "new": "no record has its guid",
    "late": "older than the current one, or taken back by a kill: history",
    "silent": "other content under the same version",
}
