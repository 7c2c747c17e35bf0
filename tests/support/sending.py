"""How an agency sends: it drops files, and pushes again what nobody acknowledged, to a daemon that comes and goes."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from tests.support.dropping import drop
from tests.support.wire_agency import SUFFIXES, Day, Message

#: Pushes at a time; what is of one item is pushed one after the other.
LANES = 4


class Line:
    """The line to a daemon: where it is, while it is up."""

    def __init__(self) -> None:
        self._address: str | None = None
        #: How often it has been up.
        self.times = 0
        self._changed = asyncio.Condition()

    async def up(self, address: str) -> None:
        async with self._changed:
            self._address, self.times = address, self.times + 1
            self._changed.notify_all()

    async def after(self, times: int) -> tuple[str, int]:
        """Wait until it is up once more than it has been; return where, and how often it has been now."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.times > times)
            assert self._address
            return self._address, self.times


class Progress:
    """How much of the pushes is acknowledged."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self._changed = asyncio.Condition()

    async def one_more(self) -> None:
        async with self._changed:
            self.done += 1
            self._changed.notify_all()

    async def reaches(self, share: float) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.done >= share * self.total)


class Sender:
    """Sends a day to an inbox and a folder at once."""

    def __init__(self, day: Day, *, inbox: str, folder: Path, line: Line) -> None:
        self._day, self._inbox, self._folder, self._line = day, inbox, folder, line
        self.progress = Progress(len(day.by("push")))
        self.sent_again = 0
        #: When a push was acknowledged.
        self.acknowledged: dict[tuple[str, int], datetime] = {}

    async def send(self) -> None:
        """Send all of it; as much of it is dropped as is pushed."""
        lanes: list[list[Message]] = [[] for _ in range(LANES)]
        for message in self._day.by("push"):
            lanes[int(message.guid.rpartition(":")[2]) % LANES].append(message)
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._drop())
            for lane in lanes:
                tasks.create_task(self._push(session, lane))

    async def _drop(self) -> None:
        files = self._day.by("folder")
        for number, message in enumerate(files):
            await self.progress.reaches(number / len(files))
            name = f"{number:06}{SUFFIXES[message.format]}"
            drop(self._folder, name, message.document(datetime.now(UTC)))

    async def _push(self, session: aiohttp.ClientSession, messages: Sequence[Message]) -> None:
        times = 0
        for message in messages:
            body = message.document(datetime.now(UTC))
            while True:
                if times == 0:
                    address, times = await self._line.after(0)
                try:
                    async with session.post(f"{address}v1/inbox/{self._inbox}", data=body) as reply:
                        said = await reply.text()
                except (aiohttp.ClientError, OSError):
                    # It was killed: what nobody acknowledged is sent again to the next one.
                    self.sent_again += 1
                    address, times = await self._line.after(times)
                    continue
                assert reply.status == 202, said
                break
            self.acknowledged[message.guid, message.number] = datetime.now(UTC)
            await self.progress.one_more()
