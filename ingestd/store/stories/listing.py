"""Read stories to show them."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound
from ingestd.model.story import Story, StoryCopy
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.store.records.records import CURRENT
from ingestd.store.schema.tables import carriers, copies, records, revisions, stories
from ingestd.store.statements import chunks

_CARRIERS = select(func.count()).where(carriers.c.record_id == copies.c.record_id).scalar_subquery()

_ROWS = (
    select(
        copies,
        func.coalesce(records.c.item_guid, records.c.guid).label("guid"),
        records.c.pubstatus,
        records.c.revision.label("revisions"),
        revisions.c.pubstatus.label("revision_status"),
        revisions.c.headline,
        _CARRIERS.label("carriers"),
    )
    .join(records, records.c.id == copies.c.record_id)
    .join(revisions, CURRENT)
    .order_by(copies.c.seen_at, copies.c.record_id)
)


async def most_carried(
    connection: AsyncConnection, *, since: datetime, limit: int, least: int = 2, include_withheld: bool = False
) -> list[Story]:
    """Return the stories that most records joined since a time, those with at least `least`, the largest first."""
    number = func.count().label("number")
    query = select(copies.c.story_id).where(copies.c.seen_at >= since).group_by(copies.c.story_id)
    query = query.having(number >= least).order_by(number.desc(), copies.c.story_id.desc()).limit(limit)
    ids = (await connection.execute(query)).scalars().all()
    found = await read(connection, ids, include_withheld=include_withheld)
    return [found[story_id] for story_id in ids if story_id in found]


async def find(connection: AsyncConnection, story_id: int, *, include_withheld: bool = False) -> Story:
    """Return a story; the number of a merged one leads to the one that has its records.  Raises NotFound."""
    into = (await connection.execute(select(stories.c.merged_into).where(stories.c.id == story_id))).scalar()
    found = await read(connection, [into or story_id], include_withheld=include_withheld)
    if not found:
        raise NotFound(f"no story {story_id}; `ingestd stories list` shows the day's most carried ones")
    return found[into or story_id]


async def of_records(
    connection: AsyncConnection, record_ids: Sequence[int], *, include_withheld: bool = False
) -> list[Story]:
    """Return the stories of records, in the order of these."""
    story_of: dict[int, int] = {}
    for some in chunks(sorted(record_ids)):
        query = select(copies.c.record_id, copies.c.story_id).where(copies.c.record_id.in_(some))
        story_of.update({row.record_id: row.story_id for row in await connection.execute(query)})
    ids = list(dict.fromkeys(story_of[one] for one in record_ids if one in story_of))
    found = await read(connection, ids, include_withheld=include_withheld)
    return [found[story_id] for story_id in ids]


async def read(
    connection: AsyncConnection, story_ids: Collection[int], *, include_withheld: bool = False
) -> dict[int, Story]:
    """Return stories by number.  What is withheld or killed comes without words unless `include_withheld`."""
    rows: dict[int, Any] = {}
    of_story: dict[int, list[StoryCopy]] = {}
    for some in chunks(sorted(story_ids)):
        rows.update({row.id: row for row in await connection.execute(select(stories).where(stories.c.id.in_(some)))})
        for row in await connection.execute(_ROWS.where(copies.c.story_id.in_(some))):
            shown = include_withheld or may_be_shown(row.pubstatus, row.revision_status)
            of_story.setdefault(row.story_id, []).append(_copy(row, shown=shown))
    if not include_withheld:
        of_story = {story_id: _without_quotes(found) for story_id, found in of_story.items()}
    return {story_id: _story(row, of_story[story_id]) for story_id, row in rows.items() if story_id in of_story}


def _copy(row: Any, *, shown: bool) -> StoryCopy:
    return StoryCopy(
        record_id=row.record_id,
        guid=row.guid,
        pubstatus=row.pubstatus,
        headline=row.headline if shown else None,
        publisher=row.publisher,
        seen_at=row.seen_at,
        printed_at=row.printed_at,
        carriers=row.carriers,
        revisions=row.revisions,
        how=row.how,
        of_record=row.of_record,
        of_document=row.of_document,
        of_member=row.of_member,
        clashes=row.clashes,
        facts=row.facts,
        changed=tuple((theirs, own) for theirs, own in row.changed or ()) if shown else (),
        origin_record=row.origin_record,
        second_origin=row.second_origin,
        share=row.share,
        agency=row.origin_agency,
        credits=tuple(row.credits or ()),
        via_record=row.via_record,
        evidence=tuple((name, found) for name, found in row.origin_evidence or ()),
    )


def _without_quotes(found: Sequence[StoryCopy]) -> list[StoryCopy]:
    """Return copies without the words of others that may not be shown."""
    hidden = {one.record_id for one in found if not may_be_shown(one.pubstatus)}
    return [replace(one, changed=()) if one.of_record in hidden else one for one in found]


def _story(row: Any, found: Sequence[StoryCopy]) -> Story:
    origins = Counter(one.origin_record for one in found if one.origin_record is not None)
    origin = origins.most_common(1)[0][0] if origins else found[0].record_id if found[0].agency is None else None
    agencies = Counter(one.agency for one in found if one.agency)
    by_origin = sorted(found, key=lambda one: one.record_id != origin)
    return Story(
        id=row.id,
        headline=next((one.headline for one in by_origin if one.headline), None),
        first_seen_at=row.created_at,
        last_seen_at=row.last_at,
        round_up=row.round_up,
        pinned=row.pinned,
        publishers=len({one.publisher for one in found}),
        first_record=row.first_record,
        first_entry=row.first_entry,
        origin_record=origin if len(found) > 1 else None,
        agency=agencies.most_common(1)[0][0] if agencies else None,
        copies=tuple(found),
    )
