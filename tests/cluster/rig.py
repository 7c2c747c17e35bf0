"""A cluster of real processes: nodes, their database and the sites that they ask; what is done to it, and the proof."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.schema import migrate
from tests.cluster.arrivals import Fault, Request, Verdict, judge, orphans, read_log
from tests.cluster.network import Loopback, Network
from tests.cluster.server import Server
from tests.cluster.sites import Site, make_sites
from tests.daemon.processes import PATIENCE, Daemon, below, rows
from tests.support.brokers.proxy import free_port

#: Settings of all nodes: seconds between two requests to a site, and between two polls of a source.
DELAY, INTERVAL = 0.5, 20.0

#: Libraries of libfaketime (Debian's package faketime).
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Node:
    """One daemon of the cluster."""

    def __init__(self, name: str, config: Path, network: Network, environment: dict[str, str]) -> None:
        self.name = name
        self._network = network
        self.began = time.monotonic()
        self.daemon = Daemon(config, prefix=network.inside(name, []), **environment)

    @property
    def pid(self) -> int:
        """The daemon itself, which runs as process 1 of its namespace where it has one."""
        pid = self.daemon.process.pid
        return below(pid)[0] if self._network.is_wrapped else pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the daemon."""
        os.kill(self.pid, number)

    def stop_processes(self, number: signal.Signals) -> None:
        """Send SIGSTOP or SIGCONT to the daemon and to its workers."""
        for pid in (self.pid, *below(self.pid)):
            with suppress(ProcessLookupError):  # a worker that ended since it was listed
                os.kill(pid, number)

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.daemon.process.poll() is None


@dataclass(kw_only=True)
class Proof:
    """What a cluster has done, as the sites and the database show it."""

    name: str
    seconds: float
    nodes: int
    verdict: Verdict
    #: Seconds until each site of a dead node was asked again.
    orphans: list[float]
    published: int
    records: int
    #: Guids of items without a record, or with more than one record or event.
    lost: list[str]
    doubled: list[str]
    #: Items of sites that let nobody fetch them before the end.
    waiting: int
    #: What should not have happened, and what was measured besides.
    notes: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    faults: list[Fault] = field(default_factory=list)

    HEADER: ClassVar[str] = (
        "| fault | s | nodes | requests | pairs | early | at once | in a hold | apart | least margin | orphans: most s "
        "| items | records | lost | doubled | waiting | notes |\n" + "|---" * 17 + "|"
    )

    @property
    def row(self) -> str:
        """The proof as a line of a table."""
        verdict = self.verdict
        orphaned = f"{len(self.orphans)}: {max(self.orphans):.1f}" if self.orphans else "0"
        cells = (
            self.name, f"{self.seconds:.0f}", self.nodes, verdict.requests, verdict.pairs, len(verdict.early),
            len(verdict.at_once), len(verdict.held), len(verdict.apart), f"{verdict.closest * 1e3:.1f} ms", orphaned,
            self.published, self.records, len(self.lost), len(self.doubled), self.waiting,
            "; ".join(self.notes + self.seen),
        )  # fmt: skip
        return "| " + " | ".join(map(str, cells)) + " |"


class Cluster:
    """The rig; use `open_cluster`."""

    def __init__(
        self, folder: Path, network: Network, server: Server, *, engine: str, sites: int, period: float, most: int
    ) -> None:
        self._folder, self._network, self._engine = folder, network, engine
        self.server = server
        self.local_url, self.url = server.make_database()
        self.sites: list[Site] = make_sites(sites, network.sites, most=most, period=period)
        self._port = free_port()
        (folder / "archive").mkdir()
        self._archive = f"file://{folder}/archive"
        self._log = folder / "arrivals.jsonl"
        self._simulator = self._start_simulator(sites, period, most)
        self.nodes: dict[str, Node] = {}
        self._all: list[Node] = []
        self.faults: list[Fault] = []
        self._began = time.monotonic()

    def _start_simulator(self, sites: int, period: float, most: int) -> subprocess.Popen[str]:
        options = {"sites": sites, "network": self._network.sites, "port": self._port, "most": most, "period": period,
                   "log": self._log, "seconds": 3600}  # fmt: skip
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        # Not wrapped into namespaces of processes: it is no node.
        command = self._network.inside("hub", [sys.executable, "-m", "tests.cluster.simulator", *arguments])
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    def add_sources(self) -> None:
        """Add each feed of each site as a source."""
        asyncio.run(self._add_sources())

    async def _add_sources(self) -> None:
        async with Database(with_async_driver(self.local_url)) as database, database.write() as connection:
            for site in self.sites:
                for feed in range(site.feeds):
                    url = f"http://{site.address}:{self._port}/feed/{feed}"
                    await sources.add(connection, url, now=datetime.now(UTC))

    def start(self, number: int, *, clock: str = "", url: str = "") -> Node:
        """Start a node, or start it again; `clock` shifts its clock, as in "+300".

        `url` is the address of the database; by default, the node is connected directly.
        """
        name = f"node-{number}"
        self._network.add(name)
        config = self._folder / f"{name}.toml"
        config.write_text(
            f"state_dir = '{self._folder}/{name}'\ndatabase_url = '{url or self.url}'\n"
            f"archive = '{self._archive}'\n"
            f"engine = '{self._engine}'\nnode = '{name}'\nallow_networks = ['{self._network.allowed}']\n"
            f"contact = 'https://{name}.example'\ninterval = {INTERVAL}\ninterval_floor = {INTERVAL}\n"
            f"host_delay = {DELAY}\nextractors = 1\nretry_delay = 2\nrevisit_first = 'off'\nstories = false\n"
            "listen = '127.0.0.1:0'\nlog_format = 'json'\nlog_level = 'info'\nmigrate_on_start = 'never'\n"
        )
        environment = {}
        if clock:
            environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                           "DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
        node = self.nodes[name] = Node(name, config, self._network, environment)
        self._all.append(node)
        return node

    def join(self, number: int, *, clock: str = "") -> Node:
        """Start a node and wait until it says that it works."""
        node = self.start(number, clock=clock)
        node.daemon.logged("started")
        now = time.monotonic()
        self.faults.append(Fault(kind="join", node=node.name, began=now, ended=now))
        return node

    def kill(self, name: str) -> None:
        """Kill a node with all its processes."""
        began = time.monotonic()
        node = self.nodes.pop(name)
        for pid in (node.pid, *below(node.pid)):
            os.kill(pid, signal.SIGKILL)
        node.daemon.ended()
        self.faults.append(Fault(kind="SIGKILL", node=name, began=began, ended=time.monotonic()))

    def terminate(self, name: str) -> int:
        """End a node with grace; returns its status."""
        began = time.monotonic()
        node = self.nodes.pop(name)
        node.send(signal.SIGTERM)
        status = node.daemon.ended()
        self.faults.append(Fault(kind="SIGTERM", node=name, began=began, ended=time.monotonic()))
        return status

    def pause(self, name: str, seconds: float) -> None:
        """Stop all processes of a node for so long."""
        node, began = self.nodes[name], time.monotonic()
        node.stop_processes(signal.SIGSTOP)
        time.sleep(seconds)
        ended = time.monotonic()
        node.stop_processes(signal.SIGCONT)
        self.faults.append(Fault(kind="SIGSTOP", node=name, began=began, ended=ended))

    def cut(self, name: str, seconds: float) -> None:
        """Cut a node off the network for so long."""
        began = time.monotonic()
        self._network.cut(name)
        time.sleep(seconds)
        ended = time.monotonic()
        self._network.mend(name)
        self.faults.append(Fault(kind="cut", node=name, began=began, ended=ended))

    def restart_database(self, mode: str, pause: float = 2.0) -> None:
        """Restart PostgreSQL, "fast" or "immediate"."""
        began = time.monotonic()
        self.server.restart(mode, pause)
        self.faults.append(Fault(kind=f"restart {mode}", node="", began=began, ended=time.monotonic()))

    def requests(self) -> list[Request]:
        """Return the requests so far."""
        return read_log(self._log)[0]

    def wait(self, condition: Callable[[], bool], seconds: float, told: Callable[[], object] = str) -> bool:
        """Wait until a condition holds, so many seconds at most; returns whether it does."""
        deadline = time.monotonic() + seconds
        while not condition():
            for node in self.nodes.values():
                assert node.is_alive, (node.name, [*node.daemon.lines][-20:], told())
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)
        return True

    def begin(self) -> None:
        """Add the sources once all nodes work, and wait until each site was asked.

        Nodes that start with many overdue sources spread them over minutes, so as to start without a burst.
        """
        for node in self.nodes.values():
            node.daemon.logged("started")
        self.add_sources()

        def done() -> bool:
            return len({request.address for request in self.requests()}) == len(self.sites)

        assert self.wait(done, PATIENCE), "some sites were never asked"

    def finish(self, name: str, *, seconds: float = 180.0, longest_wait: float = 60.0) -> Proof:
        """Stop the publishing, wait until everything is saved, end all nodes and judge.

        It does not wait for sites that want to be left alone for longer than `longest_wait` seconds.
        """
        self._simulator.send_signal(signal.SIGUSR1)
        assert self.wait(lambda: bool(read_log(self._log)[1]), PATIENCE)
        published = read_log(self._log)[1]
        slow = {
            guid for site in self.sites if site.longest_wait > longest_wait for guid in self._guids(site, published)
        }
        self.wait(lambda: self._without_record(published) <= slow, seconds)
        ended = {node: self.terminate(node) for node in [*self.nodes]}
        notes = [f"{node} ended with status {status}" for node, status in ended.items() if status]
        requests, _ = read_log(self._log)
        verdict = judge(requests, self.sites, self.faults, delay=DELAY)
        count = sum(published.values())
        without = self._without_record(published)
        bugs = [line for node in self._all for line in node.daemon.lines if line.get("level") in ("error", "critical")]
        # A node whose clock is wrong says so, and leaves the work to the others.
        notes += sorted({f"error logged: {line['event']}" for line in bugs if line["event"] != "takes no work"})
        return Proof(
            name=name, seconds=time.monotonic() - self._began, nodes=len({node.name for node in self._all}),
            verdict=verdict, orphans=orphans(requests, self.faults), published=count, records=self._count("records"),
            lost=sorted(without - slow), waiting=len(without & slow), doubled=self._doubled(), notes=notes,
            faults=self.faults,
        )  # fmt: skip

    def _guids(self, site: Site, published: dict[tuple[int, int], int]) -> set[str]:
        return {guid for feed in range(site.feeds) for guid in site.guids(feed, published[site.number, feed])}

    def _without_record(self, published: dict[tuple[int, int], int]) -> set[str]:
        """Return the published items that have no record."""
        saved = {guid for (guid,) in rows(self.local_url, "SELECT guid FROM entries WHERE record_id IS NOT NULL")}
        return {guid for site in self.sites for guid in self._guids(site, published)} - saved

    def _count(self, table: str) -> int:
        return int(rows(self.local_url, f"SELECT count(*) FROM {table}")[0][0])

    def _doubled(self) -> list[str]:
        """Return what is there twice: records and events by their item, and a hole among the events."""
        found = [
            f"item {guid}: {count} records" for guid, count in rows(
                self.local_url,
                "SELECT e.guid, count(*) FROM records r JOIN entries e ON e.id = r.origin_entry_id "
                "GROUP BY e.guid HAVING count(*) > 1",
            )
        ] + [
            f"record {record}: {count} events" for record, count in rows(
                self.local_url, "SELECT record_id, count(*) FROM events GROUP BY record_id HAVING count(*) > 1"
            )
        ]  # fmt: skip
        [(events, last, records, entries)] = rows(
            self.local_url,
            "SELECT (SELECT count(*) FROM events), (SELECT coalesce(max(seq), 0) FROM events), "
            "(SELECT count(*) FROM records), (SELECT count(*) FROM entries WHERE record_id IS NOT NULL)",
        )
        if not events == last == records == entries:
            found.append(f"{events} events up to number {last}, {records} records, {entries} saved items")
        return found

    def close(self) -> None:
        """End everything, however."""
        for node in self._all:
            if node.is_alive:
                for pid in (*below(node.daemon.process.pid), node.daemon.process.pid):
                    os.kill(pid, signal.SIGKILL)
                node.daemon.ended()
        self._simulator.terminate()
        self._simulator.wait(PATIENCE)
        if self._simulator.stdout:
            self._simulator.stdout.close()


@contextmanager
def open_cluster(
    folder: Path,
    network: Network | None = None,
    *,
    engine: str = "procrastinate",
    sites: int = 300,
    period: float = 120.0,
    most: int = 100,
) -> Iterator[Cluster]:
    """Open a cluster without nodes: its database and its simulator."""
    network = network or Loopback()
    server = Server(network)
    try:
        server.start()
        cluster = Cluster(folder, network, server, engine=engine, sites=sites, period=period, most=most)
        try:
            asyncio.run(migrate.upgrade(cluster.local_url))
            yield cluster
        finally:
            cluster.close()
    finally:
        server.close()
        shutil.rmtree(folder / "archive", ignore_errors=True)
