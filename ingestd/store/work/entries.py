"""Entries: durable work, claimed by a run and finished by what it came to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json, item_from_json, without_body
from ingestd.model.source import Validators
from ingestd.policy.articles.revisits import NO_VISITS, Visits
from ingestd.store.schema.tables import entries
from ingestd.store.statements import chunks
from ingestd.times import iso, parse_iso

#: Times of this host differ by less, unless somebody sets its clock.
CLOCKS_AGREE = timedelta(minutes=1)

_FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the record of an entry says now, of whose page there is another visit."""

    #: The name of the bytes it was made of, where they came from that page.
    raw: str | None = None
    content_hash: str | None = None
    headline: str | None = None
    #: Whether the entry made the record, so that its headline counts.
    is_origin: bool = False
    firstcreated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An entry that a run has claimed, with all that is needed to make a record of it."""

    id: int
    source_id: int
    run_id: str
    entry: Entry
    #: Failures so far.
    attempts: int
    #: The registrable domain of its page; empty when it has none.
    site: str
    #: Of its page, from an earlier visit.
    validators: Validators
    record_id: int | None = None
    first_seen_at: datetime | None = None
    backfill_id: int | None = None
    visits: Visits = NO_VISITS
    #: None unless its page is visited again although its feed says nothing new.
    known: Known | None = None


def announced(entry: Entry) -> dict[str, Any]:
    """Return an entry as a JSON value; absent fields are left out."""
    # Not asdict, which copies every value deeply: a poll has hundreds of entries.
    named = ((name, getattr(entry, name)) for name in _FIELDS)
    values = {name: value for name, value in named if value is not None and value != ()}
    if entry.item:
        values["item"] = _item_as_json(entry.item, entry.body_html)
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in values.items()}


def _item_as_json(item: Item, body_html: str | None) -> dict[str, Any]:
    """Return an item as a JSON value; "" for its markup says that it is its entry's: once is enough."""
    if not body_html or item.body_html != body_html:
        return item_as_json(item)
    return {**item_as_json(replace(item, body_html=None)), "body_html": ""}


def entry_of(value: dict[str, Any]) -> Entry:
    """Return a JSON value as the entry it was made of."""
    times: dict[str, Any] = {key: parse_iso(value[key]) for key in ("published", "updated") if key in value}
    lists: dict[str, Any] = {key: tuple(value[key]) for key in ("authors", "keywords") if key in value}
    entry = Entry(**{**value, **times, **lists, "item": None})
    if "item" not in value:
        return entry
    item = item_from_json(value["item"])
    return replace(entry, item=replace(item, body_html=entry.body_html) if item.body_html == "" else item)


def without_content(entry: Entry) -> Entry:
    """Return an entry without its content, as it is kept once its record is saved."""
    return replace(entry, body_html=None, item=without_body(entry.item) if entry.item else None)


async def claim_due(
    connection: AsyncConnection,
    run_id: str,
    *,
    now: datetime,
    limit: int,
    without_sites: Collection[str] = (),
    backfill_id: int | None = None,
) -> list[Work]:
    """Claim pending entries that are due, the longest waiting first: a backfill's own, or else those of no backfill."""
    due = (
        select(entries.c.id)
        .where(entries.c.state == "pending", entries.c.run_id.is_(None), entries.c.due_at <= now)
        .where(entries.c.backfill_id.is_(None) if backfill_id is None else entries.c.backfill_id == backfill_id)
        .order_by(entries.c.due_at, entries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if without_sites:
        due = due.where(entries.c.site.is_(None) | entries.c.site.not_in(without_sites))
    statement = update(entries).where(entries.c.id.in_(due.scalar_subquery())).values(run_id=run_id).returning(entries)
    rows = (await connection.execute(statement)).all()
    return [work_of(row) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]


async def put_off(connection: AsyncConnection, work: Work, *, until: datetime) -> None:
    """Give a claimed entry back untried, due later."""
    mine = (entries.c.id == work.id) & (entries.c.run_id == work.run_id)
    await connection.execute(update(entries).where(mine).values(run_id=None, due_at=until))


async def ids_of(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> list[int]:
    """Return the numbers of a source's entries."""
    found: list[int] = []
    for some in chunks(guids):
        query = select(entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found += (await connection.execute(query)).scalars()
    return found


async def free_from_the_future(connection: AsyncConnection, *, now: datetime) -> None:
    """Let pending entries be due that were put off by a clock which was ahead and has been set back."""
    seen_later = entries.c.last_seen_at > now + CLOCKS_AGREE
    waiting = (entries.c.state == "pending") & entries.c.run_id.is_(None) & (entries.c.due_at > now)
    await connection.execute(update(entries).where(waiting, seen_later).values(due_at=now))


def work_of(row: Row[Any]) -> Work:
    """Return a claimed row of `entries` as a value."""
    return Work(
        id=row.id,
        source_id=row.source_id,
        run_id=row.run_id,
        entry=entry_of(row.announced),
        attempts=row.attempts,
        site=row.site or "",
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        record_id=row.record_id,
        first_seen_at=row.first_seen_at,
        backfill_id=row.backfill_id,
        visits=Visits(
            count=row.visits,
            last_at=row.visited_at,
            next_at=row.revisit_at,
            gone=row.gone,
            gone_since=row.gone_since,
        ),
    )
