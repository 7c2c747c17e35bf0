"""Replay recorded answers into a new database, and dump all its rows, so that `diff` compares two versions of ingestd.

python benchmarks/replay.py OUT [--database sqlite|postgresql] [--rounds N] [--papers N] [--seed N] [--feeds DIR]
PYTHONPATH=OTHER_WORKTREE python benchmarks/replay.py OUT          # with the package of another commit

Papers, agencies and samples (`replay_papers.py`) answer on the loopback, 10,000 times with the default sizes: feeds of
ten kinds that change from round to round, 304s, errors, redirects, damaged documents, pages.  ingestd polls, fetches,
extracts, revisits and repairs gaps.  A clock that stands still in each round, and random numbers that are always 0.5,
are given to its modules.  Papers are polled and processed concurrently; what depends on order (section feeds of one
publisher, an agency and its clients, wires) one by one.  OUT has the requests of each round, each change of a source's
row, all rows, and what the archive has; two runs of one version give equal files.

--feeds has documents, in any folders, that are polled as well; their pages are not fetched.
"""

import argparse
import asyncio
import contextlib
import os
import random
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from ipaddress import IPv4Network
from pathlib import Path
from time import perf_counter
from typing import Any

import dns.flags
import dns.message
import dns.rrset
from aiohttp import web
from pydantic import SecretStr
from replay_dump import archive_lines, database_lines, line, source_states
from replay_papers import PORT, SAMPLES, START, STEP, Agency, Answer, Client, Paper, Sample, Section, etag_of
from sqlalchemy import select, update
from virtual_clock import VirtualClock

import ingestd
from ingestd.daemon import logs
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.web.connection import resolver

ROUNDS, PAPERS, SEED = 26, 130, 17
#: When sources are due that must not be polled.
FAR = START + timedelta(days=5000)
#: Answers of a replay with the default sizes, at least.
ANSWERS = 10_000


@contextlib.contextmanager
def injected(clock: VirtualClock) -> Any:
    """Give the modules of ingestd a clock, and random numbers that are always in the middle."""
    before = random.random, random.uniform, resolver.ANSWER_TIMEOUT, resolver.LIFETIME
    random.random, random.uniform = (lambda: 0.5), (lambda low, high: (low + high) / 2)
    # A machine that stands still for seconds must not look like a name server that does.
    resolver.ANSWER_TIMEOUT = resolver.LIFETIME = 600.0
    try:
        with clock:
            yield
    finally:
        random.random, random.uniform, resolver.ANSWER_TIMEOUT, resolver.LIFETIME = before


class Web:
    """A server and a name server on the loopback: every name has the same address."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.hosts: dict[str, Any] = {}
        self.round = 0
        self.requests: list[str] = []
        self.answers = 0
        self.nameserver = ""
        #: Replaces answers, for a test that changes one.
        self.change = lambda _host, _path, _round, answer: answer

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        self.answers += 1
        sent = sorted(f"{name}: {value}" for name, value in request.headers.items() if name != "Host")
        self.requests.append(f"{request.method} {request.host}{request.path_qs} {'; '.join(sent)}")
        found: Answer = self.hosts[host].answer(request.path, self.round) if host in self.hosts else Answer(404)
        found = self.change(host, request.path, self.round, found)
        headers = {"Date": format_datetime(self._clock.now, usegmt=True), "Server": "replay", **found.headers}
        if found.status == 200:
            tag = etag_of(found.body)
            if found.etag:
                headers["ETag"] = tag
            if found.last_modified:
                headers["Last-Modified"] = self._modified(host, request.path, tag)
            is_known = found.etag and request.headers.get("If-None-Match") == tag
            since = request.headers.get("If-Modified-Since")
            if is_known or (found.last_modified and not found.etag and since == headers["Last-Modified"]):
                return web.Response(status=304, headers=headers)
            if found.content_type:
                headers["Content-Type"] = found.content_type
        return web.Response(status=found.status, body=found.body, headers=headers)

    def _modified(self, host: str, path: str, tag: str) -> str:
        """Return when a document became what it is."""
        known = self._since.setdefault((host, path), (tag, self._clock.now))
        if known[0] != tag:
            known = self._since[(host, path)] = tag, self._clock.now
        return format_datetime(known[1], usegmt=True)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        self._since: dict[tuple[str, str], tuple[str, datetime]] = {}
        loop = asyncio.get_running_loop()
        listening = _listen()
        address = listening.getsockname()[0]
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.01)
        await runner.setup()
        await web.SockSite(runner, listening, backlog=1024).start()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Names(address), local_addr=("127.0.0.1", 0))
        self.nameserver = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
        try:
            yield
        finally:
            transport.close()
            await runner.cleanup()


def _listen() -> socket.socket:
    """Listen to the port that all URLs have, at an address of the loopback where no other replay does."""
    for _ in range(200):
        one, two = os.urandom(2)
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((f"127.{max(1, one)}.{two}.1", PORT))
            listening.listen(1024)
        except OSError:
            listening.close()
            continue
        listening.setblocking(False)
        return listening
    raise SystemExit(f"no address of the loopback has port {PORT} free")


class _Names(asyncio.DatagramProtocol):
    """A name server that gives one address to every name."""

    def __init__(self, address: str) -> None:
        self._address = address

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, sender: Any) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if dns.rdatatype.to_text(query.question[0].rdtype) == "A":
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 3600, "IN", "A", self._address))
        self._transport.sendto(answer.to_wire(), sender)


class Replay:
    """A run: its publishers, and what it has written down."""

    def __init__(
        self, *, rounds: int, papers: int, seed: int = SEED, feeds: Path | None = None, samples: Path | None = SAMPLES
    ) -> None:
        self.clock = VirtualClock(START, monotonic_in="ingestd.")
        self.web = Web(self.clock)
        self._rounds = rounds
        self.together = [
            f"http://{one.host}:{PORT}/feed" for one in self._host([Paper(n, seed) for n in range(papers)])
        ]
        publisher, agency = Paper(900, seed), Paper(901, seed)
        publisher.kind = "rss with links"
        sections = [Section(number, publisher) for number in range(5)]
        clients = [Client(number, agency) for number in range(4)]
        self._host([publisher, *clients])
        agencies = self._host([Agency(number, seed) for number in range(2)])
        self.one_by_one = [f"http://{publisher.host}:{PORT}/section/{number}" for number in range(len(sections))]
        self.one_by_one += [f"http://{one.host}:{PORT}/feed" for one in (*clients, *agencies)]
        self.web.hosts[publisher.host] = _Sections(sections)
        files = [path for folder in (samples, feeds) if folder for path in sorted(folder.rglob("*")) if path.is_file()]
        self.samples = [
            f"http://{one.host}:{PORT}/feed" for one in self._host([Sample(*one) for one in enumerate(files)])
        ]
        self.lines: list[str] = []
        self._states: dict[int, dict[str, Any]] = {}

    def _host(self, some: list[Any]) -> list[Any]:
        self.web.hosts |= {one.host: one for one in some}
        return some

    async def run(self, database_url: str, folder: Path) -> list[str]:
        """Replay all rounds, and return the dump."""
        async with self.web.open():
            settings = Settings(
                state_dir=folder, database_url=SecretStr(database_url), allow_networks=(IPv4Network("127.0.0.0/8"),),
                nameservers=(self.web.nameserver,), host_delay=0, retry_delay=30.0, extractors=2, fetch_timeout=3600.0,
                extract_timeout=3600.0,
            )  # fmt: skip
            with injected(self.clock):
                async with open_runtime(settings, role="benchmark", migrate="always") as runtime:
                    await self._replay(runtime)
                    async with runtime.database.read() as connection:
                        self.lines += await database_lines(connection)
                        hashes = list((await connection.execute(select(tables.raws.c.sha256))).scalars())
                    self.lines += await archive_lines(runtime.archive, hashes)
        return self.lines

    async def _replay(self, runtime: Runtime) -> None:
        alone = Service(runtime, max_polls=1, max_pages=1, per_site=1)
        together = Service(runtime, max_polls=64, max_pages=16, per_site=1)
        await self._add(runtime, [*self.one_by_one, *self.together, *self.samples])
        for number in range(self._rounds):
            self.web.round = number
            self.clock.set(START + number * STEP)
            await self._make_due(runtime, [])
            await together.engine.run_until_idle(["pages"])  # what is tried again
            for url in self.one_by_one:
                self.clock.set(self.clock.now + timedelta(seconds=10))
                await self._make_due(runtime, [url])
                await alone.run_until_idle()
                await self._note(runtime)
            self.clock.set(START + number * STEP + timedelta(seconds=600))
            await self._make_due(runtime, self.together)
            await together.run_until_idle()
            await together.engine.run_until_idle(["revisits"])
            await together.repair.run()
            await together.engine.run_until_idle(["pages"])
            await self._note(runtime)
        for number in range(2):  # the last: their pages are not fetched
            self.web.round = number
            self.clock.set(START + (self._rounds + number) * STEP)
            for url in self.samples:
                await self._make_due(runtime, [url])
                await alone.engine.run_until_idle(["polls"])
                await self._note(runtime)

    async def _add(self, runtime: Runtime, urls: list[str]) -> None:
        async with runtime.database.write() as connection:
            for url in urls:
                await sources.add(connection, url, now=self.clock.now)
            self._ids = {
                row.url: row.id for row in await connection.execute(select(tables.sources.c.id, tables.sources.c.url))
            }

    async def _make_due(self, runtime: Runtime, urls: list[str]) -> None:
        """Make some sources due now, and no others."""
        ids = [self._ids[url] for url in urls]
        async with runtime.database.write() as connection:
            await connection.execute(update(tables.sources).values(due_at=FAR + timedelta(days=1)))
            await connection.execute(
                update(tables.sources).values(due_at=self.clock.now).where(tables.sources.c.id.in_(ids))
            )

    async def _note(self, runtime: Runtime) -> None:
        """Write down the requests of a round, and what has changed in the rows of sources."""
        where = f"round {self.web.round}"
        self.lines += [f"{where} {request}" for request in sorted(self.web.requests)]
        self.web.requests.clear()
        async with runtime.database.read() as connection:
            states = await source_states(connection)
        for number, values in sorted(states.items()):
            before = self._states.get(number, {"due_at": None})
            changed = {name: value for name, value in values.items() if before.get(name) != value}
            if values["due_at"] and values["due_at"] > FAR:
                changed.pop("due_at", None)  # not polled since
            if changed:
                self.lines.append(line(f"{where} source {number}", changed))
        self._states = states


class _Sections:
    def __init__(self, sections: list[Section]) -> None:
        self._sections = sections

    def answer(self, path: str, round_: int) -> Answer:
        number = int(path.rpartition("/")[2]) if path.startswith("/section/") else 0
        return self._sections[number].answer(path, round_)


async def replay(kind: str, **sizes: Any) -> Replay:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = Replay(**sizes)
        if kind == "sqlite":
            await run.run(f"sqlite:///{folder}/ingestd.db", folder)
        else:
            from tests.support.databases import make_database, postgresql  # noqa: PLC0415 - a server of its own

            with postgresql(folder / "server") as server:
                await run.run(make_database(server, "replay"), folder)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--papers", type=int, default=PAPERS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--feeds", type=Path)
    args = parser.parse_args()
    logs.configure("warning", "json")
    begun = perf_counter()
    run = asyncio.run(replay(args.database, rounds=args.rounds, papers=args.papers, seed=args.seed, feeds=args.feeds))
    args.out.write_text("".join(f"{one}\n" for one in run.lines))
    print(f"{Path(ingestd.__file__).parent}: {run.web.answers} answers, {len(run.lines)} lines, "
          f"{perf_counter() - begun:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
