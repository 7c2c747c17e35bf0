"""What one consumer is to get next: in order for each record, kills before everything else.

Events come in through two lanes.  The main lane has all events in order of their numbers; the other one has the kills,
which the main lane then leaves out.  When a kill is known, what is queued of its record with a lower number is dropped.
A message that failed becomes a row, behind which later messages of its record wait as rows as well.

Nothing here waits or reads a clock, and `rows.changes` collects what has to be written.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from ingestd.delivery.engine import retries
from ingestd.delivery.engine.item import Item, Totals
from ingestd.delivery.engine.rows import Rows
from ingestd.model.consumer import FailedMessage
from ingestd.model.event import KILLS
from ingestd.store.consumers.failures import Attempt

#: Records whose kills are remembered before those without a queued message are forgotten.
_MOST_KILLED = 10_000


class Lanes:
    """The messages of one consumer that are queued or being sent.

    With `ordered`, all messages keep the order of their numbers, kills as well.
    """

    def __init__(
        self,
        consumer_id: int,
        cursor: int,
        kill_cursor: int,
        *,
        ordered: bool = False,
        schedule: Sequence[float] = retries.SCHEDULE,
        totals: Totals | None = None,
    ) -> None:
        self._consumer_id = consumer_id
        self._ordered = ordered
        self._schedule = schedule
        self.rows = Rows()
        #: Events up to these numbers were taken in.
        self.read, self.kill_read = cursor, kill_cursor
        #: Messages by their record; where all are kept in order, in one queue.
        self._queues: dict[int, deque[Item]] = {}
        self._ready: dict[int, None] = {}
        self._ready_kills: dict[int, None] = {}
        self._busy: dict[int, Item] = {}
        # In the order of their numbers, since events come in so.
        self._open: dict[int, None] = {}
        self._open_kills: dict[int, None] = {}
        #: Messages beyond the cursors that have rows already.
        self._settled: set[int] = set()
        #: Record → number of its last kill, as far as it matters to what is queued.
        self._killed: dict[int, int] = {}
        self.queued = 0
        self.totals = totals or Totals()

    @property
    def cursor(self) -> int:
        """Every event up to this number was delivered, does not match, or has a row."""
        main = next(iter(self._open)) - 1 if self._open else self.read
        return main if self._ordered else min(main, self.kill_cursor)

    @property
    def kill_cursor(self) -> int:
        """The same for kills."""
        if self._ordered:
            return self.cursor
        return next(iter(self._open_kills)) - 1 if self._open_kills else self.kill_read

    @property
    def open_kills(self) -> int:
        """Kills that are queued or being sent."""
        return len(self._open_kills)

    @property
    def has_kills(self) -> bool:
        """Whether a kill may be sent now."""
        return bool(self._ready_kills)

    @property
    def ready(self) -> int:
        """Messages that may be sent at the same time now."""
        return len(self._ready) + len(self._ready_kills)

    def _key(self, record_id: int) -> int:
        return 0 if self._ordered else record_id

    def load(self, rows: Iterable[FailedMessage], killed: Mapping[int, int], merges: Collection[int] = ()) -> None:
        """Take over the rows of messages that failed before; `killed` has the last kill of their records.

        `merges` has the numbers of those that say that their record was merged, which no kill overtakes.

        Rows may be stored beyond a cursor that an earlier message holds back: these messages are not taken in again.
        """
        found = list(rows)
        self._settled = {row.seq for row in found if row.seq > self.cursor}
        self.totals.overtaken += self.rows.load((row for row in found if row.state != "dead"), killed, merges)

    def add(self, items: Iterable[Item], upto: int, killed: Mapping[int, int], now: datetime) -> None:
        """Take in messages of the main lane that match, up to event `upto`; `killed` has the last kills of records."""
        for item in items:
            if item.seq in self._settled or (item.kind in KILLS and not self._ordered):
                continue
            if self._is_late(item) or (killed.get(item.record_id, 0) > item.seq and item.kind != "merged"):
                self.totals.overtaken += 1
            elif self.rows.has(item.record_id) and not self._ordered:
                self._block(item, now)
            else:
                self._open[item.seq] = None
                self._queue(item)
        self.read = max(self.read, upto)

    def add_kills(self, items: Iterable[Item], upto: int, killed: Mapping[int, int]) -> None:
        """Take in kills that match, up to event `upto`; `killed` has the last kills of records."""
        for item in items:
            self.note_kill(item.record_id, max(item.seq, killed.get(item.record_id, 0)))
            if self._is_late(item):
                self.totals.overtaken += 1
            elif item.seq not in self._settled:
                self._open_kills[item.seq] = None
                self._queue(item, first=True)
        self.kill_read = max(self.kill_read, upto)

    def note_kill(self, record_id: int, seq: int, *, of_target: bool = False) -> None:
        """Drop what is queued or failed of a record before its kill.

        With `of_target`, the record was merged into the one that is killed: the message that says so stays.
        """
        if self._killed.get(record_id, 0) >= seq:
            return
        self._killed[record_id] = seq
        key = self._key(record_id)
        for item in [one for one in self._queues.get(key, ()) if one.record_id == record_id and self._is_late(one)]:
            self._queues[key].remove(item)
            self.queued -= 1
            self._overtake(item)
        if not of_target:  # the kind of a row is known only when it is tried
            self.totals.overtaken += self.rows.remove_before(record_id, seq)
        self._update(key)
        if len(self._killed) > _MOST_KILLED:
            known = self._queues.keys() | {item.record_id for item in self._busy.values()}
            self._killed = {one: last for one, last in self._killed.items() if one in known or self.rows.has(one)}

    def _is_late(self, item: Item) -> bool:
        return self._killed.get(item.record_id, 0) > item.seq and item.kind != "merged"

    def take(self) -> Item | None:
        """Return the message to send next, of whose record no other is taken before it has ended; None: none is."""
        for ready in (self._ready_kills, self._ready):
            if ready:
                key = next(iter(ready))
                item = self._queues[key].popleft()
                self.queued -= 1
                self._busy[key] = item
                self._update(key)
                return item
        return None

    def put_back(self, item: Item) -> None:
        """Queue a message again that the endpoint did not look at, behind those of other records."""
        self._busy.pop(self._key(item.record_id), None)
        if self._is_late(item):
            self._overtake(item)
        else:
            self._queue(item, first=True)
        self._update(self._key(item.record_id))

    def deliver(self, item: Item, now: datetime, status: int | None = None, excerpt: str | None = None) -> None:
        """Note that a message was delivered."""
        self.totals.delivered += 1
        self._close(item)
        if item.attempts:
            self._note_attempt(item, now, status, None, excerpt)
        if item.row:
            self.rows.remove(item.row)
            self.rows.schedule(item.record_id, now)

    def fail(
        self, item: Item, now: datetime, error: str, status: int | None = None, excerpt: str | None = None
    ) -> bool:
        """Note that a message was refused; return whether it is dead.  It is dropped if its record was killed."""
        self.totals.failed += 1
        self._note_attempt(item, now, status, error, excerpt)
        if self._is_late(item):
            self._close(item)
            self._overtake(item)
            return False
        attempts = item.attempts + 1
        if self._ordered and item.row is None and attempts < retries.ORDERED_TRIES:
            item.tries = attempts
            self.put_back(item)
            return False
        next_at = None if self._ordered else retries.next_try(self._schedule, attempts, now)
        row = FailedMessage(
            consumer_id=self._consumer_id, seq=item.seq, record_id=item.record_id,
            state="dead" if next_at is None else "waiting", attempts=attempts,
            first_at=item.row.first_at if item.row else now, last_at=now, next_at=next_at,
            status=status, error=error, excerpt=excerpt,
        )  # fmt: skip
        self.rows.add(row)
        if next_at is not None:
            for later in self._queues.pop(item.record_id, ()):
                self.queued -= 1
                self._open.pop(later.seq, None)
                self._block(later, now)
        self._close(item)
        self.rows.schedule(item.record_id, now)
        self.totals.dead += next_at is None
        return next_at is None

    def bury(self, row: FailedMessage, now: datetime, error: str) -> None:
        """Note that a message that waits can never be sent."""
        values = {name: getattr(row, name) for name in row.__slots__}
        self.rows.add(FailedMessage(**{**values, "state": "dead", "next_at": None, "last_at": now, "error": error}))
        self.rows.schedule(row.record_id, now)
        self.totals.dead += 1

    def retry(self, item: Item) -> None:
        """Queue the message of a row that is due."""
        assert item.row
        if not self.rows.is_first(item.row):
            self.rows.schedule(item.record_id)  # a kill has dropped it meanwhile
        elif self._is_late(item):
            self._overtake(item)
        else:
            self._queue(item, first=True)

    def drop(self, row: FailedMessage, now: datetime) -> None:
        """Delete a row whose message does not match the filter any more."""
        self.rows.remove(row)
        self.rows.schedule(row.record_id, now)

    def _queue(self, item: Item, *, first: bool = False) -> None:
        key = self._key(item.record_id)
        queue = self._queues.setdefault(key, deque())
        if first:
            queue.appendleft(item)
        else:
            queue.append(item)
        self.queued += 1
        self._update(key)

    def _update(self, key: int) -> None:
        """Note whether the first message of a queue may be sent."""
        queue = self._queues.get(key)
        if not queue:
            self._queues.pop(key, None)
        is_ready = bool(queue) and key not in self._busy
        is_kill = queue is not None and is_ready and queue[0].kind in KILLS and not self._ordered
        for ready, belongs in ((self._ready, is_ready and not is_kill), (self._ready_kills, is_ready and is_kill)):
            if belongs:
                ready[key] = None
            else:
                ready.pop(key, None)

    def _close(self, item: Item) -> None:
        """Note that a message that was being sent has ended."""
        key = self._key(item.record_id)
        self._busy.pop(key, None)
        self._open.pop(item.seq, None)
        self._open_kills.pop(item.seq, None)
        self._update(key)

    def _overtake(self, item: Item) -> None:
        self.totals.overtaken += 1
        self._open.pop(item.seq, None)
        self._open_kills.pop(item.seq, None)
        if item.row:
            self.rows.remove(item.row)
            self.rows.schedule(item.record_id)

    def _block(self, item: Item, now: datetime) -> None:
        self.rows.add(
            FailedMessage(
                consumer_id=self._consumer_id, seq=item.seq, record_id=item.record_id, state="blocked", attempts=0,
                first_at=now, last_at=now, next_at=None, status=None, excerpt=None,
                error="waits for an earlier message of its record",
            )
        )  # fmt: skip

    def _note_attempt(
        self, item: Item, now: datetime, status: int | None, error: str | None, excerpt: str | None
    ) -> None:
        self.rows.changes.attempts.append(
            Attempt(
                consumer_id=self._consumer_id, seq=item.seq, attempt=item.attempts + 1, at=now,
                delivered=error is None, status=status, error=error, excerpt=excerpt,
            )
        )  # fmt: skip
