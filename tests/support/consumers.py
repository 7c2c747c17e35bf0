"""Consumers of a daemon that is killed again and again: endpoints and readers that note every message that arrives."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import aiohttp
from aiohttp import web

#: Consecutive attempts at one message that the failing endpoint refuses, at most.
_MOST_REFUSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as it arrived."""

    id: str
    body: bytes

    @property
    def seq(self) -> int:
        return int(self.id.rpartition("-")[2])


@dataclass(slots=True)
class Arrivals:
    """The messages that one consumer got, in the order in which they arrived."""

    name: str
    all: list[Arrival] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, message_id: str, body: bytes) -> None:
        self.all.append(Arrival(id=message_id, body=body))
        self.ids.add(message_id)
        self.changed.set()

    @property
    def seqs(self) -> list[int]:
        """The numbers of the events, each where it arrived first."""
        return list(dict.fromkeys(arrival.seq for arrival in self.all))


class Endpoints:
    """A server with one endpoint for each webhook; their behaviour is in their path."""

    def __init__(self) -> None:
        self.arrivals: dict[str, Arrivals] = {}
        self.refused = Counter[str]()
        self._tries = Counter[tuple[str, str]]()
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Endpoints"]:
        app = web.Application()
        app.router.add_post("/{manner}/{name}", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        manner, name, message_id = (
            request.match_info["manner"],
            request.match_info["name"],
            request.headers["webhook-id"],
        )
        body = await request.read()
        if manner == "dead":
            self.refused[name] += 1
            return web.Response(status=500, text="out of order")
        if manner == "slow":
            await asyncio.sleep(0.1)
        self._tries[name, message_id] += 1
        tries = self._tries[name, message_id]
        # Always the same three of ten attempts, whatever the order in which they come.
        if manner == "failing" and tries <= _MOST_REFUSED and crc32(f"{message_id} {tries}".encode()) % 10 < 3:
            self.refused[name] += 1
            return web.Response(status=500, text="not now")
        self.arrivals[name].add(message_id, body)
        return web.Response(status=204)


async def pull(api: str, name: str, arrivals: Arrivals) -> None:
    """Take messages of a pull consumer until this is cancelled, whatever becomes of the daemon."""
    async with aiohttp.ClientSession(api) as session:
        while True:
            try:
                path = f"/v1/consumers/{name}/events"
                async with session.get(path, params={"limit": 50, "wait": 5}) as reply:
                    taken = await reply.json()
                    assert reply.status == 200, taken
                for message in taken["messages"]:
                    arrivals.add(message["id"], json.dumps(message["data"]).encode())
                if taken["lease"]:
                    body = {"lease": taken["lease"]["token"]}
                    async with session.post(f"/v1/consumers/{name}/ack", json=body) as reply:
                        assert reply.status in (200, 409), await reply.text()
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.1)  # the daemon is being started


async def follow(api: str, arrivals: Arrivals, path: str = "/v1/stream?after=0") -> None:
    """Read the stream until this is cancelled, and resume it after each interruption."""
    last_id = ""
    async with aiohttp.ClientSession(api) as session:
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            with suppress(aiohttp.ClientError, OSError):
                timeout = aiohttp.ClientTimeout(total=None)
                async with session.get(path, headers=headers, timeout=timeout) as reply:
                    assert reply.status == 200, await reply.text()
                    fields: dict[str, str] = {}
                    async for line in reply.content:
                        text = line.decode().rstrip("\n")
                        if text:
                            key, _, value = text.partition(": ")
                            fields[key] = value
                        elif "data" in fields:
                            last_id = fields["id"]
                            arrivals.add(last_id, fields["data"].encode())
                            fields = {}
            await asyncio.sleep(0.1)


def read_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Return the identifiers and contents of the messages in a folder."""
    for file in sorted(folder.glob("*.json")):
        yield json.loads(file.read_bytes())["id"], file.read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A row of the event log."""

    seq: int
    record_id: int
    kind: str


def missing(arrivals: Arrivals, log: Mapping[int, LogEntry]) -> set[int]:
    """Return the numbers of events that must arrive and have not: kills, and what no kill has overtaken."""
    killed = {one.record_id for one in log.values() if one.kind == "killed"}
    wanted = {seq for seq, one in log.items() if one.kind == "killed" or one.record_id not in killed}
    return wanted - {arrival.seq for arrival in arrivals.all}


def check(arrivals: Arrivals, log: Mapping[int, LogEntry], epoch: str) -> None:
    """Check that nothing is lost, that records are in order, and that doubles have the same id."""
    assert missing(arrivals, log) == set(), arrivals.name
    assert {arrival.id for arrival in arrivals.all} <= {f"{epoch}-{seq}" for seq in log}, arrivals.name
    order: dict[int, list[int]] = defaultdict(list)
    for seq in arrivals.seqs:
        order[log[seq].record_id].append(seq)
    # A kill may overtake: then what came before it never arrives.
    unsorted = {record: seqs for record, seqs in order.items() if seqs != sorted(seqs)}
    assert unsorted == {}, arrivals.name
