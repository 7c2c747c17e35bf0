"""Read what the daemon stored of the newsroom, as a user would query it, in a form to compare with what is expected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.demo.expected import ExpectedContent, ExpectedWire, ItemState
from ingestd.demo.newsroom import Newsroom
from ingestd.model.record import Record
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.store.records import records
from ingestd.store.records.export import export
from ingestd.store.records.search import search

#: More than the newsroom has of anything.
_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the daemon stored, or should have."""

    #: Numbers of entries, records, duplicates and revisions, of all sources.
    counts: tuple[int, int, int, int]
    #: The texts of the papers and the feed agency, as last published.
    texts: frozenset[str]
    #: Number of events of each kind, for items of the wire agency.
    events: Mapping[str, int]
    #: The state of each item of the wire agency, by guid.
    items: Mapping[str, ItemState]
    #: The guids of the items that a list, a search for the headline and an export show by default.
    listed: frozenset[str]
    found: frozenset[str]
    exported: frozenset[str]


def expected_holdings(papers: ExpectedContent, wire: ExpectedWire) -> Holdings:
    """Return what a daemon that misses nothing holds in the end."""
    usable = frozenset(guid for guid, item in wire.items.items() if item.pubstatus == "usable")
    items = len(wire.items)
    return Holdings(
        counts=(
            papers.entries + items,
            papers.records + items,
            papers.duplicates,
            papers.records + papers.corrections + wire.revisions,
        ),
        texts=frozenset(papers.bodies.values()),
        events=dict(wire.events),
        items=wire.items,
        listed=usable,
        found=usable,
        exported=usable,
    )


async def stored_holdings(database: Database, newsroom: Newsroom) -> Holdings:
    """Read what is stored now."""
    exported = [record async for record in export(database)]
    async with database.read() as connection:
        return await _holdings(connection, newsroom, exported)


async def _holdings(connection: AsyncConnection, newsroom: Newsroom, exported: list[Record]) -> Holdings:
    figures = await overview.summary(connection)
    items = newsroom.expected_wire.items
    wire_records = [
        record for record in await records.newest(connection, limit=_LIMIT, status="all") if record.guid in items
    ]
    found: set[str] = set()
    for guid, item in items.items():
        hits = await search(connection, f'"{item.headline}"', limit=_LIMIT)
        found |= {guid} & {record.guid for record in hits}
    return Holdings(
        counts=(figures["entries"], figures["records"], figures["duplicates"], figures["revisions"]),
        texts=frozenset(newsroom.expected.bodies.values()) & {record.article.body_text for record in exported},
        events=await count_events(connection, source_url=newsroom.agency.url),
        items={record.guid: await _item_state(connection, record) for record in wire_records},
        listed=_guids(await records.newest(connection, limit=_LIMIT), items),
        found=frozenset(found),
        exported=_guids(exported, items),
    )


async def count_events(connection: AsyncConnection, *, source_url: str | None = None) -> Counter[str]:
    """Count the events by kind, of all sources or of one, but for those of stories."""
    batch = await event_log.read_after(connection, 0, limit=_LIMIT)
    of_records = (event for event in batch.events if event.story is None)
    return Counter(event.kind for event in of_records if source_url in (None, event.source_url))


def _guids(found: list[Record], guids: Mapping[str, object]) -> frozenset[str]:
    return frozenset(record.guid for record in found if record.guid in guids)


async def _item_state(connection: AsyncConnection, record: Record) -> ItemState:
    return ItemState(
        pubstatus=record.pubstatus,
        headline=record.article.headline or "",
        revisions=len(await records.revisions_of(connection, record.id)),
        body=record.article.body_text,
    )
