"""Compare the first ingest of feeds into SQLite with the PyPI package `reader`, and with feedparser alone.

python benchmarks/first_ingest.py [--rounds N] [--feeds N] [--no-peers]

ingestd and reader fetch, parse and store every entry with its content; neither fetches or extracts pages.  feedparser
alone parses the same documents from memory.  The start of our workers (once per daemon) is not counted.
"""

import argparse
import asyncio
import time

import feedparser
from common import add_feeds, measured, print_figure, print_json, service
from expectations import Outcomes, expect, expect_rows, run
from peer import Peer
from site_server import Site, Wire, feed, serve_site

WARM = 4


async def ingestd_cpu(wire: Wire, site: Site) -> float:
    """Return the seconds of CPU that a feed takes."""
    async with service(extractors=2) as daemon:
        outcomes = Outcomes(daemon)
        await add_feeds(daemon, wire, WARM)
        await daemon.engine.run_until_idle(["polls"])  # starts the workers, which is not measured
        await add_feeds(daemon, wire, site.feeds)
        with measured() as took:
            await daemon.engine.run_until_idle(["polls"])
        outcomes.expect(polls={"new": site.feeds})
        count = site.feeds * site.entries
        await expect_rows(daemon, sources=site.feeds, entries=count, polls=site.feeds)
    expect("answers of the site", wire.take_counts(), {"feed 200": site.feeds})
    return took.cpu / (site.feeds - WARM)


def reader_cpu(wire: Wire, site: Site) -> float:
    with Peer("reader", wire) as reader:
        found = reader.ask(feeds=site.feeds)
    expect("entries of reader", found["entries"], site.feeds * site.entries)
    expect("answers to reader", wire.take_counts(), {"feed 200": site.feeds})
    return found["cpu"] / site.feeds


def feedparser_cpu(documents: list[bytes], entries: int) -> float:
    begun = time.process_time()
    for document in documents:
        expect("entries of feedparser", len(feedparser.parse(document).entries), entries)
    return (time.process_time() - begun) / len(documents)


def main(rounds: int, feeds: int, peers: bool) -> None:
    site = Site(feeds=feeds, entries=20, paragraphs=3)
    of_reader, of_feedparser = [], []
    with serve_site(site) as wire:
        documents = [feed(site, wire, number) for number in range(100)]
        for _ in range(rounds):
            theirs = reader_cpu(wire, site) if peers else 0.0
            mine = asyncio.run(ingestd_cpu(wire, site))
            bare = feedparser_cpu(documents, site.entries)
            of_feedparser.append(bare / mine)
            of_reader.append(theirs / mine)
            print_json(reader_ms=theirs * 1000, ingestd_ms=mine * 1000, feedparser_ms=bare * 1000)
    what = f"first ingest, {feeds} feeds of {site.entries} entries, a second of CPU"
    if peers:
        print_figure(what, of_reader, of="reader")
    print_figure(what, of_feedparser, of="feedparser alone")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    run(lambda: main(args.rounds, args.feeds, not args.no_peers))
