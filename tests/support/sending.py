"""Send as an agency does: drop files, and repeat pushes until they are acknowledged, while the daemon is restarted."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from tests.support.dropping import drop
from tests.support.wire_agency import SUFFIXES, Day, Message

#: Pushes at a time; the versions of one item are pushed one after the other.
LANES = 4


class DaemonAddress:
    """The current address of a daemon that is killed and started again."""

    def __init__(self) -> None:
        self._address: str | None = None
        #: How many times the daemon has started.
        self.starts = 0
        self._changed = asyncio.Condition()

    async def set(self, address: str) -> None:
        """Set the address after a start."""
        async with self._changed:
            self._address, self.starts = address, self.starts + 1
            self._changed.notify_all()

    async def after(self, starts: int) -> tuple[str, int]:
        """Wait until the daemon has started more than `starts` times; return its address and the number of starts."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.starts > starts)
            assert self._address
            return self._address, self.starts


class Progress:
    """The number of acknowledged pushes."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self._changed = asyncio.Condition()

    async def add_one(self) -> None:
        async with self._changed:
            self.done += 1
            self._changed.notify_all()

    async def wait_for(self, share: float) -> None:
        """Wait until a share of all pushes is acknowledged."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.done >= share * self.total)


class Sender:
    """Sends the messages of a day to an inbox and a folder at the same time."""

    def __init__(self, day: Day, *, inbox: str, folder: Path, daemon: DaemonAddress) -> None:
        self._day, self._inbox, self._folder, self._daemon = day, inbox, folder, daemon
        self.progress = Progress(len(day.by("push")))
        self.sent_again = 0
        #: (guid, version) → when its push was acknowledged.
        self.acknowledged: dict[tuple[str, int], datetime] = {}

    async def send(self) -> None:
        """Send all messages; the share of the files dropped follows the share of the pushes acknowledged."""
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
            await self.progress.wait_for(number / len(files))
            name = f"{number:06}{SUFFIXES[message.format]}"
            drop(self._folder, name, message.document(datetime.now(UTC)))

    async def _push(self, session: aiohttp.ClientSession, messages: Sequence[Message]) -> None:
        starts = 0
        for message in messages:
            body = message.document(datetime.now(UTC))
            while True:
                if starts == 0:
                    address, starts = await self._daemon.after(0)
                try:
                    async with session.post(f"{address}v1/inbox/{self._inbox}", data=body) as reply:
                        text = await reply.text()
                except (aiohttp.ClientError, OSError):
                    # The daemon was killed: send again, after its next start.
                    self.sent_again += 1
                    address, starts = await self._daemon.after(starts)
                    continue
                if reply.status == 503:  # on a busy machine, a push may take longer than the daemon lets it
                    await asyncio.sleep(1)
                    continue
                assert reply.status == 202, text
                break
            self.acknowledged[message.guid, message.number] = datetime.now(UTC)
            await self.progress.add_one()
