"""The daemon as a process, and the hostile servers as another: what a siege costs it, and those who did nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.backfill.backfills import atom, page
from tests.daemon.processes import PATIENCE, Daemon, Start, ingestd, rows
from tests.daemon.test_faults import eventually
from tests.support.papers import Papers

MIB = 2**20

#: What the daemon may take beyond what it takes at rest (bytes).
BOUND = 100 * MIB

#: As many servers more do the same, each at an address of its own: as much as they may, at the same time.
TIMES = 32
GREEDY = "endless"

#: Seconds a server that stalls is waited for.
TIMEOUT = 10

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The URLs of a hostile server, by name."""
    (tmp_path / "secret").touch()
    command = [sys.executable, "-m", "tests.support.hostile", str(tmp_path / "secret")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield json.loads(server.stdout.readline())
        server.kill()


def more_of(url: str) -> list[str]:
    return [url.replace("//127.6.", f"//127.{10 + number}.") for number in range(TIMES)]


def memory(daemon: Daemon) -> int:
    """Bytes that the daemon's own process had at the most since it was last reset."""
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def listed(config: Path, urls: list[str]) -> None:
    """Add sources, all at once."""
    outlines = "".join(f"<outline type='rss' xmlUrl='{url}'/>" for url in urls)
    file = config.with_name("list.opml")
    file.write_text(f"<opml version='2.0'><head/><body>{outlines}</body></opml>")
    ingestd(config, "sources", "import", str(file))


def test_a_siege_costs_no_more_memory_than_it_may_and_nobody_else_a_poll(
    start: Start, papers: Papers, config: Path, database_url: str, hostile: dict[str, str]
) -> None:
    text = (
        config.read_text().replace("interval = 1\n", "interval = 3600\n", 1).replace("extractors = 1", "extractors = 2")
    )
    config.write_text(f"{text}attempts = 1\nfetch_timeout = {TIMEOUT}\nextract_timeout = 5\nmax_polls = 128\n")
    good = papers.publish("/good.xml", atom(papers.publish("/story", page("Ferry"))))
    ingestd(config, "sources", "add", good, "--unchecked", "--interval", "1")
    greedy = more_of(hostile[GREEDY])
    listing = papers.publish("/listing.xml", atom(*hostile.values()))
    daemon = start()
    daemon.logged("saved")
    rest = memory(daemon)

    listed(config, [*hostile.values(), *greedy, listing])
    sources = len(hostile) + len(greedy) + 2
    polled = "SELECT count(DISTINCT source_id) FROM polls"
    eventually(lambda: rows(database_url, polled) == [(sources,)], lambda: daemon.lines[-20:], 2 * PATIENCE)
    pending = "SELECT count(*) FROM entries WHERE state = 'pending'"
    eventually(lambda: rows(database_url, pending) == [(0,)], lambda: daemon.lines[-20:], 2 * PATIENCE)

    most = memory(daemon)
    assert daemon.end() == 0
    print(f"{rest / MIB:.0f} MiB at rest, {most / MIB:.0f} MiB at the most")
    assert most - rest < BOUND
    assert polls_under_siege(database_url) >= 1


def polls_under_siege(database_url: str) -> int:
    """Return how many polls the good source had while one that stalls was waited for."""
    [(begun,)] = rows(database_url, f"SELECT min(at) FROM polls WHERE error = 'TimedOut' AND seconds >= {TIMEOUT}")
    first = datetime.fromisoformat(begun)
    polls = [datetime.fromisoformat(at) for (at,) in rows(database_url, "SELECT at FROM polls WHERE source_id = 1")]
    return len([at for at in polls if first <= at <= first + timedelta(seconds=TIMEOUT)])
