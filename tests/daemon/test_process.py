"""The daemon as a process: signals, exit and restart after a kill, on both databases."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.store.schema import version
from tests.backfill.backfills import atom, page
from tests.daemon.processes import PATIENCE, Start, below, eventually, ingestd, is_running, rows
from tests.support.papers import Papers
from tests.support.soak import size


def publish(papers: Papers, config: Path, count: int) -> None:
    links = [papers.publish(f"/{n}", page("Ferry", n)) for n in range(count)]
    ingestd(config, "sources", "add", papers.publish("/feed.xml", atom(*links)), "--unchecked")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_lets_work_in_flight_finish(
    start: Start, papers: Papers, config: Path, database_url: str, number: signal.Signals
) -> None:
    publish(papers, config, 1)
    papers.hold.add("/0")
    papers.go.clear()
    daemon = start()
    while "/0" not in papers.requests:
        assert papers.asked.acquire(timeout=PATIENCE)

    daemon.process.send_signal(number)
    daemon.logged("stopping")
    papers.go.set()

    assert daemon.ended() == 0
    assert [line["event"] for line in daemon.lines[-2:]] == ["saved", "stopped"]
    assert rows(database_url, "SELECT count(*) FROM records") == [(1,)]
    assert rows(database_url, "SELECT count(*) FROM entries WHERE run_id IS NOT NULL") == [(0,)]


def test_a_second_signal_exits_at_once_and_nothing_is_lost(
    start: Start, papers: Papers, config: Path, database_url: str
) -> None:
    publish(papers, config, 1)
    papers.go.clear()
    daemon = start()
    assert papers.asked.acquire(timeout=PATIENCE)
    daemon.process.send_signal(signal.SIGTERM)
    daemon.logged("stopping")

    daemon.process.send_signal(signal.SIGTERM)

    assert daemon.ended() == 128 + signal.SIGTERM
    papers.go.set()
    again = start()
    again.logged("saved")
    assert again.end() == 0
    assert rows(database_url, "SELECT count(*) FROM records") == [(1,)]


def test_a_log_that_cannot_be_written_stops_no_work(papers: Papers, config: Path, database_url: str) -> None:
    publish(papers, config, 3)
    with Path("/dev/full").open("w") as full:
        command, environment = [sys.executable, "-m", "ingestd", "run", "--config", config], {**os.environ}
        environment.pop("PYTHONUNBUFFERED", None)  # without it, what cannot be written could stay in a buffer
        daemon = subprocess.Popen(command, stderr=full, env=environment)
    try:
        eventually(lambda: rows(database_url, "SELECT count(*) FROM records") == [(3,)], lambda: papers.requests)
        assert rows(database_url, "SELECT count(*) FROM failures") == [(0,)]
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE) == 0
    finally:
        daemon.kill()
        daemon.wait()


def test_repeated_kills_leave_every_entry_once(start: Start, papers: Papers, config: Path, database_url: str) -> None:
    publish(papers, config, 0)
    published = 0
    for _ in range(size(2, 3)):
        daemon = start()
        daemon.logged("started")
        for _ in range(5):
            published += 1
            papers.publish(f"/{published}", page("Ferry", published))
            papers.publish("/feed.xml", atom(*(papers.url(f"/{n}") for n in range(1, published + 1))))
        daemon.logged("saved", 2)
        daemon.kill()
    last = start()
    last.logged("started")
    deadline = time.monotonic() + PATIENCE
    count = "SELECT count(*) FROM entries WHERE state = 'done'"
    while rows(database_url, count) != [(published,)]:
        assert time.monotonic() < deadline, (rows(database_url, "SELECT guid, state FROM entries"), last.lines)
        time.sleep(0.1)

    assert last.end() == 0
    assert rows(database_url, "SELECT count(*), count(DISTINCT guid) FROM entries") == [(published, published)]
    assert rows(database_url, "SELECT count(*) FROM records") == [(published,)]
    assert rows(database_url, "SELECT count(*) - count(story_id), count(*) - max(seq) FROM events") == [(published, 0)]
    assert rows(database_url, "SELECT count(*) FROM failures") == [(0,)]


def test_work_of_a_killed_daemon_is_resumed_without_polling_again(
    start: Start, papers: Papers, config: Path, database_url: str
) -> None:
    publish(papers, config, 6)
    config.write_text(config.read_text().replace("interval = 1\n", "interval = 3600\n", 1))
    daemon = start()
    daemon.logged("polled")
    daemon.kill()
    feeds = papers.requests.count("/feed.xml")

    again = start()
    deadline = time.monotonic() + PATIENCE
    while rows(database_url, "SELECT count(*) FROM records") != [(6,)]:
        assert time.monotonic() < deadline, again.lines
        time.sleep(0.1)

    assert again.end() == 0
    assert papers.requests.count("/feed.xml") == feeds


def test_workers_of_a_killed_daemon_exit(start: Start, papers: Papers, config: Path) -> None:
    publish(papers, config, 1)
    daemon = start()
    daemon.logged("saved")
    children = below(daemon.process.pid)
    assert children

    daemon.kill()

    deadline = time.monotonic() + PATIENCE
    while alive := [pid for pid in children if is_running(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)


def test_two_daemons_share_a_postgresql_and_refuse_an_sqlite_file(
    start: Start, papers: Papers, config: Path, database_url: str
) -> None:
    migrated = start()
    migrated.logged("started")
    if database_url.startswith("sqlite"):
        other = start()
        assert other.ended() == 2
        assert other.lines[-1]["event"].startswith("ingestd: another daemon uses ")
        assert str(migrated.process.pid) in other.lines[-1]["event"]
        assert migrated.end() == 0
        return
    assert migrated.end() == 0
    publish(papers, config, 12)
    both = start(), start()
    both[0].logged("started")
    both[1].logged("started")
    warnings = [line for daemon in both for line in daemon.lines if line["event"] == "other daemons use the database"]
    assert warnings[0]["daemons"] == 1
    assert "host_delay" in warnings[0]["advice"]
    deadline = time.monotonic() + PATIENCE
    while rows(database_url, "SELECT count(*) FROM entries WHERE state = 'done'") != [(12,)]:
        assert time.monotonic() < deadline, [daemon.lines for daemon in both]
        time.sleep(0.1)

    assert [daemon.end() for daemon in both] == [0, 0]
    assert rows(database_url, "SELECT count(*), max(revision) FROM records") == [(12, 1)]
    assert sorted(papers.requests.count(f"/{n}") for n in range(12)) == [1] * 12


def test_a_reload_applies_what_it_can_and_keeps_the_settings_on_an_error(start: Start, config: Path) -> None:
    daemon = start()
    daemon.logged("started")
    good = config.read_text()

    config.write_text(good.replace("interval = 1\n", "interval = 5\n", 1).replace("max_pages", "x") + "max_pages = 3\n")
    daemon.process.send_signal(signal.SIGHUP)
    reloaded, restart = daemon.logged("reloaded"), daemon.logged("restart needed")
    config.write_text(good + "intervall = 7\n")
    daemon.process.send_signal(signal.SIGHUP)
    kept = daemon.logged("reload failed")

    assert reloaded["changed"] == ["interval"]
    assert restart["changed"] == ["max_pages"]
    assert "interval" in kept["error"]
    assert daemon.end() == 0


class TestEmptyDatabase:
    @pytest.fixture
    def database_url(self, empty_database_url: str) -> str:
        return empty_database_url

    def test_a_missing_schema_is_refused_without_permission_to_migrate(self, config: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "ingestd", "run", "--no-migrate", "--config", str(config)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

        assert done.returncode == 1
        assert "ingestd db upgrade" in done.stderr
        assert version.HEAD in done.stderr

    def test_a_daemon_creates_its_schema(self, start: Start, database_url: str) -> None:
        daemon = start()
        daemon.logged("started")

        assert daemon.end() == 0
        assert rows(database_url, "SELECT version_num FROM alembic_version") == [(version.HEAD,)]


def test_a_port_in_use_is_a_one_line_error(config: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        config.write_text(config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        done = subprocess.run(
            [sys.executable, "-m", "ingestd", "run", "--config", str(config)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    assert done.returncode in (1, 2)
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_systemd_is_notified(start: Start, config: Path, tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE)
        daemon = start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000")
        told = _until(systemd, "WATCHDOG=1")
        assert told[0].startswith("READY=1\nSTATUS=")
        daemon.process.send_signal(signal.SIGHUP)
        reloaded = [*_until(systemd, "RELOADING=1"), *_until(systemd, "READY=1")]
        daemon.process.send_signal(signal.SIGTERM)
        stopping = _until(systemd, "STOPPING=1")[-1]

    reloading, ready = (state for state in reloaded if state != "WATCHDOG=1")
    assert 0 < int(reloading.removeprefix("RELOADING=1\nMONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    assert ready == "READY=1"
    assert int(stopping.removeprefix("STOPPING=1\nEXTEND_TIMEOUT_USEC=")) > 20_000_000  # the default stop_timeout
    assert daemon.ended() == 0


def _until(systemd: socket.socket, state: str) -> list[str]:
    told: list[str] = []
    while not told or told[-1].splitlines()[0] != state:
        told.append(systemd.recv(4096).decode())
    return told


def test_the_default_state_directory_is_that_of_systemd_or_xdg(tmp_path: Path) -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("INGESTD_")}
    for environment, place in (
        ({"XDG_STATE_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}, tmp_path / "xdg" / "ingestd"),
        ({"STATE_DIRECTORY": str(tmp_path / "lib"), "HOME": str(tmp_path)}, tmp_path / "lib"),
    ):
        subprocess.run(
            [sys.executable, "-m", "ingestd", "db", "upgrade"], env={**plain, **environment}, cwd=tmp_path, check=True,
            timeout=PATIENCE, capture_output=True,
        )  # fmt: skip
        assert (place / "ingestd.db").exists()


def test_every_line_of_the_log_is_an_event_and_no_secret(start: Start, papers: Papers, config: Path) -> None:
    url = papers.publish("/feed.xml", atom()).replace("//", "//someone:hidden-word@")
    ingestd(config, "sources", "add", url, "--unchecked")
    daemon = start()
    daemon.logged("polled")

    assert daemon.end() == 0
    assert all({"timestamp", "level", "event"} <= line.keys() for line in daemon.lines)
    assert not re.search("hidden-word", json.dumps(daemon.lines))


def test_proxies_of_the_environment_are_ignored(start: Start, papers: Papers, config: Path, database_url: str) -> None:
    publish(papers, config, 1)
    with closing(socket.create_server(("127.0.0.1", 0))) as proxy:
        proxy.setblocking(False)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "all_proxy")
        daemon = start(**dict.fromkeys([*names, *map(str.upper, names)], address), no_proxy="", NO_PROXY="")
        daemon.logged("saved")
        assert daemon.end() == 0
        with pytest.raises(BlockingIOError):  # nobody came
            proxy.accept()

    assert rows(database_url, "SELECT count(*) FROM records") == [(1,)]
