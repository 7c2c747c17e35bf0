"""The event log: changes of records in commit order, numbered consecutively.

`records.unit_of_work` assigns the numbers under `database.lock_records`, so a reader that has seen number N will never
find a new event at or below N.  That holds within an epoch: a restore from a backup begins a new one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.model.event import EVENT_KINDS, Event, EventKind
from ingestd.store.schema.tables import entries, events, installation, last_numbers, records, revisions, sources
from ingestd.urls import without_userinfo


class CursorExpired(UsageError):
    """A reader cannot continue at its number."""

    @property
    def details(self) -> dict[str, Any]:
        """What a program needs to know to start again."""
        raise NotImplementedError


class EventsLost(CursorExpired):
    """A reader wants events that are no longer kept: those from number `first` to `last`."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(first, last)
        self.first = first
        self.last = last

    def __str__(self) -> str:
        return (
            f"events {self.first} to {self.last} are no longer kept (keep_events); "
            f"read the records themselves, then continue after {self.last}"
        )

    @property
    def details(self) -> dict[str, Any]:
        """The range that the reader has lost."""
        return {"first_lost": self.first, "last_lost": self.last}


class EpochEnded(CursorExpired):
    """A reader continues in an epoch of the log that a restore has ended; `epoch` is the present one."""

    def __init__(self, ended: str, epoch: str) -> None:
        super().__init__(ended, epoch)
        self.ended = ended
        self.epoch = epoch

    def __str__(self) -> str:
        return (
            f"the event log is no longer that of epoch {self.ended!r}: a restore of the database gave its numbers "
            f"anew; read the records themselves, then start again after 0 with epoch {self.epoch}"
        )

    @property
    def details(self) -> dict[str, Any]:
        """The present epoch."""
        return {"epoch": self.epoch}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRange:
    """Which events are kept."""

    #: The epoch in which these numbers count.
    epoch: str
    #: The number of the first event that is kept; if none is, of the one that will come next.
    first: int
    #: The number of the last event there has been; 0: there has been none.
    last: int

    def position(self, after: int) -> int:
        """Return from where a reader continues that wants the events after number `after`; 0: all that are kept.

        Raises EventsLost when events after it are no longer kept, UsageError when the log does not reach it.
        """
        if after == 0:
            return self.first - 1
        if after < self.first - 1:
            raise EventsLost(after + 1, self.first - 1)
        if not 0 <= after <= self.last:
            raise UsageError(f"there is no event {after} yet: the last one is {self.last}; to read all, start after 0")
        return after


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBatch:
    """Events in order of their numbers, and where to continue."""

    events: tuple[Event, ...]
    #: Where to continue: every event up to this number was read.
    after: int
    #: The number of the last event; 0: there has been none.
    newest: int
    #: The epoch in which these numbers count; together with `after` it is the reader's cursor.
    epoch: str


_other = records.alias("other")

#: Whether the content of an event's revision may be shown without being asked for.  A record that was merged has its
#: text in the other one, and so what is said of that counts for it as well.
_SHOWN = (
    (records.c.pubstatus == "usable")
    & (func.coalesce(revisions.c.pubstatus, "usable") == "usable")
    & (func.coalesce(_other.c.pubstatus, "usable") == "usable")
)

_EVENT = (
    select(
        events.c.seq, events.c.kind, events.c.at, events.c.record_id, events.c.revision, events.c.entry_id,
        func.coalesce(records.c.item_guid, records.c.guid).label("guid"), records.c.uri,
        func.coalesce(events.c.pubstatus, records.c.pubstatus).label("pubstatus"),
        revisions.c.headline, revisions.c.versioncreated, _SHOWN.label("shown"),
        entries.c.url.label("entry_url"), entries.c.source_id, sources.c.url.label("source_url"),
        sources.c.title.label("source_title"),
        case((events.c.kind == "merged", _other.c.guid)).label("merged_into"),
        events.c.story_id.label("story"), events.c.other_id.label("other"),
    )
    .join(records, records.c.id == events.c.record_id)
    # An outer join, since no foreign key ensures the revision: no event may be missing.
    .outerjoin(revisions, (revisions.c.record_id == events.c.record_id) & (revisions.c.revision == events.c.revision))
    .join(entries, entries.c.id == events.c.entry_id)
    .join(sources, sources.c.id == entries.c.source_id)
    .outerjoin(_other, _other.c.id == records.c.merged_into)
    .order_by(events.c.seq)
)  # fmt: skip


def parse_kinds(names: Iterable[str]) -> tuple[EventKind, ...]:
    """Return the kinds with these names; raises UsageError for an unknown one."""
    wanted = set(names)
    if unknown := wanted.difference(EVENT_KINDS):
        raise UsageError(f"no kind {min(unknown)!r}; use one of {', '.join(EVENT_KINDS)}")
    return tuple(kind for kind in EVENT_KINDS if kind in wanted)


async def read_after(
    connection: AsyncConnection,
    seq: int,
    *,
    epoch: str | None = None,
    limit: int = 500,
    kinds: Collection[EventKind] = (),
    include_withheld: bool = False,
) -> EventBatch:
    """Return at most `limit` events after number `seq`; with `kinds`, only those.

    Headlines and URLs of what is withheld or killed are left out unless `include_withheld`.

    A reader that continues at the batch's `after` misses no event, even while others write.

    0 reads from the beginning of what is kept.

    Raises EpochEnded when `epoch`, in which the reader got its number, is not the present one.  Raises UsageError when
    the log does not reach `seq`: the reader's number is from another database, or from before a backup of this one was
    restored.  Raises EventsLost when events after `seq` are no longer kept.
    """
    kept = await read_range(connection)
    newest, oldest, present = kept.last, kept.first, kept.epoch
    if epoch is not None and epoch != present:
        raise EpochEnded(epoch, present)
    if seq and seq < oldest - 1:
        raise EventsLost(seq + 1, oldest - 1)
    if seq > newest:
        raise UsageError(f"there is no event {seq} yet: the last one is {newest}; to read all events, start after 0")
    # Events committed after `last_seq` go into the next batch, so that `after` never exceeds what was read.
    query = _EVENT.where(events.c.seq > seq, events.c.seq <= newest).limit(limit)
    if kinds:
        query = query.where(events.c.kind.in_(kinds))
    rows = (await connection.execute(query)).all()
    # Again, after the rows were read: what is deleted before that must not be missing without a word.
    if seq and seq < (oldest := (await read_range(connection)).first) - 1:
        raise EventsLost(seq + 1, oldest - 1)
    found = tuple(_event(row, include_withheld=include_withheld) for row in rows)
    after = found[-1].seq if len(found) == limit else newest
    return EventBatch(events=found, after=after, newest=newest, epoch=present)


async def read_some(connection: AsyncConnection, numbers: Collection[int]) -> list[Event]:
    """Return those of some events that are kept, in order; content that may not be shown is left out."""
    query = _EVENT.where(events.c.seq.in_(list(numbers)))
    return [_event(row, include_withheld=False) for row in (await connection.execute(query)).all()]


def _event(row: Row[*tuple[Any, ...]], *, include_withheld: bool) -> Event:
    values = dict(row._mapping)
    if not values.pop("shown") and not include_withheld:
        values |= {"headline": None, "uri": None, "entry_url": None}
    urls = {name: values[name] and without_userinfo(values[name]) for name in ("entry_url", "source_url")}
    return Event(**{**values, **urls})


#: The number of the last event that is kept, and the last one that was given out: a database of an older version has
#: none, and the newest events may be deleted.
_LAST = (
    select(func.max(events.c.seq)).scalar_subquery().label("last"),
    select(last_numbers.c.number).where(last_numbers.c.name == "event").scalar_subquery().label("stored"),
)


async def read_range(connection: AsyncConnection) -> LogRange:
    """Return which events are kept."""
    first = select(func.min(events.c.seq)).scalar_subquery()
    row = (await connection.execute(select(installation.c.epoch, first.label("first"), *_LAST))).one()
    last = max(row.last or 0, row.stored or 0)
    return LogRange(epoch=row.epoch, first=last + 1 if row.first is None else row.first, last=last)


async def last_before(connection: AsyncConnection, when: datetime) -> int:
    """Return the number of the last event that was committed before a time, found by bisection: times have no index.

    If all that are kept are younger, it is that of the last one that is not kept.
    """
    kept = await read_range(connection)
    low, high = kept.first, kept.last + 1
    while low < high:
        middle = (low + high) // 2
        query = select(events.c.seq, events.c.at).where(events.c.seq >= middle).order_by(events.c.seq).limit(1)
        row = (await connection.execute(query)).first()
        if row and row.at < when:
            low = row.seq + 1
        else:
            high = middle
    return low - 1


async def last_seq(connection: AsyncConnection) -> int:
    """Return the number of the last event, which may be deleted already; 0: there has been none."""
    row = (await connection.execute(select(*_LAST))).one()
    return max(row.last or 0, row.stored or 0)
