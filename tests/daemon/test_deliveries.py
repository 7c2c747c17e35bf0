"""A daemon that is killed again and again delivers each event to each consumer: none lost, records in order.

In full, 20 consumers of all kinds get 10,000 events while the daemon is killed every five seconds, for twelve minutes
at most.  RabbitMQ and Redis take part where `make test-brokers` has installed them; the last line says if not.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from time import monotonic

import aiohttp
import pytest

from tests.daemon.processes import PATIENCE, Daemon, ingestd, rows
from tests.support import soak
from tests.support.brokers import rabbitmq, redis
from tests.support.brokers.kafka import TOPIC, KafkaCluster
from tests.support.brokers.nats import NatsServer
from tests.support.brokers.proxy import free_port
from tests.support.consumers import Arrivals, Endpoints, LogEntry, check, follow, pull, read_folder, wanted
from tests.support.delivered_versions import CORRECTED, ITEMS, KILLED, guid, happens, versions, write_events
from tests.support.soak import FULL, size

#: How many times the daemon is killed at least, the first time before it delivers anything.  In full it is killed so
#: many seconds after each start, and on a busy machine only once it had so much CPU time as it would have had alone on
#: two cores; until all has arrived or it was killed again and again for so long.
KILLS, SECONDS, CPU_SECONDS, KILLING = 3, 5.0, 3.0, 240.0

#: Seconds for all of it, on one database.
LIMIT = size(PATIENCE * 3, 720)

#: Versions that are stored before the daemon starts.
BEFORE = size(0, soak.ITEMS // 2)

#: Name of a consumer → its manner as an endpoint, its form and its filter.
WEBHOOKS: Mapping[str, tuple[str, str, str]] = {
    "good": ("good", "full", ""),
    "failing": ("failing", "thin", ""),
    "slow": ("slow", "cloudevents", ""),
    "dead": ("dead", "full", ""),
    "filtered": ("good", "ninjs", "-nothing site:wire.example OR source:1"),
    **{f"more-{number}": ("good", ("thin", "full", "ninjs")[number % 3], "") for number in range(size(0, 5))},
}
PULLS, STREAMS, FOLDERS = size(1, 2), size(1, 2), size(1, 2)

#: Servers that only `make test-brokers` installs.  They take long to start: `make test` goes without them.
DEBIAN = {
    name: Path(binary).exists() and (FULL or bool(os.environ.get("BROKERS")))
    for name, binary in {"rabbitmq": rabbitmq.BINARY, "redis": redis.BINARY}.items()
}

#: Entries of the feed.
FEED_SIZE = 500

#: Seconds between the attempts at a message that an endpoint refuses.
RETRIES = ",".join(["1"] * 30)


class Rig:
    """The daemon, its consumers and what they got."""

    def __init__(self, config: Path, database_url: str, folder: Path, api: str) -> None:
        self.config, self.database_url, self.folder, self.api = config, database_url, folder, api
        self.arrivals: dict[str, Arrivals] = {}
        self.daemon: Daemon | None = None
        self.starts = 0
        self.nats = NatsServer(folder)
        self.kafka = KafkaCluster()
        self.redis = redis.RedisServer(folder)
        #: Names of files that were read, of each folder.
        self.files: list[set[str]] = [set() for _ in range(FOLDERS)]
        self.consumers = 0
        #: The event log, once all events are in it, and the numbers of those that must arrive.
        self.log: dict[int, LogEntry] = {}
        self.wanted: set[int] = set()

    def expect(self, name: str) -> Arrivals:
        return self.arrivals.setdefault(name, Arrivals(name))

    async def add(self, name: str, kind: str, form: str = "full", chosen: str = "", **settings: object) -> None:
        self.consumers += 1
        options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        options += ["--filter", chosen] if chosen else []
        arguments = ("consumers", "add", name, "--kind", kind, "--form", form, "--from-start", *options)
        await asyncio.to_thread(ingestd, self.config, *arguments)

    async def start(self) -> None:
        self.daemon = await asyncio.to_thread(Daemon, self.config)
        await asyncio.to_thread(self.daemon.logged, "started")
        self.starts += 1

    async def work(self) -> None:
        """Let the daemon work for SECONDS, and for CPU_SECONDS."""
        assert self.daemon
        until = _cpu_seconds(self.daemon.process.pid) + CPU_SECONDS
        await asyncio.sleep(SECONDS)
        while not await self.has_all() and _cpu_seconds(self.daemon.process.pid) < until:  # noqa: ASYNC110 - CPU time
            await asyncio.sleep(0.5)

    async def kill(self) -> None:
        assert self.daemon
        await asyncio.to_thread(self.daemon.kill)

    async def read_stored(self) -> None:
        """Note what is new in the folders and in the streams of NATS and Redis."""
        for number, known in enumerate(self.files):
            arrivals = self.expect(f"folder-{number}")
            for received in read_folder(self.folder / f"out-{number}", known):
                arrivals.add(*received)
        arrivals = self.expect("nats")
        for received in await self.nats.messages(after=len(arrivals.all)):
            arrivals.add(*received)
        if DEBIAN["redis"]:
            arrivals = self.expect("redis")
            for received in await self.redis.messages(after=max(arrivals.seqs, default=0)):
                arrivals.add(*received)

    def read_log(self) -> None:
        """Note the event log, which is whole now."""
        query = "SELECT seq, record_id, kind FROM events"
        for seq, record_id, kind in rows(self.database_url, query):
            self.log[seq] = LogEntry(seq=seq, record_id=record_id, kind=kind)
        self.wanted = wanted(self.log)

    @property
    def is_whole(self) -> bool:
        """Whether all events are in the log."""
        return bool(self.log)

    async def has_all(self) -> bool:
        """Return whether every consumer has got everything."""
        await self.read_stored()
        return self.is_whole and all(self.wanted <= arrivals.seqs.keys() for arrivals in self.arrivals.values())


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def kill_again_and_again(rig: Rig) -> None:
    """Kill the daemon while it delivers: in full every five seconds, else when more has arrived."""
    good, until = rig.arrivals["good"], monotonic() + KILLING
    while not rig.is_whole or rig.starts <= KILLS or (FULL and monotonic() < until and not await rig.has_all()):
        enough = len(good.seqs) + size((ITEMS + CORRECTED) // (KILLS + 2), 1)
        if rig.starts == 1:
            assert not good.seqs
            enough = 0
        elif FULL:
            await rig.work()
        while len(good.seqs) < enough and not (rig.is_whole and rig.wanted <= good.seqs.keys()):
            good.changed.clear()
            async with asyncio.timeout(PATIENCE):
                await good.changed.wait()
        await rig.kill()
        await rig.start()


@pytest.fixture
def port(config: Path) -> int:
    """A port at which each start of the daemon listens."""
    port = free_port()
    text = config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
    config.write_text(f"{text}stories = false\n")
    return port


@pytest.fixture
async def rig(tmp_path: Path, database_url: str, config: Path, port: int) -> AsyncIterator[Rig]:
    rig = Rig(config, database_url, tmp_path, f"http://127.0.0.1:{port}")
    yield rig
    if rig.daemon and rig.daemon.process.poll() is None:
        await rig.kill()
    rig.kafka.close()


@asynccontextmanager
async def consumers(rig: Rig) -> AsyncIterator[Endpoints]:
    """Add all consumers, and let them receive."""
    async with AsyncExitStack() as stack:
        endpoints = await stack.enter_async_context(Endpoints().serving())
        tasks = await stack.enter_async_context(_cancelled_at_end())
        for name, (manner, form, chosen) in WEBHOOKS.items():
            url = f"{endpoints.url}/{manner}/{name}"
            await rig.add(name, "webhook", form, chosen, url=url, retries=RETRIES)
            if manner != "dead":
                endpoints.arrivals[name] = rig.expect(name)
        for number in range(PULLS):
            await rig.add(f"pull-{number}", "pull", "thin", lease=5)
            tasks.create_task(pull(rig.api, f"pull-{number}", rig.expect(f"pull-{number}")))
        for number in range(STREAMS):
            tasks.create_task(follow(rig.api, rig.expect(f"stream-{number}")))
        await rig.add("named", "sse", "thin")
        tasks.create_task(follow(rig.api, rig.expect("named"), "/v1/stream?consumer=named"))
        for number in range(FOLDERS):
            folder = rig.folder / f"out-{number}"
            folder.mkdir()
            await rig.add(f"folder-{number}", "files", "full", folder=folder, format="message")
        stack.push_async_callback(rig.nats.kill)
        await rig.nats.start()
        await rig.add("nats", "nats", "full", **{**rig.nats.settings, "servers": rig.nats.url})
        await rig.add("kafka", "kafka", "thin", servers=rig.kafka.servers, topic=TOPIC)
        tasks.create_task(rig.kafka.follow(rig.expect("kafka").add))
        if DEBIAN["rabbitmq"]:
            rabbit = rabbitmq.RabbitmqServer(rig.folder)
            stack.push_async_callback(rabbit.kill)
            await rabbit.start()
            await rig.add("rabbitmq", "rabbitmq", "thin", url=f"amqp://127.0.0.1:{rabbit.port}")
            tasks.create_task(rabbit.follow(rig.expect("rabbitmq").add))
        if DEBIAN["redis"]:
            stack.push_async_callback(rig.redis.kill)
            await rig.redis.start()
            await rig.add("redis", "redis", **{**rig.redis.settings, "url": f"redis://127.0.0.1:{rig.redis.port}/2"})
        await rig.add("feed", "feed", size=FEED_SIZE, public="true")
        yield endpoints


@asynccontextmanager
async def _cancelled_at_end() -> AsyncIterator[asyncio.TaskGroup]:
    """A group of tasks that are cancelled at the end; one that fails ends the test."""
    async with asyncio.TaskGroup() as tasks:
        yield tasks
        for task in tasks._tasks:
            task.cancel()


async def test_every_consumer_gets_every_event(rig: Rig) -> None:
    began = monotonic()
    async with asyncio.timeout(LIMIT), consumers(rig) as endpoints:
        rest = versions()
        await write_events(rig.database_url, islice(rest, BEFORE), is_alone=True)
        await rig.start()
        async with asyncio.TaskGroup() as tasks:
            killing = tasks.create_task(kill_again_and_again(rig))
            await write_events(rig.database_url, rest, is_alone=False)
            rig.read_log()
            await killing
        assert sum(one.kind == "killed" for one in rig.log.values()) == KILLED
        assert len(rig.log) == ITEMS + CORRECTED + KILLED

        while not await rig.has_all():  # noqa: ASYNC110 - a folder says nothing when a file comes
            await asyncio.sleep(2.0 if FULL else 0.2)
        await check_feed(rig)
        await rig.kill()

    for number in range(FOLDERS):  # what a later start has written again has the same content
        bodies = rig.arrivals[f"folder-{number}"].bodies
        assert all(bodies[name] == body for name, body in read_folder(rig.folder / f"out-{number}", set()))
    [(epoch,)] = rows(rig.database_url, "SELECT epoch FROM installation")
    for arrivals in rig.arrivals.values():
        check(arrivals, rig.log, epoch, late_doubles=arrivals.name == "kafka")
    assert rig.starts > KILLS
    assert endpoints.refused["failing"] > 0
    assert endpoints.refused["dead"] > 0
    print(figures(rig, monotonic() - began))


def figures(rig: Rig, seconds: float) -> str:
    """Return what was delivered, in a line."""
    got = rig.arrivals.values()
    absent = "".join(
        f"; NOT TESTED: {name} (make test-brokers installs it)" for name, is_there in DEBIAN.items() if not is_there
    )
    return (
        f"{len(rig.log)} events, {rig.consumers} consumers and {STREAMS} streams, {rig.starts} SIGKILLs, "
        f"{sum(len(one.seqs) for one in got)} messages, {sum(one.doubles for one in got)} doubles with the same id and "
        f"content, 0 lost, 0 out of order, no new after its kill, {seconds:.0f} s{absent}"
    )


async def check_feed(rig: Rig) -> None:
    """Check that the feed is full, and has no item that was killed."""
    async with aiohttp.ClientSession(rig.api) as session, session.get("/feeds/feed.json") as reply:
        found = await reply.json()
        assert reply.status == 200, found
    ids = {entry["id"] for entry in found["items"]}
    alive = {guid(number) for number in range(ITEMS) if not happens(KILLED, number)}
    assert ids <= alive
    assert len(ids) == min(FEED_SIZE, len(alive))
