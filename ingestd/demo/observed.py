"""What the daemon holds of the newsroom, as a user would ask for it, beside what it should hold."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.demo.expected import Expected, Fate, WireExpected
from ingestd.demo.newsroom import Newsroom
from ingestd.model.record import Record
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.store.records import records

#: More than the newsroom has of anything.
_ALL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is held, or should be."""

    #: Entries, records, duplicates and revisions, of all sources.
    counts: tuple[int, int, int, int]
    #: How often each kind of event happened to items of the wire agency.
    events: Mapping[str, int]
    #: What became of each of them, by guid.
    fates: Mapping[str, Fate]
    #: The guids of those that lists, searches for their headline, and exports show when asked for nothing special.
    listed: frozenset[str]
    found: frozenset[str]
    exported: frozenset[str]


def due(papers: Expected, wire: WireExpected) -> Observed:
    """Return what a daemon that misses nothing holds in the end."""
    usable = frozenset(guid for guid, fate in wire.fates.items() if fate.pubstatus == "usable")
    items = len(wire.fates)
    return Observed(
        counts=(
            papers.entries + items,
            papers.records + items,
            papers.duplicates,
            papers.records + papers.corrections + wire.revisions,
        ),
        events=dict(wire.events),
        fates=wire.fates,
        listed=usable,
        found=usable,
        exported=usable,
    )


async def held(connection: AsyncConnection, newsroom: Newsroom) -> Observed:
    """Read what is held by now."""
    figures = await overview.summary(connection)
    fates = newsroom.expected_of_wire.fates
    of_wire = [one for one in await records.newest(connection, limit=_ALL, status="all") if one.guid in fates]
    found: set[str] = set()
    for guid, fate in fates.items():
        hits = await records.search(connection, f'"{fate.headline}"', limit=_ALL)
        found |= {guid} & {record.guid for record in hits}
    return Observed(
        counts=(figures["entries"], figures["records"], figures["duplicates"], figures["revisions"]),
        events=await happened(connection, source_url=newsroom.agency.url),
        fates={record.guid: await _fate(connection, record) for record in of_wire},
        listed=_known(await records.newest(connection, limit=_ALL), fates),
        found=frozenset(found),
        exported=_known([record async for record in records.export(connection)], fates),
    )


async def happened(connection: AsyncConnection, *, source_url: str | None = None) -> Counter[str]:
    """Count the events by their kind, of all sources or of one."""
    batch = await event_log.read_after(connection, 0, limit=_ALL)
    return Counter(event.kind for event in batch.events if source_url in (None, event.source_url))


def _known(some: list[Record], guids: Mapping[str, object]) -> frozenset[str]:
    return frozenset(record.guid for record in some if record.guid in guids)


async def _fate(connection: AsyncConnection, record: Record) -> Fate:
    return Fate(
        pubstatus=record.pubstatus,
        headline=record.article.headline or "",
        revisions=len(await records.revisions_of(connection, record.id)),
        body=record.article.body_text,
    )
