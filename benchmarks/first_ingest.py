"""500 feeds with 20 entries each, read for the first time into SQLite, against the PyPI package `reader`.

Both fetch, parse and store every entry with its content; neither fetches or extracts pages.

    pip install reader
    python benchmarks/first_ingest.py [ROUNDS]
"""

import asyncio
import statistics
import sys
import tempfile

from common import add_feeds, service, spent, tell
from wire import Wire, on_the_wire

WIRE = Wire(feeds=500, entries=20, paragraphs=3)


def peer(base: str) -> float:
    from reader import make_reader  # noqa: PLC0415 - only this benchmark needs it

    with tempfile.TemporaryDirectory() as folder:
        reader = make_reader(f"{folder}/reader.db")
        for number in range(WIRE.feeds):
            reader.add_feed(f"{base}/feed/{number}")
        with spent() as took:
            reader.update_feeds(workers=2)
        assert reader.get_entry_counts().total == WIRE.feeds * WIRE.entries
        reader.close()
    return WIRE.feeds / took.cpu


async def ours(base: str) -> float:
    async with service(extractors=2) as daemon:
        await add_feeds(daemon, base, 4)
        await daemon.polls.run_dry()  # the workers are started once, not for each round of polls
        await add_feeds(daemon, base, WIRE.feeds)
        with spent() as took:
            await daemon.polls.run_dry()
        assert daemon.service_state.polls_done == {"new": WIRE.feeds}
    return (WIRE.feeds - 4) / took.cpu


def main(rounds: int = 3) -> None:
    ratios = []
    with on_the_wire(WIRE) as base:
        for _ in range(rounds):
            theirs, mine = peer(base), asyncio.run(ours(base))
            ratios.append(mine / theirs)
            tell(reader_feeds_a_cpu_second=theirs, ingestd_feeds_a_cpu_second=mine, ratio=ratios[-1])
    tell(median_ratio=statistics.median(ratios))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
