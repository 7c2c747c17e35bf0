"""Measure a daemon with many sources: memory, start, claims, the status page and `ingestd sources list`.

python benchmarks/many_sources.py [--sources N] [--database sqlite|postgresql]

N rows of sources are inserted, each of a site of its own and due within the next day, and 50 feeds of the loopback
that are due now.  Then `ingestd run` starts as a process: it must have polled the 50 before its memory counts.  The
claims are those of a daemon that finds 20,000 sources due among the others; a tick is one transaction that claims up to
192.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, perf_counter, sleep

from common import memory, print_figure, print_json
from expectations import Unexpected, expect, run
from large_database import Filler
from site_server import Site, Wire, serve_site
from sqlalchemy import func, select, text, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.schema import migrate, tables
from tests.daemon.processes import Daemon
from tests.support.databases import make_database, postgresql

SITE = Site(feeds=50, entries=20, paragraphs=1)
#: Sources that a tick claims, as with the default of `max_polls` (64) and two that wait for each that runs.
LIMIT = 192
DUE = 20_000
#: Seconds for anything on a busy machine.
PATIENCE = 300.0


async def fill(database: Database, count: int) -> None:
    """Insert sources that are due within the next day."""
    async with database.write() as connection:
        filler = Filler(connection)
        old = filler.at("-7776000")
        await filler.insert(
            "sources", count, id="i", url="'https://site' || i || '.example/feed'", kind="'feed'", state="'active'",
            site="'site' || i || '.example'", due_at=filler.at("3600 + i % 82800"), failures="0", created_at=old,
            watched_since=old, last_success_at=filler.at("-60"), last_polled_at=filler.at("-60"),
            title="'Source ' || i", etag="'etag ' || i", arrivals="1.5", observed="24.0", squares="1.0",
        )  # fmt: skip
    async with database.write() as connection:
        await connection.execute(text("ANALYZE"))
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT setval(pg_get_serial_sequence('sources', 'id'), :n)"), {"n": count})


async def claims(database: Database, count: int) -> tuple[list[float], list[float]]:
    """Claim DUE sources and release them; returns the ms of each tick with claims, and of those with nothing due."""
    step = max(1, count // DUE)
    now = datetime.now(UTC)
    due = range(step, count + 1, step)[:DUE]
    async with database.write() as connection:
        ahead = update(tables.sources).where(tables.sources.c.id % step == 0, tables.sources.c.id <= due[-1])
        await connection.execute(ahead.values(due_at=now - timedelta(seconds=60)))
    busy, idle, claimed = [], [], 0
    while claimed < len(due):
        begun = perf_counter()
        async with database.write() as connection:
            found = await sources.claim_due(connection, "benchmark", now=now, limit=LIMIT)
        busy.append((perf_counter() - begun) * 1e3)
        if not found:
            break
        claimed += len(found)
    expect("claimed sources", claimed, len(due))
    for _ in range(200):
        begun = perf_counter()
        async with database.write() as connection:
            expect("claims of nothing", await sources.claim_due(connection, "benchmark", now=now, limit=LIMIT), [])
        idle.append((perf_counter() - begun) * 1e3)
    async with database.write() as connection:
        mine = tables.sources.c.run_id == "benchmark"
        ahead = update(tables.sources).where(mine).values(run_id=None, due_at=now + timedelta(hours=12))
        expect("released claims", (await connection.execute(ahead)).rowcount, len(due))
    return busy, idle


async def prepare(url: str, count: int) -> tuple[list[float], list[float]]:
    await migrate.upgrade(url)
    async with Database(with_async_driver(url)) as database:
        begun = perf_counter()
        await fill(database, count)
        print_json(sources=count, filled_in_s=perf_counter() - begun)
        return await claims(database, count)


async def add_wire(url: str, wire: Wire) -> None:
    async with Database(with_async_driver(url)) as database, database.write() as connection:
        for number in range(SITE.feeds):
            await sources.add(connection, f"{wire}/feed/{number}", now=datetime.now(UTC))


async def polled(url: str) -> dict[str, int]:
    """Return the polls by outcome."""
    async with Database(with_async_driver(url)) as database, database.read() as connection:
        query = select(tables.polls.c.outcome, func.count()).group_by(tables.polls.c.outcome)
        return {row[0]: row[1] for row in await connection.execute(query)}


def timed(work: Callable[[], object], times: int) -> list[float]:
    found = []
    for _ in range(times):
        begun = perf_counter()
        work()
        found.append((perf_counter() - begun) * 1e3)
    return found


def measure(url: str, folder: Path, count: int, kind: str, wire: Wire) -> None:
    busy, idle = asyncio.run(prepare(url, count))
    asyncio.run(add_wire(url, wire))
    config = folder / "ingestd.toml"
    config.write_text(
        f"state_dir = '{folder}/state'\ndatabase_url = '{url}'\nlisten = '127.0.0.1:0'\nhost_delay = 0\n"
        "host_concurrency = 32\nallow_networks = ['127.0.0.0/8']\nlog_format = 'json'\nextractors = 1\n"
    )
    begun = perf_counter()
    daemon = Daemon(config)
    try:
        address = daemon.logged("started")["address"]
        start = perf_counter() - begun
        deadline = monotonic() + PATIENCE
        while (found := asyncio.run(polled(url))) != {"new": SITE.feeds}:
            if set(found) - {"new"} or monotonic() > deadline:
                raise Unexpected(f"outcomes of polls: expected {SITE.feeds} new, found {found}")
            sleep(0.5)
        sleep(5)  # chores run, and what the polls left behind is freed

        def page() -> bool:
            """Return whether the page says how many sources there are; on a busy machine the count may come later."""
            with urllib.request.urlopen(address, timeout=PATIENCE) as reply:  # on the loopback
                expect("status of the status page", reply.status, 200)
                body = reply.read().decode()
            return f"{count + SITE.feeds:,}" in body or str(count + SITE.feeds) in body

        while not page():
            if monotonic() > deadline:
                raise Unexpected(f"the status page does not say that there are {count + SITE.feeds} sources")
            sleep(1)
        pages = timed(lambda: expect("whether the status page has its counts", page(), True), 5)
        weight = memory(daemon.process.pid)
    finally:
        try:
            daemon.end()
        except subprocess.TimeoutExpired:
            daemon.kill()  # never leave it behind: what the benchmark says of its end is that it took too long
            raise Unexpected("the daemon did not end within a minute of SIGTERM") from None

    def listed() -> None:
        arguments = [sys.executable, "-m", "ingestd", "sources", "list", "--config", str(config)]
        done = subprocess.run(arguments, capture_output=True, check=False)
        expect("status of `sources list`", done.returncode, 0)
        expect("lines of `sources list`", done.stdout.count(b"\n"), count + SITE.feeds + 1)

    lists = timed(listed, 1 if count > 10_000 else 3)
    of = f"{count:,} sources, {kind}"
    busy.sort(), idle.sort()
    print_json(tick_p50_ms=busy[len(busy) // 2], idle_p50_ms=idle[len(idle) // 2], memory=json.dumps(weight))
    print_figure("memory of the daemon", [weight["rss"]], of=of, unit="MiB")
    print_figure("tick that claims, p99", [busy[len(busy) * 99 // 100]], of=of, unit="ms")
    print_figure("tick with nothing due, p99", [idle[len(idle) * 99 // 100]], of=of, unit="ms")
    print_figure("claims a second", [LIMIT / (sum(busy) / len(busy)) * 1e3], of=of, unit="")
    print_figure("start of the daemon", [start * 1e3], of=of, unit="ms")
    print_figure("status page", pages, of=of, unit="ms")
    print_figure("`ingestd sources list`", lists, of=of, unit="ms")


def main(count: int, kind: str) -> None:
    with tempfile.TemporaryDirectory() as name, serve_site(SITE) as wire:
        folder = Path(name)
        if kind == "sqlite":
            (folder / "state").mkdir()
            measure(f"sqlite:///{folder}/state/ingestd.db", folder, count, "SQLite", wire)
        else:
            with postgresql(folder / "server") as server:
                measure(make_database(server, "many"), folder, count, "PostgreSQL", wire)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    args = parser.parse_args()
    run(lambda: main(args.sources, args.database))
