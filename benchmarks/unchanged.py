"""Measure polls a second of CPU when every source answers 304, bookkeeping included.

python benchmarks/unchanged.py [--rounds N] [--peers] [--tls]

The ground is a bare aiohttp loop that makes the same conditional requests to the same site and does nothing else, in
turn; with --peers, `reader` as well.  With --tls, the site has https and ends each connection with its answer.
"""

import argparse
import asyncio
import ssl
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import aiohttp
from common import add_feeds, make_due, measured, print_figure, print_json, service
from expectations import Outcomes, expect, expect_rows, run
from peer import Peer
from site_server import Site, Wire, serve_site

from tests.support.drop_folders import make_certificate

FEEDS = 400
CONCURRENCY = 64  # as many polls as `service` makes at once


async def etags(wire: Wire, feeds: int, session: aiohttp.ClientSession) -> list[str]:
    """Return the ETags of the feeds."""
    found = []
    for number in range(feeds):
        async with session.get(f"{wire}/feed/{number}") as reply:
            await reply.read()
            found.append(reply.headers["ETag"])
    return found


async def bare_loop(wire: Wire, tags: list[str], session: aiohttp.ClientSession) -> float:
    """Request every feed with its ETag; returns the seconds of CPU of this process."""
    numbers, statuses = iter(range(len(tags))), []

    async def requests() -> None:
        for number in numbers:
            async with session.get(f"{wire}/feed/{number}", headers={"If-None-Match": tags[number]}) as reply:
                await reply.read()
                statuses.append(reply.status)

    begun = time.process_time()
    await asyncio.gather(*(requests() for _ in range(CONCURRENCY)))
    cpu = time.process_time() - begun
    expect("statuses of the bare loop", set(statuses), {304})
    expect("requests of the bare loop", len(statuses), len(tags))
    return cpu


async def measure(wire: Wire, site: Site, rounds: int, peers: bool) -> None:
    rates, of_bare, of_reader = [], [], []
    ca_file = Path(site.certificate) if site.certificate else None
    tls = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
    connector = aiohttp.TCPConnector(limit=CONCURRENCY, ssl=tls)
    async with service(extractors=1, ca_file=ca_file) as daemon, aiohttp.ClientSession(connector=connector) as session:
        with Peer("reader", wire) if peers else nullcontext() as reader:
            outcomes = Outcomes(daemon)
            await add_feeds(daemon, wire, site.feeds)
            await daemon.engine.run_until_idle(["polls"])
            outcomes.expect(polls={"new": site.feeds})
            tags = await etags(wire, site.feeds, session)
            if reader:
                expect("entries of reader", reader.ask(feeds=site.feeds)["entries"], site.feeds * site.entries)
            wire.take_counts()
            for number in range(rounds):
                await make_due(daemon)
                outcomes = Outcomes(daemon)
                with measured() as took:
                    await daemon.engine.run_until_idle(["polls"])
                outcomes.expect(polls={"not_modified": site.feeds})
                await expect_rows(
                    daemon, sources=site.feeds, entries=site.feeds * site.entries, polls=site.feeds * (number + 2)
                )
                bare = await bare_loop(wire, tags, session)
                theirs = reader.ask(feeds=site.feeds)["cpu"] if reader else None
                expect("answers of the site", wire.take_counts(), {"feed 304": (3 if reader else 2) * site.feeds})
                rates.append(site.feeds / took.cpu)
                of_bare.append(took.cpu / bare)
                if theirs:
                    of_reader.append(theirs / took.cpu)
                print_json(
                    polls=site.feeds, polls_a_cpu_second=rates[-1], bare_a_cpu_second=site.feeds / bare,
                    reader_a_cpu_second=site.feeds / theirs if theirs else None, wall_seconds=took.wall,
                )  # fmt: skip
    how = ", TLS and a new connection each" if site.certificate else ""
    print_figure(f"CPU of a poll answered with 304{how}", of_bare, of="a bare aiohttp loop")
    print_figure(f"polls answered with 304{how}", rates, of="bookkeeping included", unit="a second of CPU")
    if of_reader:
        print_figure(f"polls answered with 304{how}, a second of CPU", of_reader, of="reader")


def main(rounds: int, peers: bool, tls: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        certificate = str(make_certificate(Path(folder))) if tls else ""
        feeds = FEEDS // 2 if tls else FEEDS
        site = Site(feeds=feeds, entries=1, paragraphs=1, certificate=certificate, keep_alive=not tls)
        with serve_site(site) as wire:
            asyncio.run(measure(wire, site, rounds, peers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--tls", action="store_true")
    args = parser.parse_args()
    run(lambda: main(args.rounds, args.peers, args.tls))
