"""Measure the time from the sending of a kill to its event, while the agency drops files and pushes.

python benchmarks/kills.py [--items N] [--kills N] [--share F] [--backlog N] [--database sqlite|postgresql]

The daemon runs as a separate process.  Phases: `start`, the first item, which waits for a worker to start; `idle`, one
kill after the other; `burst`, which finds the documents a second that the daemon sustains; `steady`, a share of that
rate with kills among it; `backlog`, kills behind a backlog in the folder.  The time runs from the rename of the file or
from the request until a reader that polls every 10 ms reads the event's row.  `follow` is the same for the lines of
`ingestd events --follow`, which polls every 500 ms.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import aiohttp
from common import print_json
from sqlalchemy import create_engine, text

from ingestd.settings.values import with_async_driver
from tests.daemon.processes import Daemon, ingestd
from tests.support.databases import make_database, postgresql
from tests.support.dropping import names
from tests.support.wire_agency import SUFFIXES, Day, Message, Sending, Way, day

POLL_INTERVAL = 0.01
#: Concurrent pushes in a burst.
CONNECTIONS = 8

EVENTS = "SELECT e.seq, e.kind, r.item_guid FROM events e JOIN records r ON r.id = e.record_id WHERE e.seq > :seq"

FirstSeen = dict[tuple[str, str], float]


class Follower:
    """Reads events and records when it first saw each kind for each guid."""

    def __init__(self, database_url: str, config: Path) -> None:
        self.rows: FirstSeen = {}
        self.lines: FirstSeen = {}
        self._engine = create_engine(with_async_driver(database_url).replace("+aiosqlite", ""))
        self._stopped = threading.Event()
        command = [sys.executable, "-m", "ingestd", "events", "--follow", "--json", "--config", str(config)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._threads = [threading.Thread(target=self._poll), threading.Thread(target=self._read_lines)]
        for thread in self._threads:
            thread.start()

    def _poll(self) -> None:
        seq = 0
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not self._stopped.wait(POLL_INTERVAL):
                for row in connection.execute(text(EVENTS), {"seq": seq}).all():
                    seq = max(seq, row.seq)
                    self.rows.setdefault((row.item_guid, row.kind), monotonic())

    def _read_lines(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            event = json.loads(line)
            self.lines.setdefault((event["guid"], event["kind"]), monotonic())

    def end(self) -> None:
        self._stopped.set()
        self._process.terminate()
        for thread in self._threads:
            thread.join()
        self._process.wait()
        self._engine.dispose()


class Agency:
    """Sends to a daemon and records the times of sending."""

    def __init__(self, session: aiohttp.ClientSession, inbox: str, folder: Path) -> None:
        self._session, self._inbox, self.folder = session, inbox, folder
        #: (guid, whether it is a kill) → when it was first sent, and by which way.
        self.sent: dict[tuple[str, bool], tuple[float, Way]] = {}
        self.retries = 0
        self._files = 0

    async def send(self, sending: Sending) -> None:
        message, body = sending.message, sending.message.document(datetime.now(UTC))
        if sending.way == "folder":
            self._files += 1
            name = f"{self._files:06}{SUFFIXES[message.format]}"
            hidden = self.folder / f".{name}.tmp"
            hidden.write_bytes(body)
            self._note_sent(sending)
            hidden.rename(self.folder / name)
            return
        self._note_sent(sending)
        while True:
            async with self._session.post(self._inbox, data=body) as reply:
                await reply.read()
                if reply.status == 202:
                    return
                assert reply.status == 503, reply.status
                self.retries += 1
                await asyncio.sleep(float(reply.headers["Retry-After"]))

    def _note_sent(self, sending: Sending) -> None:
        message = sending.message
        self.sent.setdefault((message.guid, message.status == "canceled"), (monotonic(), sending.way))


@contextmanager
def _database(kind: str, directory: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{directory}/ingestd.db"
        return
    with postgresql(directory / "postgresql") as server:
        yield make_database(server, f"kills_{os.getpid()}")


def _quantiles(times: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 (nearest rank) and the maximum of `times`, in seconds."""
    ordered = sorted(times)
    at = {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 95, 99)}
    return {name: round(time, 3) for name, time in {**at, "max": ordered[-1]}.items()} | {"n": len(ordered)}


def _times(agency: Agency, seen: FirstSeen, guids: set[str], way: Way | None = None) -> list[float]:
    """Return the seconds between sending and seeing the kills of `guids`; `way` None: sent by any way."""
    kills = [(guid, *agency.sent[guid, True]) for guid in guids if (guid, True) in agency.sent]
    return [seen[guid, "killed"] - sent for guid, sent, by in kills if way in (None, by)]


def _kills(of: Day) -> set[str]:
    return {guid for guid, expected in of.expected.items() if expected.kills}


async def _until_seen(follower: Follower, sent: Day, agency: Agency) -> float:
    """Wait until both followers have seen all events of a day; return when the last one was seen."""
    kills = {(guid, "killed") for guid in _kills(sent)}
    guids = set(sent.expected)

    def are_seen() -> bool:
        return (
            names(agency.folder) == {"done", "error"}
            and guids <= {guid for guid, _ in list(follower.rows)}
            and kills <= set(follower.rows) & set(follower.lines)
        )

    await _until(are_seen)
    return max(when for (guid, _), when in follower.rows.items() if guid in guids)


async def _idle(agency: Agency, follower: Follower, of: Day) -> None:
    for sending in of.sendings:
        await agency.send(sending)
        await _seen(follower, sending.message)


async def _seen(follower: Follower, message: Message) -> None:
    await _until(lambda: any((message.guid, kind) in follower.rows for kind in ("killed", "new", "withheld")))


async def _until(condition: Callable[[], bool]) -> None:
    while True:
        if condition():
            return
        await asyncio.sleep(POLL_INTERVAL)


async def _burst(agency: Agency, of: Day) -> None:
    """Send a day as fast as the daemon accepts it, both ways at once."""
    waiting = [Sending(message=one, way="push") for one in of.by("push")][::-1]

    async def push() -> None:
        while waiting:
            await agency.send(waiting.pop())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(push())
        for message in of.by("folder"):
            await agency.send(Sending(message=message, way="folder"))
            await asyncio.sleep(0)


async def _steady(agency: Agency, of: Day, rate: float) -> float:
    """Send a day at random times with a mean `rate` (documents a second); return the actual rate."""
    rng, begun, at = random.Random(7), monotonic(), 0.0
    async with asyncio.TaskGroup() as tasks:
        for sending in of.sendings:
            at += rng.expovariate(rate)
            await asyncio.sleep(max(0.0, begun + at - monotonic()))
            tasks.create_task(agency.send(sending))
    return len(of.sendings) / (monotonic() - begun)


async def _backlog(agency: Agency, of: Day) -> None:
    """Drop all items of a day except its kills as files at once; then send the kills, each its own way."""
    kills = [one for one in of.sendings if one.message.status == "canceled"]
    others = [one for one in of.sendings if one.message.status != "canceled"]
    for one in others:
        await agency.send(Sending(message=one.message, way="folder"))
    async with asyncio.TaskGroup() as tasks:
        for one in kills:
            tasks.create_task(agency.send(one))


async def measure(kind: str, *, items: int, kills: int, share: float, backlog: int) -> None:
    with tempfile.TemporaryDirectory() as place, _database(kind, Path(place)) as database_url:
        folder, config = Path(place) / "wire", Path(place) / "ingestd.toml"
        folder.mkdir()
        config.write_text(
            f"state_dir = '{place}/state'\ndatabase_url = '{database_url}'\nlisten = '127.0.0.1:0'\n"
            "log_format = 'json'\nextractors = 2\n"
        )
        for source in (str(folder), "inbox:harbour"):
            ingestd(config, "sources", "add", source)
        daemon = Daemon(config)
        inbox = f"{daemon.logged('started')['address']}v1/inbox/harbour"
        follower = Follower(database_url, config)
        try:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                await _all(Agency(session, inbox, folder), follower, kind, items, kills, share, backlog)
        finally:
            follower.end()
            daemon.end()


async def _all(
    agency: Agency, follower: Follower, kind: str, items: int, kills: int, share: float, backlog: int
) -> None:
    def of(number: int, items: int, kills: int) -> Day:
        return day(items=items, kills=kills, at=datetime.now(UTC), seed=number)

    first, begun = of(0, 1, 1), monotonic()
    await _idle(agency, follower, first)
    print_json(database=kind, phase="start", seconds=monotonic() - begun)

    quiet = of(1, 20, 20)
    await _idle(agency, follower, quiet)
    await _until_seen(follower, quiet, agency)
    for way in ("push", "folder"):
        print_json(
            database=kind, phase="idle", way=way, **_quantiles(_times(agency, follower.rows, _kills(quiet), way))
        )

    burst, begun = of(2, max(200, items // 3), 0), monotonic()
    await _burst(agency, burst)
    most = len(burst.sendings) / (await _until_seen(follower, burst, agency) - begun)
    print_json(database=kind, phase="burst", rate=most, n=len(burst.sendings))

    steady = of(3, items, kills)
    rate = await _steady(agency, steady, most * share)
    await _until_seen(follower, steady, agency)
    print_json(
        database=kind, phase="steady", rate=rate, share=rate / most, n=len(steady.sendings), put_off=agency.retries
    )
    guids = _kills(steady)
    for way in ("push", "folder", None):
        rows, lines = (_times(agency, seen, guids, way) for seen in (follower.rows, follower.lines))
        print_json(database=kind, phase="steady", way=way or "both", **_quantiles(rows), follow=_quantiles(lines))

    if backlog:
        behind = of(4, backlog, 20)
        await _backlog(agency, behind)
        await _until_seen(follower, behind, agency)
        for way in ("push", "folder"):
            found = _quantiles(_times(agency, follower.rows, _kills(behind), way))
            print_json(database=kind, phase="backlog", way=way, files=backlog, **found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.7)
    parser.add_argument("--backlog", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    for kind in [given.database] if given.database else ["sqlite", "postgresql"]:
        asyncio.run(measure(kind, items=given.items, kills=given.kills, share=given.share, backlog=given.backlog))


if __name__ == "__main__":
    main()
