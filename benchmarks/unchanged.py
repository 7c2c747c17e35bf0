"""A round of polls that all come to 304, bookkeeping included: polls per second of CPU.

python benchmarks/unchanged.py [ROUNDS]
"""

import asyncio
import statistics
import sys

from common import add_feeds, make_due, service, spent, tell
from wire import Wire, on_the_wire

WIRE = Wire(feeds=3000, entries=1, paragraphs=1)


async def main(rounds: int = 5) -> None:
    rates = []
    with on_the_wire(WIRE) as base:
        async with service(extractors=1) as daemon:
            await add_feeds(daemon, base, WIRE.feeds)
            await daemon.polls.run_dry()
            for _ in range(rounds):
                await make_due(daemon)
                before = daemon.service_state.polls_done.get("not_modified", 0)
                with spent() as took:
                    await daemon.polls.run_dry()
                assert daemon.service_state.polls_done["not_modified"] - before == WIRE.feeds
                rates.append(WIRE.feeds / took.cpu)
                tell(polls=WIRE.feeds, cpu_seconds=took.cpu, wall_seconds=took.wall, polls_a_cpu_second=rates[-1])
    tell(median_polls_a_cpu_second=statistics.median(rates))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:2])))
