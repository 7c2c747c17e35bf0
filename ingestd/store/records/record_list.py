"""Lists of records in pages, for the API: each page looks through a bounded number of rows, whatever is chosen.

A page may therefore have fewer records than asked for, or none, and still have a next one.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.record import Record
from ingestd.policy.wire.redaction import may_be_shown, redacted
from ingestd.store.records.records import SELECT_RECORDS, Status, readable
from ingestd.store.records.search import ranked
from ingestd.store.schema.record_tables import NOT_USABLE
from ingestd.store.schema.tables import carriers, copies, entries, events, records, revisions, sources
from ingestd.store.statements import among, has_row

#: Rows that a page looks through, and those of them that `accept` is asked about, which reads texts.
_MAX_ROWS, _MAX_ASKED = 10_000, 1_000

#: Rows read at once, first and at most, if not all of them are listed.
_BATCH, _MAX_BATCH = 500, 5_000

#: A story, a source or a span of events with at most this many records is read as a whole: to look for its records
#: among all others would take longer.
_FEW = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which records to list; None chooses all."""

    status: Status = "usable"
    #: Carried by this source; by a source, or an entry, of this site (registrable domain).
    source_id: int | None = None
    site: str | None = None
    #: A language tag: `en` is also `en-GB`.
    language: str | None = None
    story: int | None = None
    #: Saved or revised from `since` on, and before `until`.
    since: datetime | None = None
    until: datetime | None = None
    #: With an event after one number, up to another.
    after_event: int | None = None
    until_event: int | None = None
    #: Words that must all occur, as in `search`.
    words: str | None = None


#: Where a page ends: time and number of a record; its rank comes first if words are searched.
Key = tuple[datetime, int] | tuple[int, datetime, int]

#: Returns those of some records that a caller wants; their texts may have to be read for that.
Accept = Callable[[AsyncConnection, Sequence[int]], Awaitable[Collection[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Numbers of records, in the order of the list, and where the next page begins."""

    ids: tuple[int, ...]
    #: None: this is the last page.
    next: Key | None


class _Row(NamedTuple):
    id: int
    key: Any


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows in the order of a list."""

    #: Those that are chosen.
    fitting: Sequence[_Row]
    #: How many there were in all, and the key of the last; None: there were none.
    count: int
    last: Any


async def page(
    connection: AsyncConnection, chosen: Chosen, *, limit: int, after: Key | None = None, accept: Accept | None = None
) -> Page:
    """Return at most `limit` records after a key: the ones saved or revised last come first.

    With `words`, the best match comes first.
    """
    rows: _Rows
    if chosen.words is not None:
        rows = _Ranked(chosen, chosen.words)
    else:
        few = await _few(connection, chosen)
        rows = _Newest(chosen) if few is None else _Few(chosen, few)
    is_plain = accept is None and rows.all_fit
    most = _MAX_ROWS if accept is None else _MAX_ASKED
    found: list[_Row] = []
    looked_at, size = 0, limit + 1 if is_plain else max(limit + 1, _BATCH)
    while True:
        batch = await rows.read(connection, after, size)
        fitting = batch.fitting
        if accept and fitting:
            accepted = await accept(connection, [row.id for row in fitting])
            fitting = [row for row in fitting if row.id in accepted]
        found += fitting
        if len(found) > limit:
            return Page(ids=tuple(row.id for row in found[:limit]), next=found[limit - 1].key)
        looked_at, after = looked_at + batch.count, batch.last
        if batch.count < size or looked_at >= most:
            return Page(ids=tuple(row.id for row in found), next=None if batch.count < size else after)
        size = size if accept else min(4 * size, max(size, _MAX_BATCH), most - looked_at)


class _Rows:
    """The rows of a list, in its order."""

    #: Whether all rows fit.
    all_fit = False

    async def read(self, connection: AsyncConnection, after: Any, size: int) -> _Batch:
        """Return the `size` rows after a key, fewer at the end of the list."""
        raise NotImplementedError


class _Newest(_Rows):
    """All records, those saved or revised last first."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._limits = _time_limits(chosen)
        # The few that are not usable have an index, so the others are not looked through.
        self._status = true() if chosen.status in ("usable", "all") else NOT_USABLE
        self.all_fit = replace(chosen, since=None, until=None) == Chosen(status="all")

    async def read(self, connection: AsyncConnection, after: Any, size: int) -> _Batch:
        c = records.c
        query = select(c.id, c.updated_at, c.pubstatus, c.revision).where(self._limits, self._status)
        if after is not None:
            query = query.where(c.updated_at <= after[0], or_(c.updated_at < after[0], c.id < after[1]))
        some = query.order_by(c.updated_at.desc(), c.id.desc()).limit(size).cte("some")
        last = select(some.c.id).order_by(some.c.updated_at, some.c.id).limit(1).scalar_subquery()
        count = select(func.count()).select_from(some).scalar_subquery()
        # Of the rows that do not fit, the last one alone is read: it tells where to continue.
        found = select(some.c.id, some.c.updated_at, _fits(self._chosen, some.c).label("fits")).subquery("found")
        of_batch = select(found, count.label("number")).where(or_(found.c.fits, found.c.id == last))
        rows = (await connection.execute(of_batch.order_by(found.c.updated_at.desc(), found.c.id.desc()))).all()
        return _batch(rows, rows[0].number if rows else 0)


class _Few(_Rows):
    """A few records, which are read as a whole: no plan can look for them among all others."""

    def __init__(self, chosen: Chosen, ids: Sequence[int]) -> None:
        self._chosen = chosen
        self._ids = ids

    async def read(self, connection: AsyncConnection, after: Any, size: int) -> _Batch:
        c = records.c
        query = select(c.id, c.updated_at, _fits(self._chosen, c).label("fits"))
        query = query.where(among(c.id, "ids"), _time_limits(self._chosen))
        rows = (await connection.execute(query, {"ids": list(self._ids)})).all()
        behind = [row for row in rows if after is None or (row.updated_at, row.id) < tuple(after)]
        some = sorted(behind, key=lambda row: (row.updated_at, row.id), reverse=True)[:size]
        return _batch(some, len(some))


class _Ranked(_Rows):
    """Records with all words, best match first."""

    def __init__(self, chosen: Chosen, words: str) -> None:
        self._chosen = chosen
        self._words = words

    async def read(self, connection: AsyncConnection, after: Any, size: int) -> _Batch:
        found = await ranked(
            connection, self._words, limit=size, after=after,
            only=_time_limits(self._chosen), fits=partial(_fits, self._chosen),
        )  # fmt: skip
        fitting = [_Row(one.record_id, one.key) for one in found if one.fits]
        return _Batch(fitting, len(found), found[-1].key if found else None)


def _batch(rows: Sequence[Any], count: int) -> _Batch:
    """Return rows with `id`, `updated_at` and whether it `fits`, the last of the batch among them."""
    fitting = [_Row(row.id, (row.updated_at, row.id)) for row in rows if row.fits]
    return _Batch(fitting, count, (rows[-1].updated_at, rows[-1].id) if rows else None)


def _time_limits(chosen: Chosen) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if chosen.since is not None:
        conditions.append(records.c.updated_at >= chosen.since)
    if chosen.until is not None:
        conditions.append(records.c.updated_at < chosen.until)
    return and_(*conditions)


def _fits(chosen: Chosen, c: Any) -> ColumnElement[bool]:
    """Return the condition that a row with the columns `id`, `pubstatus` and `revision` of a record is chosen.

    Each part of it looks up a few rows by an index.
    """
    conditions: list[ColumnElement[bool]] = [true()]
    if chosen.status != "all":
        conditions.append(c.pubstatus == chosen.status)
    if chosen.source_id is not None:
        conditions.append(has_row(carriers.c.record_id == c.id, carriers.c.source_id == chosen.source_id))
    if chosen.site is not None:
        carried = carriers.c.record_id == c.id
        of_site = or_(entries.c.site == chosen.site, sources.c.site == chosen.site)
        joined = (entries.c.id == carriers.c.entry_id) & (sources.c.id == carriers.c.source_id)
        conditions.append(has_row(carried, joined, of_site))
    if chosen.story is not None:
        conditions.append(has_row(copies.c.record_id == c.id, copies.c.story_id == chosen.story))
    if chosen.after_event is not None or chosen.until_event is not None:
        conditions.append(has_row(events.c.record_id == c.id, _event_limits(chosen)))
    if chosen.language is not None:
        r, tag = _spoken.c, chosen.language.lower()
        language, current = func.lower(r.language), (r.record_id == c.id) & (r.revision == c.revision)
        is_spoken = or_(language == tag, language.startswith(f"{tag}-", autoescape=True))
        conditions.append(has_row(current, is_spoken))
    return and_(*conditions)


_spoken = revisions.alias("spoken")


def _event_limits(chosen: Chosen) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.after_event is not None:
        conditions.append(events.c.seq > chosen.after_event)
    if chosen.until_event is not None:
        conditions.append(events.c.seq <= chosen.until_event)
    return and_(*conditions)


async def _few(connection: AsyncConnection, chosen: Chosen) -> list[int] | None:
    """Return the records among which all chosen ones are, if one of the conditions leaves a few; else None."""
    queries: list[Select[Any]] = []
    if chosen.story is not None:
        queries.append(select(copies.c.record_id).where(copies.c.story_id == chosen.story))
    if chosen.after_event is not None:
        # In the order of the index: PostgreSQL would look for the first ones in the table.
        queries.append(select(events.c.record_id).where(_event_limits(chosen)).order_by(events.c.seq))
    if chosen.source_id is not None:
        queries.append(select(carriers.c.record_id).where(carriers.c.source_id == chosen.source_id))
    for query in queries:
        found = (await connection.execute(query.limit(_FEW + 1))).scalars().all()
        if len(found) <= _FEW:
            return list(dict.fromkeys(found))
    return None


async def read(connection: AsyncConnection, ids: Sequence[int], *, include_withheld: bool = False) -> list[Record]:
    """Return records in the order of their numbers `ids`, without those that cannot be read.

    What is withheld or killed comes without its content unless `include_withheld`.
    """
    rows = (await connection.execute(SELECT_RECORDS.where(among(records.c.id, "ids")), {"ids": list(ids)})).all()
    shown = {row.record_id: include_withheld or may_be_shown(row.pubstatus, row.revision_status) for row in rows}
    found = {one.id: one if shown[one.id] else redacted(one) for one in await readable(connection, rows)}
    return [found[id_] for id_ in ids if id_ in found]
