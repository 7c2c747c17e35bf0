"""Read what of withdrawn records can have been sent, so that a kill reaches those who could have got the record.

A kill tells the guid and a source of its record, so it must reach nobody else.  Each revision is judged by itself: a
filter may let through one that names dpa and be against another one that is about sport.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.filters import CandidateSource, Former
from ingestd.model.event import EventKind
from ingestd.store.consumers.candidate_content import agency_names, fields_of_content
from ingestd.store.records.records import UNPACKED
from ingestd.store.schema.tables import aliases, carriers, copies, entries, events, records, revisions, sources
from ingestd.store.statements import chunks
from ingestd.urls import site, without_userinfo

#: Kinds of events that take back what was sent before.
WITHDRAWALS: frozenset[EventKind] = frozenset(("killed", "withheld", "purged", "merged"))

#: Revisions of a record that are looked at, the newest; of older ones nothing is known.
MOST_REVISIONS = 100

#: Changes by which a revision was never shown.
_NEVER_SHOWN = frozenset(("killed", "purged", "late"))

_OF_CONTENT = frozenset(("text", "agencies", "subjects"))
_OF_REVISION = _OF_CONTENT | {"headline", "languages"}
_OF_CARRIERS = frozenset(("sources", "sites"))


@dataclass(slots=True)
class _Past:
    """What was read of a record."""

    head: Any
    #: By number.
    stored: dict[int, Row[Any]] = field(default_factory=dict)
    #: Number of a revision → whether an event of it was sent while it was usable.
    sent: dict[int, bool] = field(default_factory=dict)
    #: What its carriers say, whatever the revision.
    carried: dict[str, Any] = field(default_factory=dict)
    #: Codes of agencies that its story can have been traced to.
    traced: set[str] = field(default_factory=set)


async def read(
    connection: AsyncConnection, asked: Collection[tuple[int, EventKind | None, Any]], fields: frozenset[str]
) -> dict[tuple[int, EventKind | None, Any], tuple[Former, ...]]:
    """Return what can have been sent of withdrawn records; `asked`: a record, and kind and status of an event of it.

    A record that is not there is missing.
    """
    pasts = await _heads(connection, {record_id for record_id, _, _ in asked})
    for some in chunks(sorted(pasts)):
        group = {record_id: pasts[record_id] for record_id in some}
        await _read_revisions(connection, group, fields)
        await _read_events(connection, group)
        if fields & _OF_CARRIERS:
            await _read_carriers(connection, group)
        if "agencies" in fields:
            await _read_traced(connection, group)
    states = {record_id: _states(past, fields) for record_id, past in pasts.items()}
    return {
        (record_id, kind, status): states[record_id] or (_unshown(pasts[record_id], kind, status),)
        for record_id, kind, status in asked
        if record_id in pasts
    }


def _states(past: _Past, fields: frozenset[str]) -> tuple[Former, ...]:
    """Return the revisions that were shown; those that are no longer stored are one, of which only carriers are known.

    Empty: none was shown.
    """
    found, unknown = list[Former](), False
    for number in range(1, past.head.current + 1):
        row = past.stored.get(number)
        if row is None:
            unknown = unknown or past.sent.get(number, True)
        elif past.sent.get(number, row.change not in _NEVER_SHOWN and row.pubstatus != "withheld"):
            found.append(_state(past, row, fields))
    if unknown:
        found.append(Former(**past.carried))
    return tuple(found)


def _state(past: _Past, row: Row[Any], fields: frozenset[str]) -> Former:
    values = dict(past.carried)
    if fields & _OF_REVISION:
        values["headline"] = row.headline or ""
        values["languages"] = frozenset((row.language,) if row.language else ())
    if fields & _OF_CONTENT:
        values |= fields_of_content(row)
        values["maybe_agencies"] = agency_names(past.traced)
    return Former(**values)


def _unshown(past: _Past, kind: EventKind | None, status: Any) -> Former:
    known = {name: value for name, value in past.carried.items() if name != "maybe_sites"}
    if "sources" in known:
        known["sources"] = tuple(
            CandidateSource(id=one.id, urls=one.urls, title=one.title, always=True) for one in known["sources"]
        )
        known["sites"] = past.carried["sites"] | past.carried["maybe_sites"]
    return Former(unshown=True, kind=kind, status=status, **known)


async def _heads(connection: AsyncConnection, record_ids: Collection[int]) -> dict[int, _Past]:
    """Return the records; what a record that was merged into another had is read there."""
    c, target = records.c, records.alias("target")
    current = func.coalesce(target.c.revision, c.revision).label("current")
    query = select(c.id, c.uri, c.origin_entry_id, c.merged_into, current)
    query = query.outerjoin(target, target.c.id == c.merged_into)
    found: dict[int, _Past] = {}
    for some in chunks(sorted(record_ids)):
        for row in await connection.execute(query.where(c.id.in_(some))):
            found[row.id] = _Past(row)
    return found


async def _read_revisions(connection: AsyncConnection, pasts: dict[int, _Past], fields: frozenset[str]) -> None:
    c, r = records.c, revisions.c
    columns: list[Any] = [r.record_id, r.revision, r.change, r.pubstatus]
    if fields & _OF_REVISION:
        columns += [r.headline, r.language]
    if fields & _OF_CONTENT:
        columns += [r.content, r.item, *UNPACKED]
    of = _by_target(pasts)
    query = select(*columns).join_from(records, revisions, r.record_id == c.id)
    query = query.where(c.id.in_(sorted(of)), r.revision > c.revision - MOST_REVISIONS)
    for row in await connection.execute(query):
        for past in of[row.record_id]:
            past.stored[row.revision] = row


async def _read_events(connection: AsyncConnection, pasts: dict[int, _Past]) -> None:
    c = events.c
    ids = [record_id for record_id, past in pasts.items() if past.head.merged_into is None]
    query = select(c.record_id, c.revision, c.kind, c.pubstatus).where(c.record_id.in_(ids)).order_by(c.seq)
    status: dict[int, str] = {}
    for row in await connection.execute(query):
        status[row.record_id] = row.pubstatus or status.get(row.record_id, "usable")
        is_shown = status[row.record_id] == "usable" and row.kind not in WITHDRAWALS
        sent = pasts[row.record_id].sent
        sent[row.revision] = sent.get(row.revision, False) or is_shown


async def _read_carriers(connection: AsyncConnection, pasts: dict[int, _Past]) -> None:
    of = _by_target(pasts)
    c, s = carriers.c, sources.c
    query = (
        select(c.record_id, c.entry_id, c.source_id, s.url, s.title, s.site, entries.c.site.label("page_site"))
        .join(sources, s.id == c.source_id)
        .join(entries, entries.c.id == c.entry_id)
        .where(c.record_id.in_(sorted(of)))
        .order_by(c.seen_at, c.entry_id)
    )
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in await connection.execute(query):
        rows[row.record_id].append(row)
    former: dict[int, list[str]] = defaultdict(list)
    for some in chunks(sorted({row.source_id for found in rows.values() for row in found})):
        moved = select(aliases.c.source_id, aliases.c.url).where(aliases.c.source_id.in_(some))
        for alias in await connection.execute(moved.order_by(aliases.c.until)):
            former[alias.source_id].append(alias.url)
    for record_id, some_pasts in of.items():
        for past in some_pasts:
            past.carried = _carried(past.head, rows.get(record_id, []), former)


def _carried(head: Any, rows: Sequence[Any], former: dict[int, list[str]]) -> dict[str, Any]:
    """Return sources and sites: certain are those of the entry that made the record, whose source has not moved."""
    found: dict[int, CandidateSource] = {}
    certain, maybe = set[str](), {site(head.uri)} if head.uri else set[str]()
    for row in rows:
        is_certain = row.entry_id == head.origin_entry_id and row.source_id not in former
        (certain if is_certain else maybe).update(filter(None, (row.site, row.page_site)))
        maybe.update(map(site, former.get(row.source_id, ())))
        urls = tuple(map(without_userinfo, (row.url, *former.get(row.source_id, ()))))
        known = found.get(row.source_id)
        found[row.source_id] = CandidateSource(
            id=row.source_id, urls=urls, title=row.title, always=is_certain or bool(known and known.always)
        )
    return {"sources": tuple(found.values()), "sites": frozenset(certain), "maybe_sites": frozenset(maybe)}


async def _read_traced(connection: AsyncConnection, pasts: dict[int, _Past]) -> None:
    """Read the agencies of the stories of records: a record is traced to one of them, and can have been to another."""
    of, others = _by_target(pasts), copies.alias("others")
    own = select(copies.c.record_id, copies.c.credits).where(copies.c.record_id.in_(sorted(of)))
    for credited in await connection.execute(own):
        for past in of[credited.record_id]:
            past.traced.update(credited.credits or ())
    query = (
        select(copies.c.record_id, others.c.agency, others.c.origin_agency)
        .join(others, others.c.story_id == copies.c.story_id)
        .where(copies.c.record_id.in_(sorted(of)))
        .distinct()
    )
    for row in await connection.execute(query):
        for past in of[row.record_id]:
            past.traced.update(filter(None, (row.agency, row.origin_agency)))


def _by_target(pasts: dict[int, _Past]) -> dict[int, list[_Past]]:
    found: dict[int, list[_Past]] = defaultdict(list)
    for record_id, past in pasts.items():
        found[record_id if past.head.merged_into is None else past.head.merged_into].append(past)
    return found
