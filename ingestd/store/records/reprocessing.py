"""Current revisions as they were made, and what came of making them again.

Who writes has looked before: a record that was revised since then is left alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.store.database import lock_records
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records.page_records import PageRecords
from ingestd.store.records.recipe import Recipe
from ingestd.store.records.records import article_of
from ingestd.store.schema.tables import carriers, entries, raws, records, revisions, texts
from ingestd.store.statements import chunks
from ingestd.store.work.entries import entry_of, without_content
from ingestd.urls import without_userinfo

_CURRENT = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records are looked at; None is no limit."""

    #: Only those made by other rules than these.
    unless: str | None = None
    #: The registrable domain of their pages.
    site: str | None = None
    #: A source that carries them.
    source_id: int | None = None
    #: Saved or revised since then.
    since: datetime | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A record's current revision, and what it takes to make it again."""

    record_id: int
    revision: int
    uri: str | None
    article: Article
    content_hash: str
    recipe: Recipe
    #: As the feed announced it last, without its content.
    entry: Entry
    #: When its bytes were first kept: dates are believed as of then.
    bytes_at: datetime

    @property
    def address(self) -> str | None:
        """The record's address, or else its entry's, as it may be shown."""
        url = self.uri or self.entry.link
        return url and without_userinfo(url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """A revision made again."""

    made: Made
    article: Article
    content_hash: str
    extractor: str
    rules: str
    #: The names of the fields that differ; where there are none, it came out as it was.
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of revisions that were made again."""

    #: Records with a revision more, and those that somebody else had revised meanwhile.
    revised: frozenset[int] = frozenset()
    overtaken: frozenset[int] = frozenset()
    #: Record → another one that has, or had, the text it came to.
    twins: Mapping[int, int] = field(default_factory=dict)


async def wanted_ids(connection: AsyncConnection, wanted: Wanted) -> list[int]:
    """Return the numbers of the records that are to be looked at, in order; wire items are made of no page."""
    query = select(records.c.id).where(records.c.item_key.is_(None)).order_by(records.c.id).limit(wanted.limit)
    if wanted.unless is not None:
        query = query.where(records.c.rules.is_distinct_from(wanted.unless))
    if wanted.since is not None:
        query = query.where(records.c.updated_at >= wanted.since)
    if wanted.source_id is not None:
        of_source = select(carriers.c.record_id).where(carriers.c.source_id == wanted.source_id)
        query = query.where(records.c.id.in_(of_source))
    if wanted.site is not None:
        query = query.join(revisions, _CURRENT).join(entries, entries.c.id == revisions.c.entry_id)
        query = query.where(entries.c.site == wanted.site)
    return list((await connection.execute(query)).scalars())


async def made(connection: AsyncConnection, ids: Sequence[int]) -> list[Made]:
    """Return the current revisions of records, in the order of their numbers."""
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
    return [_made(row) for row in (await connection.execute(query)).all()]


def _made(row: Row[Any]) -> Made:
    return Made(
        record_id=row.record_id,
        revision=row.revision,
        uri=row.uri,
        article=article_of(row, row.uri),
        content_hash=row.content_hash,
        recipe=Recipe(**{column.name: getattr(row, column.name) for column in fields(Recipe)}),
        entry=without_content(entry_of(row.announced)),
        bytes_at=row.bytes_at or row.seen_at,
    )


async def twins_of(connection: AsyncConnection, remade: Sequence[Remade]) -> dict[int, int]:
    """Return, for records whose new text another record has or had, that other record."""
    holders: dict[str, int] = {}
    for some in chunks([one.content_hash for one in remade]):
        rows = await connection.execute(select(texts).where(texts.c.content_hash.in_(some)))
        holders.update((row.content_hash, row.record_id) for row in rows)
    found = ((one.made.record_id, holders.get(one.content_hash)) for one in remade)
    return {record_id: other for record_id, other in found if other is not None and other != record_id}


async def save(connection: AsyncConnection, remade: Sequence[Remade], *, at: datetime) -> Written:
    """Commit revisions made again: a revision of kind `reprocessed` where one differs, a note where it does not."""
    await lock_records(connection)
    page_records = await PageRecords.open(
        connection, hashes=[one.content_hash for one in remade], ids=[one.made.record_id for one in remade]
    )
    revised, overtaken, twins, same = set[int](), set[int](), dict[int, int](), list[dict[str, Any]]()
    why: list[Decision] = []
    for one in remade:
        record_id, recipe = one.made.record_id, _recipe(one)
        if not one.changed:
            same.append({"record": record_id, "seen": one.made.revision, "by": one.rules})
        elif page_records.revision_of(record_id) != one.made.revision:
            overtaken.add(record_id)
        else:
            twin = page_records.renew(
                record_id, one.article, at=at, content_hash=one.content_hash, recipe=recipe, entry=one.made.entry
            )
            if twin:
                twins[record_id] = twin
            revised.add(record_id)
            why += _decisions(one, twin, at)
    await page_records.close(connection)
    if same:
        await connection.execute(_AS_IT_WAS, same)
    await decisions.add(connection, why)
    return Written(revised=frozenset(revised), overtaken=frozenset(overtaken), twins=twins)


_AS_IT_WAS = (
    update(records)
    .where(records.c.id == bindparam("record"), records.c.revision == bindparam("seen"))
    .values(rules=bindparam("by"))
)


def _recipe(one: Remade) -> Recipe:
    return replace(one.made.recipe, extractor=one.extractor, rules=one.rules)


def _decisions(one: Remade, twin: int | None, at: datetime) -> Iterator[Decision]:
    """Yield why there is one more revision, and that two records may be one."""
    record_id, entry_id = one.made.record_id, one.made.recipe.entry_id
    reason = (
        f"record {record_id}: the same bytes give other {', '.join(one.changed)}; text sha256 {one.content_hash}, "
        f"by {one.extractor}, rules {one.rules}"
    )
    yield Decision(at=at, entry_id=entry_id, stage="identity", verdict="reprocessed", reason=reason)
    if twin:
        reason = f"record {record_id}: record {twin} has this text as well: the two may be one story"
        yield Decision(at=at, entry_id=entry_id, stage="identity", verdict="merge", reason=reason)
