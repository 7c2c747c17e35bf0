"""The daemon and hostile servers as processes: the cost in memory, and the polls of the other sources."""

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

#: Memory that the daemon may use beyond that at rest (bytes).
BOUND = 100 * MIB

#: The number of further servers that do the same at once, each at its own address.
TIMES = 32
GREEDY = "endless"

#: Seconds to wait for a server that stalls.
TIMEOUT = 10

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return the URLs of a hostile server by name."""
    (tmp_path / "secret").touch()
    command = [sys.executable, "-m", "tests.support.hostile", str(tmp_path / "secret")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield json.loads(server.stdout.readline())
        server.kill()


def more_of(url: str) -> list[str]:
    return [url.replace("//127.6.", f"//127.{10 + number}.") for number in range(TIMES)]


def memory(daemon: Daemon) -> int:
    """Return the peak memory of the daemon's own process since the last reset, in bytes."""
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def listed(config: Path, urls: list[str]) -> None:
    """Add sources in one transaction."""
    outlines = "".join(f"<outline type='rss' xmlUrl='{url}'/>" for url in urls)
    file = config.with_name("list.opml")
    file.write_text(f"<opml version='2.0'><head/><body>{outlines}</body></opml>")
    ingestd(config, "sources", "import", str(file))


def test_hostile_servers_cost_bounded_memory_and_no_poll_of_other_sources(
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
    """Return how many times the good source was polled while another one stalled."""
    [(begun,)] = rows(database_url, f"SELECT min(at) FROM polls WHERE error = 'TimedOut' AND seconds >= {TIMEOUT}")
    first = datetime.fromisoformat(begun)
    polls = [datetime.fromisoformat(at) for (at,) in rows(database_url, "SELECT at FROM polls WHERE source_id = 1")]
    return len([at for at in polls if first <= at <= first + timedelta(seconds=TIMEOUT)])
