"""Read whole stories: their records, who carries each, its revisions, and the evidence."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.story import Change, Story, StoryCarrier, StoryCopy, StoryVersion
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.store.records.records import CURRENT
from ingestd.store.schema.tables import carriers, copies, entries, records, revisions, sources, stories
from ingestd.store.statements import chunks
from ingestd.store.stories.documents import PUBLISHER
from ingestd.urls import without_userinfo

_ROWS = (
    select(
        copies,
        func.coalesce(records.c.item_guid, records.c.guid).label("guid"),
        records.c.pubstatus,
        revisions.c.pubstatus.label("revision_status"),
        revisions.c.headline,
        records.c.uri,
    )
    .join(records, records.c.id == copies.c.record_id)
    .join(revisions, CURRENT)
    .order_by(copies.c.seen_at, copies.c.record_id)
)

_CARRIERS = (
    select(carriers.c.record_id, carriers.c.entry_id, carriers.c.seen_at, PUBLISHER)
    .join(entries, entries.c.id == carriers.c.entry_id)
    .join(sources, sources.c.id == carriers.c.source_id)
    .order_by(carriers.c.seen_at, carriers.c.entry_id)
)

_VERSIONS = select(
    revisions.c.record_id, revisions.c.revision, revisions.c.change, revisions.c.seen_at, revisions.c.versioncreated
).order_by(revisions.c.revision)

_USABLE = (
    select(records.c.id)
    .join(revisions, CURRENT)
    .where(records.c.pubstatus == "usable", revisions.c.pubstatus == "usable", records.c.purged_at.is_(None))
)


async def read(
    connection: AsyncConnection, story_ids: Collection[int], *, include_withheld: bool = False
) -> dict[int, Story]:
    """Return stories by number.  What is withheld or killed comes without words unless `include_withheld`."""
    rows: dict[int, Any] = {}
    found: list[Any] = []
    for some in chunks(sorted(story_ids)):
        rows.update({row.id: row for row in await connection.execute(select(stories).where(stories.c.id.in_(some)))})
        found += (await connection.execute(_ROWS.where(copies.c.story_id.in_(some)))).all()
    carried, versions = await _parts(connection, [row.record_id for row in found])
    copies_of: dict[int, list[StoryCopy]] = {}
    for row in found:
        shown = include_withheld or may_be_shown(row.pubstatus, row.revision_status)
        one = _copy(row, carried.get(row.record_id, ()), versions.get(row.record_id, ()), shown=shown)
        copies_of.setdefault(row.story_id, []).append(one)
    if not include_withheld:
        quoted = {one.of_record for some in copies_of.values() for one in some if one.changed and one.of_record}
        usable = await _usable(connection, quoted)
        copies_of = {story_id: _without_quotes(some, usable) for story_id, some in copies_of.items()}
    return {story_id: _story(row, copies_of[story_id]) for story_id, row in rows.items() if story_id in copies_of}


async def _parts(
    connection: AsyncConnection, record_ids: Collection[int]
) -> tuple[dict[int, list[StoryCarrier]], dict[int, list[StoryVersion]]]:
    """Return the carriers and the revisions of records."""
    carried: dict[int, list[StoryCarrier]] = {}
    versions: dict[int, list[StoryVersion]] = {}
    for some in chunks(sorted(record_ids)):
        for row in await connection.execute(_CARRIERS.where(carriers.c.record_id.in_(some))):
            publisher = without_userinfo(row.publisher)
            carrier = StoryCarrier(entry_id=row.entry_id, publisher=publisher, seen_at=row.seen_at)
            carried.setdefault(row.record_id, []).append(carrier)
        for one in await connection.execute(_VERSIONS.where(revisions.c.record_id.in_(some))):
            version = StoryVersion(
                revision=one.revision, change=one.change, seen_at=one.seen_at, versioncreated=one.versioncreated
            )
            versions.setdefault(one.record_id, []).append(version)
    return carried, versions


async def _usable(connection: AsyncConnection, record_ids: Collection[int]) -> set[int]:
    """Return which records may be shown; one that is killed, withheld, erased or gone may not."""
    found: set[int] = set()
    for some in chunks(sorted(record_ids)):
        found.update((await connection.execute(_USABLE.where(records.c.id.in_(some)))).scalars())
    return found


def _copy(row: Any, carried: Sequence[StoryCarrier], versions: Sequence[StoryVersion], *, shown: bool) -> StoryCopy:
    return StoryCopy(
        record_id=row.record_id,
        guid=row.guid,
        pubstatus=row.pubstatus,
        headline=row.headline if shown else None,
        uri=without_userinfo(row.uri) if row.uri and shown else None,
        publisher=without_userinfo(row.publisher),
        seen_at=row.seen_at,
        printed_at=row.printed_at,
        carriers=tuple(carried),
        versions=tuple(versions),
        how=row.how,
        of_record=row.of_record,
        of_document=row.of_document,
        of_member=row.of_member,
        clashes=row.clashes,
        facts=row.facts,
        changed=tuple(Change(theirs=theirs, own=own) for theirs, own in row.changed or ()) if shown else (),
        also=tuple((story, share) for story, share in row.also or ()),
        origin_record=row.origin_record,
        second_origin=row.second_origin,
        share=row.share,
        own_agency=row.agency,
        agency=row.origin_agency,
        credits=tuple(row.credits or ()) if shown else (),
        named=tuple(row.named or ()) if shown else (),
        via_record=row.via_record,
        evidence=tuple((name, found and without_userinfo(found)) for name, found in row.origin_evidence or ())
        if shown
        else (),
    )


def _without_quotes(found: Sequence[StoryCopy], usable: Collection[int]) -> list[StoryCopy]:
    """Return copies without the words of others that may not be shown, in whatever story these are."""
    return [one if one.of_record in usable else replace(one, changed=()) for one in found]


def _story(row: Any, found: Sequence[StoryCopy]) -> Story:
    origins = Counter(one.origin_record for one in found if one.origin_record is not None)
    origin = origins.most_common(1)[0][0] if origins else found[0].record_id if found[0].agency is None else None
    agencies = Counter(one.agency for one in found if one.agency)
    by_origin = sorted(found, key=lambda one: one.record_id != origin)
    carried = [carrier for one in found for carrier in one.carriers]
    return Story(
        id=row.id,
        headline=next((one.headline for one in by_origin if one.headline), None),
        first_seen_at=found[0].seen_at,
        last_seen_at=row.last_at,
        round_up=row.round_up,
        pinned=row.pinned,
        carriers=len(carried),
        publishers=len({one.publisher for one in found} | {one.publisher for one in carried}),
        first_record=row.first_record,
        first_entry=row.first_entry,
        origin_record=origin if len(found) > 1 else None,
        agency=agencies.most_common(1)[0][0] if agencies else None,
        copies=tuple(found),
    )
