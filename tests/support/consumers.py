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


@dataclass(slots=True)
class Arrivals:
    """The messages that one consumer got, in the order in which they arrived."""

    name: str
    #: The numbers of the events of all messages that arrived, doubles too.
    all: list[int] = field(default_factory=list)
    #: Identifier → content of the message that arrived first.
    bodies: dict[str, bytes] = field(default_factory=dict)
    #: The numbers of the events, each where it arrived first.
    seqs: dict[int, None] = field(default_factory=dict)
    #: Doubles whose content is another one, as (identifier, the first content, the other one).
    changed_doubles: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, message_id: str, body: bytes) -> None:
        seq = int(message_id.rpartition("-")[2])
        self.all.append(seq)
        self.seqs[seq] = None
        first = self.bodies.setdefault(message_id, body)
        if body != first:
            self.changed_doubles.append((message_id, first, body))
        self.changed.set()

    @property
    def doubles(self) -> int:
        return len(self.all) - len(self.seqs)


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


def read_folder(folder: Path, known: set[str]) -> Iterator[tuple[str, bytes]]:
    """Return the identifiers and contents of the messages in a folder but for known files, which it adds to these."""
    for name in sorted({file.name for file in folder.glob("*.json")} - known):
        known.add(name)
        body = (folder / name).read_bytes()
        yield json.loads(body)["id"], body


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A row of the event log."""

    seq: int
    record_id: int
    kind: str


def wanted(log: Mapping[int, LogEntry]) -> set[int]:
    """Return the numbers of events that must arrive: kills, and what no kill has overtaken."""
    killed = {one.record_id for one in log.values() if one.kind == "killed"}
    return {seq for seq, one in log.items() if one.kind == "killed" or one.record_id not in killed}


def check(arrivals: Arrivals, log: Mapping[int, LogEntry], epoch: str, *, late_doubles: bool = False) -> None:
    """Check that nothing is lost, that records are in order, and that doubles have the same id and content.

    With `late_doubles`, a double may come after a newer message of its record: so it may with Kafka's imitation.
    """
    assert wanted(log) <= arrivals.seqs.keys(), arrivals.name
    assert arrivals.bodies.keys() <= {f"{epoch}-{seq}" for seq in log}, arrivals.name
    assert arrivals.changed_doubles == [], arrivals.name
    order: dict[int, list[int]] = defaultdict(list)
    for seq in arrivals.seqs:
        order[log[seq].record_id].append(seq)
    # A kill may overtake: then what came before it never arrives.
    unsorted = {record: seqs for record, seqs in order.items() if seqs != sorted(seqs)}
    assert unsorted == {}, arrivals.name
    killed: dict[int, int] = {}
    for seq in arrivals.seqs if late_doubles else arrivals.all:
        assert seq >= killed.get(log[seq].record_id, 0), f"{arrivals.name}: event {seq} after the kill of its record"
        if log[seq].kind == "killed":
            killed[log[seq].record_id] = seq
