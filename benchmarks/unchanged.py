"""Measure polls a second of CPU when every source answers 304, bookkeeping included.

python benchmarks/unchanged.py [ROUNDS]
"""

import asyncio
import statistics
import sys

from common import add_feeds, make_due, measured, print_json, service
from site_server import Site, serve_site

SITE = Site(feeds=3000, entries=1, paragraphs=1)


async def main(rounds: int = 5) -> None:
    rates = []
    with serve_site(SITE) as base:
        async with service(extractors=1) as daemon:
            await add_feeds(daemon, base, SITE.feeds)
            await daemon.polls.run_until_idle()
            for _ in range(rounds):
                await make_due(daemon)
                before = daemon.service_state.polls_done.get("not_modified", 0)
                with measured() as took:
                    await daemon.polls.run_until_idle()
                assert daemon.service_state.polls_done["not_modified"] - before == SITE.feeds
                rates.append(SITE.feeds / took.cpu)
                print_json(polls=SITE.feeds, cpu_seconds=took.cpu, wall_seconds=took.wall, polls_a_cpu_second=rates[-1])
    print_json(median_polls_a_cpu_second=statistics.median(rates))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:2])))
