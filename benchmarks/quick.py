"""Compare what takes most of the CPU with a ground of its own, and fail where a ratio falls under its floor.

python benchmarks/quick.py [--raise]

The ground and ingestd do the same in turn, in small slices, and only CPU time counts (user and system, of all processes
of each), so that neither other work on the machine nor a moment in which it stands still makes this fail.  A ratio of
documents is that of the sums of all turns: it differs by 5 % from run to run beside a dozen other programs.  A ratio of
polls is the median of the turns, since one in which a checkpoint falls takes half as much again: 7 %.  First ingest
polls one source at a time, because how many polls share a commit depends on what else the machine does.  A ratio under
its floor is measured again, twice: only what is slower each time fails.  A turn with another outcome than it should
have, such as a request that timed out, is left out.  The work is bounded, not the time: some 20 seconds of CPU.

`floors.json` has ratios that were measured on a busy machine; a floor is 10 % below.  --raise writes better ones there.
"""

import argparse
import asyncio
import gc
import json
import logging
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import feedparser
import trafilatura
from common import add_feeds, make_due, measured, print_json, service
from expectations import Outcomes, Unexpected, expect, run
from site_server import Site, Wire, feed, page, serve_site
from unchanged import CONCURRENCY, bare_loop, etags

from ingestd import articles, formats
from ingestd.daemon.service import Service
from ingestd.model.page import Page

FLOORS = Path(__file__).with_name("floors.json")
ALLOWED = 0.9
TRIES = 3
SITE = Site(feeds=700, entries=20, paragraphs=3)
LOOPS = 4
STEP = 20  # feeds of one turn of first ingest
#: Turns of one kind that may have another outcome than they should have.
MOST_LEFT_OUT = 4


@dataclass(frozen=True)
class Turn:
    """Seconds of CPU of one turn: of the ground, and of ingestd."""

    ground: float
    ours: float


def cpu_of(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


class Clean:
    """A page, all fields, and trafilatura with metadata."""

    turns = 48

    def __init__(self) -> None:
        self._pages = [page(number) for number in range(8)]
        self._number = 0

    async def turn(self) -> Turn:
        body = self._pages[self._number % len(self._pages)]
        self._number += 1

        def theirs() -> None:
            found = trafilatura.bare_extraction(body, with_metadata=True)
            expect("whether trafilatura found a text", bool(found and found.text), True)

        def ours() -> None:
            found = articles.read(Page(url="https://the-wire.example/a", body=body)).article
            expect("whether there is a text", bool(found.body_text and found.headline), True)

        return Turn(cpu_of(theirs), cpu_of(ours))


class Parse:
    """A feed, from bytes to entries, and feedparser."""

    turns = 96

    def __init__(self) -> None:
        self._feeds = [feed(SITE, "https://the-wire.example", number) for number in range(8)]
        self._number = 0

    async def turn(self) -> Turn:
        body = self._feeds[self._number % len(self._feeds)]
        self._number += 1

        def theirs() -> None:
            expect("entries of feedparser", len(feedparser.parse(body).entries), SITE.entries)

        def ours() -> None:
            found = formats.parse(body, url="https://the-wire.example/feed")
            expect("entries", len(found.entries), SITE.entries)

        return Turn(cpu_of(theirs), cpu_of(ours))


@dataclass
class Polls:
    """A daemon and what it polls."""

    daemon: Service
    #: The same with one poll at a time.
    alone: Service
    wire: Wire
    session: aiohttp.ClientSession
    tags: list[str]
    added: int = 0

    async def add(self, count: int) -> None:
        self.added += count
        expect("whether there are feeds enough", self.added <= SITE.feeds, True)
        await add_feeds(self.daemon, self.wire, self.added)

    async def first_ingest(self) -> Turn:
        """Ingest feeds that were never polled, and parse the same documents with feedparser alone."""
        await self.add(STEP)
        outcomes = Outcomes(self.alone)
        with measured() as took:
            await self.alone.engine.run_until_idle(["polls"])
        outcomes.expect(polls={"new": STEP})
        bodies = [feed(SITE, self.wire, number) for number in range(self.added - STEP, self.added)]
        return Turn(cpu_of(lambda: [feedparser.parse(body) for body in bodies]), took.cpu)

    async def unchanged(self) -> Turn:
        """Poll feeds that answer 304, and request them with a bare aiohttp loop."""
        tags = self.tags[: self.added]
        # A loop takes 10 to 20 ms, too little to compare with: the mean of several, before and after.
        before = [await bare_loop(self.wire, tags, self.session) for _ in range(LOOPS)]
        await make_due(self.daemon)
        outcomes = Outcomes(self.daemon)
        with measured() as took:
            await self.daemon.engine.run_until_idle(["polls"])
        outcomes.expect(polls={"not_modified": self.added})
        after = [await bare_loop(self.wire, tags, self.session) for _ in range(LOOPS)]
        return Turn(statistics.mean(before + after), took.cpu)


@asynccontextmanager
async def polls() -> AsyncIterator[Polls]:
    with serve_site(SITE) as wire:
        connector = aiohttp.TCPConnector(limit=CONCURRENCY)
        async with service(extractors=1) as daemon, aiohttp.ClientSession(connector=connector) as session:
            alone = Service(daemon.runtime, max_polls=1, max_pages=1, per_site=1)
            found = Polls(daemon, alone, wire, session, await etags(wire, SITE.feeds, session))
            await found.add(STEP)
            await daemon.engine.run_until_idle(["polls"])  # starts the worker
            yield found


async def turns_of(turn: Callable[[], Awaitable[Turn]], count: int) -> list[Turn]:
    """Return some turns, without those in which something else was measured."""
    found: list[Turn] = []
    left_out = 0
    gc.collect()  # what earlier work has left is not collected in one of these turns
    while len(found) < count:
        try:
            found.append(await turn())
        except Unexpected as error:
            left_out += 1
            if left_out > MOST_LEFT_OUT:
                raise
            print(f"turn left out: {error}", file=sys.stderr)
    return found


def of_sums(turns: list[Turn]) -> float:
    return sum(turn.ground for turn in turns) / sum(turn.ours for turn in turns)


def of_turns(turns: list[Turn]) -> float:
    return statistics.median(turn.ground / turn.ours for turn in turns)


async def ratios_of(
    name: str, turn: Callable[[], Awaitable[Turn]], count: int, floor: float, ratio_of: Callable[[list[Turn]], float]
) -> list[float]:
    """Return the ratio of the ground to ingestd, or up to three where the first ones are under the floor."""
    ratios: list[float] = []
    while len(ratios) < TRIES and not (ratios and ratios[-1] >= floor):
        turns = await turns_of(turn, count)
        ratios.append(ratio_of(turns))
        each = sorted(turn.ground / turn.ours for turn in turns)
        print_json(
            ratio=name, value=ratios[-1], floor=floor, lowest_turn=each[0], highest_turn=each[-1],
            ground_ms=statistics.mean(turn.ground for turn in turns) * 1000,
            ours_ms=statistics.mean(turn.ours for turn in turns) * 1000,
        )  # fmt: skip
    return ratios


async def measure() -> dict[str, list[float]]:
    """Return the ratios that were measured, of each kind."""
    floors = {name: ALLOWED * best for name, best in json.loads(FLOORS.read_text()).items()}
    found: dict[str, list[float]] = {}

    async def add(
        name: str, turn: Callable[[], Awaitable[Turn]], count: int, ratio_of: Callable[[list[Turn]], float]
    ) -> None:
        found[name] = await ratios_of(name, turn, count, floors.get(name, 0.0), ratio_of)

    for name, kind in (("page, trafilatura", Clean), ("feed, feedparser", Parse)):
        work = kind()
        await work.turn()  # warm
        await add(name, work.turn, work.turns, of_sums)
    async with polls() as poll:
        await add("first ingest one by one, feedparser", poll.first_ingest, 7, of_turns)
        await add("304, bare aiohttp", poll.unchanged, 12, of_turns)
    return found


def main(is_raising: bool) -> None:
    logging.disable()
    found = asyncio.run(measure())
    floors = json.loads(FLOORS.read_text())
    if is_raising:
        best = {name: round(max(floors.get(name, 0.0), *ratios), 3) for name, ratios in found.items()}
        FLOORS.write_text(json.dumps(best, indent=2) + "\n")
        return
    slow = [
        f"{name}: {max(ratios):.3f} at best, the floor is {ALLOWED * floors[name]:.3f}"
        for name, ratios in found.items()
        if max(ratios) < ALLOWED * floors[name]
    ]
    if slow:
        raise Unexpected("slower than the floors in benchmarks/floors.json: " + "; ".join(slow))
    print("no ratio is under its floor", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raise", dest="is_raising", action="store_true")
    args = parser.parse_args()
    run(lambda: main(args.is_raising))
