"""A poll's result, committed whole: entries, the validators that vouch for them, the next due time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Boolean, ColumnElement, bindparam, case, delete, func, null, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model import NO_HINTS, NO_VALIDATORS, Entry, Hints, Pace, Source, Validators
from ingestd.store import failures, gaps, moves, raws, subscriptions
from ingestd.store.entries import announced
from ingestd.store.sources import hints_json
from ingestd.store.statements import chunks, insert_absent, insert_all
from ingestd.store.tables import entries, polls, sources
from ingestd.urls import site

Outcome = Literal["new", "known", "unchanged", "not_modified", "failed", "pushed"]

#: How a source's last poll went; a second "gone" in a row ends its polling.
Condition = Literal["ok", "throttled", "failing", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An entry with its fingerprint, as a poll found it."""

    entry: Entry
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a poll of a source came to."""

    source: Source
    run_id: str
    at: datetime
    #: How long it took, waiting for its turn at the site included.
    seconds: float
    outcome: Outcome
    due_at: datetime
    #: What is to be asked with next time.
    validators: Validators = NO_VALIDATORS
    body_hash: bytes | None = None
    title: str | None = None
    home: str | None = None
    #: HTTP status, and size of the body in bytes.
    status: int | None = None
    size: int | None = None
    raw: raws.Kept | None = None
    #: Entries in the document, and of these the ones seen in an earlier poll; None when it was not read.
    listed: int | None = None
    known: int | None = None
    new: tuple[Announcement, ...] = ()
    changed: tuple[Announcement, ...] = ()
    #: Of the entries, those that the document before had as well.
    overlap: int | None = None
    #: Whether entries may have come and gone since the last poll that went well.
    lost: bool = False
    #: Where the document says its older entries are (RFC 5005).
    older: str | None = None
    #: The guids that were there again.
    seen: tuple[str, ...] = ()
    failure: failures.Failure | None = None
    #: Polls that failed in a row, this one among them where the failure is the source's.
    failures: int = 0
    condition: Condition = "ok"
    hints: Hints = NO_HINTS
    pace: Pace | None = None
    #: Where permanent redirects lead, in how many polls in a row, and whether that is enough to believe it.
    moved_to: str | None = None
    moved_seen: int = 0
    moves: bool = False
    #: Who pushes what is new, and what of.
    hub: str | None = None
    topic: str | None = None

    @property
    def went_well(self) -> bool:
        """Whether the source answered, and its answer could be read."""
        return self.failure is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry as it is known from earlier polls."""

    fingerprint: str
    first_seen_at: datetime
    last_seen_at: datetime


async def known_entries(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, Known]:
    """Return what is known of each guid of a source that was seen before."""
    found: dict[str, Known] = {}
    for some in chunks(guids):
        query = select(entries.c.guid, entries.c.fingerprint, entries.c.first_seen_at, entries.c.last_seen_at)
        query = query.where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        for guid, *rest in await connection.execute(query):
            fingerprint, first, last = rest
            found[guid] = Known(fingerprint=fingerprint, first_seen_at=first, last_seen_at=last)
    return found


async def save(connection: AsyncConnection, done: Sequence[Poll]) -> None:
    """Commit polls: their entries as durable work, their sources' new state, a row each, and their failures."""
    await raws.add(connection, [poll.raw for poll in done], now=done[0].at)
    rows = [row for poll in done for row in _entry_rows(poll.source.id, poll.new, now=poll.at, raw=poll.raw)]
    await insert_absent(connection, entries, rows)
    for poll in done:
        await _renew_entries(connection, poll)
        await _note_hub(connection, poll)
        if poll.moves and poll.moved_to:
            await moves.adopt(connection, poll.source, poll.moved_to, run_id=poll.run_id, now=poll.at)
    await connection.execute(_UPDATE_SOURCE, [_source_row(poll) for poll in done])
    await insert_all(connection, polls, [_poll_row(poll) for poll in done])
    await gaps.open_gaps(connection, [_gap_row(poll) for poll in done if poll.lost])
    await failures.add(connection, [poll.failure for poll in done])


async def _note_hub(connection: AsyncConnection, poll: Poll) -> None:
    """Note who pushes, by what a document says and by what a poll found that was not pushed."""
    source = poll.source
    if poll.listed is None:
        return
    if poll.hub:
        await subscriptions.offered(connection, source.id, poll.hub, poll.topic or source.url, now=poll.at)
    elif source.pushed_until:
        await subscriptions.withdrawn(connection, source.id)
        return
    if poll.new and source.pushed_until:
        await subscriptions.doubted(connection, source.id, now=poll.at)


async def add_entries(
    connection: AsyncConnection,
    source_id: int,
    found: Sequence[Announcement],
    *,
    now: datetime,
    raw: raws.Kept | None = None,
    backfill_id: int | None = None,
) -> None:
    """Add entries as pending work, due at once; those that are known stay as they are."""
    await insert_absent(connection, entries, _entry_rows(source_id, found, now=now, raw=raw, backfill_id=backfill_id))


def _entry_rows(
    source_id: int,
    found: Sequence[Announcement],
    *,
    now: datetime,
    raw: raws.Kept | None,
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
            "announced": announced(item.entry),
            "state": "pending",
            "attempts": 0,
            "due_at": now,
            "backfill_id": backfill_id,
            "raw": raw.sha256 if raw and raw.stored_size else None,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for item in found
    ]


async def _renew_entries(connection: AsyncConnection, poll: Poll) -> None:
    """Note what was there again, and make what changed pending again."""
    of_source = entries.c.source_id == poll.source.id
    for some in chunks(poll.seen):
        again = of_source & entries.c.guid.in_(some)
        # What the feed shows now is the daemon's work, even where a backfill was first to list it: that may be dead.
        whose = case((entries.c.state == "pending", None), else_=entries.c.backfill_id)
        await connection.execute(update(entries).where(again).values(last_seen_at=poll.at, backfill_id=whose))
    for item in poll.changed:
        values: dict[str, Any] = {
            "fingerprint": item.fingerprint,
            "announced": announced(item.entry),
            "url": item.entry.link,
            "site": site(item.entry.link) if item.entry.link else None,
            "state": "pending",
            "attempts": 0,
            "due_at": poll.at,
            # Whoever has the entry at work has what it was: that result does not finish it.
            "run_id": None,
        }
        await connection.execute(update(entries).where(of_source, entries.c.guid == item.entry.guid).values(values))


def _says(name: str) -> ColumnElement[bool]:
    return bindparam(name, type_=Boolean()) == true()


# Only the run that has claimed the source changes its state: a result that comes too late, from a run
# that was taken for gone, adds its entries and its row and moves nothing else.
_UPDATE_SOURCE = (
    update(sources)
    .where(sources.c.id == bindparam("source_id"), sources.c.run_id == bindparam("run"))
    .values(
        # Whoever paused or removed it meanwhile is not overruled.
        state=case((_says("gone") & (sources.c.state == "active"), "gone"), else_=sources.c.state),
        due_at=bindparam("due"),
        run_id=None,
        etag=bindparam("etag_"),
        last_modified=bindparam("last_modified_"),
        body_hash=bindparam("body_hash_"),
        failures=bindparam("failures_"),
        condition=bindparam("condition_"),
        last_polled_at=bindparam("at"),
        last_success_at=bindparam("succeeded"),
        last_read_at=bindparam("read"),
        last_new_at=bindparam("new_"),
        watched_since=func.coalesce(sources.c.watched_since, bindparam("succeeded")),
        quiet_since=case((_says("has_news"), null()), else_=sources.c.quiet_since),
        last_error=bindparam("last_error_"),
        hints=bindparam("hints_", type_=sources.c.hints.type),
        arrivals=bindparam("arrivals_"),
        observed=bindparam("observed_"),
        squares=bindparam("squares_"),
        window=bindparam("window_"),
        moved_to=bindparam("moved_to_"),
        moved_seen=bindparam("moved_seen_"),
        title=func.coalesce(sources.c.title, bindparam("title_")),
        home=func.coalesce(bindparam("home_"), sources.c.home),
    )
)  # fmt: skip


def _source_row(poll: Poll) -> dict[str, Any]:
    failure, before = poll.failure, poll.source
    pace = poll.pace or before.pace
    return {
        "source_id": before.id,
        "run": poll.run_id,
        "gone": poll.condition == "gone" and before.maybe_gone,
        "due": poll.due_at,
        "etag_": poll.validators.etag,
        "last_modified_": poll.validators.last_modified,
        "body_hash_": poll.body_hash,
        "failures_": poll.failures,
        "condition_": poll.condition,
        "at": poll.at,
        "succeeded": poll.at if poll.went_well else before.last_success_at,
        "read": poll.at if poll.listed else before.last_read_at,
        "new_": poll.at if poll.new else before.last_new_at,
        "has_news": bool(poll.new),
        "last_error_": f"{failure.error}: {failure.message}" if failure else None,
        "hints_": hints_json(poll.hints),
        "arrivals_": pace.arrivals if pace else None,
        "observed_": pace.hours if pace else None,
        "squares_": pace.squares if pace else None,
        "window_": poll.listed or before.window,
        "moved_to_": None if poll.moves else poll.moved_to,
        "moved_seen_": 0 if poll.moves else poll.moved_seen,
        "title_": poll.title,
        "home_": poll.home,
    }


def _gap_row(poll: Poll) -> dict[str, Any]:
    since = poll.source.last_success_at or poll.at
    return {
        "source_id": poll.source.id, "from_at": since, "to_at": poll.at, "older": poll.older,
        "state": "open", "due_at": poll.at,
    }  # fmt: skip


def _poll_row(poll: Poll) -> dict[str, Any]:
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
        "added": len(poll.new) if poll.listed is not None else None,
        "changed": len(poll.changed) if poll.listed is not None else None,
        "error": poll.failure.error if poll.failure else None,
        "raw": poll.raw.sha256 if poll.raw and poll.raw.stored_size else None,
    }


async def forget_before(connection: AsyncConnection, moment: datetime, *, batch: int = 10_000) -> int:
    """Delete rows of polls older than a moment, a bounded number at a time; returns how many."""
    old = select(polls.c.id).where(polls.c.at < moment).limit(batch)
    result = await connection.execute(delete(polls).where(polls.c.id.in_(old.scalar_subquery())))
    return int(result.rowcount)
