"""What the records of stories say of where their text is from."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.articles.agencies.operators import Agencies
from ingestd.articles.agencies.own_documents import own_agency
from ingestd.likeness.tellers import Teller
from ingestd.store.schema.tables import carriers, copies, entries, records, sources
from ingestd.store.statements import among
from ingestd.store.stories.documents import PUBLISHER
from ingestd.times import parse_iso

#: Records of a story that are read next to the documents of agencies, and carriers of a record: the others say nothing
#: about the origin that these do not.
_EARLIEST, _LATEST, _CARRIERS = 32, 24, 8


@dataclass(slots=True)
class StoryTellers:
    """The appearances of a story."""

    tellers: list[Teller] = field(default_factory=list)
    #: Record → its newest revision with a text.
    revisions: dict[int, int] = field(default_factory=dict)


#: The columns that tellers are made of: the evidence beside them is large.
_SAID = [
    copies.c[name]
    for name in (
        "record_id", "story_id", "revision", "publisher", "agency", "credits", "named", "seen_at", "printed_at",
    )
]  # fmt: skip


async def read(
    connection: AsyncConnection, story_ids: Collection[int], agencies: Agencies = ()
) -> dict[int, StoryTellers]:
    """Return the appearances of stories: records, and other entries that carry the text of one.

    `agencies` are those that the table of agencies does not have.
    """
    found = {story_id: StoryTellers() for story_id in story_ids}
    if not found:
        return found
    rows = (await connection.execute(_TELLERS, {"stories": sorted(story_ids)})).all()
    said = {row.record_id: row for row in rows}
    for row in rows:
        found[row.story_id].tellers.append(_teller(row))
        found[row.story_id].revisions[row.record_id] = row.revision
    for carrier in await _carriers(connection, said):
        row = said[carrier.record_id]
        found[row.story_id].tellers.append(_of_carrier(carrier, row, agencies))
    return found


def _tellers() -> Select[Any]:
    c = copies.c
    place = func.row_number().over(partition_by=c.story_id, order_by=(c.seen_at, c.record_id)).label("place")
    count = func.count().over(partition_by=c.story_id).label("count")
    rows = select(*_SAID, place, count).where(among(c.story_id, "stories")).subquery()
    r = rows.c
    return select(rows).where(or_(r.agency.is_not(None), r.place <= _EARLIEST, r.place > r.count - _LATEST))


_TELLERS = _tellers()


async def carriers_of(
    connection: AsyncConnection, tellers: Collection[Teller], agencies: Agencies = ()
) -> dict[int, list[Teller]]:
    """Return the entries that carried records first, but those that created them, by record."""
    said = {teller.record: teller for teller in tellers}
    found: dict[int, list[Teller]] = {}
    for carrier in await _carriers(connection, said):
        found.setdefault(carrier.record_id, []).append(_of_carrier(carrier, said[carrier.record_id], agencies))
    return found


async def _carriers(connection: AsyncConnection, record_ids: Iterable[int]) -> list[Any]:
    """Return the entries that carried records first, but those that created them."""
    return list((await connection.execute(_CARRIED, {"records": sorted(record_ids)})).all())


def _carried() -> Select[Any]:
    c, announced = carriers.c, entries.c.announced
    place = func.row_number().over(partition_by=c.record_id, order_by=(c.seen_at, c.entry_id)).label("place")
    query = (
        select(
            c.record_id,
            c.entry_id,
            c.seen_at,
            PUBLISHER,
            announced["published"].as_string().label("published"),
            announced["published_precision"].as_string().label("precision"),
            place,
        )
        .join(records, records.c.id == c.record_id)
        .join(entries, entries.c.id == c.entry_id)
        .join(sources, sources.c.id == c.source_id)
        .where(c.entry_id != records.c.origin_entry_id, among(c.record_id, "records"))
    )
    rows = query.subquery()
    return select(rows).where(rows.c.place <= _CARRIERS)


_CARRIED = _carried()


def _teller(row: Any) -> Teller:
    return Teller(
        record=row.record_id,
        publisher=row.publisher,
        agency=row.agency,
        credits=frozenset(row.credits or ()),
        named=tuple(row.named or ()),
        seen=row.seen_at,
        printed=row.printed_at,
    )


def _of_carrier(carrier: Any, row: Any, agencies: Agencies) -> Teller:
    return Teller(
        record=carrier.record_id,
        carrier=carrier.entry_id,
        publisher=carrier.publisher,
        agency=own_agency(provider=None, site=carrier.publisher, source=None, others=agencies),
        credits=frozenset(row.credits or ()),
        named=tuple(name for name in row.named or () if name != carrier.publisher),
        seen=carrier.seen_at,
        # What its feed says: the page of a carrier is not kept.
        printed=parse_iso(carrier.published) if carrier.published and carrier.precision == "minute" else None,
    )
