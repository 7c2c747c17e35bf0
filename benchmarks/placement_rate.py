"""Compare the rate of records end to end with stories on and off, pages a third of which are copies, in turns.

python benchmarks/placement_rate.py [--rounds N] [--feeds N] [--database URL] [--pages DIR]

Each turn ingests the same pages into a new database, from fetching the feeds to the last committed record, and with
stories on until the last of them has its story too.  Pages are invented, of the size of saved ones and with texts of
news length; or those of a DIR with saved pages.  Fails unless every page became a record, every record has a story, and
the copies are in the stories of their originals; with stories off, unless there is no story.  The lag is that of an
event loop while all extractors are at work.
"""

import argparse
import asyncio
import os
import statistics
from dataclasses import dataclass
from time import perf_counter

from common import add_feeds, memory, own_cpu, print_figure, print_json, service, tree_cpu
from end_to_end import LEAST_SAVED
from expectations import Outcomes, Unexpected, expect, expect_rows, run
from site_server import Site, Wire, serve_site
from sqlalchemy import func, select

from ingestd.daemon.chores import TICK
from ingestd.daemon.service import Service
from ingestd.store.schema.tables import copies, records

PROCESSES = 2
#: Seconds for one turn, on a busy machine, and of one step of the loop whose lag is measured.
MOST, STEP = 300.0, 0.005
#: Feeds that are ingested before a turn.
WARMING = 4
#: Every page of this number has the article of another one, cut.
COPIED = 3


@dataclass(frozen=True)
class Turn:
    """Records, seconds, seconds of CPU of all processes and of the daemon's own, and what the loop's lag was, in ms."""

    records: int
    wall: float
    cpu: float
    daemon_cpu: float
    lags: list[float]
    #: Of this process, in MiB.
    rss: float


async def ingest(wire: Wire, site: Site, database_url: str, *, stories: bool) -> Turn:
    """Ingest the site; with stories, until the last record has its own."""
    async with service(database_url, extractors=PROCESSES, stories=stories) as daemon:
        for feeds in (1, WARMING):
            # Starts the workers; a sketch is made in one when something was placed, the first by each takes .1 s.
            await add_feeds(daemon, wire, feeds)
            await daemon.run_until_idle()
            if daemon.placer:
                await daemon.placer.place_all()
        outcomes = Outcomes(daemon)
        done = sum(daemon.service_state.entries_done.values())
        await add_feeds(daemon, wire, site.feeds)
        pages = site.feeds * site.entries - done
        lags: list[float] = []
        begun, own, cpu, tick_at = perf_counter(), own_cpu(os.getpid()), tree_cpu(), perf_counter()
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(daemon.run())
            while (ended := sum(outcomes.of("entries").values())) < pages or not await _is_placed(daemon):
                if perf_counter() - begun > MOST:
                    raise Unexpected(f"{ended} of {pages} entries were done after {MOST:.0f} seconds, or not placed")
                if perf_counter() >= tick_at:  # as often as the daemon does
                    daemon.tick()
                    tick_at = perf_counter() + TICK
                before = perf_counter()
                await asyncio.sleep(STEP)
                if daemon.runtime.pool.busy >= PROCESSES:
                    lags.append((perf_counter() - before - STEP) * 1e3)
            wall, own, cpu = perf_counter() - begun, own_cpu(os.getpid()) - own, tree_cpu() - cpu
            rss = memory(os.getpid())["rss"]
            daemon.stop()
            await work
        saved = outcomes.of("entries").get("saved", 0)
        if saved < (LEAST_SAVED if site.saved else 1.0) * pages:
            raise Unexpected(f"{saved} of {pages} pages became records: {outcomes.of('failures')}")
        await _expect_stories(daemon, site, stories=stories)
    return Turn(saved, wall, cpu, own, sorted(lags), rss)


async def _is_placed(daemon: Service) -> bool:
    """Return whether all records have a story, without asking the database before it may be so."""
    if daemon.placer is None:
        return True
    async with daemon.runtime.database.read() as connection:
        count = (await connection.execute(select(func.count()).select_from(records))).scalar_one()
    return sum(daemon.placer.placed.values()) >= count


async def _expect_stories(daemon: Service, site: Site, *, stories: bool) -> None:
    if not stories:
        await expect_rows(daemon, copies=0, stories=0)
        return
    async with daemon.runtime.database.read() as connection:
        count = (await connection.execute(select(func.count()).select_from(records))).scalar_one()
        found = (await connection.execute(select(copies.c.story_id))).scalars().all()
    expect("records with a story", len(found), count)
    if not site.saved:
        expect("stories", len(set(found)), count - count // COPIED)


def main(rounds: int, feeds: int, database_url: str, saved: str) -> None:
    site = Site(feeds=feeds, entries=20, saved=saved, copied=0 if saved else COPIED)
    turns: dict[bool, list[Turn]] = {False: [], True: []}
    with serve_site(site) as wire:
        for number in range(rounds):
            for stories in (False, True) if number % 2 == 0 else (True, False):
                found = asyncio.run(ingest(wire, site, database_url, stories=stories))
                turns[stories].append(found)
                print_json(
                    stories=stories, records=found.records, records_a_second=found.records / found.wall,
                    cpu_ms_a_record=found.cpu / found.records * 1e3,
                    daemon_cpu_ms_a_record=found.daemon_cpu / found.records * 1e3,
                    lag_p50_ms=_at(found, 0.5), lag_p99_ms=_at(found, 0.99), lag_max_ms=_at(found, 1.0), rss=found.rss,
                )  # fmt: skip
    pairs = list(zip(turns[True], turns[False], strict=True))
    of = f"stories off, {site.feeds * site.entries} {'saved' if saved else 'invented'} pages"
    by_cpu = [off.cpu / off.records / (on.cpu / on.records) for on, off in pairs]
    print_figure("records end to end with stories, a second", [off.wall / on.wall for on, off in pairs], of=of)
    print_figure("records end to end with stories, a second of CPU", by_cpu, of=of)
    more = [on.cpu / on.records - off.cpu / off.records for on, off in pairs]
    print_figure("CPU of placing a record", [one * 1e3 for one in more], of="end to end, on minus off", unit="ms")
    off = statistics.median(_at(one, 0.99) for one in turns[False])
    lags = [_at(one, 0.99) for one in turns[True]]
    print_figure("event loop lag with stories, p99", lags, of=f"stories off {off:.1f} ms", unit="ms")


def _at(turn: Turn, share: float) -> float:
    return turn.lags[min(len(turn.lags) - 1, int(len(turn.lags) * share))] if turn.lags else 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--feeds", type=int, default=15, help="of 20 entries each")
    parser.add_argument("--database", default="")
    parser.add_argument("--pages", default="")
    args = parser.parse_args()
    run(lambda: main(args.rounds, args.feeds, args.database, args.pages))
