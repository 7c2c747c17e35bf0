"""Compare the engine of many machines with that of one on PostgreSQL: records end to end, and what each costs.

python benchmarks/turns.py [--rounds N] [--shape many|few]...

Rounds alternate: local, turns, turns, local, ...  Each ingests the same pages into a new database of the same server,
from fetching the feeds to the last committed record.  `many` are sites of few pages each, which are asked one by one;
`few` are sites of many pages, of which each is asked for eight at a time.  The CPU time of a node is that of the daemon
and its extractors; that of PostgreSQL is counted apart, with its transactions and the bytes of its write-ahead log.
Fails unless every page became a record.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from time import perf_counter

import psycopg
from common import add_feeds, own_cpu, print_figure, print_json, process_tree, service, tree_cpu
from expectations import Outcomes, Unexpected, expect, expect_rows, run
from site_server import REDIRECTED, Site, Wire, serve_site

from ingestd.daemon.chores import TICK
from ingestd.settings.values import with_async_driver
from tests.support.databases import make_database, postgresql

PROCESSES = 2
#: Seconds for one round, on a busy machine.
MOST = 300.0

#: Sites, and requests to one of them at the same time.
SHAPES = {
    "many": (Site(feeds=80, entries=5, hosts=80), 1),
    "few": (Site(feeds=20, entries=20, hosts=4), 8),
}


@dataclass(frozen=True)
class Spent:
    """What a round needed; seconds of CPU."""

    wall: float
    daemon_cpu: float
    node_cpu: float
    postgresql_cpu: float
    transactions: float
    wal_bytes: float

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class Server:
    """A server of PostgreSQL, and what it has done."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._postmaster = int((folder / "postmaster.pid").read_text().split()[0])

    def cpu(self) -> float:
        """Return the seconds of CPU of all its processes."""
        return sum(own_cpu(pid) for pid in process_tree(self._postmaster))

    def spent(self) -> Spent:
        """Return the totals now."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
            row = connection.execute(
                "SELECT sum(xact_commit), pg_current_wal_insert_lsn() - '0/0' FROM pg_stat_database"
            ).fetchone()
        assert row
        return Spent(perf_counter(), own_cpu(os.getpid()), tree_cpu(), self.cpu(), float(row[0]), float(row[1]))


async def ingest(wire: Wire, shape: str, server: Server, engine: str) -> Spent:
    """Ingest the pages of a shape once, and return what it took."""
    site, at_once = SHAPES[shape]
    url = with_async_driver(make_database(server.url, f"{shape}_{engine}"))
    async with service(url, extractors=PROCESSES, engine=engine, host_concurrency=at_once) as daemon:  # type: ignore[arg-type]
        outcomes, warm = Outcomes(daemon), site.hosts
        await add_feeds(daemon, wire, 1, site)
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(daemon.run())
            await _until(daemon, outcomes, site.entries)  # starts the workers, which is not measured
            await add_feeds(daemon, wire, site.feeds, site)
            before = server.spent()
            await _until(daemon, outcomes, site.feeds * site.entries)
            found = server.spent() - before
            daemon.stop()
            await work
        count = site.feeds * site.entries
        outcomes.expect(polls={"new": site.feeds}, entries={"saved": count})
        await expect_rows(daemon, sources=site.feeds, entries=count, records=count, carriers=count)
    expect("answers of the site", wire.take_counts(), {
        "robots 200": warm, "feed 200": site.feeds, "page 200": count, "redirect": -(-count // REDIRECTED),
    })  # fmt: skip
    return found


async def _until(daemon: object, outcomes: Outcomes, count: int) -> None:
    begun = tick_at = perf_counter()
    while (ended := sum(outcomes.of("entries").values())) < count:
        outcomes.expect_no_failure()
        if perf_counter() - begun > MOST:
            raise Unexpected(f"{ended} of {count} entries were done after {MOST:.0f} seconds")
        if perf_counter() >= tick_at:  # as often as the daemon does
            daemon.tick()  # type: ignore[attr-defined]
            tick_at = perf_counter() + TICK
        await asyncio.sleep(0.05)


def compare(shape: str, server: Server, rounds: int) -> None:
    site = SHAPES[shape][0]
    count = (site.feeds - 1) * site.entries
    found: dict[str, list[Spent]] = {"local": [], "procrastinate": []}
    with serve_site(site) as wire:
        for number in range(rounds):
            for engine in ("local", "procrastinate")[:: 1 if number % 2 == 0 else -1]:
                found[engine].append(asyncio.run(ingest(wire, shape, server, engine)))
                each = {field.name: getattr(found[engine][-1], field.name) / count for field in fields(Spent)}
                print_json(
                    shape=shape,
                    engine=engine,
                    **{
                        f"{name}_ms" if "cpu" in name or name == "wall" else name: value
                        * (1e3 if "cpu" in name or name == "wall" else 1)
                        for name, value in each.items()
                    },
                )
    what = f"local, {site.hosts} sites of {site.feeds // site.hosts * site.entries} pages"
    for name, measure in (("records a second", "wall"), ("records a second of CPU of the node", "node_cpu")):
        ratios = [
            getattr(one, measure) / getattr(other, measure)
            for one, other in zip(found["local"], found["procrastinate"], strict=True)
        ]
        print_figure(f"{name}, turns from a queue", ratios, of=what)
    for name, measure in (("CPU of PostgreSQL", "postgresql_cpu"), ("transactions", "transactions")):
        more = [
            getattr(other, measure) / getattr(one, measure)
            for one, other in zip(found["local"], found["procrastinate"], strict=True)
        ]
        print_figure(f"{name} a record, turns from a queue", more, of=what)
    print_json(
        shape=shape,
        wall=statistics.median(one.wall for one in found["local"])
        / statistics.median(one.wall for one in found["procrastinate"]),
        node_cpu=statistics.median(one.node_cpu for one in found["local"])
        / statistics.median(one.node_cpu for one in found["procrastinate"]),
    )


def main(rounds: int, shapes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name)) as url:
        server = Server(url, Path(name))
        for shape in shapes:
            compare(shape, server, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", action="append", choices=[*SHAPES])
    args = parser.parse_args()
    run(lambda: main(args.rounds, args.shape or [*SHAPES]))
