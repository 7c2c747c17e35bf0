"""Revisits of pages: claimed when due, postponed, skipped.

The entries stay `done`, so a revisit is never in the queue of new work.
"""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.timing import Timing
from ingestd.policy.articles.revisits import is_too_late, next_visit
from ingestd.store.schema.tables import entries, records, revisions, sources
from ingestd.store.statements import chunks
from ingestd.store.work import entries as entry_queue
from ingestd.store.work import shared_pages
from ingestd.store.work.addresses import address_of
from ingestd.store.work.due import Chosen, Queue, find, find_of_site
from ingestd.store.work.entries import CLOCK_TOLERANCE, ClaimedEntry, KnownRecord, is_any_claim, readable

#: Rows read from the head of each queue; more could not be processed at once.
_HEAD = 100

#: Reads in a row that may find only revisits to skip.
_MAX_ROUNDS = 10

#: No site is on hold.
NO_HOLDS: Mapping[str, datetime] = MappingProxyType({})

_WAITING = entries.c.run_id.is_(None) & (entries.c.state == "done") & entries.c.revisit_at.is_not(None)
_QUEUE = Queue(waiting=_WAITING, due_at=entries.c.revisit_at)


async def claim_due(
    connection: AsyncConnection,
    run_id: str,
    *,
    now: datetime,
    limit: int,
    timing: Timing,
    without_sites: Collection[str] = (),
    held: Mapping[str, datetime] = NO_HOLDS,
    only_site: str | None = None,
) -> list[ClaimedEntry]:
    """Claim entries whose revisit is due, the longest due first, except those of sites that have new work.

    With `only_site`, those of one site, whether it has new work or not.

    A revisit that is too late, for example after a long stop, is dropped with all later ones.  One of a source that is
    paused or has `revisits` off is skipped: another entry of the same address, whose source wants revisits, gets its
    schedule, or else the entry is due again at the next time of it.  `held` says until when sites are on hold: their
    revisits are put off until then, each site's in one statement.
    """
    if only_site is None:
        left_out = {None, *without_sites, *held, *await entry_queue.due_sites(connection, now=now, limit=_HEAD)}
    claimable: list[tuple[int, str]] = []
    for _ in range(_MAX_ROUNDS):
        if only_site is None:
            chosen = Chosen(left_out, by_address=False)
            ids = await find(connection, _QUEUE, chosen, now=now, limit=_HEAD)
        else:
            chosen = Chosen((), by_address=False)
            ids = await find_of_site(connection, _QUEUE, chosen, only_site, now=now, limit=_HEAD)
        for site in held.keys() & chosen.left_out().keys():
            unclaimed = entries.c.id.in_(chosen.left_out()[site]) & entries.c.run_id.is_(None)
            await connection.execute(update(entries).where(unclaimed).values(revisit_at=held[site]))
        found = await _locked(connection, ids[:_HEAD], now=now)
        late = {row.id for row in found if is_too_late(now, story_date=row.first_seen_at, until=timing.revisit_until)}
        wanted = [row for row in found if row.wanted and row.id not in late]
        await _fill_addresses(connection, wanted)
        claimable = _first_of_each_address(wanted)[:limit]
        skipped = [row for row in found if not row.wanted or row.id in late]
        unwanted = [row.id for row in skipped if row.id not in late]
        passed = await shared_pages.hand_over(connection, unwanted, now=now) if unwanted else set()
        await _skip(connection, [row for row in skipped if row.id not in passed], now=now, timing=timing)
        if claimable or len(ids) < _HEAD:
            break
    await shared_pages.keep_one_schedule(connection, claimable)
    ids = [entry_id for entry_id, _ in claimable]
    statement = update(entries).where(entries.c.id.in_(ids)).values(run_id=run_id, claims=entries.c.claims + 1)
    rows = (await connection.execute(statement.returning(entries))).all() if claimable else []
    claimed_entries = await readable(connection, sorted(rows, key=lambda row: (row.revisit_at, row.id)), now=now)
    return await _with_known(connection, claimed_entries)


async def _locked(connection: AsyncConnection, ids: Sequence[int], *, now: datetime) -> list[Row[Any]]:
    """Lock due entries that no other transaction has locked; return them, and whether their source wants revisits."""
    c = entries.c
    wanted = sources.c.revisits & sources.c.state.not_in(("paused", "removed"))
    query = (
        select(c.id, c.url, c.address, c.first_seen_at, c.state, c.run_id, c.revisit_at, wanted.label("wanted"))
        .join(sources, sources.c.id == c.source_id)
        .where(c.id.in_(ids))
        .with_for_update(skip_locked=True, of=entries)
    )
    rows = [
        row
        for row in await connection.execute(query)
        if row.state == "done" and row.run_id is None and row.revisit_at is not None and row.revisit_at <= now
    ]
    return sorted(rows, key=lambda row: (row.revisit_at, row.id))


def _first_of_each_address(rows: Iterable[Row[Any]]) -> list[tuple[int, str]]:
    """Return the id and the URL of the first row of each address."""
    first: dict[str | None, Row[Any]] = {}
    for row in rows:
        first.setdefault(address_of(row), row)
    return [(row.id, row.url) for row in first.values()]


async def _fill_addresses(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
    """Store the addresses of rows that an earlier version wrote."""
    values = [{"entry": row.id, "of_page": address_of(row)} for row in rows if row.address is None and row.url]
    if values:
        statement = update(entries).where(entries.c.id == bindparam("entry"))
        await connection.execute(statement.values(address=bindparam("of_page")), values)


async def _skip(connection: AsyncConnection, rows: Sequence[Row[Any]], *, now: datetime, timing: Timing) -> None:
    """Schedule the revisit after this one; None for entries that are too old."""
    times = {
        row.id: next_visit(
            now,
            story_date=row.first_seen_at,
            first=timing.revisit_first,
            until=timing.revisit_until,
            jitter=random.random(),  # noqa: S311 - spreads load, not for security
        )
        for row in rows
    }
    # After a long stop nearly all are too old: one statement for them, not one each under the lock.
    ended = [id_ for id_, time in times.items() if time is None]
    if ended:
        await connection.execute(update(entries).where(entries.c.id.in_(ended)).values(revisit_at=None))
    values = [{"entry": id_, "next": time} for id_, time in times.items() if time is not None]
    if values:
        statement = update(entries).where(entries.c.id == bindparam("entry"))
        await connection.execute(statement.values(revisit_at=bindparam("next")), values)


async def _with_known(connection: AsyncConnection, claimed_entries: Sequence[ClaimedEntry]) -> list[ClaimedEntry]:
    """Return entries with their current records, for the comparison with their pages."""
    found: dict[int, Any] = {}
    for some in chunks(sorted({work.record_id for work in claimed_entries if work.record_id is not None})):
        query = (
            select(
                records.c.id, records.c.origin_entry_id, revisions.c.entry_id, revisions.c.raw,
                revisions.c.content_hash, revisions.c.headline, revisions.c.firstcreated,
            )
            .join(revisions, (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision))
            .where(records.c.id.in_(some))
        )  # fmt: skip
        for row in await connection.execute(query):
            found[row.id] = row
    return [replace(work, known=_known(found.get(work.record_id or 0), work)) for work in claimed_entries]


def _known(row: Any, work: ClaimedEntry) -> KnownRecord:
    if row is None:
        return KnownRecord()
    return KnownRecord(
        # Bytes of another entry are from another page.
        raw=row.raw if row.entry_id == work.id else None,
        content_hash=row.content_hash,
        headline=row.headline,
        is_origin=row.origin_entry_id == work.id,
        firstcreated=row.firstcreated,
    )


async def postpone(connection: AsyncConnection, *works: ClaimedEntry, until: datetime) -> None:
    """Release claimed entries without a fetch, their revisits due at `until`."""
    await connection.execute(update(entries).where(is_any_claim(works)).values(run_id=None, revisit_at=until))


async def fix_future_due_times(connection: AsyncConnection, *, now: datetime) -> None:
    """Make revisits due now that were scheduled by a clock that was ahead and has been set back."""
    ahead = _WAITING & (entries.c.revisit_at > now) & (entries.c.visited_at > now + CLOCK_TOLERANCE)
    await connection.execute(update(entries).where(ahead).values(revisit_at=now, visited_at=now))
