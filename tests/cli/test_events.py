"""`ingestd events`: from a number on, and followed by real processes."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema import migrate
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.support.databases import make_database
from tests.support.outcomes import keep_texts

#: Seconds that anything here may take on a busy machine.
TIME_LIMIT = 60


def keep(url: str, source: str, *texts: str) -> None:
    """Save records of texts, as a daemon would."""

    async def work() -> None:
        await migrate.upgrade(with_async_driver(url))
        async with Database(with_async_driver(url)) as database:
            await keep_texts(database, f"https://user:secret@{source}.example/{source}", *texts)

    asyncio.run(work())


@pytest.fixture
def kept(either: Path, database_url: str) -> Path:
    """A log of four events: a record that two sources carry, and two others."""
    keep(database_url, "one", "Ferry", "Umbrella")
    keep(database_url, "two", "Ferry", 'The "Otter" crosses')
    return either


class Follower:
    """`ingestd events --follow`, with what it prints."""

    def __init__(self, config: Path, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingestd", "events", "--follow", *map(str, arguments), "--config", str(config)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._killer = threading.Timer(TIME_LIMIT, self.process.kill)
        self._killer.start()

    def line(self) -> str:
        """Wait for the next line; an empty one is the end."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def next_note(self) -> str:
        """Wait for the next line on stderr."""
        assert self.process.stderr
        return self.process.stderr.readline()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal; return the status and what was printed after the lines that were read."""
        self.process.send_signal(number)
        out, error = self.process.communicate()
        return self.process.returncode, out, error

    def close(self) -> None:
        self._killer.cancel()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def follow() -> Iterator[type[Follower]]:
    started: list[Follower] = []

    class Closed(Follower):
        def __init__(self, config: Path, *arguments: object) -> None:
            super().__init__(config, *arguments)
            started.append(self)

    yield Closed
    for follower in started:
        follower.close()


def test_events_are_printed_one_a_line_in_order(kept: Path) -> None:
    lines = ingestd(kept, "events").out.splitlines()

    assert lines[0] == (
        "new seq=1 at=2026-01-31T12:00:00Z record=1 revision=1 pubstatus=usable headline=Ferry "
        'source="The one" url=https://one.example/one/0'
    )
    assert [line.split()[:2] for line in lines] == [
        ["new", "seq=1"], ["new", "seq=2"], ["carried", "seq=3"], ["new", "seq=4"],
    ]  # fmt: skip
    assert r'headline="The \"Otter\" crosses"' in lines[3]


def test_json_prints_one_document_a_line(kept: Path) -> None:
    found = [json.loads(line) for line in ingestd(kept, "events", "--json").out.splitlines()]

    assert found[2] == {
        "seq": 3, "kind": "carried", "at": "2026-01-31T12:00:00Z", "record_id": 1, "revision": 1,
        "guid": found[0]["guid"], "uri": None, "pubstatus": "usable", "headline": "Ferry", "versioncreated": None,
        "entry_id": 3, "entry_url": "https://two.example/two/0", "source_id": 2,
        "source_url": "https://two.example/two", "source_title": "The two", "merged_into": None,
        "story": None, "other": None,
        "epoch": found[0]["epoch"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param(("--after", 2), [3, 4], id="after"),
        pytest.param(("--after", 4), [], id="after-the-last"),
        pytest.param(("--after", 1, "--limit", 2), [2, 3], id="limit"),
        pytest.param(("--kind", "carried"), [3], id="kind"),
        pytest.param(("--kind", "carried", "--kind", "new", "--after", 1, "--limit", 3), [2, 3, 4], id="kinds"),
        pytest.param(("--kind", "new", "--limit", 3), [1, 2, 4], id="limit-of-a-kind"),
        pytest.param(("--follow", "--limit", 4), [1, 2, 3, 4], id="follow-so-many"),
    ],
)
def test_after_limit_and_kind_select_events(kept: Path, arguments: tuple[object, ...], found: list[int]) -> None:
    done = ingestd(kept, "events", "--json", *arguments)

    assert done.status == 0
    assert [json.loads(line)["seq"] for line in done.out.splitlines()] == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--after", 5), "no event 5 yet: the last one is 4", id="not-yet"),
        pytest.param(("--after", 5, "--follow"), "no event 5 yet: the last one is 4", id="not-yet-followed"),
        pytest.param(("--kind", "moved"), "'moved'", id="kind"),
    ],
)
def test_a_usage_error_has_status_2(kept: Path, arguments: tuple[object, ...], message: str) -> None:
    done = ingestd(kept, "events", *arguments)

    assert (done.status, done.out) == (2, "")
    assert message in done.error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_follow_ends_with_a_signal(
    kept: Path, database_url: str, follow: type[Follower], number: signal.Signals
) -> None:
    follower = follow(kept, "--json", "--after", 3)
    before = json.loads(follower.line())
    keep(database_url, "three", "Lighthouse", "Ferry")

    come = [json.loads(follower.line()) for _ in range(2)]

    assert [event["seq"] for event in (before, *come)] == [4, 5, 6]
    assert follower.end(number) == (0, "", "")


def test_a_log_that_is_shorter_than_after_is_reported(either: Path, database_url: str, follow: type[Follower]) -> None:
    keep(database_url, "one", "Ferry", "Umbrella")
    follower = follow(either)
    assert [follower.line().split()[1] for _ in range(2)] == ["seq=1", "seq=2"]

    execute(database_url, "UPDATE last_numbers SET number = 1 WHERE name = 'event'")
    execute(database_url, "DELETE FROM events WHERE seq = 2")  # as in a backup that was restored

    assert "no event 2 yet: the last one is 1" in follower.next_note()
    assert (follower.line(), follower.process.wait()) == ("", 2)


def test_after_a_restore_the_log_is_to_be_read_anew(either: Path, database_url: str, follow: type[Follower]) -> None:
    keep(database_url, "one", "Ferry", "Umbrella")
    follower = follow(either, "--json")
    epoch = [json.loads(follower.line())["epoch"] for _ in range(2)][1]
    cursor = ("--after", 1, "--epoch", epoch)
    assert len(ingestd(either, "events", *cursor).out.splitlines()) == 1

    execute(database_url, "UPDATE installation SET epoch = 'another'")
    done = ingestd(either, "events", *cursor)

    assert (done.status, done.out) == (2, "")
    assert "start again after 0 with epoch another" in done.error
    assert "start again after 0 with epoch another" in follower.next_note()
    assert (follower.line(), follower.process.wait()) == ("", 2)


def execute(database_url: str, statement: str) -> None:
    async def work() -> None:
        async with Database(with_async_driver(database_url)) as database, database.write() as connection:
            await connection.exec_driver_sql(statement)

    asyncio.run(work())


def test_follow_waits_while_the_database_is_unavailable(
    postgresql_server: str, tmp_path: Path, follow: type[Follower]
) -> None:
    name = f"test_{uuid.uuid4().hex}"
    url = make_database(postgresql_server, name)
    keep(url, "one", "Ferry")
    follower = follow(write_config(tmp_path, url))
    assert follower.line().startswith("new seq=1 ")

    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        note = follower.next_note()
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    keep(url, "two", "Umbrella")

    assert "waiting for the database" in note
    assert follower.line().startswith("new seq=2 ")
    assert follower.end(signal.SIGTERM)[:2] == (0, "")


def test_a_second_signal_ends_it_while_a_write_blocks(either: Path, database_url: str, follow: type[Follower]) -> None:
    keep(database_url, "one", *(f"Story {number} {'of the ferry ' * 50}" for number in range(300)))
    follower = follow(either)
    assert follower.line().startswith("new seq=1 ")

    # More events than a pipe holds: the first signal is handled only between two batches.
    while follower.process.poll() is None:
        follower.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            follower.process.wait(0.2)

    assert follower.process.returncode == -signal.SIGTERM
