"""Helpers of the benchmarks: ingestd on a new database, CPU time and memory of processes, output as JSON lines."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from pydantic import SecretStr
from site_server import SERVERS, Site, home
from sqlalchemy import update

from ingestd.daemon import logs, process_memory
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import open_runtime
from ingestd.pipeline.stories.placer import make_placer
from ingestd.settings import Settings
from ingestd.store.polls import sources
from ingestd.store.schema import tables

TICKS = os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def service(
    database_url: str = "",
    *,
    extractors: int = 2,
    ca_file: Path | None = None,
    stories: bool = False,
    engine: Literal["local", "procrastinate"] = "local",
    host_concurrency: int = 32,
    host_delay: float = 0.0,
) -> AsyncIterator[Service]:
    """Open ingestd as the daemon does, with log and archive, but without delay between requests to the loopback."""
    logs.configure("info", "json")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            state_dir=Path(folder),
            database_url=SecretStr(database_url or f"sqlite:///{folder}/ingestd.db"),
            allow_networks=(IPv4Network("127.0.0.0/8"),),
            host_delay=host_delay,
            host_concurrency=host_concurrency,
            extractors=extractors,
            ca_file=ca_file,
            stories=stories,
            engine=engine,
        )
        # Only a daemon shares its work with others.
        role = "benchmark" if engine == "local" else "daemon"
        async with open_runtime(settings, role=role) as runtime:
            placer = make_placer(settings, runtime.database)
            process_memory.freeze_objects()
            yield Service(runtime, max_polls=64, max_pages=32, per_site=host_concurrency, placer=placer)


async def add_feeds(service: Service, base: str, count: int, site: Site | None = None) -> None:
    """Add feeds of a site, which has one address unless it is given."""
    async with service.runtime.database.write() as connection:
        for number in range(count):
            await sources.add(
                connection, f"{home(site, base, number) if site else base}/feed/{number}", now=datetime.now(UTC)
            )


async def make_due(service: Service) -> None:
    async with service.runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=datetime.now(UTC)))


@dataclass
class Times:
    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def measured() -> Iterator[Times]:
    """Measure wall time, and the CPU time of this process and its descendants, in seconds."""
    found = Times()
    # Looking for the descendants among all processes takes milliseconds, which are not part of what is measured.
    others, own, wall = descendants_cpu(), own_cpu(os.getpid()), perf_counter()
    yield found
    found.wall, found.cpu = perf_counter() - wall, own_cpu(os.getpid()) - own
    found.cpu += descendants_cpu() - others


def process_tree(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, level = [root], [root]
    while level:
        level = [child for child, parent in parents.items() if parent in level]
        found += level
    return found


def own_cpu(pid: int) -> float:
    """Return the CPU time (user and system, seconds) of a process and of its children that have ended.

    The clock of a process counts in nanoseconds (clock_getcpuclockid(3)); that of its children in ticks of 10 ms.
    """
    ended = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15])) / TICKS
    return time.clock_gettime((~pid << 3) | 2) + ended


def descendants_cpu() -> float:
    """Return the CPU time (user and system, seconds) of the live descendants of this process, without site servers."""
    total = 0.0
    for pid in process_tree(os.getpid())[1:]:
        try:
            total += 0.0 if pid in SERVERS else own_cpu(pid)
        except OSError:
            continue
    return total


def tree_cpu() -> float:
    """Return the CPU time (user and system, seconds) of this process and live descendants, without site servers."""
    return own_cpu(os.getpid()) + descendants_cpu()


def memory(pid: int) -> dict[str, float]:
    """Return the memory of a process in MiB: resident, and proportional share (proc(5), smaps_rollup)."""
    rows = [line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]]
    kib = {row[0].rstrip(":"): int(row[1]) for row in rows}
    return {"rss": round(kib["Rss"] / 1024, 1), "pss": round(kib["Pss"] / 1024, 1)}


def print_json(**figures: Any) -> None:
    print(
        json.dumps({key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()}),
        flush=True,
    )


def print_figure(name: str, values: Sequence[float], *, of: str, unit: str = "×") -> None:
    """Print a figure of the table in README.md: its median and its spread over the turns of a run.

    `of` says what it is compared with, or under what circumstances it was measured.
    """
    print_json(
        figure=name, median=statistics.median(values), low=min(values), high=max(values), turns=len(values), unit=unit,
        of=of,
    )  # fmt: skip
