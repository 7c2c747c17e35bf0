"""Feed to committed record, pages from the loopback, against bare trafilatura on the same pages.

python benchmarks/end_to_end.py [--rounds N] [--database URL] [--pages DIR]
"""

import argparse
import asyncio
import multiprocessing
import statistics
from time import perf_counter

import trafilatura
from common import add_feeds, service, tell
from wire import Wire, on_the_wire

PROCESSES = 2


def bare(body: bytes) -> int:
    found = trafilatura.bare_extraction(body, with_metadata=True)
    return len(found.text) if found else 0


def ceiling(pages: list[bytes]) -> float:
    """Pages a second of trafilatura alone, from memory, in so many processes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trafilatura"])
    with context.Pool(PROCESSES) as pool:
        pool.map(bare, pages[:40], chunksize=4)  # warm
        begun = perf_counter()
        pool.map(bare, pages, chunksize=4)
        return len(pages) / (perf_counter() - begun)


async def ours(base: str, wire: Wire, database_url: str) -> float:
    """Records a second, feeds fetched and parsed, records and archive committed."""
    async with service(database_url, extractors=PROCESSES) as daemon:
        await add_feeds(daemon, base, 1)
        await daemon.run_dry()  # warm
        before = sum(daemon.service_state.entries_done.values())
        await add_feeds(daemon, base, wire.feeds)
        begun = perf_counter()
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(daemon.run())
            wanted = wire.feeds * wire.entries
            while sum(daemon.service_state.entries_done.values()) < wanted:
                daemon.tick()
                await asyncio.sleep(0.05)
            rate = (wanted - before) / (perf_counter() - begun)
            daemon.stop()
            await work
    return rate


def main(rounds: int, database_url: str, saved: str) -> None:
    wire = Wire(feeds=30, entries=20, saved=saved)
    pages = wire.pages
    ratios = []
    with on_the_wire(wire) as base:
        for _ in range(rounds):
            before, records, after = ceiling(pages), asyncio.run(ours(base, wire, database_url)), ceiling(pages)
            bare_rate = (before + after) / 2
            ratios.append(records / bare_rate)
            tell(bare_pages_a_second=bare_rate, records_a_second=records, ratio=ratios[-1])
    tell(pages=len(pages), mean_kib=sum(map(len, pages)) / len(pages) / 1024, median_ratio=statistics.median(ratios))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="")
    parser.add_argument("--pages", default="")
    asked = parser.parse_args()
    main(asked.rounds, asked.database, asked.pages)
