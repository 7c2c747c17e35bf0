"""Lists of stories in pages, for the API: each page looks through a bounded number of stories.

A page may therefore have fewer stories than asked for, or none, and still have a next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.story import Story
from ingestd.store.records.search import ranked
from ingestd.store.schema.tables import carriers, copies, entries, records, sources, stories
from ingestd.store.statements import chunks, has_row
from ingestd.store.stories.documents import PUBLISHER
from ingestd.store.stories.listing import Chosen, is_chosen
from ingestd.store.stories.reading import read

#: Stories that a page looks through, and those read at once.
_MAX_ROWS, _BATCH = 2_000, 1_000

#: Records with the words that a page of a search looks through for each story that is listed.
_HITS = 5

#: Records of the stories of a page that are ranked to find the best one of each.
_MAX_RANKED = 1_000

#: Where a page ends: time of the latest record of a story, and its number.
Key = tuple[datetime, int]

#: Where a page of a search ends: rank, time of the last change and number of a record.
HitKey = tuple[int, datetime, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Stories in the order of the list, and where the next page begins."""

    stories: Sequence[Story]
    #: None: this is the last page.
    next: Key | HitKey | None


async def page(
    connection: AsyncConnection, chosen: Chosen, *, limit: int, after: Key | None = None, include_withheld: bool = False
) -> Page:
    """Return at most `limit` stories after a key: those with the latest record come first."""
    found: list[Key] = []
    looked_at, size = 0, max(limit + 1, _BATCH)
    while True:
        rows = (await connection.execute(_batch(chosen, after, size))).all()
        found += [(row.last_at, row.id) for row in rows if row.fits]
        count = rows[0].number if rows else 0
        looked_at += count
        if len(found) > limit:
            following: Key | None = found[limit - 1]
            break
        after = (rows[-1].last_at, rows[-1].id) if rows else after
        if count < size or looked_at >= _MAX_ROWS:
            following = None if count < size else after
            break
    ids = [story_id for _, story_id in found[:limit]]
    shown = await read(connection, ids, include_withheld=include_withheld)
    return Page(stories=[shown[one] for one in ids if one in shown], next=following)


def _batch(chosen: Chosen, after: Key | None, size: int) -> Select[Any]:
    """Return the query of the stories that are chosen among the `size` ones after a key, and of the last of these."""
    s = stories.c
    query = select(s.id, s.last_at).where(s.merged_into.is_(None))
    if chosen.since is not None:
        query = query.where(s.last_at >= chosen.since)
    if after is not None:
        query = query.where(s.last_at <= after[0], or_(s.last_at < after[0], s.id < after[1]))
    some = query.order_by(s.last_at.desc(), s.id.desc()).limit(size).cte("some")
    last = select(some.c.id).order_by(some.c.last_at, some.c.id).limit(1).scalar_subquery()
    count = select(func.count()).select_from(some).scalar_subquery()
    found = select(some.c.id, some.c.last_at, _fits(chosen, some.c.id).label("fits")).subquery("found")
    query = select(found, count.label("number")).where(or_(found.c.fits, found.c.id == last))
    return query.order_by(found.c.last_at.desc(), found.c.id.desc())


def _fits(chosen: Chosen, story_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a story is chosen; each part of it looks up a few rows by an index."""
    of_story = select(func.count()).where(copies.c.story_id == story_id)
    carried = of_story.where(carriers.c.record_id == copies.c.record_id)
    conditions = [carried.scalar_subquery() >= max(1, chosen.min_carriers)]
    if chosen.agency is not None:
        conditions.append(has_row(copies.c.story_id == story_id, copies.c.origin_agency == chosen.agency))
    if chosen.min_publishers > 1:
        joined = (entries.c.id == carriers.c.entry_id) & (sources.c.id == carriers.c.source_id)
        publishers = carried.where(joined).with_only_columns(func.count(PUBLISHER.element.distinct()))
        conditions.append(publishers.scalar_subquery() >= chosen.min_publishers)
    return and_(*conditions)


async def search(
    connection: AsyncConnection,
    words: str,
    chosen: Chosen,
    *,
    limit: int,
    after: HitKey | None = None,
    include_withheld: bool = False,
) -> Page:
    """Return at most `limit` stories after a key whose records have all words, best match first.

    A story stands where the best match among its records does, and only there.
    """
    status = true() if include_withheld else records.c.pubstatus == "usable"
    size = _HITS * limit
    hits = await ranked(connection, words, limit=size, after=after, only=status)
    fitting = [hit for hit in hits if hit.fits]
    story_of: dict[int, int] = {}
    for some in chunks([hit.record_id for hit in fitting]):
        query = select(copies.c.record_id, copies.c.story_id).where(copies.c.record_id.in_(some))
        story_of.update({row.record_id: row.story_id for row in await connection.execute(query)})
    place: dict[int, HitKey] = {}
    for hit in fitting:
        if hit.record_id in story_of:
            place.setdefault(story_of[hit.record_id], hit.key)
    if after is not None:
        for story_id in await _listed_before(connection, words, list(place), status, after):
            del place[story_id]
    found: list[Story] = []
    ids = list(place)
    for start in range(0, len(ids), limit + 1):
        some = ids[start : start + limit + 1]
        stories_of = await read(connection, some, include_withheld=include_withheld)
        found += [stories_of[one] for one in some if one in stories_of and is_chosen(stories_of[one], chosen)]
        if len(found) > limit:
            return Page(stories=found[:limit], next=place[found[limit - 1].id])
    return Page(stories=found, next=hits[-1].key if len(hits) == size else None)


async def _listed_before(
    connection: AsyncConnection, words: str, story_ids: Sequence[int], status: ColumnElement[bool], key: HitKey
) -> set[int]:
    """Return those of some stories that have a record with the words at a key or before it."""
    of_stories = select(copies.c.record_id, copies.c.story_id).where(copies.c.story_id.in_(story_ids))
    story_of = {row.record_id: row.story_id for row in await connection.execute(of_stories)}
    only = and_(status, records.c.id.in_(of_stories.with_only_columns(copies.c.record_id)))
    hits = await ranked(connection, words, limit=_MAX_RANKED, after=None, only=only)
    return {story_of[hit.record_id] for hit in hits if hit.fits and hit.key >= key and hit.record_id in story_of}
