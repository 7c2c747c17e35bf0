"""Entries of one address share one fetch of its page and one schedule of revisits, whichever sources list them.

Links that differ by tracking parameters, fragment or spelling have one address (`addresses`).

One of the entries is fetched and revisited; the others become carriers of its record.  Entries that carry their full
text, or an enclosure with wire items, fetch no page and share nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    exists,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import entries, records, sources
from ingestd.store.statements import chunks
from ingestd.store.unreadable import if_json
from ingestd.store.work.addresses import address_of, has_address, have_same_address, is_written
from ingestd.urls import page_address

_other = entries.alias("other")

#: The ids of removed sources.
REMOVED = select(sources.c.id).where(sources.c.state == literal_column("'removed'"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    """The page of an address, as another entry has fetched it."""

    entry_id: int
    record_id: int
    #: Its last visit.
    visited_at: datetime
    #: Fingerprint of that entry as its feed announced it last.
    fingerprint: str
    announced: Any


def needs_page(table: Any) -> ColumnElement[bool]:
    """Return the condition that an entry's page is fetched, for `entries` or an alias of it."""
    announced = if_json(table.c.announced)
    has_text, has_payload = announced["body_html"].as_string(), announced["payload"].as_string()
    return and_(table.c.url.is_not(None), has_text.is_(None), has_payload.is_(None))


def is_first_of_address(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an entry's page may be fetched now: no other entry of the address is at work or first.

    An entry is at work while a run has claimed it.  Of the due entries of an address, the longest due is first.
    """
    o, e = _other.c, entries.c
    at_work = o.run_id.is_not(None)
    earlier = or_(o.due_at < e.due_at, and_(o.due_at == e.due_at, o.id < e.id))
    # Entries of removed sources are not claimed, so nobody waits for them.
    listed = o.source_id.not_in(REMOVED.scalar_subquery())
    is_before = and_(o.state == "pending", o.due_at <= now, listed, _same_backfill(), earlier)
    # The content is looked at last: thousands of entries may share the address, of which few are before this one.
    others = select(literal(1)).where(
        have_same_address(entries, _other), o.id != e.id, or_(at_work, is_before), needs_page(_other)
    )
    return or_(~needs_page(entries), ~exists(others.correlate(entries)))


def first_of_address(now: datetime) -> ScalarSelect[int]:
    """Return a subquery: for an entry, the one of its address that `is_first_of_address` allows if none is at work."""
    o = _other.c
    listed = o.source_id.not_in(REMOVED.scalar_subquery())
    waiting = and_(o.state == "pending", o.run_id.is_(None), o.due_at <= now, listed, _same_backfill())
    firsts = select(o.id).where(have_same_address(entries, _other), waiting, needs_page(_other))
    return firsts.order_by(o.due_at, o.id).limit(1).correlate(entries).scalar_subquery()


async def addresses_at_work(connection: AsyncConnection) -> list[str]:
    """Return the addresses whose page a run is fetching, for one of the entries it has claimed."""
    query = select(entries.c.url, entries.c.address).where(entries.c.run_id.is_not(None), needs_page(entries))
    return [address for row in await connection.execute(query) if (address := address_of(row)) is not None]


def _same_backfill() -> ColumnElement[bool]:
    o, e = _other.c, entries.c
    return or_(o.backfill_id == e.backfill_id, and_(o.backfill_id.is_(None), e.backfill_id.is_(None)))


async def find(connection: AsyncConnection, url: str, *, entry_id: int) -> SharedPage | None:
    """Return the page of an address as another entry fetched it last; None if none has, or it was gone then."""
    e = entries.c
    query = (
        select(e.id, e.record_id, e.visited_at, e.fingerprint, e.announced)
        .join(records, records.c.id == e.record_id)
        # A wire item is no page, although its entry may name one.
        .where(has_address(entries, [url]), e.id != entry_id, e.state == "done", records.c.item_key.is_(None))
        .where(e.visited_at.is_not(None), e.gone.is_(None))
        .order_by(e.visited_at.desc(), e.id)
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return SharedPage(
        entry_id=row.id, record_id=row.record_id, visited_at=row.visited_at, fingerprint=row.fingerprint,
        announced=row.announced,
    )  # fmt: skip


_WITH_RECORD = (
    select(entries.c.address, entries.c.url)
    .where(
        entries.c.record_id.is_not(None),
        or_(
            entries.c.address.in_(bindparam("addresses", expanding=True)),
            is_written(entries, bindparam("urls", expanding=True)),
        ),
    )
    .distinct()
)


async def with_record(connection: AsyncConnection, urls: Collection[str]) -> set[str]:
    """Return which of some URLs, at most some hundred, have an address at which an entry has a record."""
    addresses = {url: page_address(url) for url in urls}
    values = {"addresses": sorted({*addresses.values()}), "urls": sorted({*urls, *addresses.values()})}
    taken = {one for row in await connection.execute(_WITH_RECORD, values) for one in row}
    return {url for url, address in addresses.items() if url in taken or address in taken}


async def find_purged(connection: AsyncConnection, url: str) -> int | None:
    """Return the purged record that an address belongs to; None if there is none.  Its page is never fetched again."""
    query = select(records.c.id).join(entries, entries.c.record_id == records.c.id)
    query = query.where(has_address(entries, [url]), records.c.purged_at.is_not(None))
    return (await connection.execute(query)).scalar()


async def share_failures(
    connection: AsyncConnection, failed: Sequence[tuple[str, int, dict[str, Any]]]
) -> list[tuple[int, int, int]]:
    """Give the outcome of failed attempts to the other pending entries of each address, so that they attempt nothing.

    `failed` holds the URL, the entry that was attempted, and the values of its columns state, attempts and due_at.
    Returns those that are quarantined with it: the attempted entry, the other one and the source of that.
    """
    quarantined: list[tuple[int, int, int]] = []
    for url, entry_id, values in sorted(failed, key=lambda one: one[1]):
        others = and_(
            has_address(entries, [url]), entries.c.id != entry_id, entries.c.state == "pending",
            entries.c.run_id.is_(None), entries.c.attempts < max(1, values["attempts"]), needs_page(entries),
        )  # fmt: skip
        rows = await connection.execute(
            update(entries).where(others).values(values).returning(entries.c.id, entries.c.source_id)
        )
        if values["state"] == "quarantined":
            quarantined += [(entry_id, *row) for row in rows.all()]
    return quarantined


async def keep_one_schedule(connection: AsyncConnection, claimed: Sequence[tuple[int, str]]) -> None:
    """End the schedules of other entries at the addresses of claimed revisits, given as (entry id, URL).

    Databases from before addresses were shared have a schedule for each entry.
    """
    ids = {entry_id for entry_id, _ in claimed}
    for some in chunks(sorted({url for _, url in claimed})):
        others = and_(
            has_address(entries, some), entries.c.id.not_in(ids), entries.c.state == "done",
            entries.c.run_id.is_(None), entries.c.revisit_at.is_not(None),
        )  # fmt: skip
        await connection.execute(update(entries).where(others).values(revisit_at=None))


async def hand_over(connection: AsyncConnection, entry_ids: Sequence[int], *, now: datetime) -> set[int]:
    """Pass the schedules of entries whose source wants no revisits to another entry of the same address.

    Returns the entries that have passed theirs on; the next visit is due at once.
    """
    passed: set[int] = set()
    e, o = entries.c, _other.c
    wanted = sources.c.revisits & sources.c.state.not_in(("paused", "removed"))
    for some in chunks(sorted(entry_ids)):
        heirs = (
            select(e.id, o.id.label("heir"), e.visits, e.visited_at, e.etag, e.last_modified, e.gone, e.gone_since)
            .select_from(entries)
            .join(_other, and_(have_same_address(entries, _other), o.id != e.id, o.record_id == e.record_id))
            .join(sources, sources.c.id == o.source_id)
            .where(e.id.in_(some), o.state == "done", o.run_id.is_(None), o.revisit_at.is_(None), wanted)
            .order_by(e.id, o.id)
        )
        for row in (await connection.execute(heirs)).all():
            if row.id in passed:
                continue
            passed.add(row.id)
            schedule = {name: getattr(row, name) for name in _SCHEDULE}
            await connection.execute(update(entries).where(e.id == row.heir).values(revisit_at=now, **schedule))
            await connection.execute(update(entries).where(e.id == row.id).values(revisit_at=None))
    return passed


_SCHEDULE = ("visits", "visited_at", "etag", "last_modified", "gone", "gone_since")
