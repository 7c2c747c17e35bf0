"""Saving of poll results: entries, validators and next due time in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.feed import Entry
from ingestd.model.source import NO_VALIDATORS
from ingestd.model.text_references import is_by_reference
from ingestd.store.database import lock_records
from ingestd.store.operations import failures
from ingestd.store.polls import gaps, redirects, source_updates, subscriptions, windows, withdrawn_entries
from ingestd.store.polls.listed_versions import Listed, ids_of, save_versions
from ingestd.store.polls.poll_claims import lock_claims
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.store.records import raws
from ingestd.store.schema.tables import entries, polls
from ingestd.store.statements import chunks, execute_for_all, insert_absent
from ingestd.store.work.entries import entry_as_json
from ingestd.urls import page_address, site


async def save_lists(connection: AsyncConnection, lists: Sequence[Sequence[PollResult]]) -> list[bool]:
    """Save lists of results; returns for each list whether all of it is saved."""
    are_saved = await save(connection, [poll for some in lists for poll in some])
    ends = list(accumulate(map(len, lists)))
    return [all(are_saved[end - len(some) : end]) for some, end in zip(lists, ends, strict=True)]


async def save(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> list[bool]:
    """Save poll results: their entries, the state of their sources, a row in `polls` each, gaps and failures.

    A result whose run has lost the claim is dropped, so that it does not overwrite a later one; only its versions of
    wire items are saved, whose order of arrival decides nothing.  Returns for each result whether it is saved.

    `poll_results` is not empty.
    """
    if any(poll.versions for poll in poll_results):
        # Before any other lock: `save_outcomes` also takes this one before rows of `entries`, which prevents deadlocks.
        await lock_records(connection)
    states = await lock_claims(connection, poll_results)
    found = list(zip(poll_results, states, strict=True))
    unsaved = [poll for poll, state in found if state != "saved"]
    await _lock_entries(connection, unsaved)
    await _add_raws(connection, [poll for poll, state in found if state == "current" or poll.versions])
    late = [poll for poll, state in found if state == "lost" and poll.versions]
    rows = [row for poll in late for row in _entry_rows(poll.source.id, poll.versions, now=poll.at, raw=poll.raw)]
    await insert_absent(connection, entries, rows)
    current = [poll for poll, state in found if state == "current"]
    added = await _update_entries(connection, current)
    listed = [Listed(one.source.id, one.versions, one.at, one.raw, one.by_reference) for one in unsaved]
    await save_versions(connection, listed)
    if current:
        now_listed = await windows.save(connection, current, added)
        await _update_sources(connection, current, now_listed)
    return [state != "lost" for state in states]


async def _update_sources(
    connection: AsyncConnection, poll_results: Sequence[PollResult], now_listed: Mapping[int, windows.Window]
) -> None:
    """Save what results say of their sources, of which `now_listed` are the windows; all claims are current."""
    await withdrawn_entries.add_evidence(connection, poll_results, now_listed)
    await source_updates.update_after_polls(
        connection, [await _adopt_address(connection, poll) for poll in poll_results]
    )
    await _update_hubs(connection, poll_results)
    await execute_for_all(connection, _INSERT, [_poll_row(poll) for poll in poll_results])
    await gaps.open_gaps(
        connection, [await gaps.gap_row(connection, poll) for poll in poll_results if poll.may_have_lost]
    )
    await failures.add(connection, [poll.failure for poll in poll_results])


_INSERT = polls.insert().inline()


async def _add_raws(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Add the raw bytes of documents; a document with wire items is what their records are made from."""
    for kind, with_versions in _RAW_KINDS:
        some = [poll.raw for poll in poll_results if bool(poll.versions) is with_versions]
        if some:
            await raws.add(connection, some, kind=kind, now=poll_results[0].at)


_RAW_KINDS: tuple[tuple[raws.RawKind, bool], ...] = (("feed", False), ("page", True))


async def _adopt_address(connection: AsyncConnection, poll: PollResult) -> PollResult:
    """Adopt the new address of a source that has moved.

    If another source has that address, the result is returned without validators, which are of the new address.
    """
    if not poll.has_moved or not poll.moved_to:
        return poll
    if await redirects.move_source(connection, poll.source, poll.moved_to, run_id=poll.run_id, now=poll.at):
        return poll
    return replace(poll, validators=NO_VALIDATORS)


async def _update_hubs(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Update subscriptions: hubs that documents name or no longer name, and hubs that failed to push new entries."""
    parsed = [poll for poll in poll_results if poll.listed is not None]
    await subscriptions.remove_hubs(
        connection, [poll.source.id for poll in parsed if not poll.hub], now=poll_results[0].at
    )
    for poll in parsed:
        source = poll.source
        if poll.hub:
            await subscriptions.set_hub(connection, source.id, poll.hub, poll.topic or source.url, now=poll.at)
            if poll.new and source.pushed_until:
                await subscriptions.mark_silent(connection, source.id, now=poll.at)


async def add_entries(
    connection: AsyncConnection,
    source_id: int,
    found: Sequence[ListedEntry],
    *,
    now: datetime,
    raw: raws.ArchivedRaw | None = None,
    backfill_id: int | None = None,
) -> None:
    """Add entries as pending work, due at once; known entries stay as they are.

    Versions of wire items are saved as revisions in this transaction, including those of known entries.
    """
    if any(item.version for item in found):
        await lock_records(connection)
    await insert_absent(connection, entries, _entry_rows(source_id, found, now=now, raw=raw, backfill_id=backfill_id))
    by_reference = frozenset(item.entry.guid for item in found if is_by_reference(item.entry))
    await save_versions(connection, [Listed(source_id, found, now, raw, by_reference)])


def _entry_rows(
    source_id: int,
    found: Sequence[ListedEntry],
    *,
    now: datetime,
    raw: raws.ArchivedRaw | None,
    backfill_id: int | None = None,
) -> list[dict[str, Any]]:
    return [
        {
            "source_id": source_id,
            "guid": item.entry.guid,
            "id_origin": item.entry.id_origin,
            "url": item.entry.link,
            "site": _site(item.entry),
            "address": page_address(item.entry.link) if item.entry.link else None,
            "fingerprint": item.fingerprint,
            "announced": entry_as_json(item.entry),
            # A version of a wire item is saved in the same transaction.
            "state": "done" if item.version else "pending",
            "attempts": 0,
            "due_at": now,
            "backfill_id": backfill_id,
            "raw": raw.sha256 if raw and raw.stored_size else None,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for item in found
    ]


def _site(entry: Entry) -> str | None:
    """Return the site of what is fetched for an entry."""
    address = entry.link or (entry.payload if is_by_reference(entry) else None)
    return site(address) if address else None


async def _update_entries(
    connection: AsyncConnection, poll_results: Sequence[PollResult]
) -> dict[tuple[int, str], int]:
    """Make changed entries pending, and pending entries of backfills that were seen again the daemon's work.

    Returns the ids of the entries that were added, by source and guid; on PostgreSQL perhaps others.
    """
    # The backfill that added it may be dead.
    waiting = sorted({entry_id for poll in poll_results for entry_id in poll.seen_in_backfill})
    for some in chunks(waiting):
        of_backfill = (entries.c.state == "pending") & entries.c.backfill_id.is_not(None)
        await connection.execute(update(entries).where(entries.c.id.in_(some), of_backfill).values(backfill_id=None))
    rows = [
        row
        for poll in poll_results
        for row in _entry_rows(poll.source.id, (*poll.new, *poll.changed), now=poll.at, raw=poll.raw)
    ]
    if not rows:
        return {}
    before = (await connection.execute(_NEWEST)).scalar() or 0
    # An entry may have been added since the poll looked, by a repair of a gap, with older content.
    await execute_for_all(connection, _upsert(connection.dialect.name), rows)
    # Not by RETURNING, for which the driver would be given one long statement for each number of rows.
    added = await connection.execute(_ADDED, {"before": before})
    return {(source_id, guid): entry_id for entry_id, source_id, guid in added}


_NEWEST = select(func.max(entries.c.id))
_ADDED = select(entries.c.id, entries.c.source_id, entries.c.guid).where(entries.c.id > bindparam("before"))


@cache
def _upsert(dialect: str) -> Any:
    """Return the statement that adds an entry, or makes a known one pending whose content has changed."""
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(entries)
    new = insert.excluded
    values = {
        name: new[name] for name in ("fingerprint", "url", "site", "address", "attempts", "due_at")
    } | {
        # Its record was deleted for its age or purged: a change does not make it news again.
        "announced": case((entries.c.state == "expired", entries.c.announced), else_=new.announced),
        "state": case((entries.c.state == "expired", "expired"), else_=new.state),
        # Void the claim: a run that has the entry is processing its old content, and must not finish it.
        "run_id": None,
        # The daemon's work: the backfill that added it may have ended.
        "backfill_id": None,
    }  # fmt: skip
    return insert.on_conflict_do_update(
        index_elements=["source_id", "guid"], set_=values, where=entries.c.fingerprint != new.fingerprint
    )


async def _lock_entries(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Lock the known entries of results in the order of their ids, as every transaction that locks several does.

    On SQLite this is not needed: the transaction has locked the file.
    """
    if connection.dialect.name != "postgresql":
        return
    ids: list[int] = []
    for poll in poll_results:
        known = {guid: entry_id for guid, entry_id in poll.seen_again.items() if entry_id is not None}
        ids += known.values()
        # The others may have been added since the poll looked.
        listed = {item.entry.guid for item in (*poll.new, *poll.changed, *poll.versions)}.union(poll.seen_again)
        ids += (await ids_of(connection, poll.source.id, [*(listed - known.keys())])).values()
    for some in chunks(sorted(set(ids))):
        query = select(entries.c.id).where(entries.c.id.in_(some)).order_by(entries.c.id)
        await connection.execute(query.with_for_update(key_share=True))


def _poll_row(poll: PollResult) -> dict[str, Any]:
    read = poll.listed is not None or poll.outcome == "pushed"
    return {
        "source_id": poll.source.id,
        "at": poll.at,
        "seconds": poll.seconds,
        "outcome": poll.outcome,
        "status": poll.status,
        "size": poll.size,
        "listed": poll.listed,
        "known": poll.known,
        "overlap": poll.overlap,
        "added": len(poll.new) if read else None,
        "changed": len(poll.changed) if read else None,
        "error": poll.failure.error if poll.failure else None,
        "raw": poll.raw.sha256 if poll.raw and poll.raw.stored_size else None,
    }
