"""Deliver to all consumers that this run may claim, each by itself.

An engine looks at the table of consumers about once a second: it claims those that nobody delivers to, and gives up
those that an operator has changed, which it then claims again as they are now.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import structlog
from pydantic import ValidationError

from ingestd.delivery.engine.deliverer import Deliverer, Shared
from ingestd.delivery.engine.item import Totals
from ingestd.delivery.engine.rendering import Renderings
from ingestd.delivery.engine.tail import FRESH, Tail
from ingestd.delivery.kinds import find_kind
from ingestd.delivery.kinds.kind import Kind
from ingestd.errors import IngestError, StoreError, StoreRefused, UsageError
from ingestd.model.consumer import Consumer, ConsumerState
from ingestd.renderers.forms import FORMS
from ingestd.renderers.forms.form import Form
from ingestd.settings import Settings
from ingestd.store.consumers import claims, positions
from ingestd.store.consumers.positions import Write
from ingestd.store.database import Database
from ingestd.store.events.kills import Kill
from ingestd.store.outages import log_failure
from ingestd.text import clean
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Seconds between two looks at the consumers, at the log for what other processes commit, and between two writes of
#: positions.
CONTROL, LOOK, WRITE = 0.75, 0.25, 0.5

#: Seconds that attempts under way may take after a stop, and after an operator has changed their consumer.
GRACE = 10.0

#: Seconds until a consumer is claimed again after a bug ended its delivery: at first, and at most after it doubled.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0

#: Characters of an error that are kept as a reason.
_ERROR = 500


class Deliveries:
    """Delivers the events of the log to consumers until it is stopped."""

    def __init__(
        self,
        database: Database,
        *,
        run_id: str,
        fetcher: Fetcher,
        settings: Settings,
        kinds: Callable[[str], Kind | None] = find_kind,
    ) -> None:
        self._database = database
        self.run_id = run_id
        self._kinds = kinds
        self.tail = Tail(database, on_kill=self._note_kill, on_advance=self._advance)
        self._shared = Shared(
            database=database, tail=self.tail, renderings=Renderings(database), fetcher=fetcher, settings=settings
        )
        #: Consumers that this run delivers to, by number.
        self.running: dict[int, Deliverer] = {}
        #: Counts of messages delivered, refused and overtaken, by the name of their consumer.
        self.totals: dict[str, Totals] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        #: Consumer → when it may be claimed again, and for how long it waited, in monotonic seconds.
        self._paused: dict[int, tuple[float, float]] = {}
        self._stopped = asyncio.Event()
        self._committed = asyncio.Event()
        self._writing = asyncio.Lock()

    def wake(self) -> None:
        """Look at the event log now: this process may have committed something."""
        if self.running:
            self.tail.note_commit()
            self._committed.set()

    def stop(self) -> None:
        """Let `run` return when the attempts under way have ended."""
        self._stopped.set()
        self._committed.set()

    async def run(self) -> None:
        """Deliver until `stop` is called; wait while the database is unavailable."""
        try:
            async with asyncio.TaskGroup() as tasks:
                others = [tasks.create_task(self._look_at_log()), tasks.create_task(self._keep_writing())]
                await self._control()
                for task in others:
                    task.cancel()
        finally:
            # Also when this is cancelled: the time for work is up, and what was delivered must be noted.
            for task in self._tasks.values():
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks.values())

    async def _control(self) -> None:
        while not self._stopped.is_set():
            try:
                await self.look_at_consumers()
            except StoreError as error:
                log_failure(log, "deliveries wait", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(CONTROL):
                    await self._stopped.wait()
        for deliverer in self.running.values():
            deliverer.stop()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=GRACE)

    async def look_at_consumers(self) -> None:
        """Claim consumers that nobody delivers to, and give up those that were changed.  Raises StoreError."""
        async with self._database.read() as connection:
            epoch, rows = await claims.overview(connection)
        found = {row.id: row for row in rows}
        for number, deliverer in self.running.items():
            row = found.get(number)
            if row is None or row.generation != deliverer.consumer.generation:
                deliverer.is_superseded = True
                deliverer.stop()
        names = {row.name for row in rows}
        self.totals = {name: totals for name, totals in self.totals.items() if name in names}
        free = [row for row in rows if row.state == "active" and row.run_id in (None, self.run_id)]
        wanted = [row.id for row in free if self._may_start(row.id, row.kind)]
        if not wanted:
            return
        if self.tail.epoch != epoch or not self.running:
            self._shared.renderings.clear()
            await self.tail.begin()
        async with self._database.write() as connection:
            claimed = [await claims.claim(connection, number, self.run_id) for number in wanted]
        for consumer in claimed:
            if consumer and consumer.epoch != epoch:
                await self._end(consumer, "expired", _other_epoch(consumer))
            elif consumer:
                self._start(consumer)

    def _may_start(self, number: int, kind_name: str) -> bool:
        kind = self._kinds(kind_name)
        is_paused = self._paused.get(number, (0.0, 0.0))[0] > monotonic()
        return bool(kind and kind.open) and number not in self._tasks and not is_paused

    def _start(self, consumer: Consumer) -> None:
        self._tasks[consumer.id] = task = asyncio.create_task(self._deliver(consumer), name=f"consumer {consumer.name}")
        task.add_done_callback(lambda _: self._tasks.pop(consumer.id, None))

    async def _deliver(self, consumer: Consumer) -> None:
        """Deliver to a consumer until it has to stop; whatever happens, it stops no other."""
        deliverer = None
        totals = self.totals.setdefault(consumer.name, Totals())
        try:
            kind = self._kinds(consumer.kind)
            assert kind
            deliverer = Deliverer(consumer, kind, _form_of(consumer), self._shared, totals)
            self.running[consumer.id] = deliverer
            await deliverer.run()
            self._paused.pop(consumer.id, None)
        except (ValidationError, IngestError) as error:
            if deliverer is None:
                await self._end(consumer, "disabled", f"its settings cannot be used: {' '.join(str(error).split())}")
                return
            log_failure(log, "delivery interrupted", error, consumer=consumer.name)
            self._pause(consumer.id)
        except Exception:
            log.exception("bug", doing="deliver", consumer=consumer.name)
            totals.restarts += 1
            self._pause(consumer.id)
        finally:
            if self.running.get(consumer.id) is deliverer and deliverer:
                await self._write([deliverer])
                del self.running[consumer.id]
                if deliverer.outcome and not deliverer.is_superseded:
                    await self._end(consumer, *deliverer.outcome)

    def _pause(self, number: int) -> None:
        seconds = min(_LONGEST_PAUSE, 2 * self._paused.get(number, (0.0, _FIRST_PAUSE / 2))[1])
        self._paused[number] = monotonic() + seconds, seconds

    async def _end(self, consumer: Consumer, state: ConsumerState, reason: str) -> None:
        """Disable a consumer, or note that it is expired; it is tried again while the database is unavailable."""
        try:
            async with self._database.write() as connection:
                await claims.stop(connection, consumer.id, consumer.generation, state=state, reason=reason)
        except StoreError as error:
            log_failure(log, "consumer not stopped yet", error, consumer=consumer.name)
            self._pause(consumer.id)  # the next claim will try to stop it again
            return
        log.error("consumer stopped", consumer=consumer.name, state=state, reason=reason)

    async def _look_at_log(self) -> None:
        """Look at the log when this process has committed something, and now and then for others."""
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._committed.wait()
            self._committed.clear()
            if self.running:
                try:
                    await self.tail.look(0.0)
                except StoreError as error:
                    log_failure(log, "deliveries wait", error)
                await asyncio.sleep(FRESH)  # commits that come together are looked at together

    async def write_positions(self) -> None:
        """Write what has changed of all consumers that go on."""
        await self._write([one for one in self.running.values() if one.outcome is None])

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(WRITE)
            await self.write_positions()

    async def _write(self, deliverers: list[Deliverer]) -> None:
        """Write what has changed of some consumers: in one transaction, or in one of each if a value is refused."""
        async with self._writing:
            if await self._write_together(deliverers) is None:
                return
            for one in deliverers:
                # A value that belongs to one consumer must not hold up the positions of the others.
                if error := await self._write_together([one]):
                    one.outcome = "disabled", _refused(error)
                    one.stop()

    async def _write_together(self, deliverers: list[Deliverer]) -> Exception | None:
        """Write what has changed of consumers in one transaction; return the error if that would always fail."""
        changed = [(one, write) for one in deliverers if (write := one.to_write())]
        if not changed:
            return None
        try:
            ended = await self._write_all([write for _, write in changed])
        except BaseException as error:
            for one, write in changed:
                one.note_write(write, ok=False)
            # Drivers raise ValueError and OverflowError for some values that a column cannot hold.
            if isinstance(error, (StoreRefused, ValueError, OverflowError)):
                return error
            if not isinstance(error, StoreError):
                raise
            log_failure(log, "positions not written yet", error)
            return None
        for one, write in changed:
            if one.consumer.id in ended:
                one.is_superseded = True
                one.stop()
            else:
                one.note_write(write, ok=True)
        return None

    async def _write_all(self, writes: list[Write]) -> set[int]:
        async with self._database.write() as connection:
            return await positions.write(connection, writes)

    def _note_kill(self, kill: Kill) -> None:
        for deliverer in self.running.values():
            deliverer.lanes.note_kill(kill.record_id, kill.seq, of_target=kill.of_target)

    def _advance(self) -> None:
        for deliverer in self.running.values():
            deliverer.wake()


def _form_of(consumer: Consumer) -> Form:
    """Return the form of a consumer; raises UsageError if there is none of this name."""
    form = next((one for one in FORMS if one.name == consumer.form), None)
    if form is None:
        raise UsageError(f"there is no form {consumer.form}")
    return form


def _refused(error: Exception) -> str:
    return f"the database refuses what is noted of its messages: {clean(str(error))[:_ERROR]}"


def _other_epoch(consumer: Consumer) -> str:
    return (
        "its numbers are of an epoch of the event log that has ended: the database was restored, and other events may "
        f"have them now; `ingestd consumers seek {consumer.name}` says where it continues"
    )
