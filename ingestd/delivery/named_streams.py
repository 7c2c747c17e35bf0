"""Streams of consumers: they have a name, and the daemon remembers how far their client is."""

import asyncio
from datetime import UTC, datetime

import structlog

from ingestd.delivery.pulling import active, check_cursor, expire
from ingestd.delivery.streams import Start, Streams
from ingestd.errors import NotFound, StoreError, UsageError
from ingestd.model.consumer import Consumer
from ingestd.store.consumers import consumers, leases
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import CursorExpired
from ingestd.store.outages import log_failure

log = structlog.get_logger(__name__)

#: Seconds between two looks at whether an operator has changed the consumer, and between two writes of its cursor.
_LOOK_EVERY = 1.0


class NamedStream:
    """How far the client of a consumer is."""

    def __init__(self, database: Database, consumer: Consumer) -> None:
        self._database = database
        self._consumer = consumer
        #: The number up to which everything was written to the client.
        self.position = self._saved = consumer.cursor

    async def watch(self) -> None:
        """Write the cursor now and then; return when the consumer was paused, moved, changed or removed."""
        try:
            await self._keep_saving()
        except Exception:
            log.exception("bug", doing="write the cursor of a stream", consumer=self._consumer.name)

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                if not await self.save():
                    return
            except StoreError as error:
                log_failure(log, "cursor waits", error, consumer=self._consumer.name)

    async def save(self) -> bool:
        """Write the cursor if it has moved; return whether the consumer is as it was.  Raises StoreError."""
        moved = self.position > self._saved
        try:
            async with self._database.write() if moved else self._database.read() as connection:
                find = leases.lock if moved else consumers.find
                consumer = await find(connection, self._consumer.name)
                if consumer.generation != self._consumer.generation:
                    return False
                if moved:
                    cursor = max(consumer.cursor, self.position)
                    await leases.move(connection, consumer, cursor=cursor, kill_cursor=cursor, now=datetime.now(UTC))
        except NotFound:
            return False
        self._saved = self.position
        return True


async def begin(
    database: Database, streams: Streams, name: str, *, after: int | None, epoch: str | None
) -> tuple[Consumer, Start]:
    """Return a consumer and where its client starts: after what the client names, or else at the cursor.

    Raises NotFound; NotActive; UsageError when it is no consumer of this kind; CursorExpired, after which the consumer
    is expired, if it is by its own cursor.
    """
    async with database.read() as connection:
        consumer = active(await consumers.find(connection, name))
        kept = await event_log.read_range(connection)
    if consumer.kind != "sse":
        raise UsageError(f"consumer {name} is of the kind {consumer.kind}, and only those of the kind sse are streams")
    try:
        if after is None or consumer.epoch != kept.epoch:  # then no number that a client has can be trusted
            check_cursor(consumer, kept)
    except CursorExpired:
        await expire(database, name)
        raise
    if after is not None:
        return consumer, await streams.begin(after, epoch or consumer.epoch)
    return consumer, await streams.begin(consumer.cursor, consumer.epoch)
