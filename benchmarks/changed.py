"""Measure polls of feeds with 2 new entries of 50, and the bytes that each writes to SQLite's write-ahead log.

python benchmarks/changed.py [--feeds N] [--rounds N] [--peers]

The same feeds are ingested first, in the same run: the rates of both are compared, and with `reader` if it is a peer.
The bytes are what the log grows by while a reader keeps it from starting anew.
"""

import argparse
import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, nullcontext
from pathlib import Path
from time import monotonic

from common import add_feeds, make_due, measured, print_figure, print_json, service
from expectations import Outcomes, Unexpected, expect, expect_rows, run
from peer import Peer
from site_server import Site, Wire, serve_site

NEW, WARM = 2, 4
PATIENCE = 30.0  # seconds for a checkpoint


@asynccontextmanager
async def log_growth(database: Path) -> AsyncIterator[list[int]]:
    """Measure how many bytes the write-ahead log grows by; the list has them afterwards."""
    log, found = database.with_name(f"{database.name}-wal"), list[int]()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout = 30000")
        end = monotonic() + PATIENCE
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # the daemon makes one itself
            if monotonic() > end:
                raise Unexpected(f"no checkpoint was possible within {PATIENCE:.0f} seconds")
            await asyncio.sleep(0.2)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sources").fetchone()  # from now on the log cannot start anew
        before = log.stat().st_size
        yield found
        found.append(log.stat().st_size - before)


async def measure(wire: Wire, site: Site, rounds: int, peers: bool) -> None:
    of_first, of_reader, sizes = [], [], []
    async with service(extractors=2) as daemon:
        with Peer("reader", wire) if peers else nullcontext() as reader:
            outcomes = Outcomes(daemon)
            await add_feeds(daemon, wire, WARM)
            await daemon.engine.run_until_idle(["polls"])  # starts the workers, which is not measured
            await add_feeds(daemon, wire, site.feeds)
            with measured() as took:
                await daemon.engine.run_until_idle(["polls"])
            outcomes.expect(polls={"new": site.feeds})
            first = took.cpu / (site.feeds - WARM)
            if reader:
                expect("entries of reader", reader.ask(feeds=site.feeds)["entries"], site.feeds * site.entries)
            database = daemon.runtime.spool_folder
            assert database
            for number in range(1, rounds + 1):
                wire.publish(NEW)
                wire.take_counts()
                await make_due(daemon)
                outcomes = Outcomes(daemon)
                async with log_growth(database / "ingestd.db") as grown:
                    with measured() as took:
                        await daemon.engine.run_until_idle(["polls"])
                outcomes.expect(polls={"new": site.feeds})
                count = site.feeds * (site.entries + number * NEW)
                await expect_rows(daemon, sources=site.feeds, entries=count, polls=site.feeds * (number + 1))
                theirs = reader.ask(feeds=site.feeds) if reader else None
                if theirs:
                    expect("entries of reader", theirs["entries"], count)
                expect("answers of the site", wire.take_counts(), {"feed 200": (2 if reader else 1) * site.feeds})
                mine = took.cpu / site.feeds
                of_first.append(first / mine)
                sizes.append(grown[0] / site.feeds / 1024)
                if theirs:
                    of_reader.append(theirs["cpu"] / site.feeds / mine)
                print_json(first_ms=first * 1000, changed_ms=mine * 1000, reader_ms=theirs and theirs["cpu"] * 1000
                           / site.feeds, log_kib=sizes[-1])  # fmt: skip
    what = f"polls of a feed with {NEW} new entries of {site.entries}, a second of CPU"
    print_figure(what, of_first, of="first ingest of the same feeds")
    if of_reader:
        print_figure(what, of_reader, of="reader")
    print_figure("write-ahead log of such a poll", sizes, of="SQLite", unit="KiB")


def main(feeds: int, rounds: int, peers: bool) -> None:
    site = Site(feeds=feeds, entries=50, paragraphs=3)
    with serve_site(site) as wire:
        asyncio.run(measure(wire, site, rounds, peers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    run(lambda: main(args.feeds, args.rounds, args.peers))
