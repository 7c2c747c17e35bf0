"""Measure deliveries to consumers: webhooks a CPU second, what a dead one costs, kills, and clients of the stream.

python benchmarks/deliveries.py [--records N] [--turns N] [--kills N] [--clients N] [--database sqlite|postgresql]

The daemon is a process of its own, and only its CPU time counts (user and system).  Phases:

- `bare`: aiohttp alone signs and posts the same messages, to the same receiver over as many connections; what follows
  is compared with it.
- `webhook`: a new consumer gets all records from the start of the log; its messages have the records with their texts.
- `dead`: the same in turns (without, with, with, without, ...) after one that does not count, without and with another
  consumer whose endpoint refuses everything.
- `kill`: an agency pushes items and kills them one after the other, with four consumers; the time runs from the request
  of the kill until the last of the four has it.
- `stream`: memory of the daemon (RSS) before and with clients of /v1/stream, after each of them got the same messages.

Each phase checks that every message arrived.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import aiohttp
from aiohttp import web
from common import memory, own_cpu, print_figure

from ingestd.model.article import Article
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from tests.daemon.processes import Daemon, ingestd, rows
from tests.support.agency import ninjs
from tests.support.databases import make_database, postgresql
from tests.support.outcomes import claimed, keep, saved

#: Connections to one endpoint, as the kind webhook has.
CONNECTIONS = 16
#: Seconds that anything may take.
PATIENCE = 600
#: Seconds that a kill may take at most.
MOST_KILL = 30
#: Characters of a record's text: some 300 words.
TEXT = 2_000


class Receiver:
    """Counts the messages that arrive at each endpoint; those below /dead are refused."""

    def __init__(self) -> None:
        self.arrived: dict[str, set[str]] = defaultdict(set)
        self.bodies: list[bytes] = []
        self.refused = 0
        self.url = ""
        self._changed = asyncio.Condition()

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        name, body = request.match_info["name"], await request.read()
        if name == "dead":
            self.refused += 1
            return web.Response(status=500)
        if name == "first":
            self.bodies.append(body)
        self.arrived[name].add(request.headers["webhook-id"])
        async with self._changed:
            self._changed.notify_all()
        return web.Response(status=204)

    async def until(self, name: str, count: int) -> None:
        """Wait until so many messages have arrived at an endpoint."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.arrived[name]) >= count)


@contextmanager
def _database(kind: str, directory: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{directory}/ingestd.db"
        return
    with postgresql(directory / "postgresql") as server:
        yield make_database(server, f"deliveries_{os.getpid()}")


class Run:
    """A daemon with a filled database, and a receiver."""

    def __init__(self, config: Path, database_url: str, kind: str, receiver: Receiver, daemon: Daemon) -> None:
        self.config, self.database_url, self.kind = config, database_url, kind
        self.receiver, self.daemon = receiver, daemon
        self.name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[kind]
        self.address = str(daemon.logged("started")["address"])

    @property
    def cpu(self) -> float:
        return own_cpu(self.daemon.process.pid)

    async def command(self, *words: str) -> None:
        await asyncio.to_thread(ingestd, self.config, "consumers", *words)

    async def add(self, name: str, *words: str) -> None:
        await self.command("add", name, "--kind", "webhook", "--set", f"url={self.receiver.url}/{name}", *words)

    def last(self) -> int:
        return int(rows(self.database_url, "SELECT max(seq) FROM events")[0][0])

    async def deliver_all(self, name: str) -> float:
        """Deliver the whole log to a new consumer, then remove it; return the deliveries a CPU second."""
        count, before = self.last(), self.cpu
        await self.add(name, "--from-start")
        await self.receiver.until(name, count)
        used = self.cpu - before
        await self.command("remove", name)
        assert len(self.receiver.arrived[name]) == count
        return count / used


#: Posts all lines of its input, and prints the CPU seconds that it took.
BARE = """
import asyncio, base64, hmac, sys, time
import aiohttp

async def main(url, connections):
    waiting = list(enumerate(line.encode() for line in sys.stdin.read().splitlines()))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        async def post():
            while waiting:
                number, body = waiting.pop()
                at = str(int(time.time()))
                signed = hmac.digest(b"k" * 32, f"{number}.{at}.".encode() + body, "sha256")
                headers = {"webhook-id": str(number), "webhook-timestamp": at, "Content-Type": "application/json"}
                headers["webhook-signature"] = "v1," + base64.b64encode(signed).decode()
                async with session.post(url, data=body, headers=headers) as reply:
                    await reply.read()
                    assert reply.status == 204
        begun = time.process_time()
        await asyncio.gather(*(post() for _ in range(connections)))
        print(time.process_time() - begun)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def bare(receiver: Receiver) -> float:
    """Return the posts a CPU second of aiohttp alone, of the messages that the first consumer got."""
    receiver.arrived.pop("bare", None)
    python = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BARE, f"{receiver.url}/bare", str(CONNECTIONS),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await python.communicate(b"\n".join(receiver.bodies))
    assert python.returncode == 0
    assert len(receiver.arrived["bare"]) == len(receiver.bodies)
    return len(receiver.bodies) / float(out)


async def webhooks(run: Run) -> None:
    """Deliver the log to one consumer, and post the same messages with aiohttp alone, in turns."""
    ours, alone = [], []
    for number in range(4):
        ours.append(await run.deliver_all("first" if not number else f"again-{number}"))
        alone.append(await bare(run.receiver))
    del ours[0], alone[0]  # the first one imports, connects and compiles statements
    size = statistics.mean(map(len, run.receiver.bodies))
    print_figure(
        "webhook deliveries, a second of CPU of the daemon",
        ours,
        unit="",
        of=f"{run.name}, messages of {size:,.0f} bytes",
    )
    ratios = [one / other for one, other in zip(ours, alone, strict=True)]
    print_figure("the same, relative to the posts of the same messages", ratios, of=f"aiohttp alone, {run.name}")


async def dead(run: Run, turns: int) -> None:
    """Deliver the log in turns, while another consumer is paused and while it is refused everything."""
    await run.add("dead", "--from-start")
    found: dict[str, list[float]] = {"pause": [], "resume": []}
    order = ["pause", *(["pause", "resume", "resume", "pause"] * turns)[: 2 * turns]]
    for number, verb in enumerate(order):
        before = run.receiver.refused
        await run.command(verb, "dead")
        rate = await run.deliver_all(f"turn-{number}")
        if number:  # the first one does not count
            found[verb].append(rate)
        assert verb == "pause" or run.receiver.refused > before
    await run.command("remove", "dead")
    ratios = [with_ / without for with_, without in zip(found["resume"], found["pause"], strict=True)]
    print_figure(
        "webhook deliveries, a second of CPU, with a dead consumer", ratios, of=f"without one, in turns, {run.name}"
    )


async def kills(run: Run, count: int) -> None:
    """Push items to an inbox and kill them, with four consumers of everything."""
    names = [f"kills-{number}" for number in range(4)]
    for name in names:
        await run.add(name, "--filter", "source:inbox:wire")
    times, expected = [], 0

    async def arrive() -> None:
        nonlocal expected
        expected += 1
        for name in names:
            await run.receiver.until(name, expected)

    async with aiohttp.ClientSession(run.address) as session:
        for number in range(count):
            guid = f"urn:newsml:kills.example:{number}"
            for version, fields in ((1, {}), (2, {"pubstatus": "canceled"})):
                begun = monotonic()
                document = ninjs(guid, version, headline=f"Item {number}", body_text=f"Text {number}.", **fields)
                async with session.post("/v1/inbox/wire", data=json.dumps(document)) as reply:
                    assert reply.status == 202, await reply.text()
                await arrive()
                if fields:
                    times.append(monotonic() - begun)
    for name in names:
        await run.command("remove", name)
    ordered = sorted(times)
    for share in (50, 99):
        value = ordered[min(count - 1, count * share // 100)]
        print_figure(
            f"kill to the last of {len(names)} webhooks, p{share}", [value * 1000], unit="ms",
            of=f"{count} kills, {run.name}",
        )  # fmt: skip
    assert len(ordered) == count
    assert max(ordered) <= MOST_KILL, f"a kill took {max(ordered):.1f} s"


async def stream(run: Run, clients: int, messages: int = 50) -> None:
    """Connect clients to the stream, and send each of them the same messages."""
    before = memory(run.daemon.process.pid)["rss"]
    connected, got = 0, 0
    are_connected = asyncio.Event()
    heard: list[tuple[str, ...]] = []

    async def listen(session: aiohttp.ClientSession) -> None:
        nonlocal connected, got
        async with session.get("/v1/stream") as reply:
            assert reply.status == 200, await reply.text()
            connected += 1
            if connected == clients:
                are_connected.set()
            numbers: list[str] = []
            last = ""
            async for line in reply.content:
                if line.startswith(b"id:"):  # comments have one as well
                    last = line.decode().strip()
                if line.startswith(b"data:"):
                    got += 1
                    numbers.append(last)
                if line == b"\n" and len(numbers) == messages:
                    heard.append(tuple(numbers))
                    return

    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=PATIENCE)
    async with aiohttp.ClientSession(run.address, connector=connector, timeout=timeout, read_bufsize=2**20) as session:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            for _ in range(clients):
                tasks.create_task(listen(session))
            await are_connected.wait()
            idle, used = memory(run.daemon.process.pid)["rss"], run.cpu
            async with Database(with_async_driver(run.database_url), connections=1) as database:
                await keep_articles(database, "https://stream.example/feed", range(10**6, 10**6 + messages))
        after, used = memory(run.daemon.process.pid)["rss"], run.cpu - used
    assert len(heard) == clients
    assert len(set(heard)) == 1, "not all clients got the same messages in the same order"
    assert len(set(heard[0])) == messages
    print_figure(f"memory that {clients:,} clients of the stream add", [max(idle, after) - before], unit="MiB",
                 of=f"{messages} messages to each, {before:.0f} before, {run.name}")  # fmt: skip
    print_figure("messages to clients of the stream, a second of CPU", [got / used], unit="", of=run.name)


def article(number: int) -> Article:
    words = f"Story {number} of the harbour, told once and in other words each time. "
    paragraphs = [(words * (TEXT // len(words)))[: TEXT // 4] for _ in range(4)]
    return Article(
        headline=f"Story {number} of the harbour", body_text="\n\n".join(paragraphs),
        body_html="\n".join(f"<p>{one}</p>" for one in paragraphs),
    )  # fmt: skip


async def keep_articles(database: Database, source: str, numbers: range) -> None:
    works = await claimed(database, source, len(numbers))
    await keep(database, [saved(work, article(number)) for work, number in zip(works, numbers, strict=True)])


async def measure(kind: str, *, records: int, turns: int, kill_count: int, clients: int) -> None:
    with tempfile.TemporaryDirectory() as place, _database(kind, Path(place)) as database_url:
        config = Path(place) / "ingestd.toml"
        config.write_text(
            f"state_dir = '{place}/state'\ndatabase_url = '{database_url}'\nlisten = '127.0.0.1:0'\nstories = false\n"
            "log_format = 'json'\nextractors = 1\nallow_networks = ['127.0.0.0/8']\n"
            "api_rate = 10000\napi_burst = 10000\napi_concurrency = 5000\n"
        )
        await asyncio.to_thread(ingestd, config, "sources", "add", "inbox:wire")
        async with Database(with_async_driver(database_url), connections=1) as database:
            for first in range(0, records, 500):
                numbers = range(first, min(first + 500, records))
                await keep_articles(database, f"https://news.example/{first}/feed", numbers)
        receiver = Receiver()
        runner, daemon = await receiver.start(), await asyncio.to_thread(Daemon, config)
        try:
            run = await asyncio.to_thread(Run, config, database_url, kind, receiver, daemon)
            await webhooks(run)
            await dead(run, turns)
            await kills(run, kill_count)
            await stream(run, clients)
        finally:
            await asyncio.to_thread(daemon.end)
            await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=3000)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a client is a file here and one in the daemon
    for kind in [given.database] if given.database else ["sqlite", "postgresql"]:
        asyncio.run(
            measure(kind, records=given.records, turns=given.turns, kill_count=given.kills, clients=given.clients)
        )


if __name__ == "__main__":
    main()
