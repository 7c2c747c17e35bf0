"""Deliver to one consumer: send what is ready, and leave its endpoint alone while that is down."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random

import structlog

from ingestd.delivery.consumer_settings import kind_settings, retry_schedule
from ingestd.delivery.engine import retries
from ingestd.delivery.engine.endpoint import Endpoint
from ingestd.delivery.engine.intake import LOW, Intake
from ingestd.delivery.engine.item import Item, Totals
from ingestd.delivery.engine.lanes import Lanes
from ingestd.delivery.engine.rendering import Renderings
from ingestd.delivery.engine.rows import Changes
from ingestd.delivery.engine.selection import Selection
from ingestd.delivery.engine.tail import Tail
from ingestd.delivery.kinds.kind import Kind, Opening, Rendered, Sender
from ingestd.errors import (
    ConfigError,
    EndpointDown,
    EndpointGone,
    IngestError,
    MessageRefused,
    NotInstalled,
    StoreError,
)
from ingestd.model.consumer import Consumer, ConsumerState
from ingestd.model.event import KILLS
from ingestd.renderers.forms.form import Form
from ingestd.settings import Settings
from ingestd.store.consumers import failures
from ingestd.store.consumers.positions import Position, Write
from ingestd.store.database import Database
from ingestd.store.events import kills
from ingestd.store.events.event_log import CursorExpired
from ingestd.store.outages import log_failure
from ingestd.text import clean
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Seconds that one attempt may take; kinds have shorter limits of their own.
_LONGEST_ATTEMPT = 120.0

#: Kills that are sent at once beyond the concurrency of a kind: they do not wait for a slow message.
_EXTRA = 4

#: Seconds until the database is asked again that was unavailable, and the longest sleep without a reason.
_STORE_PAUSE, _LONGEST_SLEEP = 1.0, 60.0

#: Characters of an error that are kept.
_ERROR, _EXCERPT = 1_000, 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the deliverers of a process share."""

    database: Database
    tail: Tail
    renderings: Renderings
    fetcher: Fetcher
    settings: Settings


class Deliverer:
    """Delivers to one consumer until it is told to stop, or the consumer cannot go on."""

    def __init__(self, consumer: Consumer, kind: Kind, form: Form, shared: Shared, totals: Totals) -> None:
        self.consumer = consumer
        self._kind = kind
        self._media_type = form.media_type
        self._shared = shared
        options = kind_settings(kind, consumer.settings)
        self._opening = Opening(consumer=consumer, settings=options, operator=shared.settings, fetcher=shared.fetcher)
        self.lanes = Lanes(
            consumer.id, consumer.cursor, max(consumer.cursor, consumer.kill_cursor), ordered=kind.ordered,
            schedule=retry_schedule(kind, consumer.settings), totals=totals,
        )  # fmt: skip
        selection = Selection(shared.database, consumer.filter)
        self._intake = Intake(self.lanes, shared.tail, shared.renderings, selection, form, ordered=kind.ordered)
        self.endpoint = Endpoint(consumer)
        #: Why the consumer cannot go on, as its state and a reason.
        self.outcome: tuple[ConsumerState, str] | None = None
        #: Whether another run or an operator has taken over: nothing more is written.
        self.is_superseded = False
        self._stopping = self._is_down = False
        self._woken = asyncio.Event()
        self._at_work = 0
        most = kind.concurrency(options) if callable(kind.concurrency) else kind.concurrency
        self._concurrency = 1 if kind.ordered else most
        self._written = self._position()

    def wake(self) -> None:
        """Look for something to do: there are new events, or a message was ended."""
        self._woken.set()

    def stop(self) -> None:
        """Let `run` return when the attempts under way have ended."""
        self._stopping = True
        self._woken.set()

    @property
    def at_work(self) -> int:
        """Messages that are being sent."""
        return self._at_work

    async def run(self) -> None:
        """Deliver until `stop` is called or there is an `outcome`.  Raises StoreError, or what is a bug."""
        await self._load_rows()
        while not self._stopping and self.outcome is None:
            if seconds := self.endpoint.remaining(datetime.now(UTC)):
                self._woken.clear()
                await self._sleep(seconds)
                continue
            self._is_down = False
            try:
                assert self._kind.open
                async with self._kind.open(self._opening) as sender:
                    await self._send_until_down(sender)
            except (ConfigError, NotInstalled, EndpointGone) as error:
                self.outcome = "disabled", str(error)
            except StoreError:
                raise
            except (IngestError, OSError) as error:
                self._note_down(error)

    async def _load_rows(self) -> None:
        async with self._shared.database.snapshot() as connection:
            rows = await failures.failed(
                connection, self.consumer.id, states=("waiting", "blocked"), limit=2 * failures.MOST_WAITING
            )
            rows += await failures.failed(
                connection, self.consumer.id, states=("dead",), after=self.consumer.cursor, limit=failures.MOST_WAITING
            )
            killed = await kills.last_of(connection, {row.record_id for row in rows}, KILLS)
            late = [row.seq for row in rows if killed.get(row.record_id, 0) > row.seq]
            merges = await kills.merges_among(connection, late)
        self.lanes.load(rows, killed, merges)

    async def _send_until_down(self, sender: Sender) -> None:
        async with asyncio.TaskGroup() as workers:
            while not (self._stopping or self._is_down or self.outcome):
                self._woken.clear()
                try:
                    await self._intake.fill()
                except CursorExpired as error:
                    self.outcome = "expired", str(error)
                except StoreError as error:
                    log_failure(log, "deliveries wait", error, consumer=self.consumer.name)
                    await self._sleep(_STORE_PAUSE)
                    continue
                self._start_workers(workers, sender)
                if not self._intake.has_more:
                    await self._sleep(self._until_due())

    def _until_due(self) -> float:
        due = self.lanes.rows.next_due
        seconds = (due - datetime.now(UTC)).total_seconds() if due else _LONGEST_SLEEP
        # What is due and has no room is taken in when a message has ended, which wakes.
        return min(_LONGEST_SLEEP, seconds) if seconds > 0 else _LONGEST_SLEEP

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    @property
    def _limit(self) -> int:
        """Messages that are sent at the same time: one while the endpoint is on trial."""
        return 1 if self.endpoint.is_failing else self._concurrency

    def _start_workers(self, workers: asyncio.TaskGroup, sender: Sender) -> None:
        wanted = min(self._limit - self._at_work, self.lanes.ready)
        if wanted <= 0 and self.lanes.has_kills and not self.endpoint.is_failing:
            wanted = min(1, self._limit + _EXTRA - self._at_work)
        for _ in range(wanted):
            self._at_work += 1
            workers.create_task(self._work(sender))

    async def _work(self, sender: Sender) -> None:
        """Send one message after the other while there are any."""
        tail = self._shared.tail
        try:
            while True:
                if not tail.is_fresh:
                    # What was killed until now must be known before an attempt begins.
                    try:
                        await tail.look()
                    except StoreError:
                        break
                if self._stopping or self._is_down or self.outcome:
                    break
                if self._at_work > self._limit and not self.lanes.has_kills:
                    break
                if (item := self.lanes.take()) is None:
                    break
                await self._attempt(sender, item)
                if self.lanes.queued < LOW:
                    self._woken.set()
        finally:
            self._at_work -= 1
            self._woken.set()

    async def _attempt(self, sender: Sender, item: Item) -> None:
        if item.content is None:
            self._note_refused(item, MessageRefused(item.error or "cannot be written"))
            return
        rendered = Rendered(
            message=item.content.message, body=item.content.body, media_type=self._media_type,
            attempt=item.attempts + 1,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_LONGEST_ATTEMPT):
                receipt = await sender.send(rendered)
        except MessageRefused as error:
            self._note_refused(item, error)
        except EndpointGone as error:
            self.lanes.put_back(item)
            self.outcome = "disabled", str(error)
        except (EndpointDown, TimeoutError, OSError) as error:
            self.lanes.put_back(item)
            self._note_down(error)
        except Exception as error:
            # A bug that one message meets must not stop those of other records.
            log.exception("bug", doing="deliver", consumer=self.consumer.name, seq=item.seq)
            self._note_refused(item, MessageRefused(f"a bug: {type(error).__name__}; see the log"))
        else:
            now = datetime.now(UTC)
            if self.endpoint.is_failing:
                log.info("consumer recovered", consumer=self.consumer.name)
            self.endpoint.note_success(now)
            self.lanes.deliver(item, now, receipt.status, _cut(receipt.excerpt, _EXCERPT))
            log.debug("delivered", consumer=self.consumer.name, seq=item.seq, attempt=item.attempts + 1)

    def _note_refused(self, item: Item, error: MessageRefused) -> None:
        name, reason = self.consumer.name, _cut(str(error), _ERROR) or "refused"
        if self.endpoint.note_refused():
            self.lanes.put_back(item)
            self._note_down(EndpointDown(f"refuses all messages: {reason}", status=error.status))
            return
        attempt = item.attempts + 1
        is_dead = self.lanes.fail(item, datetime.now(UTC), reason, error.status, _cut(error.excerpt, _EXCERPT))
        log.warning(
            "message given up" if is_dead else "message refused",
            consumer=name, seq=item.seq, record=item.record_id, attempt=attempt, error=reason,
        )  # fmt: skip
        if self._kind.ordered and not is_dead:
            self._note_down(EndpointDown(reason, status=error.status))  # it is tried again before any other

    def _note_down(self, error: Exception) -> None:
        if self._is_down:
            return  # other attempts that were under way
        self._is_down = True
        now, asked = datetime.now(UTC), getattr(error, "retry_after", None)
        reason = clean(str(error)) or type(error).__name__
        seconds = self.endpoint.note_down(now, reason, asked, random())  # noqa: S311 - spreads retries
        log.warning("consumer waits", consumer=self.consumer.name, seconds=round(seconds), error=reason)
        if self.endpoint.is_given_up(now):
            hours = round(retries.GIVEN_UP_AFTER / 3600)
            self.outcome = "disabled", f"its endpoint took nothing for {hours} hours: {reason}"
        self._woken.set()

    def _position(self) -> Position:
        endpoint = self.endpoint
        return Position(
            consumer_id=self.consumer.id, generation=self.consumer.generation, cursor=self.lanes.cursor,
            kill_cursor=self.lanes.kill_cursor, delivered_at=endpoint.delivered_at,
            failing_since=endpoint.failing_since, waits_until=endpoint.waits_until, reason=endpoint.reason,
        )  # fmt: skip

    def to_write(self) -> Write | None:
        """Return what has changed since the last write, None if nothing has; it is then given to `note_write`."""
        position = self._position()
        if self.is_superseded or (position == self._written and not self.lanes.rows.changes):
            return None
        changes = self.lanes.rows.taken_changes()
        return Write(position=position, rows=changes.rows, attempts=changes.attempts)

    def note_write(self, write: Write, *, ok: bool) -> None:
        """Note that something was written, or could not be."""
        if ok:
            self._written = write.position
        else:
            self.lanes.rows.give_back(Changes(rows=dict(write.rows), attempts=list(write.attempts)))


def _cut(text: str | None, length: int) -> str | None:
    return None if text is None else clean(text)[:length]
