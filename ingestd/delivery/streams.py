"""Streams of messages to clients that stay connected: one reader of the log for all that take the same form.

The newest frames are kept once, and each client has only its position among them.  One that is behind them reads from
the database, so a slow client costs memory nowhere but in its socket.
"""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ingestd.delivery import frames
from ingestd.delivery.frames import Frame, Frames, Wanted
from ingestd.errors import Busy, IngestError, StoreError
from ingestd.model.event import KILLS
from ingestd.renderers.forms.form import Form
from ingestd.store.consumers import leases
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.outages import log_failure

log = structlog.get_logger(__name__)

#: Clients of this process, and of one token.
MOST, MOST_OF_TOKEN = 2_000, 1_000

#: Seconds between two looks at the log for what other processes commit, while somebody listens; after a look, in which
#: commits come together; and without a message until a comment is sent.
LOOK_EVERY, TOGETHER, COMMENT_EVERY = 0.25, 0.02, 15.0

#: Frames that a channel keeps; bytes that one keeps, and all together; and events that are read at once, for a channel
#: and for a client that is behind.
_WINDOW, _WINDOW_BYTES, _ALL_BYTES, _PAGE, _PAGE_BEHIND = 1_000, 8 * 2**20, 32 * 2**20, 200, 20

#: Bytes that are written at once, the message that exceeds them included: a client that takes no more is noticed at the
#: next.  Chunks that a channel keeps, since most clients are at the same place.
_CHUNK, _CHUNKS = 16 * 2**10, 64

#: Clients that read from the database at the same time.
_READERS = 4


class Channel:
    """The newest frames in one form, for clients of tokens with one filter: they see the same of a message."""

    def __init__(self, form: Form, end: int, epoch: str, sees: str = "") -> None:
        self.form = form
        self.sees = sees
        self.epoch = epoch
        #: Every event after `start` up to `end` that somebody wants is in `frames`.
        self.start = self.end = end
        self.frames: list[Frame] = []
        self.bytes = 0
        self._chunks: dict[tuple[int, Wanted], Chunk] = {}
        #: Record → number of its last kill among the frames.
        self.kills: dict[int, int] = {}
        #: Filters → clients with them.
        self.filters = Counter[Wanted]()
        #: Filters → number after which every event that they let through is in `frames`.
        self.covered: dict[Wanted, int] = {}
        #: Set, and replaced, when there is something new.
        self.news = asyncio.Event()

    def add(self, found: Frames, most_bytes: int = _WINDOW_BYTES) -> None:
        """Take new frames, drop the oldest ones, and wake the clients."""
        self.frames += found.frames
        self._chunks.clear()
        self.bytes += sum(len(one.content) for one in found.frames)
        for one in found.wanted & self.filters.keys() - self.covered.keys():
            self.covered[one] = self.end
        self.kills.update((one.record_id, one.seq) for one in found.frames if one.kind in KILLS)
        self.end = found.after
        dropped = 0
        while len(self.frames) - dropped > _WINDOW or self.bytes > most_bytes:
            self.bytes -= len(self.frames[dropped].content)
            self.start, dropped = self.frames[dropped].seq, dropped + 1
        if dropped:
            del self.frames[:dropped]
            self.kills = {record: seq for record, seq in self.kills.items() if seq > self.start}
        self.wake()

    def wake(self) -> None:
        """Wake the clients."""
        self.news.set()
        self.news = asyncio.Event()

    def close(self) -> None:
        """End the streams of its clients."""
        self.epoch = ""
        self.wake()

    def after(self, seq: int, wanted: Wanted) -> "Chunk | None":
        """Return the next messages after a number; None: the database has them."""
        if seq < max(self.start, self.covered.get(wanted, self.end + 1)):
            return None
        if (seq, wanted) not in self._chunks:
            if len(self._chunks) >= _CHUNKS:
                self._chunks.clear()
            first = bisect_right(self.frames, seq, key=lambda one: one.seq)
            chosen = (
                one for one in self.frames[first:]
                if one.passes[wanted] and self.kills.get(one.record_id, 0) <= one.seq
            )  # fmt: skip
            self._chunks[seq, wanted] = next(_in_chunks(chosen, self.end))
        return self._chunks[seq, wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a client starts."""

    epoch: str
    #: The number of the last event that it has.
    after: int
    #: The number of the last event there is.
    newest: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is written to a client at once, up to which number it has everything then, and the number of messages."""

    content: bytes
    upto: int
    messages: int = 0


def _in_chunks(found: Iterable[Frame], end: int) -> Iterator[Chunk]:
    """Yield frames in chunks of about `_CHUNK` bytes; with the last one, which may be empty, a client is at `end`."""
    some, size = list[bytes](), 0
    for one in found:
        some.append(one.content)
        size += len(one.content)
        if size >= _CHUNK:
            yield Chunk(b"".join(some), one.seq, len(some))
            some, size = [], 0
    yield Chunk(b"".join(some), end, len(some))


class Streams:
    """The clients of this process that stay connected."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: By the name of the form, and the filter of the tokens.
        self._channels: dict[tuple[str, str], Channel] = {}
        self._readers: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._behind = asyncio.Semaphore(_READERS)
        self._tokens = Counter[str | None]()
        self._closed = False
        #: Set, and replaced, when this process may have committed events.
        self._committed = asyncio.Event()
        #: Clients now; messages written; clients that were closed because they read too slowly.
        self.clients = self.written = self.too_slow = 0

    def wake(self) -> None:
        """Look at the event log now: this process may have committed something."""
        self._committed.set()
        self._committed = asyncio.Event()

    async def begin(self, after: int | None, epoch: str | None) -> Start:
        """Return where a client starts; `after` None: after what there is now.

        Raises CursorExpired, and UsageError if there is no event `after` yet.
        """
        async with self._database.read() as connection:
            kept = await event_log.read_range(connection)
            if after is not None:
                await event_log.read_after(connection, after, epoch=epoch, limit=1)
        return Start(epoch=kept.epoch, after=kept.last if after is None else after, newest=kept.last)

    async def follow(
        self, start: Start, *, form: Form, wanted: Wanted, token: str | None, sees: str = ""
    ) -> AsyncGenerator[Chunk]:
        """Yield what to write to a client: its messages in order, and comments, until this process ends.

        `sees` is the filter of its token: messages tell nothing of sources and records that this rules out.

        Raises Busy when there are too many clients, CursorExpired and StoreError.
        """
        if self.clients >= MOST or self._tokens[token] >= MOST_OF_TOKEN:
            raise Busy("too many clients read streams; try again later")
        channel = self._channel(form, start, sees)
        self.clients += 1
        self._tokens[token] += 1
        channel.filters[wanted] += 1
        try:
            yield Chunk(frames.position_frame(start.epoch, start.after), start.after)
            async for chunk in self._messages(channel, start.after, start.epoch, wanted):
                yield chunk
        finally:
            self.clients -= 1
            self._tokens[token] -= 1
            channel.filters[wanted] -= 1
            if not channel.filters[wanted]:
                del channel.filters[wanted]
                channel.covered.pop(wanted, None)
            if not channel.filters and self._channels.get((form.name, sees)) is channel:
                del self._channels[form.name, sees]
                self._readers.pop((form.name, sees)).cancel()

    async def _messages(self, channel: Channel, after: int, epoch: str, wanted: Wanted) -> AsyncIterator[Chunk]:
        while not self._closed and channel.epoch == epoch:
            news = channel.news
            found = channel.after(after, wanted)
            chunks = [found] if found else await self._from_database(channel, after, wanted)
            before = after
            for chunk in chunks:
                after = max(after, chunk.upto)  # one that reads from the database may be ahead of the channel
                if chunk.messages:
                    self.written += chunk.messages
                    yield chunk
            if after > before:
                continue
            try:
                async with asyncio.timeout(COMMENT_EVERY):
                    await news.wait()
            except TimeoutError:
                yield Chunk(frames.position_frame(epoch, after), after)

    async def _from_database(self, channel: Channel, after: int, wanted: Wanted) -> Iterable[Chunk]:
        async with self._behind, self._database.read() as connection:
            found = await frames.read(
                connection, after, epoch=channel.epoch, form=channel.form, wanted=(wanted,), limit=_PAGE_BEHIND,
                sees=channel.sees,
            )  # fmt: skip
            killed = await leases.last_kills(connection, [one.record_id for one in found.frames])

        def is_sent(one: Frame) -> bool:
            # Looked at when its chunk is made: a kill may have come since the one before was written.
            return max(killed.get(one.record_id, 0), channel.kills.get(one.record_id, 0)) <= one.seq

        return _in_chunks(filter(is_sent, found.frames), found.after)

    def _channel(self, form: Form, start: Start, sees: str) -> Channel:
        key = (form.name, sees)
        known = self._channels.get(key)
        if known is None or known.epoch != start.epoch:
            if known:
                known.close()
                self._readers.pop(key).cancel()
            channel = self._channels[key] = Channel(form, start.newest, start.epoch, sees)
            self._readers[key] = asyncio.create_task(self._read(channel), name=f"stream {form.name}")
        return self._channels[key]

    async def _read(self, channel: Channel) -> None:
        """Read what is new, as long as somebody listens; whatever ends this ends the streams, whose clients resume."""
        try:
            await self._keep_reading(channel)
        except Exception:
            log.exception("bug", doing="read the log for streams", form=channel.form.name)
        channel.close()

    async def _keep_reading(self, channel: Channel) -> None:
        while True:
            committed = self._committed
            try:
                async with self._database.read() as connection:
                    is_new = await event_log.last_seq(connection) > channel.end
                    found = await self._page(channel) if is_new else None
            except StoreError as error:
                log_failure(log, "stream waits", error)
                found = None
            except IngestError as error:  # the epoch has ended, or the events are no longer kept
                log.warning("streams closed", reason=str(error))
                return
            if found:
                channel.add(found, min(_WINDOW_BYTES, _ALL_BYTES // len(self._channels)))
            if not found or found.after == found.newest:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await committed.wait()
                await asyncio.sleep(TOGETHER)

    async def _page(self, channel: Channel) -> Frames:
        async with self._database.read() as connection:
            return await frames.read(
                connection, channel.end, epoch=channel.epoch, form=channel.form, wanted=list(channel.filters),
                limit=_PAGE, sees=channel.sees,
            )  # fmt: skip

    async def close(self) -> None:
        """End all streams: their clients resume when there is a daemon again."""
        self._closed = True
        for channel in self._channels.values():
            channel.wake()
        readers = list(self._readers.values())
        for reader in readers:
            reader.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*readers, return_exceptions=True)
