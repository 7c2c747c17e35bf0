"""Compare ingestd, from feed to committed record with pages from the loopback, with trafilatura alone on these pages.

python benchmarks/end_to_end.py [--rounds N] [--feeds N] [--database URL] [--pages DIR] [--peers]

Fails unless every page became a record: outcomes, rows, and the answers of the site are counted.  Of a DIR with saved
pages, some may have no article; their number is printed and must stay below one in fifty.  With --peers, Scrapy with
trafilatura and SQLite fetches and stores the same pages, in turn.
"""

import argparse
import asyncio
import multiprocessing
import os
from dataclasses import dataclass
from time import perf_counter

import trafilatura
from common import add_feeds, own_cpu, print_figure, print_json, service, tree_cpu
from expectations import BusyExtractors, Outcomes, Unexpected, expect, expect_rows, run
from peer import Peer
from site_server import REDIRECTED, Site, Wire, serve_site

from ingestd.daemon.chores import TICK
from ingestd.daemon.service import Service

PROCESSES = 2
#: Seconds for one round, on a busy machine.
MOST = 300.0
#: The least share of saved pages that become records.
LEAST_SAVED = 0.98


@dataclass(frozen=True)
class Round:
    """One round: records, seconds, and seconds of CPU of the daemon and of all processes."""

    records: int
    wall: float
    daemon_cpu: float
    cpu: float
    outcomes: dict[object, int]


def text_length(body: bytes) -> tuple[int, float]:
    """Return the length of a page's text, and the seconds of CPU that it took."""
    begun = os.times()
    found = trafilatura.bare_extraction(body, with_metadata=True)
    ended = os.times()
    return len(found.text or "") if found else 0, ended.user + ended.system - begun.user - begun.system


def trafilatura_rate(pages: list[bytes], least: float) -> tuple[float, float]:
    """Return pages a second of trafilatura alone, with pages from memory, in PROCESSES processes; and CPU a page."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trafilatura"])
    with context.Pool(PROCESSES) as pool:
        pool.map(text_length, pages[:40], chunksize=4)  # warm up
        begun = perf_counter()
        found = pool.map(text_length, pages, chunksize=4)
        rate = len(pages) / (perf_counter() - begun)
    texts = sum(1 for length, _ in found if length)
    if texts < least * len(pages):
        raise Unexpected(f"trafilatura found a text in {texts} of {len(pages)} pages; the baseline is none")
    return rate, sum(cpu for _, cpu in found) / len(pages)


async def ingest(wire: Wire, site: Site, database_url: str) -> Round:
    """Ingest the site, from fetching the feeds to committing records and archive."""
    async with service(database_url, extractors=PROCESSES) as daemon:
        warm = Outcomes(daemon)
        await add_feeds(daemon, wire, 1)
        await daemon.run_until_idle()
        warm.expect_no_failure()
        outcomes = Outcomes(daemon)
        done = sum(daemon.service_state.entries_done.values())
        expect("entries of the first feed", done, site.entries)
        await add_feeds(daemon, wire, site.feeds)
        pages = site.feeds * site.entries - done
        begun, own, cpu = perf_counter(), own_cpu(os.getpid()), tree_cpu()
        busy, tick_at = BusyExtractors(daemon, PROCESSES), begun
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(daemon.run())
            while (ended := sum(outcomes.of("entries").values())) < pages:
                if not site.saved:
                    outcomes.expect_no_failure()
                if perf_counter() - begun > MOST:
                    raise Unexpected(f"{ended} of {pages} entries were done after {MOST:.0f} seconds")
                if perf_counter() >= tick_at:  # as often as the daemon does
                    daemon.tick()
                    tick_at = perf_counter() + TICK
                await asyncio.sleep(0.05)
                if (
                    4 * PROCESSES < ended < pages - 8 * PROCESSES
                ):  # before the first page and after the last there is less to do
                    busy.sample()
            wall, own, cpu = perf_counter() - begun, own_cpu(os.getpid()) - own, tree_cpu() - cpu
            daemon.stop()
            await work
        busy.expect(pages)
        found = outcomes.of("entries")
        await _expect_records(daemon, outcomes, site, pages)
    answers, count = wire.take_counts(), site.feeds * site.entries
    expect("answers of the site", answers, {
        "robots 200": 1, "feed 200": site.feeds, "page 200": count, "redirect": -(-count // REDIRECTED),
    })  # fmt: skip
    return Round(found.get("saved", 0), wall, own, cpu, found)


async def _expect_records(daemon: Service, outcomes: Outcomes, site: Site, pages: int) -> None:
    count = site.feeds * site.entries
    if not site.saved:
        outcomes.expect(polls={"new": site.feeds - 1}, entries={"saved": pages})
        await expect_rows(daemon, sources=site.feeds, entries=count, records=count, revisions=count, carriers=count)
        return
    expect("workers lost", outcomes.of("workers lost"), {})
    expect("outcomes of polls", outcomes.of("polls"), {"new": site.feeds - 1})
    if (saved := outcomes.of("entries").get("saved", 0)) < LEAST_SAVED * pages:
        raise Unexpected(f"{saved} of {pages} saved pages became records: {outcomes.of('failures')}")


def main(rounds: int, feeds: int, database_url: str, saved: str, peers: bool) -> None:
    site = Site(feeds=feeds, entries=20, saved=saved)
    pages = site.pages
    ratios, of_cpu, beside, peer_ratios = [], [], [], []
    with serve_site(site) as wire:
        for _ in range(rounds):
            before, cpu_before = trafilatura_rate(pages, 0.9 if saved else 1.0)
            found = asyncio.run(ingest(wire, site, database_url))
            after, cpu_after = trafilatura_rate(pages, 0.9 if saved else 1.0)
            bare_rate, bare_cpu = (before + after) / 2, (cpu_before + cpu_after) / 2
            ratios.append(found.records / found.wall / bare_rate)
            of_cpu.append(bare_cpu / (found.cpu / found.records))
            beside.append(found.daemon_cpu / (found.cpu - found.daemon_cpu))
            print_json(
                bare_pages_a_second=bare_rate, records_a_second=found.records / found.wall, ratio=ratios[-1],
                bare_cpu_ms=bare_cpu * 1000, cpu_ms_a_record=found.cpu / found.records * 1000,
                daemon_cpu_ms_a_record=found.daemon_cpu / found.records * 1000, outcomes=found.outcomes,
            )  # fmt: skip
            if peers:
                with Peer("scrapy", wire) as scrapy:
                    theirs = scrapy.ask(feeds=site.feeds)
                expect("pages that Scrapy stored", theirs["rows"], len(pages))
                expect("answers to Scrapy", {k: v for k, v in wire.take_counts().items() if k != "robots 200"}, {
                    "feed 200": site.feeds, "page 200": len(pages), "redirect": -(-len(pages) // REDIRECTED),
                })  # fmt: skip
                peer_ratios.append((theirs["cpu"] / len(pages)) / (found.cpu / found.records))
                print_json(scrapy_cpu_ms_a_page=theirs["cpu"] / len(pages) * 1000, wall=theirs["wall"])
    kind = f"{len(pages)} {'saved' if saved else 'invented'} pages"
    bare = f"trafilatura with metadata alone, {PROCESSES} processes, {kind}"
    print_figure("records end to end, a second", ratios, of=bare)
    print_figure("records end to end, a second of CPU", of_cpu, of=bare)
    print_figure("CPU of the daemon's own process a record", beside, of=f"CPU of its extractors, {kind}")
    if peer_ratios:
        print_figure("records end to end, a second of CPU, and Scrapy's", peer_ratios, of=f"Scrapy, {kind}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--feeds", type=int, default=15, help="of 20 entries each")
    parser.add_argument("--database", default="")
    parser.add_argument("--pages", default="")
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    run(lambda: main(args.rounds, args.feeds, args.database, args.pages, args.peers))
