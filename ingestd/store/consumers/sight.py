"""What a reader with a filter sees: its records and sources, and nothing that tells of others.

A record is seen if the filter lets it through, a source unless the filter rules out all that it carries.  What a record
or an event says of a source or record that is not seen is left out.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.filters import Candidate, CandidateSource, Filter
from ingestd.model.event import Event
from ingestd.model.record import Record, RecordSummary
from ingestd.model.story import Story
from ingestd.store.consumers import candidates
from ingestd.store.consumers.story_sight import seen_story
from ingestd.store.schema.tables import carriers, entries, sources
from ingestd.store.statements import chunks
from ingestd.urls import without_userinfo

#: Events of which `other` is a record.
_OF_RECORDS = ("joined", "carries_killed", "carries_uncorrected")

#: A source that no filter names.
_ANY = Candidate(sources=(CandidateSource(id=0, urls=()),), sites=frozenset())


class Sight:
    """What a filter lets a reader see."""

    def __init__(self, seen: Filter) -> None:
        self._filter = seen

    @property
    def is_all(self) -> bool:
        """Whether everything is seen."""
        return self._filter.expression is None

    @cached_property
    def names_sources(self) -> bool:
        """Whether the filter chooses among sources: it rules out one that it does not name."""
        return not self._filter.matches(_ANY)

    async def sources(self, connection: AsyncConnection, ids: Collection[int] | None = None) -> set[int]:
        """Return which of some sources are seen; None: of all."""
        c = sources.c
        query = select(c.id, c.url, c.title, c.site)
        if ids is None:
            return self._seen_sources((await connection.execute(query)).all())
        found: set[int] = set()
        for some in chunks(sorted(set(ids))):
            found |= self._seen_sources((await connection.execute(query.where(c.id.in_(some)))).all())
        return found

    def _seen_sources(self, rows: Iterable[Any]) -> set[int]:
        return {row.id for row in rows if self._filter.matches(_source(row))}

    async def records(self, connection: AsyncConnection, ids: Collection[int]) -> set[int]:
        """Return which of some records are seen."""
        seen = await candidates.of_current(connection, sorted(set(ids)), self._filter.fields, by_revisions=True)
        return {record_id for record_id, candidate in seen.items() if self._filter.matches(candidate)}

    async def revisions(self, connection: AsyncConnection, record: Record, numbers: Collection[int]) -> set[int]:
        """Return which revisions of a record are seen: each is judged as if it were the current one."""
        asked = [replace(record, revision=number) for number in sorted(numbers)]
        seen = await candidates.of_records(connection, asked, self._filter.fields, by_revisions=True)
        return {one.revision for one, candidate in zip(asked, seen, strict=True) if self._filter.matches(candidate)}

    async def carried_for(self, connection: AsyncConnection, record_ids: Collection[int], site: str) -> set[int]:
        """Return the records that a source which is seen carries, if the source or the page is of a site."""
        c, s = carriers.c, sources.c
        query = select(c.record_id, s.id, s.url, s.title, s.site).join(sources, s.id == c.source_id)
        query = query.join(entries, entries.c.id == c.entry_id).where(or_(s.site == site, entries.c.site == site))
        found: set[int] = set()
        for some in chunks(sorted(record_ids)):
            for row in await connection.execute(query.where(c.record_id.in_(some))):
                if self._filter.matches(_source(row)):
                    found.add(row.record_id)
        return found

    async def of_records(self, connection: AsyncConnection, found: Sequence[Record]) -> list[Record]:
        """Return records without what tells of other sources and records."""
        if self.is_all or not found:
            return list(found)
        seen = await self.sources(connection, {carrier.source_id for one in found for carrier in one.carriers})
        named = {number for one in found for number in _named(one) if number is not None}
        records = await self.records(connection, named)
        return [_without_others(one, seen, records) for one in found]

    async def of_summaries(self, connection: AsyncConnection, found: Sequence[RecordSummary]) -> list[RecordSummary]:
        """Return lines of a list of records, which count the carriers that are seen."""
        if self.is_all or not found:
            return list(found)
        c = carriers.c
        query = select(c.record_id, c.source_id, func.count()).group_by(c.record_id, c.source_id)
        rows = [
            row
            for some in chunks([one.id for one in found])
            for row in (await connection.execute(query.where(c.record_id.in_(some)))).all()
        ]
        seen, counted = await self.sources(connection, {row.source_id for row in rows}), dict[int, int]()
        for record_id, source_id, count in rows:
            counted[record_id] = counted.get(record_id, 0) + (count if source_id in seen else 0)
        return [replace(one, carriers=counted.get(one.id, 0)) for one in found]

    async def of_events(self, connection: AsyncConnection, found: Sequence[Event]) -> list[Event]:
        """Return events without what tells of other sources and records.

        One that another source caused names the first carrier of the record that is seen, or else 0 and no address;
        that another source carries a record is left out.
        """
        if self.is_all or not found:
            return list(found)
        seen = await self.sources(connection, {one.source_id for one in found})
        shown = [one for one in found if one.source_id in seen or one.kind != "carried"]
        others = {one.other for one in shown if one.other is not None and one.kind in _OF_RECORDS}
        records = await self.records(connection, others) if others else set[int]()
        shown = [
            replace(one, other=None) if one.kind in _OF_RECORDS and one.other not in records else one for one in shown
        ]
        foreign = {one.record_id for one in shown if one.source_id not in seen}
        own = await self._first_carriers(connection, foreign) if foreign else {}
        return [one if one.source_id in seen else _caused_by(one, own.get(one.record_id)) for one in shown]

    async def of_stories(self, connection: AsyncConnection, found: Sequence[Story]) -> list[Story]:
        """Return stories with the records and carriers that are seen; one without such records is left out."""
        if self.is_all or not found:
            return list(found)
        records = await self.records(connection, {copy.record_id for one in found for copy in one.copies})
        entry_ids = {carrier.entry_id for one in found for copy in one.copies for carrier in copy.carriers}
        of_entry = await self._sources_of(connection, entry_ids)
        seen = await self.sources(connection, of_entry.values())
        carried = {entry_id for entry_id, source_id in of_entry.items() if source_id in seen}
        shown = (seen_story(one, records, carried) for one in found)
        return [one for one in shown if one.copies]

    async def _sources_of(self, connection: AsyncConnection, entry_ids: Collection[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for some in chunks(sorted(entry_ids)):
            query = select(entries.c.id, entries.c.source_id).where(entries.c.id.in_(some))
            found.update((row.id, row.source_id) for row in await connection.execute(query))
        return found

    async def _first_carriers(self, connection: AsyncConnection, record_ids: Collection[int]) -> dict[int, Any]:
        c, s = carriers.c, sources.c
        query = (
            select(c.record_id, c.entry_id, entries.c.url.label("entry_url"), s.id, s.url, s.title, s.site)
            .join(sources, s.id == c.source_id)
            .join(entries, entries.c.id == c.entry_id)
            .order_by(c.seen_at, c.entry_id)
        )
        found: dict[int, Any] = {}
        for some in chunks(sorted(record_ids)):
            for row in await connection.execute(query.where(c.record_id.in_(some))):
                if row.record_id not in found and self._filter.matches(_source(row)):
                    found[row.record_id] = row
        return found


def _source(row: Any) -> Candidate:
    one = CandidateSource(id=row.id, urls=(without_userinfo(row.url),), title=row.title)
    return Candidate(sources=(one,), sites=frozenset((row.site,) if row.site else ()))


def _named(record: Record) -> tuple[int | None, ...]:
    return record.copy.copy_of, record.copy.origin_record, record.copy.first_carrier


def _without_others(record: Record, seen: Collection[int], records: Collection[int]) -> Record:
    shown = tuple(one for one in record.carriers if one.source_id in seen)
    copy_of, origin, first = (number if number in records else None for number in _named(record))
    told = origin if record.copy.origin_record is not None else copy_of
    copy = replace(
        record.copy, copy_of=copy_of, origin_record=origin, first_carrier=first,
        share=record.copy.share if told is not None else None,
    )  # fmt: skip
    evidence = record.evidence
    if len(shown) < len(record.carriers):
        urls = {one.url for one in shown}
        evidence = tuple(one for one in evidence if one.url in urls)
    return replace(record, carriers=shown, copy=copy, evidence=evidence)


def _caused_by(event: Event, carrier: Any) -> Event:
    if carrier is None:
        return replace(event, entry_id=0, entry_url=None, source_id=0, source_url="", source_title=None)
    url = event.entry_url and carrier.entry_url and without_userinfo(carrier.entry_url)
    return replace(
        event, entry_id=carrier.entry_id, entry_url=url, source_id=carrier.id,
        source_url=without_userinfo(carrier.url), source_title=carrier.title,
    )  # fmt: skip
