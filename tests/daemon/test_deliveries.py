"""A daemon that is killed again and again delivers each event to each consumer: none lost, records in order."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from tests.daemon.processes import PATIENCE, Daemon, ingestd, rows
from tests.support import soak
from tests.support.agency import keep_versions, ninjs
from tests.support.brokers.kafka import TOPIC, KafkaCluster
from tests.support.brokers.nats import NatsServer
from tests.support.brokers.proxy import free_port
from tests.support.consumers import Arrivals, Endpoints, LogEntry, check, follow, missing, pull, read_folder
from tests.support.soak import FULL, size

#: Items, and of these the ones that are corrected and killed: as many events in all, in full soak.ITEMS.
ITEMS = size(90, soak.ITEMS * 60 // 100)
CORRECTED, KILLED = size(40, soak.ITEMS * 39 // 100), size(10, soak.ITEMS // 100)

#: How many times the daemon is killed at least, the first time before it delivers anything; in full every so many
#: seconds until all events are in the log, and later only when something was delivered.
KILLS, SECONDS = 3, 5.0

#: Name of a consumer → its manner as an endpoint, its form and its filter.
WEBHOOKS: Mapping[str, tuple[str, str, str]] = {
    "good": ("good", "full", ""),
    "failing": ("failing", "thin", ""),
    "slow": ("slow", "cloudevents", ""),
    "dead": ("dead", "full", ""),
    "filtered": ("good", "ninjs", "-nothing site:wire.example OR source:1"),
    **{f"more-{number}": ("good", ("thin", "full", "ninjs")[number % 3], "") for number in range(size(0, 8))},
}
PULLS, STREAMS, FOLDERS = size(1, 2), size(1, 2), size(1, 2)

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
        #: Set when all events are in the log.
        self.is_whole = asyncio.Event()

    def expect(self, name: str) -> Arrivals:
        return self.arrivals.setdefault(name, Arrivals(name))

    def add(self, name: str, kind: str, form: str = "full", chosen: str = "", **settings: object) -> None:
        options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        options += ["--filter", chosen] if chosen else []
        ingestd(self.config, "consumers", "add", name, "--kind", kind, "--form", form, "--from-start", *options)

    async def start(self) -> None:
        self.daemon = await asyncio.to_thread(Daemon, self.config)
        await asyncio.to_thread(self.daemon.logged, "started")
        self.starts += 1

    async def kill(self) -> None:
        assert self.daemon
        await asyncio.to_thread(self.daemon.kill)

    async def read_stored(self) -> None:
        """Note what is in the folders, in the stream of NATS, and in Kafka."""
        for number in range(FOLDERS):
            arrivals = self.expect(f"folder-{number}")
            for message_id, body in read_folder(self.folder / f"out-{number}"):
                if message_id not in arrivals.ids:
                    arrivals.add(message_id, body)
        arrivals = self.expect("nats")
        for received in await self.nats.messages(after=len(arrivals.all)):
            arrivals.add(*received)
        arrivals = self.expect("kafka")
        arrivals.all.clear()
        for received in await self.kafka.messages():
            arrivals.add(*received)

    def log(self) -> dict[int, LogEntry]:
        query = "SELECT seq, record_id, kind FROM events"
        return {
            seq: LogEntry(seq=seq, record_id=record, kind=kind) for seq, record, kind in rows(self.database_url, query)
        }


async def write_events(rig: Rig) -> None:
    """Store the items as a daemon would, each version in a transaction of its own."""
    async with Database(with_async_driver(rig.database_url), connections=1) as database:
        async with database.write() as connection:
            wire, _ = await sources.add(connection, "inbox:wire", now=datetime.now(UTC), title="Wire Example")
        for version in versions():
            await keep_versions(database, wire, datetime.now(UTC), version)
    rig.is_whole.set()


def versions() -> Iterator[dict[str, Any]]:
    """Yield all versions: corrections and kills come some time after what they are about."""
    start = datetime(2026, 11, 28, tzinfo=UTC)
    behind = min(30, ITEMS // 3)
    for number in range(ITEMS + behind):
        if number < ITEMS:
            yield item(number, 1, start)
        earlier = number - behind
        if earlier >= 0 and happens(CORRECTED, earlier):
            yield item(earlier, 2, start, signals=["correction"], headline=f"Corrected {earlier}")
        if earlier >= 0 and happens(KILLED, earlier):
            yield item(earlier, 3, start, pubstatus="canceled", headline="KILL")


def happens(times: int, number: int) -> bool:
    """Return whether what happens to so many items, evenly spread, happens to this one."""
    return number * times // ITEMS != (number + 1) * times // ITEMS


def guid(number: int) -> str:
    return f"urn:newsml:rig.example:{number}"


def item(number: int, version: int, start: datetime, **fields: Any) -> dict[str, Any]:
    text = {"headline": f"Headline {number}", "body_text": f"Text {number} of version {version}."}
    created = start + timedelta(seconds=number, minutes=version)
    return ninjs(guid(number), version, created=created, **{**text, **fields})


async def kill_again_and_again(rig: Rig) -> None:
    """Kill the daemon while it delivers: in full every five seconds, else when more has arrived."""
    good = rig.arrivals["good"]
    while not rig.is_whole.is_set() or rig.starts <= KILLS:
        enough = len(good.ids) + size((ITEMS + CORRECTED) // (KILLS + 2), 1)
        if rig.starts == 1:
            assert not good.ids
            enough = 0
        elif FULL:
            await asyncio.sleep(SECONDS)
        while len(good.ids) < enough and not (rig.is_whole.is_set() and missing(good, rig.log()) == set()):
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
            await asyncio.to_thread(
                rig.add, name, "webhook", form, chosen, url=f"{endpoints.url}/{manner}/{name}", retries=RETRIES
            )
            if manner != "dead":
                endpoints.arrivals[name] = rig.expect(name)
        for number in range(PULLS):
            await asyncio.to_thread(rig.add, f"pull-{number}", "pull", "thin", lease=5)
            tasks.create_task(pull(rig.api, f"pull-{number}", rig.expect(f"pull-{number}")))
        for number in range(STREAMS):
            tasks.create_task(follow(rig.api, rig.expect(f"stream-{number}")))
        await asyncio.to_thread(rig.add, "named", "sse", "thin")
        tasks.create_task(follow(rig.api, rig.expect("named"), "/v1/stream?consumer=named"))
        for number in range(FOLDERS):
            folder = rig.folder / f"out-{number}"
            folder.mkdir()
            await asyncio.to_thread(rig.add, f"folder-{number}", "files", "full", folder=folder, format="message")
        stack.push_async_callback(rig.nats.kill)
        await rig.nats.start()
        await asyncio.to_thread(rig.add, "nats", "nats", "full", **{**rig.nats.settings, "servers": rig.nats.url})
        await asyncio.to_thread(rig.add, "kafka", "kafka", "thin", servers=rig.kafka.servers, topic=TOPIC)
        await asyncio.to_thread(rig.add, "feed", "feed", size=FEED_SIZE, public="true")
        yield endpoints


@asynccontextmanager
async def _cancelled_at_end() -> AsyncIterator[asyncio.TaskGroup]:
    """A group of tasks that are cancelled at the end; one that fails ends the test."""
    async with asyncio.TaskGroup() as tasks:
        yield tasks
        for task in tasks._tasks:
            task.cancel()


async def test_every_consumer_gets_every_event(rig: Rig) -> None:
    async with consumers(rig) as endpoints:
        await rig.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(write_events(rig))
            tasks.create_task(kill_again_and_again(rig))
        log = rig.log()
        assert sum(one.kind == "killed" for one in log.values()) == KILLED
        assert len(log) == ITEMS + CORRECTED + KILLED

        async with asyncio.timeout(size(PATIENCE, 1_800)):
            while await _missing(rig, log):  # noqa: ASYNC110 - a folder says nothing when a file comes
                await asyncio.sleep(0.2)
        await check_feed(rig)
        await rig.kill()

    [(epoch,)] = rows(rig.database_url, "SELECT epoch FROM installation")
    for arrivals in rig.arrivals.values():
        check(arrivals, log, epoch)
        print(f"{arrivals.name}: {len(arrivals.ids)} messages, {len(arrivals.all) - len(arrivals.ids)} doubles")
    print(f"{len(log)} events, {rig.starts - 1} kills of the daemon, none lost, all records in order")
    assert rig.starts > KILLS
    assert endpoints.refused["failing"] > 0
    assert endpoints.refused["dead"] > 0


async def check_feed(rig: Rig) -> None:
    """Check that the feed is full, and has no item that was killed."""
    async with aiohttp.ClientSession(rig.api) as session, session.get("/feeds/feed.json") as reply:
        found = await reply.json()
        assert reply.status == 200, found
    ids = {entry["id"] for entry in found["items"]}
    alive = {guid(number) for number in range(ITEMS) if not happens(KILLED, number)}
    assert ids <= alive
    assert len(ids) == min(FEED_SIZE, len(alive))


async def _missing(rig: Rig, log: Mapping[int, LogEntry]) -> dict[str, set[int]]:
    """Return what consumers have not got yet."""
    await rig.read_stored()
    return {name: gone for name, arrivals in rig.arrivals.items() if (gone := missing(arrivals, log))}
