"""Saving of poll results: entries, validators and next due time in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.source import NO_VALIDATORS
from ingestd.store.database import lock_records
from ingestd.store.operations import failures
from ingestd.store.polls import gaps, redirects, source_updates, subscriptions, windows, withdrawn_entries
from ingestd.store.polls.poll_claims import lock_claims
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.store.records import raws, wire_items
from ingestd.store.records.wire_versions import IncomingVersion
from ingestd.store.schema.tables import entries, polls
from ingestd.store.statements import chunks, insert_absent, insert_all
from ingestd.store.work.entries import entry_as_json
from ingestd.urls import site


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """The state of an entry as earlier polls stored it."""

    fingerprint: str
    first_seen_at: datetime
    last_seen_at: datetime


async def known_entries(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, KnownEntry]:
    """Return the known entries of a source among `guids`, by guid."""
    found: dict[str, KnownEntry] = {}
    c = entries.c
    window = (await windows.read(connection, [source_id])).get(source_id)
    for some in chunks(guids):
        query = select(c.id, c.guid, c.fingerprint, c.first_seen_at, c.last_seen_at)
        for row in await connection.execute(query.where(c.source_id == source_id, c.guid.in_(some))):
            last = window.last_seen_at(row.id, row.last_seen_at) if window else row.last_seen_at
            found[row.guid] = KnownEntry(
                fingerprint=row.fingerprint, first_seen_at=row.first_seen_at, last_seen_at=last
            )
    return found


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
    await _update_entries(connection, current)
    await _save_versions(connection, [(poll.source.id, poll.versions, poll.at, poll.raw) for poll in unsaved])
    if current:
        await windows.save(connection, current)
        await _update_sources(connection, current)
    return [state != "lost" for state in states]


async def _update_sources(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Save what results say of their sources; all claims are current."""
    await withdrawn_entries.add_evidence(connection, poll_results)
    await source_updates.update_after_polls(
        connection, [await _adopt_address(connection, poll) for poll in poll_results]
    )
    await _update_hubs(connection, poll_results)
    await insert_all(connection, polls, [_poll_row(poll) for poll in poll_results])
    await gaps.open_gaps(connection, [await _gap_row(connection, poll) for poll in poll_results if poll.may_have_lost])
    await failures.add(connection, [poll.failure for poll in poll_results])


async def _add_raws(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Add the raw bytes of documents; a document with wire items is what their records are made from."""
    for kind, with_versions in _RAW_KINDS:
        some = [poll.raw for poll in poll_results if bool(poll.versions) is with_versions]
        if some:
            await raws.add(connection, some, kind=kind, now=poll_results[0].at)


_RAW_KINDS: tuple[tuple[raws.RawKind, bool], ...] = (("feed", False), ("page", True))


async def _save_versions(
    connection: AsyncConnection, found: Sequence[tuple[int, Sequence[ListedEntry], datetime, raws.ArchivedRaw | None]]
) -> None:
    """Save the wire versions of documents, in order; each document is (source id, entries, arrival, raw bytes)."""
    guids: dict[int, list[str]] = {}
    for source_id, items, _, _ in found:
        guids.setdefault(source_id, []).extend(item.entry.guid for item in items if item.version)
    ids = {source_id: await _ids_of(connection, source_id, some) for source_id, some in guids.items() if some}
    incoming = [
        IncomingVersion(
            version=item.version, source_id=source_id, entry_id=ids[source_id][item.entry.guid], at=at,
            raw=raw.sha256 if raw and raw.stored_size else None, url=item.entry.link,
        )
        for source_id, items, at, raw in found
        for item in items
        if item.version
    ]  # fmt: skip
    if incoming:
        await wire_items.mark_done(connection, await wire_items.save_versions(connection, incoming))


async def _ids_of(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(sorted(set(guids))):
        query = select(entries.c.guid, entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found.update((guid, entry_id) for guid, entry_id in await connection.execute(query))
    return found


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
    await _save_versions(connection, [(source_id, found, now, raw)])


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
            "site": site(item.entry.link) if item.entry.link else None,
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


async def _update_entries(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Make changed entries pending, and pending entries of backfills that were seen again the daemon's work."""
    seen: dict[int, set[str]] = {}
    for poll in poll_results:
        seen.setdefault(poll.source.id, set()).update(poll.seen_again)
    for source_id, guids in seen.items():
        for some in chunks(sorted(guids)):
            # The backfill that added it may be dead.
            again = (entries.c.source_id == source_id) & entries.c.guid.in_(some)
            of_backfill = (entries.c.state == "pending") & entries.c.backfill_id.is_not(None)
            await connection.execute(update(entries).where(again, of_backfill).values(backfill_id=None))
    for poll in poll_results:
        rows = _entry_rows(poll.source.id, (*poll.new, *poll.changed), now=poll.at, raw=poll.raw)
        if rows:
            # An entry may have been added since the poll looked, by a repair of a gap, with older content.
            await connection.execute(_upsert(connection.dialect.name), rows)


def _upsert(dialect: str) -> Any:
    """Return the statement that adds an entry, or makes a known one pending whose content has changed."""
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(entries)
    new = insert.excluded
    values = {
        name: new[name] for name in ("fingerprint", "url", "site", "attempts", "due_at")
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
        listed = {item.entry.guid for item in (*poll.new, *poll.changed, *poll.versions)}
        ids += (await _ids_of(connection, poll.source.id, [*listed.union(poll.seen_again)])).values()
    for some in chunks(sorted(set(ids))):
        query = select(entries.c.id).where(entries.c.id.in_(some)).order_by(entries.c.id)
        await connection.execute(query.with_for_update(key_share=True))


async def _gap_row(connection: AsyncConnection, poll: PollResult) -> dict[str, Any]:
    """Return a row for the gap since the last document with entries: one without entries did not show the window."""
    read_at = poll.source.last_read_at
    since = poll.source.last_success_at or poll.at
    empty = select(polls.c.id).where(polls.c.source_id == poll.source.id, polls.c.at > read_at, polls.c.listed == 0)
    if read_at and (await connection.execute(empty.limit(1))).first():
        since = read_at
    return {
        "source_id": poll.source.id, "from_at": since, "to_at": poll.at, "older": poll.older,
        "state": "open", "due_at": poll.at,
    }  # fmt: skip


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
