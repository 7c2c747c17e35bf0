"""Entries as durable work: claimed by a run when due, released, postponed; `records.save` finishes them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json, item_from_json, without_body
from ingestd.model.source import Validators
from ingestd.policy.articles.revisits import NO_VISITS, Visits
from ingestd.store.schema.tables import entries, failures, polls, windows
from ingestd.store.statements import chunks
from ingestd.store.unreadable import UNREADABLE
from ingestd.store.work import shared_pages
from ingestd.store.work.due import Chosen, Queue, find
from ingestd.store.work.shared_pages import REMOVED, first_of_address, is_first_of_address
from ingestd.times import iso, parse_iso

#: Times stored more than this in the future come from a clock that has been set back.
CLOCK_TOLERANCE = timedelta(minutes=1)

_FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """The current record of an entry, for a revisit to compare its page with."""

    #: SHA-256 of the raw bytes it was extracted from; None: not archived, or from another entry's page.
    raw: str | None = None
    content_hash: str | None = None
    headline: str | None = None
    #: Whether the entry created the record, so that its headline counts.
    is_origin: bool = False
    firstcreated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedEntry:
    """An entry that a run has claimed, with everything needed to process it."""

    id: int
    source_id: int
    run_id: str
    entry: Entry
    #: Failed attempts so far.
    attempts: int
    #: The registrable domain of its page, or of its text by reference; empty: it has neither.
    site: str
    #: Validators of its page, from an earlier fetch.
    validators: Validators
    record_id: int | None = None
    first_seen_at: datetime | None = None
    backfill_id: int | None = None
    visits: Visits = NO_VISITS
    #: Fingerprint of its content, as its feed announced it last.
    fingerprint: str = ""
    #: Set for a revisit; None for an entry that the feed announced as new or changed.
    known: KnownRecord | None = None
    #: Number of the claim: a result counts only while that is the present one.
    claim: int = 0


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as a JSON value without absent fields."""
    # `asdict` would copy every value deeply, for hundreds of entries a poll.
    named = ((name, getattr(entry, name)) for name in _FIELDS)
    values = {name: value for name, value in named if value is not None and value != ()}
    if entry.item:
        values["item"] = _item_as_json(entry.item, entry.body_html)
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in values.items()}


def _item_as_json(item: Item, body_html: str | None) -> dict[str, Any]:
    """Return an item as a JSON value, with `body_html` "" if it equals its entry's, so that it is stored only once."""
    if not body_html or item.body_html != body_html:
        return item_as_json(item)
    return {**item_as_json(replace(item, body_html=None)), "body_html": ""}


def entry_from_json(value: dict[str, Any]) -> Entry:
    """Return the entry that `entry_as_json` encoded."""
    times: dict[str, Any] = {key: parse_iso(value[key]) for key in ("published", "updated") if key in value}
    lists: dict[str, Any] = {key: tuple(value[key]) for key in ("authors", "keywords") if key in value}
    # A newer program may have written fields that this one does not know.
    known = {key: one for key, one in value.items() if key in _FIELDS}
    entry = Entry(**{**known, **times, **lists, "item": None})
    if "item" not in value:
        return entry
    item = item_from_json(value["item"])
    return replace(entry, item=replace(item, body_html=entry.body_html) if item.body_html == "" else item)


def without_content(entry: Entry) -> Entry:
    """Return an entry as stored once its record, which has a wire entry's item, is saved: without its content."""
    return replace(entry, body_html=None, item=without_body(entry.item) if entry.item and not entry.wire else None)


def pending(backfill_id: int | None) -> Queue:
    """Return the queue of a backfill's pending entries; None: of those that belong to no backfill."""
    of = entries.c.backfill_id.is_(None) if backfill_id is None else entries.c.backfill_id == backfill_id
    waiting = (entries.c.state == "pending") & entries.c.run_id.is_(None) & of
    listed = entries.c.source_id.not_in(REMOVED.scalar_subquery())
    return Queue(waiting=waiting, due_at=entries.c.due_at, first=entries.c.backfill_id, only=listed)


async def due_sites(connection: AsyncConnection, *, now: datetime, limit: int) -> set[str]:
    """Return the sites of the `limit` longest due entries that belong to no backfill."""
    rows = await connection.execute(pending(None).rows(now).limit(limit))
    return {row.site for row in rows if row.site is not None}


async def find_due(
    connection: AsyncConnection,
    *,
    now: datetime,
    limit: int,
    without_sites: Collection[str] = (),
    backfill_id: int | None = None,
    shares_pages: bool = True,
) -> tuple[list[int], dict[str, list[int]]]:
    """Return the ids of due pending entries for `claim`, the longest due first, without those of `without_sites`.

    Returns as well those of `without_sites`, by site, for `put_off`: none if there are too many for one statement.

    `backfill_id` None: entries that belong to no backfill.  Of the entries of one address, whose page is fetched only
    once, one is found at a time, and none while a run works on one; `shares_pages` is False if no pages are fetched.
    Entries that carry their text are found whatever their site is; those of removed sources wait until the source is
    added again.
    """
    taken = await shared_pages.addresses_at_work(connection) if shares_pages else ()
    chosen = Chosen(without_sites, by_address=shares_pages, taken=taken, without_removed=True)
    ids = await find(connection, pending(backfill_id), chosen, now=now, limit=limit)
    return ids, chosen.left_out()


async def put_off(connection: AsyncConnection, ids: Sequence[int], *, until: datetime) -> None:
    """Make entries that no run has claimed due at `until`, since their site is on hold."""
    unclaimed = entries.c.id.in_(ids) & entries.c.run_id.is_(None)
    await connection.execute(update(entries).where(unclaimed).values(due_at=until))


async def claim(
    connection: AsyncConnection,
    run_id: str,
    ids: Sequence[int],
    *,
    now: datetime,
    limit: int,
    shares_pages: bool = True,
) -> list[ClaimedEntry]:
    """Claim at most `limit` of the entries that `find_due` found, in its order, if they are still to be had."""
    claimable: list[int] = []
    for some in (ids[:limit], ids[limit:]):
        left = limit - len(claimable)
        if some and left:
            claimable += await _still_due(connection, some[:left], now=now, shares_pages=shares_pages)
    statement = update(entries).where(entries.c.id.in_(claimable)).values(run_id=run_id, claims=entries.c.claims + 1)
    rows = (await connection.execute(statement.returning(entries))).all() if claimable else []
    return await readable(connection, sorted(rows, key=lambda row: (row.due_at, row.id)), now=now)


async def _still_due(
    connection: AsyncConnection, ids: Sequence[int], *, now: datetime, shares_pages: bool
) -> Sequence[int]:
    """Lock entries that no other transaction has locked, and return those that may be claimed."""
    # Without a condition on the state: with one, PostgreSQL may read the whole index of due entries.
    c = entries.c
    locked = select(c.id, c.state, c.run_id, c.due_at).where(c.id.in_(ids)).with_for_update(skip_locked=True)
    rows = (await connection.execute(locked)).all()
    due = [row.id for row in rows if row.state == "pending" and row.run_id is None and row.due_at <= now]
    if not due or not shares_pages:
        return due
    first = (await connection.execute(select(c.id).where(c.id.in_(due), is_first_of_address(now)))).scalars().all()
    if not (others := set(due) - set(first)):
        return first
    # `find_due` may have found another entry of the address that is due at the same time as the first.
    query = select(first_of_address(now)).where(c.id.in_(others))
    instead = set((await connection.execute(query)).scalars()) - {None, *ids}
    return [*first, *(await _still_due(connection, [*instead], now=now, shares_pages=True) if instead else ())]


async def claim_due(
    connection: AsyncConnection,
    run_id: str,
    *,
    now: datetime,
    limit: int,
    without_sites: Collection[str] = (),
    backfill_id: int | None = None,
    shares_pages: bool = True,
) -> list[ClaimedEntry]:
    """Find and claim due entries in one transaction; see `find_due`."""
    ids, _ = await find_due(
        connection, now=now, limit=limit, without_sites=without_sites, backfill_id=backfill_id,
        shares_pages=shares_pages,
    )  # fmt: skip
    return await claim(connection, run_id, ids, now=now, limit=limit, shares_pages=shares_pages)


async def postpone(connection: AsyncConnection, *works: ClaimedEntry, until: datetime) -> None:
    """Release claimed entries without an attempt, due again at `until`."""
    await connection.execute(update(entries).where(is_any_claim(works)).values(run_id=None, due_at=until))


def is_any_claim(works: Sequence[ClaimedEntry]) -> ColumnElement[bool]:
    """Return the condition that an entry is still claimed by one of these claims, all of one run."""
    c = entries.c
    claims = tuple_(c.id, c.claims).in_([(work.id, work.claim) for work in works])
    return c.id.in_([work.id for work in works]) & claims & (c.run_id == works[0].run_id)


def is_claim(work: ClaimedEntry) -> ColumnElement[bool]:
    """Return the condition that an entry is still claimed by the claim of `work`."""
    c = entries.c
    return (c.id == work.id) & (c.run_id == work.run_id) & (c.claims == work.claim)


async def find_ids(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> list[int]:
    """Return the ids of a source's entries with these guids."""
    found: list[int] = []
    for some in chunks(guids):
        query = select(entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found += (await connection.execute(query)).scalars()
    return found


async def latest_urls(connection: AsyncConnection, source_id: int, *, limit: int = 200) -> list[str]:
    """Return the URLs of a source's latest entries, newest first."""
    query = select(entries.c.url).where(entries.c.source_id == source_id, entries.c.url.is_not(None))
    return list((await connection.execute(query.order_by(entries.c.id.desc()).limit(limit))).scalars())


async def fix_future_due_times(connection: AsyncConnection, *, now: datetime) -> None:
    """Make pending entries due now that were last seen by a clock that was ahead and has been set back."""
    later = now + CLOCK_TOLERANCE
    polled_later = select(polls.c.source_id).where(polls.c.at > later)  # by index; `windows` has none by time
    of_window = select(windows.c.source_id).where(windows.c.at > later, windows.c.source_id.in_(polled_later))
    seen_later = (entries.c.last_seen_at > later) | entries.c.source_id.in_(of_window.scalar_subquery())
    waiting = (entries.c.state == "pending") & entries.c.run_id.is_(None) & (entries.c.due_at > now) & seen_later
    # One after the other, as the index of the queue has them: those of no backfill, then those of each.
    for of in (entries.c.backfill_id.is_(None), entries.c.backfill_id > 0):
        await connection.execute(update(entries).where(waiting, of).values(due_at=now))


async def readable(connection: AsyncConnection, rows: Sequence[Row[Any]], *, now: datetime) -> list[ClaimedEntry]:
    """Return claimed rows as entries; one that cannot be read is quarantined alone, with a failure that says why."""
    found = []
    for row in rows:
        try:
            found.append(claimed_from_row(row))
        except UNREADABLE as error:
            values: dict[str, str | None] = {"run_id": None, "revisit_at": None}
            if row.state == "pending":
                values["state"] = "quarantined"
            await connection.execute(update(entries).where(entries.c.id == row.id).values(values))
            failure = {
                "at": now, "stage": "bug", "error": "UnreadableRow", "attempt": row.attempts + 1,
                "message": f"the row of the entry cannot be read: {type(error).__name__}: {error}"[:1000],
                "source_id": row.source_id, "entry_id": row.id,
            }  # fmt: skip
            await connection.execute(insert(failures), failure)
    return found


def claimed_from_row(row: Row[Any]) -> ClaimedEntry:
    """Return a claimed row of `entries` as a `ClaimedEntry`."""
    return ClaimedEntry(
        id=row.id,
        source_id=row.source_id,
        run_id=row.run_id,
        entry=entry_from_json(row.announced),
        attempts=row.attempts,
        site=row.site or "",
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        record_id=row.record_id,
        first_seen_at=row.first_seen_at,
        backfill_id=row.backfill_id,
        fingerprint=row.fingerprint,
        claim=row.claims,
        visits=Visits(
            count=row.visits,
            last_at=row.visited_at,
            next_at=row.revisit_at,
            gone=row.gone,
            gone_since=row.gone_since,
        ),
    )
