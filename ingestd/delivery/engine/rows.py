"""The rows of messages that one consumer did not take: which is tried again when, and what has to be written.

The first row of a record waits for its next try, and the others are blocked by it.
"""

from bisect import insort
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush

from ingestd.model.consumer import FailedMessage
from ingestd.store.consumers.failures import MOST_WAITING, Attempt


@dataclass(slots=True, kw_only=True)
class Changes:
    """What has to be written: rows by number (None: it is deleted), and attempts."""

    rows: dict[int, FailedMessage | None] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows or self.attempts)


class Rows:
    """Rows that wait or are blocked, by record; `changes` collects what has to be written."""

    def __init__(self) -> None:
        self._rows: dict[int, list[FailedMessage]] = {}
        #: Times of tries; one whose row has changed means nothing any more.
        self._due: list[tuple[datetime, int, int]] = []
        #: Records whose first row is being tried.
        self._trying: set[int] = set()
        self.count = 0
        self.changes = Changes()

    @property
    def is_full(self) -> bool:
        """Whether so many wait that no other message is taken in."""
        return self.count >= MOST_WAITING

    def has(self, record_id: int) -> bool:
        """Return whether a message of the record waits."""
        return record_id in self._rows

    def load(self, rows: Iterable[FailedMessage], killed: Mapping[int, int], merges: Collection[int] = ()) -> int:
        """Take over stored rows; those before the last kill of their record are deleted, but for `merges`.

        Returns how many were deleted.
        """
        overtaken = 0
        for row in sorted(rows, key=lambda row: row.seq):
            if killed.get(row.record_id, 0) > row.seq and row.seq not in merges:
                self.changes.rows[row.seq] = None
                overtaken += 1
            else:
                self._rows.setdefault(row.record_id, []).append(replace(row, excerpt=None))
                self.count += 1
        for record_id in self._rows:
            self.schedule(record_id)
        return overtaken

    def add(self, row: FailedMessage) -> None:
        """Add a row, or replace the one of its number."""
        self._discard(row)
        self.changes.rows[row.seq] = row
        if row.state != "dead":
            # What is kept in memory needs no excerpt.
            insort(self._rows.setdefault(row.record_id, []), replace(row, excerpt=None), key=lambda one: one.seq)
            self.count += 1

    def remove(self, row: FailedMessage) -> None:
        """Delete a row."""
        self._discard(row)
        self.changes.rows[row.seq] = None

    def remove_before(self, record_id: int, seq: int) -> int:
        """Delete the rows of a record with a lower number; returns how many."""
        late = [row for row in self._rows.get(record_id, ()) if row.seq < seq]
        for row in late:
            self.remove(row)
        if late:
            self.schedule(record_id)
        return len(late)

    def _discard(self, row: FailedMessage) -> None:
        rows = self._rows.get(row.record_id, [])
        left = [one for one in rows if one.seq != row.seq]
        self.count -= len(rows) - len(left)
        if left:
            self._rows[row.record_id] = left
        else:
            self._rows.pop(row.record_id, None)

    def schedule(self, record_id: int, now: datetime | None = None) -> None:
        """Have the first row of a record tried at its time; if it was blocked until now, at `now`."""
        self._trying.discard(record_id)
        if not (rows := self._rows.get(record_id)):
            return
        first = rows[0]
        if first.state == "blocked":
            first = rows[0] = replace(first, state="waiting", next_at=now or first.last_at)
            self.changes.rows[first.seq] = first
        heappush(self._due, (first.next_at or first.last_at, record_id, first.seq))

    def due(self, now: datetime, limit: int) -> list[FailedMessage]:
        """Return rows to try now, at most `limit`; none is returned again before `schedule` is called."""
        found: list[FailedMessage] = []
        while self._due and len(found) < limit and self._due[0][0] <= now:
            _, record_id, seq = heappop(self._due)
            rows = self._rows.get(record_id)
            if not rows or rows[0].seq != seq or record_id in self._trying or (rows[0].next_at or now) > now:
                continue
            self._trying.add(record_id)
            found.append(rows[0])
        return found

    @property
    def next_due(self) -> datetime | None:
        """When the next row may be tried; None: none waits."""
        return self._due[0][0] if self._due else None

    def is_first(self, row: FailedMessage) -> bool:
        """Return whether a row is still there, and the first one of its record."""
        rows = self._rows.get(row.record_id)
        return rows is not None and rows[0].seq == row.seq

    def taken_changes(self) -> Changes:
        """Return what has to be written, which counts as written unless it is given to `give_back`."""
        taken, self.changes = self.changes, Changes()
        return taken

    def give_back(self, changes: Changes) -> None:
        """Note that changes could not be written."""
        self.changes.rows = changes.rows | self.changes.rows
        self.changes.attempts = [*changes.attempts, *self.changes.attempts][:MOST_WAITING]
