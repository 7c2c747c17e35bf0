"""Measure the lag of the event loop while all extractors are busy, and the memory of the processes.

python benchmarks/lag_and_memory.py [--feeds N]

Only samples count that were taken while every extractor was at work, and nine in ten must be.  The ground is the lag of
an empty event loop beside as many processes that run trafilatura, in the same run: what the machine itself adds.
"""

import argparse
import asyncio
import multiprocessing
import os
from pathlib import Path
from time import perf_counter

from common import add_feeds, memory, print_figure, print_json, process_tree, service
from end_to_end import MOST, text_length
from expectations import BusyExtractors, Outcomes, Unexpected, expect_rows, run
from site_server import Site, Wire, serve_site

STEP = 0.005
PROCESSES = 2
#: Seconds for which the ground is measured.
GROUND = 8.0


async def sample() -> float:
    """Return the lag of the loop in ms: how much longer than STEP a sleep of it took."""
    begun = perf_counter()
    await asyncio.sleep(STEP)
    return (perf_counter() - begun - STEP) * 1e3


async def ground(pages: list[bytes]) -> list[float]:
    context = multiprocessing.get_context("forkserver")
    with context.Pool(PROCESSES) as pool:
        pool.map(text_length, pages[:40], chunksize=4)
        lags, end = [], perf_counter() + GROUND
        working = pool.map_async(text_length, pages * 50, chunksize=1)
        while perf_counter() < end:
            lags.append(await sample())
        if working.ready():
            raise Unexpected("the processes beside the empty event loop had nothing left to do")
        pool.terminate()
    return sorted(lags)


async def measure(wire: Wire, site: Site) -> None:
    empty = await ground(site.pages[:60])
    async with service(extractors=PROCESSES) as daemon:
        outcomes = Outcomes(daemon)
        await add_feeds(daemon, wire, 1)
        await daemon.run_until_idle()  # starts the workers
        outcomes.expect(polls={"new": 1}, entries={"saved": site.entries})
        await add_feeds(daemon, wire, site.feeds)
        lags: list[float] = []
        work = asyncio.create_task(daemon.run())
        begun, wanted, heaviest = perf_counter(), site.feeds * site.entries, 0.0
        busy = BusyExtractors(daemon, PROCESSES)
        while (done := outcomes.of("entries").get("saved", 0)) < wanted:
            outcomes.expect_no_failure()
            if perf_counter() - begun > MOST:
                raise Unexpected(f"{done} of {wanted} entries were saved after {MOST:.0f} seconds")
            daemon.tick()
            if len(lags) % 100 == 0:
                heaviest = max(heaviest, memory(os.getpid())["rss"])
            lag = await sample()
            # At the start and the end the load is not full.
            if site.entries + 20 < done < wanted - 20 and busy.sample():
                lags.append(lag)
        busy.expect(wanted - site.entries)
        outcomes.expect(polls={"new": site.feeds}, entries={"saved": wanted})
        await expect_rows(daemon, entries=wanted, records=wanted)
        extractors = [memory(pid) for pid in process_tree(os.getpid())[1:] if _is_extractor(pid)]
        daemon.stop()
        await work
    lags.sort()
    print_json(samples=len(lags), p50_ms=lags[len(lags) // 2], empty_p50_ms=empty[len(empty) // 2])
    circumstances = f"{PROCESSES} extractors at work in {busy.busy} of {busy.samples} samples"
    for name, at in (("p99", 0.99), ("max", 1.0)):
        ours, bare = (one[min(len(one) - 1, int(len(one) * at))] for one in (lags, empty))
        print_figure(f"event loop lag, {name}", [ours], of=f"{circumstances}; empty loop {bare:.1f} ms", unit="ms")
    print_figure("memory of the daemon while it extracts", [heaviest], of="resident", unit="MiB")
    print_figure("memory of an extractor", [one["rss"] for one in extractors], of="resident", unit="MiB")


def _is_extractor(pid: int) -> bool:
    """Return whether a process is a child of the forkserver."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    return b"forkserver" in command and int(parent) != os.getpid()


def main(feeds: int) -> None:
    site = Site(feeds=feeds, entries=20)
    with serve_site(site) as wire:
        asyncio.run(measure(wire, site))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=25)
    args = parser.parse_args()
    run(lambda: main(args.feeds))
