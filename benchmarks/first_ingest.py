"""Compare the first ingest of 500 feeds with 20 entries each into SQLite with the PyPI package `reader`.

Both fetch, parse and store every entry with its content; neither fetches or extracts pages.

    pip install reader
    python benchmarks/first_ingest.py [ROUNDS]
"""

import asyncio
import statistics
import sys
import tempfile

from common import add_feeds, measured, print_json, service
from site_server import Site, serve_site

SITE = Site(feeds=500, entries=20, paragraphs=3)


def reader_rate(base: str) -> float:
    from reader import make_reader  # noqa: PLC0415 - only this benchmark needs it

    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(f"{folder}/reader.db")
        for number in range(SITE.feeds):
            reader.add_feed(f"{base}/feed/{number}")
        with measured() as took:
            reader.update_feeds(workers=2)
        assert reader.get_entry_counts().total == SITE.feeds * SITE.entries
        reader.close()
    return SITE.feeds / took.cpu


async def ingestd_rate(base: str) -> float:
    async with service(extractors=2) as daemon:
        await add_feeds(daemon, base, 4)
        await daemon.polls.run_until_idle()  # starts the workers, which is not measured
        await add_feeds(daemon, base, SITE.feeds)
        with measured() as took:
            await daemon.polls.run_until_idle()
        assert daemon.service_state.polls_done == {"new": SITE.feeds}
    return (SITE.feeds - 4) / took.cpu


def main(rounds: int = 3) -> None:
    ratios = []
    with serve_site(SITE) as base:
        for _ in range(rounds):
            theirs, mine = reader_rate(base), asyncio.run(ingestd_rate(base))
            ratios.append(mine / theirs)
            print_json(reader_feeds_a_cpu_second=theirs, ingestd_feeds_a_cpu_second=mine, ratio=ratios[-1])
    print_json(median_ratio=statistics.median(ratios))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
