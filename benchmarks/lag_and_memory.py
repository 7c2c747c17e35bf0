"""Measure the lag of the event loop while all extractors are busy, and the memory with 10,000 sources.

python benchmarks/lag_and_memory.py
"""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from common import add_feeds, memory, print_json, process_tree, service
from site_server import Site, serve_site

from ingestd.store.polls import sources

SITE = Site(feeds=60, entries=20)
SOURCES = 10_000
STEP = 0.005


async def main() -> None:
    with serve_site(SITE) as base:
        async with service(extractors=2) as daemon:
            async with daemon.runtime.database.write() as connection:
                for number in range(SOURCES - SITE.feeds):
                    url = f"http://{number}.news.test/feed"
                    source_id, _ = await sources.add(connection, url, now=datetime.now(UTC))
                    await sources.set_state(connection, source_id, "paused", now=datetime.now(UTC))
            await add_feeds(daemon, base, SITE.feeds)
            lags: list[float] = []
            work = asyncio.create_task(daemon.run())
            wanted = SITE.feeds * SITE.entries
            heaviest = 0.0
            while (done := daemon.service_state.entries_done.get("saved", 0)) < wanted:
                if len(lags) % 200 == 0:
                    daemon.tick()
                    heaviest = max(heaviest, memory(os.getpid())["rss"])
                begun = perf_counter()
                await asyncio.sleep(STEP)
                if 50 < done < wanted - 50:  # at the start and the end the load is not full
                    lags.append(perf_counter() - begun - STEP)
                else:
                    lags.append(0.0)
            lags = sorted(lag for lag in lags if lag)
            workers = {
                name: memory(pid)
                for pid in process_tree(os.getpid())[1:]
                for name in [f"{_role(pid)} {pid}"]
                if "site" not in name
            }
            print_json(
                lag_p50_ms=lags[len(lags) // 2] * 1e3,
                lag_p99_ms=lags[len(lags) * 99 // 100] * 1e3,
                lag_max_ms=lags[-1] * 1e3,
            )
            print_json(sources=SOURCES, daemon=memory(os.getpid()), daemon_heaviest_rss=heaviest, **workers)
            daemon.stop()
            await work


def _role(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    for name in (b"spawn_main", b"resource_tracker", b"forkserver"):
        if name in command:
            return {b"spawn_main": "site", b"resource_tracker": "tracker", b"forkserver": "extractor"}[name]
    return "other"


if __name__ == "__main__":
    asyncio.run(main())
