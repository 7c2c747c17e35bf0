"""Read what filters see of events and of records, a batch at a time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.filters import Candidate, CandidateSource, Former
from ingestd.model.event import Event, EventKind
from ingestd.model.record import Record, RecordSummary
from ingestd.store.consumers import former
from ingestd.store.consumers.candidate_content import fields_of_content
from ingestd.store.consumers.former import WITHDRAWALS
from ingestd.store.records.records import UNPACKED
from ingestd.store.schema.tables import aliases, carriers, copies, entries, records, revisions, sources
from ingestd.store.statements import among, chunks
from ingestd.urls import site, without_userinfo

#: Fields of a candidate that are in `revisions.content` or in its item; in a revision at all; in what carries it.
_OF_CONTENT = frozenset(("text", "agencies", "subjects"))
_OF_REVISION = _OF_CONTENT | {"headline", "languages", "stories"}
_OF_CARRIERS = frozenset(("sources", "sites"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a candidate is wanted of: an event, or a record as it is now."""

    record_id: int
    revision: int
    kind: EventKind | None = None
    status: Any = None
    stories: frozenset[int] = frozenset()

    @property
    def key(self) -> tuple[int, EventKind | None, Any]:
        """What `former.read` is asked for."""
        return self.record_id, self.kind, self.status


@dataclass(slots=True)
class _Found:
    """What was read, by record."""

    #: (record, revision) → its row; (record, None) → that of the current one.
    revisions: dict[tuple[int, int | None], Row[Any]] = field(default_factory=dict)
    sources: dict[int, dict[int, CandidateSource]] = field(default_factory=dict)
    sites: dict[int, set[str]] = field(default_factory=dict)
    #: Languages of all revisions; missing: not all revisions are kept.
    languages: dict[int, frozenset[str]] = field(default_factory=dict)
    #: What can have been sent of withdrawn records; empty: their revisions must not be looked at.
    former: Mapping[tuple[int, EventKind | None, Any], tuple[Former, ...]] = field(default_factory=dict)

    def add(self, rows: Iterable[Row[Any]]) -> None:
        """Add revisions that were read."""
        for row in rows:
            self.revisions[row.record_id, row.revision] = row
            if row.revision == row.current:
                self.revisions[row.record_id, None] = row

    def row(self, asked: _Asked) -> Row[Any] | None:
        """Return the revision that is asked for, the current one if it is no longer kept."""
        own = self.revisions.get((asked.record_id, asked.revision))
        return self.revisions.get((asked.record_id, None)) if own is None else own


async def read(
    connection: AsyncConnection, events: Sequence[Event], fields: Collection[str], *, by_revisions: bool = False
) -> list[Candidate]:
    """Return what filters that need some fields see of events, one for each, in their order.

    `fields` is `Filter.fields`, of several filters their union.

    An event that takes back a record, or is about one that may not be shown, has no headline, text, subjects, agencies
    and stories: these are unknown, so every consumer that could have got the record gets it.  With `by_revisions` its
    stored revisions say which these are.  That is for filters that an operator has set: a reader who chose one could
    find out the words of a killed record.
    """
    asked = [
        _Asked(
            record_id=event.record_id, revision=event.revision, kind=event.kind, status=event.pubstatus,
            stories=_stories(event),
        )
        for event in events
    ]  # fmt: skip
    return await _read(connection, asked, frozenset(fields), by_revisions=by_revisions)


async def of_records(
    connection: AsyncConnection,
    found: Sequence[Record | RecordSummary],
    fields: Collection[str],
    *,
    by_revisions: bool = False,
) -> list[Candidate]:
    """Return what filters that need some fields see of records as they are now, one for each, in their order.

    They are no events: what a filter says of kinds is unknown.  `by_revisions` is as for `read`.
    """
    asked = [_Asked(record_id=one.id, revision=one.revision, status=one.pubstatus) for one in found]
    return await _read(connection, asked, frozenset(fields), by_revisions=by_revisions)


async def of_current(
    connection: AsyncConnection, record_ids: Sequence[int], fields: Collection[str], *, by_revisions: bool = False
) -> dict[int, Candidate]:
    """Return what `of_records` does, by number; a record that does not exist is left out."""
    found, wanted = _Found(), frozenset(fields)
    query = _select(wanted).where(
        among(records.c.id, "ids"), among(revisions.c.record_id, "ids"), revisions.c.revision == records.c.revision
    )
    found.add(await connection.execute(query, {"ids": list(record_ids)}))
    rows = [row for (_, revision), row in found.revisions.items() if revision is None]
    asked = [_Asked(record_id=row.record_id, revision=row.revision, status=row.pubstatus) for row in rows]
    seen = await _candidates(connection, asked, wanted, found, by_revisions=by_revisions)
    return {one.record_id: candidate for one, candidate in zip(asked, seen, strict=True)}


async def _read(
    connection: AsyncConnection, asked: Sequence[_Asked], fields: frozenset[str], *, by_revisions: bool
) -> list[Candidate]:
    found = _Found()
    c, r = records.c, revisions.c
    for some in chunks(sorted({(one.record_id, one.revision) for one in asked})):
        is_asked = (r.revision == c.revision) | tuple_(r.record_id, r.revision).in_(some)
        query = _select(fields).where(c.id.in_({record_id for record_id, _ in some}), is_asked)
        found.add(await connection.execute(query))
    return await _candidates(connection, asked, fields, found, by_revisions=by_revisions)


async def _candidates(
    connection: AsyncConnection,
    asked: Sequence[_Asked],
    fields: frozenset[str],
    found: _Found,
    *,
    by_revisions: bool,
) -> list[Candidate]:
    """Return candidates whose revisions were read; what carries them is read here."""
    withdrawn = {one.record_id for one in asked if _is_withdrawn(one, found)}
    if fields & _OF_CARRIERS:
        for ids in chunks(sorted({one.record_id for one in asked})):
            await _read_carriers(connection, ids, found)
        if not by_revisions:
            await _add_former_addresses(connection, withdrawn, found)
    if by_revisions and withdrawn:
        of_withdrawn = {one.key for one in asked if one.record_id in withdrawn}
        found.former = await former.read(connection, of_withdrawn, fields)
    elif "languages" in fields:
        for ids in chunks(sorted(withdrawn)):
            await _read_languages(connection, ids, found)
    return [_candidate(one, fields, found) for one in asked]


# Subqueries: for a join PostgreSQL would read all copies.
_OF_COPY = [
    select(copies.c[name]).where(copies.c.record_id == records.c.id).scalar_subquery().label(name)
    for name in ("story_id", "agency", "origin_agency")
]


def _select(fields: frozenset[str]) -> Select[Any]:
    """Return the query of revisions, with what some fields need of them and the statuses of their records."""
    c, r = records.c, revisions.c
    columns: list[Any] = [c.id.label("record_id"), c.uri, c.pubstatus, c.revision.label("current"), r.revision]
    columns.append(r.pubstatus.label("revision_status"))
    if fields & _OF_REVISION:
        columns += [r.headline, r.language, *_OF_COPY]
    if fields & _OF_CONTENT:
        columns += [r.content, r.item, *UNPACKED]
    return select(*columns).join_from(records, revisions, r.record_id == c.id)


# A subquery: for a join PostgreSQL would read all entries.
_PAGE_SITE = select(entries.c.site).where(entries.c.id == carriers.c.entry_id).scalar_subquery().label("page_site")

_CARRIERS = (
    select(carriers.c.record_id, carriers.c.source_id, sources.c.url, sources.c.title, sources.c.site, _PAGE_SITE)
    .join(sources, sources.c.id == carriers.c.source_id)
    .where(among(carriers.c.record_id, "ids"))
    .order_by(carriers.c.seen_at, carriers.c.entry_id)
)


async def _read_carriers(connection: AsyncConnection, record_ids: Sequence[int], found: _Found) -> None:
    for row in await connection.execute(_CARRIERS, {"ids": list(record_ids)}):
        one = CandidateSource(id=row.source_id, urls=(without_userinfo(row.url),), title=row.title)
        found.sources.setdefault(row.record_id, {})[row.source_id] = one
        found.sites.setdefault(row.record_id, set()).update(filter(None, (row.site, row.page_site)))


async def _add_former_addresses(connection: AsyncConnection, record_ids: Collection[int], found: _Found) -> None:
    """Add the addresses that the sources of records had before they moved, and their sites."""
    ids = {source_id for record_id in record_ids for source_id in found.sources.get(record_id, ())}
    former: dict[int, list[str]] = {}
    for some in chunks(sorted(ids)):
        query = select(aliases.c.source_id, aliases.c.url).where(aliases.c.source_id.in_(some))
        for row in await connection.execute(query.order_by(aliases.c.until)):
            former.setdefault(row.source_id, []).append(row.url)
    for record_id in record_ids:
        known = found.sources.get(record_id, {})
        for source_id in known.keys() & former.keys():
            urls = former[source_id]
            known[source_id] = replace(known[source_id], urls=(*known[source_id].urls, *map(without_userinfo, urls)))
            found.sites[record_id].update(map(site, urls))


async def _read_languages(connection: AsyncConnection, record_ids: Sequence[int], found: _Found) -> None:
    languages: dict[int, list[str | None]] = {}
    query = select(revisions.c.record_id, revisions.c.language).where(revisions.c.record_id.in_(record_ids))
    for row in await connection.execute(query):
        languages.setdefault(row.record_id, []).append(row.language)
    for record_id, known in languages.items():
        current = found.revisions.get((record_id, None))
        if current is not None and len(known) == current.current and all(known):
            found.languages[record_id] = frozenset(filter(None, known))


def _is_withdrawn(asked: _Asked, found: _Found) -> bool:
    row = found.row(asked)
    if row is None or asked.kind in WITHDRAWALS:
        return True
    return any(status not in (None, "usable") for status in (asked.status, row.pubstatus, row.revision_status))


def _candidate(asked: _Asked, fields: frozenset[str], found: _Found) -> Candidate:
    row, withdrawn = found.row(asked), _is_withdrawn(asked, found)
    values: dict[str, Any] = {"kind": asked.kind, "status": asked.status, "withdrawn": withdrawn}
    if fields & _OF_CARRIERS and asked.record_id in found.sources:
        values["sources"] = tuple(found.sources[asked.record_id].values())
        own = {site(row.uri)} if row is not None and row.uri else set()
        values["sites"] = frozenset(found.sites[asked.record_id] | own)
    if withdrawn or row is None:
        former_ones = found.former.get(asked.key)
        return Candidate(**values, languages=found.languages.get(asked.record_id), former=former_ones)
    if fields & _OF_REVISION:
        values["headline"] = row.headline or ""
        values["languages"] = frozenset((row.language,) if row.language else ())
        values["stories"] = asked.stories | {one for one in (row.story_id,) if one is not None}
    if fields & _OF_CONTENT:
        values |= fields_of_content(row, (row.agency, row.origin_agency))
    return Candidate(**values)


def _stories(event: Event) -> frozenset[int]:
    other = event.other if event.kind in ("story_merged", "story_split") else None
    return frozenset(one for one in (event.story, other) if one is not None)
