"""The event log: what happened to records, in the order of commits, without holes.

Numbers are given out by the book, under the lock that makes it the only one: what is read up to a number is all
there will ever be up to it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.store.schema.tables import entries, events, records, revisions, sources
from ingestd.urls import without_userinfo

#: What can happen to a record; `reprocessed` is no news: other rules made it of the same bytes.  A record that is
#: withheld when it comes is not `new` but `withheld`, and `released` when it may be published.
Kind = Literal["new", "revised", "corrected", "killed", "withheld", "released", "carried", "reprocessed"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to a record, with what a reader wants to see of it."""

    seq: int
    kind: Kind
    #: When it was saved.
    at: datetime
    record_id: int
    #: The record's current one when it happened; `headline` and `versioncreated` are that revision's.
    revision: int
    #: The record's; of a wire item the guid is its agency's.
    guid: str
    uri: str | None
    #: From the event on; where it did not change, as it is now.
    pubstatus: str
    #: None while the record is withheld: a log is soon somebody else's.
    headline: str | None
    versioncreated: datetime | None
    #: The entry that it happened by, and its source; the user-info of URLs is left out.
    entry_id: int
    entry_url: str | None
    source_id: int
    source_url: str
    source_title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Events in the order of their numbers, and how far they reach."""

    events: tuple[Event, ...]
    #: Where to read on: every event up to this number was looked at.
    after: int
    #: The number of the last event there is, 0 when there is none.
    newest: int


_EVENT = (
    select(
        events.c.seq, events.c.kind, events.c.at, events.c.record_id, events.c.revision, events.c.entry_id,
        func.coalesce(records.c.item_guid, records.c.guid).label("guid"), records.c.uri,
        func.coalesce(events.c.pubstatus, records.c.pubstatus).label("pubstatus"),
        case((records.c.pubstatus == "withheld", None), else_=revisions.c.headline).label("headline"),
        revisions.c.versioncreated,
        entries.c.url.label("entry_url"), entries.c.source_id, sources.c.url.label("source_url"),
        sources.c.title.label("source_title"),
    )
    .join(records, records.c.id == events.c.record_id)
    # The one that no foreign key vouches for: an event is never lost to a join.
    .outerjoin(revisions, (revisions.c.record_id == events.c.record_id) & (revisions.c.revision == events.c.revision))
    .join(entries, entries.c.id == events.c.entry_id)
    .join(sources, sources.c.id == entries.c.source_id)
    .order_by(events.c.seq)
)  # fmt: skip


def kinds_named(names: Iterable[str]) -> tuple[Kind, ...]:
    """Return kinds by their names; raises UsageError for one that there is not."""
    wanted = set(names)
    if unknown := wanted.difference(KINDS):
        raise UsageError(f"no kind {min(unknown)!r}: there are {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


async def after(connection: AsyncConnection, seq: int, *, limit: int = 500, kinds: Collection[Kind] = ()) -> Batch:
    """Return at most `limit` events after a number, of all kinds or of some.

    A reader that goes on at the batch's `after` misses none, however many write at the same time.

    Raises UsageError when there is no event of that number yet: the reader has seen another database, or an older
    state of this one, and whatever it waits for would not be what it missed.
    """
    newest = await last(connection)
    if seq > newest:
        raise UsageError(f"there is no event {seq} yet: the last one is {newest}; after 0 come all of them")
    # What is committed since the question for the newest is for the next batch, so that `after` is never short of it.
    query = _EVENT.where(events.c.seq > seq, events.c.seq <= newest).limit(limit)
    if kinds:
        query = query.where(events.c.kind.in_(kinds))
    found = tuple(map(_event, (await connection.execute(query)).all()))
    return Batch(events=found, after=found[-1].seq if len(found) == limit else newest, newest=newest)


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    values = dict(row._mapping)
    urls = {name: values[name] and without_userinfo(values[name]) for name in ("entry_url", "source_url")}
    return Event(**{**values, **urls})


async def last(connection: AsyncConnection) -> int:
    """Return the number of the last event, 0 when there is none."""
    return int((await connection.execute(select(func.max(events.c.seq)))).scalar() or 0)
