"""Compare ingestd, from feed to committed record with pages from the loopback, with trafilatura alone on these pages.

python benchmarks/end_to_end.py [--rounds N] [--database URL] [--pages DIR]
"""

import argparse
import asyncio
import multiprocessing
import statistics
from time import perf_counter

import trafilatura
from common import add_feeds, print_json, service
from site_server import Site, serve_site

PROCESSES = 2


def text_length(body: bytes) -> int:
    found = trafilatura.bare_extraction(body, with_metadata=True)
    return len(found.text) if found else 0


def trafilatura_rate(pages: list[bytes]) -> float:
    """Return pages a second of trafilatura alone, with pages from memory, in PROCESSES processes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trafilatura"])
    with context.Pool(PROCESSES) as pool:
        pool.map(text_length, pages[:40], chunksize=4)  # warm up
        begun = perf_counter()
        pool.map(text_length, pages, chunksize=4)
        return len(pages) / (perf_counter() - begun)


async def ingestd_rate(base: str, site: Site, database_url: str) -> float:
    """Return records a second of ingestd, from fetching the feeds to committing records and archive."""
    async with service(database_url, extractors=PROCESSES) as daemon:
        await add_feeds(daemon, base, 1)
        await daemon.run_until_idle()  # warm
        before = sum(daemon.service_state.entries_done.values())
        await add_feeds(daemon, base, site.feeds)
        begun = perf_counter()
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(daemon.run())
            wanted = site.feeds * site.entries
            while sum(daemon.service_state.entries_done.values()) < wanted:
                daemon.tick()
                await asyncio.sleep(0.05)
            rate = (wanted - before) / (perf_counter() - begun)
            daemon.stop()
            await work
    return rate


def main(rounds: int, database_url: str, saved: str) -> None:
    site = Site(feeds=30, entries=20, saved=saved)
    pages = site.pages
    ratios = []
    with serve_site(site) as base:
        for _ in range(rounds):
            before, records, after = (
                trafilatura_rate(pages),
                asyncio.run(ingestd_rate(base, site, database_url)),
                trafilatura_rate(pages),
            )
            bare_rate = (before + after) / 2
            ratios.append(records / bare_rate)
            print_json(bare_pages_a_second=bare_rate, records_a_second=records, ratio=ratios[-1])
    print_json(
        pages=len(pages), mean_kib=sum(map(len, pages)) / len(pages) / 1024, median_ratio=statistics.median(ratios)
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="")
    parser.add_argument("--pages", default="")
    args = parser.parse_args()
    main(args.rounds, args.database, args.pages)
