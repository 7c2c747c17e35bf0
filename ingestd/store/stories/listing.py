"""Find stories to show them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound
from ingestd.model.story import Story, StoryCopy
from ingestd.model.story_words import words_around
from ingestd.store.records.records import Status
from ingestd.store.records.search import search as find_words
from ingestd.store.schema.tables import carriers, copies, entries, sources, stories
from ingestd.store.statements import chunks
from ingestd.store.stories import cursor, documents
from ingestd.store.stories.reading import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which stories to list."""

    #: Those with a record that was seen since.
    since: datetime | None = None
    #: Name or code of the agency that issued the text.
    agency: str | None = None
    min_publishers: int = 1
    #: Entries that carry one of its records.
    min_carriers: int = 1
    #: Leave out the first ones.
    skip: int = 0
    limit: int = 50


async def most_carried(connection: AsyncConnection, chosen: Chosen, *, include_withheld: bool = False) -> list[Story]:
    """Return the stories that most publishers carry, then those with most carriers, then the newest."""
    publishers = func.count(documents.PUBLISHER.element.distinct())
    number = func.count()
    query = (
        select(copies.c.story_id)
        .join(carriers, carriers.c.record_id == copies.c.record_id)
        .join(entries, entries.c.id == carriers.c.entry_id)
        .join(sources, sources.c.id == carriers.c.source_id)
        .group_by(copies.c.story_id)
        .having(publishers >= chosen.min_publishers, number >= chosen.min_carriers)
        .order_by(publishers.desc(), number.desc(), copies.c.story_id.desc())
        .offset(chosen.skip)
        .limit(chosen.limit)
    )
    if chosen.since:
        seen = copies.alias()
        query = query.where(copies.c.story_id.in_(select(seen.c.story_id).where(seen.c.seen_at >= chosen.since)))
    if chosen.agency:
        issued = copies.alias()
        of_agency = select(issued.c.story_id).where(issued.c.origin_agency == chosen.agency)
        query = query.where(copies.c.story_id.in_(of_agency))
    ids = (await connection.execute(query)).scalars().all()
    found = await read(connection, ids, include_withheld=include_withheld)
    return [found[story_id] for story_id in ids if story_id in found]


async def find(connection: AsyncConnection, story_id: int, *, include_withheld: bool = False) -> Story:
    """Return a story; the number of a merged one leads to the one that has its records.  Raises NotFound."""
    into = (await connection.execute(select(stories.c.merged_into).where(stories.c.id == story_id))).scalar()
    found = await read(connection, [into or story_id], include_withheld=include_withheld)
    if not found:
        raise NotFound(await no_story(connection, story_id))
    return await _with_places(connection, found[into or story_id])


async def no_story(connection: AsyncConnection, story_id: int) -> str:
    """Return why there is no story of a number, and what to do."""
    row = (await connection.execute(select(stories.c.merged_into).where(stories.c.id == story_id))).first()
    if row is not None and row.merged_into is not None:
        return f"story {story_id} was merged into story {row.merged_into}: name that one"
    last = (await cursor.read(connection)).last_story
    if not last:
        return f"no story {story_id}: no record is placed yet; `ingestd run` places them, or `ingestd stories rebuild`"
    gone = ": its records were deleted" if story_id <= last else ""
    return f"no story {story_id}{gone}; `ingestd stories list` shows the day's most carried ones"


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


#: Records that a search looks at for each story that is listed, and at most.
_RECORDS, _MOST_RECORDS = 5, 5_000


async def search(
    connection: AsyncConnection, words: str, chosen: Chosen, *, include_withheld: bool = False
) -> list[Story]:
    """Return the stories whose records have all words, best match first."""
    looked_at = min((chosen.skip + chosen.limit) * _RECORDS, _MOST_RECORDS)
    status: Status = "all" if include_withheld else "usable"
    records = await find_words(connection, words, limit=looked_at, status=status)
    ids = [record.id for record in records]
    return choose(await of_records(connection, ids, include_withheld=include_withheld), chosen)


def choose(found: Sequence[Story], chosen: Chosen) -> list[Story]:
    """Return those of some stories that are asked for, in their order."""
    wanted = [one for one in found if is_chosen(one, chosen)]
    return wanted[chosen.skip : chosen.skip + chosen.limit]


def is_chosen(story: Story, chosen: Chosen) -> bool:
    """Return whether a story is asked for."""
    return (
        story.publishers >= chosen.min_publishers
        and story.carriers >= chosen.min_carriers
        and (chosen.since is None or story.copies[-1].seen_at >= chosen.since)
        and (chosen.agency is None or any(one.agency == chosen.agency for one in story.copies))
    )


async def _with_places(connection: AsyncConnection, story: Story) -> Story:
    """Return a story with the words around each changed fact."""
    keys = [(one.record_id, one.versions[-1].revision) for one in story.copies if one.changed and one.versions]
    texts = {record: text for (record, _), text in (await documents.texts(connection, keys)).items()}
    return replace(story, copies=tuple(_place(one, texts.get(one.record_id)) for one in story.copies))


def _place(one: StoryCopy, text: str | None) -> StoryCopy:
    if not text:
        return one
    changed = [replace(change, where=words_around(text, change.own)) for change in one.changed]
    return replace(one, changed=tuple(changed))
