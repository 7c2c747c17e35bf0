"""Lanes: whatever fails, comes late or dies, each record's messages keep their order and kills go first."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random

import pytest

from ingestd.delivery.engine.item import Item
from ingestd.delivery.engine.lanes import Lanes
from ingestd.model.consumer import FailedMessage
from ingestd.model.event import KILLS
from tests.support.outcomes import NOON

KINDS = ("new", "revised", "corrected", "killed", "withheld", "released", "carried")


def item(seq: int, record_id: int = 1, kind: str = "new") -> Item:
    return Item(seq=seq, record_id=record_id, kind=kind, content="content")


def lanes(*, ordered: bool = False) -> Lanes:
    return Lanes(7, 0, 0, schedule=(5.0, 300.0), ordered=ordered)


def taken(some: Lanes) -> list[int]:
    """Take all that may be sent at the same time."""
    found = []
    while one := some.take():
        found.append(one.seq)
    return found


def test_records_do_not_wait_for_each_other_and_messages_of_one_do() -> None:
    some = lanes()
    some.add_kills([], 4, {})
    some.add([item(1), item(2), item(3, 2), item(4, 3)], 4, {}, NOON)

    first = some.take()
    assert first
    assert first.seq == 1
    assert taken(some) == [3, 4]
    assert some.cursor == 0

    some.deliver(first, NOON)
    assert some.cursor == 1
    assert taken(some) == [2]


def test_a_kill_goes_first_and_drops_what_it_overtakes() -> None:
    some = lanes()
    some.add_kills([], 3, {})
    some.add([item(1, 9), item(2), item(3)], 3, {}, NOON)
    under_way = some.take()
    assert under_way

    some.note_kill(1, 5)
    some.add_kills([item(5, 1, "killed")], 5, {})
    some.add([item(4, 9), item(5, 1, "killed")], 5, {}, NOON)

    assert taken(some) == [5]
    assert some.totals.overtaken == 2
    assert (some.cursor, some.kill_cursor) == (0, 4)


def test_a_kill_waits_for_the_attempt_of_its_record_that_is_under_way() -> None:
    some = lanes()
    some.add_kills([], 1, {})
    some.add([item(1)], 1, {}, NOON)
    first = some.take()
    assert first
    some.add_kills([item(2, 1, "killed")], 2, {})

    assert taken(some) == []
    some.put_back(first)  # its endpoint was down: it is not sent any more
    assert taken(some) == [2]
    assert some.totals.overtaken == 1


def test_what_follows_a_refused_message_waits_and_others_do_not() -> None:
    some = lanes()
    some.add_kills([], 4, {})
    some.add([item(1), item(2), item(3, 2)], 3, {}, NOON)
    first = some.take()
    assert first
    assert not some.fail(first, NOON, "HTTP 500", 500)
    some.add([item(4)], 4, {}, NOON)

    assert taken(some) == [3]
    rows = {seq: row.state for seq, row in some.rows.changes.rows.items() if row}
    assert rows == {1: "waiting", 2: "blocked", 4: "blocked"}
    assert some.cursor == 2, "3 is being sent"
    assert some.rows.due(NOON + timedelta(seconds=4), 10) == []

    [due] = some.rows.due(NOON + timedelta(seconds=5), 10)
    retried = item(due.seq)
    retried.row = due
    some.retry(retried)
    assert taken(some) == [1]
    some.deliver(retried, NOON + timedelta(seconds=6))
    [due] = some.rows.due(NOON + timedelta(seconds=6), 10)
    assert due.seq == 2
    assert some.rows.changes.rows[1] is None
    assert [one.delivered for one in some.rows.changes.attempts] == [False, True]


def test_a_message_that_failed_every_try_is_dead_and_frees_its_record() -> None:
    some = lanes()
    some.add_kills([], 2, {})
    some.add([item(1), item(2)], 2, {}, NOON)
    now, one = NOON, some.take()
    for _ in range(2):
        assert one
        assert not some.fail(one, now, "HTTP 500")
        now += timedelta(hours=1)
        [row] = some.rows.due(now, 10)
        one = item(row.seq)
        one.row = row
        some.retry(one)
        assert taken(some) == [1]
    assert one
    assert some.fail(one, now, "HTTP 500")

    dead = some.rows.changes.rows[1]
    assert dead
    assert (dead.state, dead.attempts, dead.next_at) == ("dead", 3, None)
    assert [row.seq for row in some.rows.due(now, 10)] == [2]


def test_kinds_in_order_send_one_after_the_other_and_leave_out_what_was_killed() -> None:
    some = lanes(ordered=True)
    some.add([item(1, 1), item(2, 2), item(3, 3)], 3, {}, NOON)
    first = some.take()
    assert first
    some.note_kill(2, 4)
    some.add([item(4, 2, "killed")], 4, {}, NOON)

    assert taken(some) == []
    order = []
    while first:
        some.deliver(first, NOON)
        order.append(first.seq)
        first = some.take()
    assert order == [1, 3, 4]
    assert (some.cursor, some.kill_cursor) == (4, 4)


class Simulation:
    """A consumer whose log grows, whose endpoint refuses and is down, and whose process dies, at random."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.log: list[Item] = []
        self.now = NOON
        #: Attempts and deliveries in order, as (record, number), with a mark for each death.
        self.delivered: list[tuple[int, int] | None] = []
        self.stored: tuple[int, int, dict[int, FailedMessage]] = (0, 0, {})
        self.lanes = self._restarted()
        self.at_work: list[Item] = []

    def killed(self) -> dict[int, int]:
        return {one.record_id: one.seq for one in self.log if one.kind in KILLS}

    def _restarted(self) -> Lanes:
        cursor, kill_cursor, rows = self.stored
        made = Lanes(7, cursor, kill_cursor, schedule=(5.0,) * 20)
        made.load(rows.values(), self.killed())
        return made

    def append(self) -> None:
        record_id, seq = self.random.randint(1, 4), len(self.log) + 1
        kind = self.random.choice(KINDS)
        self.log.append(item(seq, record_id, kind))
        if kind in KILLS:
            self.lanes.note_kill(record_id, seq)

    def take_in(self) -> None:
        some, end = self.lanes, len(self.log)
        upto = min(end, some.kill_read + self.random.randint(1, 8))
        kills = [one for one in self.log[some.kill_read : upto] if one.kind in KILLS]
        some.add_kills([item(one.seq, one.record_id, one.kind) for one in kills], upto, self.killed())
        for row in some.rows.due(self.now, 4):
            again = item(row.seq, row.record_id, self.log[row.seq - 1].kind)
            again.row = row
            some.retry(again)
        upto = min(some.kill_read, some.read + self.random.randint(1, 6))
        events = [item(one.seq, one.record_id, one.kind) for one in self.log[some.read : upto]]
        some.add(events, upto, self.killed(), self.now)

    def begin(self) -> None:
        if one := self.lanes.take():
            assert self.killed().get(one.record_id, 0) <= one.seq, "sent after its record was killed"
            assert one.record_id not in {other.record_id for other in self.at_work}
            self.at_work.append(one)

    def end(self, how: str) -> None:
        if not self.at_work:
            return
        one = self.at_work.pop(self.random.randrange(len(self.at_work)))
        if how == "deliver":
            self.delivered.append((one.record_id, one.seq))
            self.lanes.deliver(one, self.now)
        elif how == "refuse":
            self.lanes.fail(one, self.now, "no")
        else:
            self.lanes.put_back(one)

    def write(self) -> None:
        changes = self.lanes.rows.taken_changes()
        if self.random.random() < 0.1:
            self.lanes.rows.give_back(changes)  # the database was unavailable
            return
        rows = {**self.stored[2], **{seq: row for seq, row in changes.rows.items() if row}}
        for seq, row in changes.rows.items():
            if row is None:
                rows.pop(seq, None)
        self.stored = self.lanes.cursor, self.lanes.kill_cursor, rows
        self.check_stored()

    def check_stored(self) -> None:
        """Every event up to the cursor is delivered, overtaken, or has a row."""
        cursor, kill_cursor, rows = self.stored
        done = {one[1] for one in self.delivered if one}
        killed = self.killed()
        for one in self.log[:cursor]:
            assert one.seq in done or one.seq in rows or killed.get(one.record_id, 0) > one.seq, one
        assert cursor <= kill_cursor

    def die(self) -> None:
        self.at_work = []
        self.delivered.append(None)
        self.lanes = self._restarted()

    def finish(self) -> None:
        for _ in range(2000):
            self.now += timedelta(seconds=10)
            self.take_in()
            while one := self.lanes.take():
                self.at_work.append(one)
            while self.at_work:
                self.end("deliver")
        self.write()


@pytest.mark.parametrize("seed", range(100))
def test_nothing_is_lost_or_out_of_order_whatever_happens(seed: int) -> None:
    one = Simulation(seed)
    actions = ["append"] * 4 + ["take in"] * 3 + ["begin"] * 6 + ["deliver"] * 4 + ["refuse"] * 2 + ["down", "write"]
    for _ in range(600):
        one.now += timedelta(seconds=one.random.random())
        action = one.random.choice([*actions, "die"] if one.random.random() < 0.1 else actions)
        if action == "append":
            one.append()
        elif action == "take in":
            one.take_in()
        elif action == "begin":
            one.begin()
        elif action == "write":
            one.write()
        elif action == "die":
            one.die()
        else:
            one.end(action)
    one.finish()

    killed, done = one.killed(), {pair[1] for pair in one.delivered if pair}
    lost = [e.seq for e in one.log if e.seq not in done and killed.get(e.record_id, 0) <= e.seq]
    assert lost == []
    assert one.lanes.cursor == len(one.log)
    assert one.lanes.rows.count == 0
    for life in lives(one.delivered):
        for record_id in range(1, 5):
            numbers = [seq for record, seq in life if record == record_id]
            assert numbers == sorted(set(numbers)), f"record {record_id} out of order or twice"


def lives(delivered: Iterable[tuple[int, int] | None]) -> list[list[tuple[int, int]]]:
    """Return what was delivered between two deaths."""
    found: list[list[tuple[int, int]]] = [[]]
    for one in delivered:
        if one is None:
            found.append([])
        else:
            found[-1].append(one)
    return found
