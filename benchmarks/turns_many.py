"""Measure what turns at sites cost with a million sources: claims, the queue, CPU a poll, and the table of jobs.

python benchmarks/turns_many.py [--sources N] [--sites N] [--rate N] [--seconds N]

Only the request is left out: an answer 304 comes from the process itself.  All else is real: claims, permissions, the
queue, commits.  The sources become due at `rate` a second for `seconds`, first for the local engine, then for turns; on
the same rows, so that what turns cost more is coordination: CPU of the node and of PostgreSQL.  The times are those
that the node waits for, and `round trip` is that of SELECT 1 meanwhile, which says how busy the machine was.  Fails
unless each source was polled once.
"""

import argparse
import asyncio
import os
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any

from common import print_figure, print_json, service
from expectations import Unexpected, expect, run
from large_database import Filler
from multidict import CIMultiDict, CIMultiDictProxy
from procrastinate.manager import JobManager
from sqlalchemy import text
from turns import Server, Spent

from ingestd.daemon.chores import TICK
from ingestd.daemon.service import Service
from ingestd.pipeline.engine.turns.engine import TurnEngine
from ingestd.pipeline.engine.turns.turn import Turns
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema import migrate
from tests.support.databases import make_database, postgresql

#: Seconds until the first source is due, and that a phase may take longer than its sources become due for.
LEAD, LATE = 3.0, 120.0


class Answers:
    """The session of a fetcher that answers every request with 304 by itself."""

    def __init__(self) -> None:
        self.count = 0

    def request(self, *_: Any, **__: Any) -> "Answers":
        self.count += 1
        return self

    async def __aenter__(self) -> Any:
        headers = CIMultiDictProxy(CIMultiDict({"ETag": '"one"'}))
        return SimpleNamespace(
            status=304, headers=headers, raw_headers=((b"ETag", b'"one"'),), reason="Not Modified", method="GET",
            content_length=0, cookies={},
        )  # fmt: skip

    async def __aexit__(self, *_: object) -> None:
        return None

    async def close(self) -> None:
        return None


async def fill(database: Database, sources: int, sites: int) -> None:
    async with database.write() as connection:
        filler = Filler(connection)
        old, site = filler.at("-7776000"), f"'site' || (i % {sites}) || '.example'"
        await filler.insert(
            "sources", sources, id="i", url=f"'https://' || {site} || '/feed/' || i", kind="'feed'", state="'active'",
            site=site, due_at=filler.at("864000 + i % 82800"), failures="0", created_at=old, watched_since=old,
            last_success_at=filler.at("-60"), last_polled_at=filler.at("-60"), title="'Source ' || i",
            etag="'\"one\"'", arrivals="1.5", observed="24.0", squares="1.0",
        )  # fmt: skip
        await filler.insert("manners", sites, site="'site' || (i - 1) || '.example'", next_at=old, delay="0")
    await database.run_alone("VACUUM ANALYZE")


async def make_due(database: Database, first: int, count: int, rate: float) -> None:
    """Make sources due one after the other, from now on."""
    async with database.write() as connection:
        await connection.execute(
            text(
                "UPDATE sources SET due_at = now() + :lead * interval '1 s' + (id - :first) / CAST(:rate AS float8)"
                " * interval '1 s' WHERE id >= :first AND id < :first + :count"
            ),
            {"lead": LEAD, "first": first, "rate": rate, "count": count},
        )


@contextmanager
def timed(times: dict[str, list[float]]) -> Iterator[None]:
    """Time claims, fetches of jobs and looks for due sites, in ms."""
    calls: list[tuple[Any, str, str]] = [
        (Turns, "_claim", "claim"), (TurnEngine, "_queue_due_sites", "find and defer"),
        (JobManager, "fetch_job", "fetch"), (JobManager, "finish_job", "finish"),
    ]  # fmt: skip
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in calls]

    def wrapped(what: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timing(*args: Any, **values: Any) -> Any:
            begun = perf_counter()
            try:
                return await call(*args, **values)
            finally:
                times[what].append((perf_counter() - begun) * 1e3)

        return timing

    for owner, name, what in calls:
        setattr(owner, name, wrapped(what, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, call in kept:
            setattr(owner, name, call)


async def poll(server: Server, url: str, engine: str, first: int, args: argparse.Namespace) -> Spent:
    """Poll so many sources as they become due; returns what each needed, and prints the times."""
    count, times, jobs = int(args.rate * args.seconds), defaultdict[str, list[float]](list), [0]
    with timed(times):
        async with service(url, extractors=1, engine=engine, host_concurrency=1, host_delay=1.0) as daemon:  # type: ignore[arg-type]
            fetcher: Any = daemon.runtime.fetcher
            kept, fetcher._session = fetcher._session, (answers := Answers())
            await make_due(daemon.runtime.database, first, count, args.rate)
            async with asyncio.TaskGroup() as tasks:
                work = tasks.create_task(daemon.run())
                before, begun = server.spent(), perf_counter()
                while (done := sum(daemon.service_state.polls_done.values())) < count:
                    if perf_counter() - begun > LEAD + args.seconds + LATE:
                        raise Unexpected(f"{done} of {count} sources were polled")
                    daemon.tick()
                    await _sample(daemon, engine, times, jobs)
                    await asyncio.sleep(TICK)
                found = server.spent() - before
                daemon.stop()
                await work
            expect("requests", answers.count, count)
            expect("outcomes", dict(daemon.service_state.polls_done), {"not_modified": count})
            fetcher._session = kept
    for what, values in times.items():
        values.sort()
        print_json(
            engine=engine, time=what, count=len(values), p50_ms=values[len(values) // 2],
            p99_ms=values[int(len(values) * 0.99)], max_ms=values[-1],
        )  # fmt: skip
    each = 1e3 / count
    print_json(
        engine=engine, polls=count, polls_a_second=count / found.wall, node_ms=found.daemon_cpu * each,
        postgresql_ms=found.postgresql_cpu * each, transactions=found.transactions / count,
        wal_bytes=found.wal_bytes / count, most_jobs=jobs[0],
    )  # fmt: skip
    return found


async def _sample(daemon: Service, engine: str, times: dict[str, list[float]], jobs: list[int]) -> None:
    begun = perf_counter()
    await daemon.runtime.database.ping()
    times["round trip"].append((perf_counter() - begun) * 1e3)
    if engine == "procrastinate" and "find and defer" in times:  # it has made its tables
        async with daemon.runtime.database.read() as connection:
            rows = await connection.execute(text("SELECT count(*) FROM procrastinate_jobs"))
            jobs[0] = max(jobs[0], rows.scalar_one())


def main(args: argparse.Namespace) -> None:
    count = int(args.rate * args.seconds)
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name)) as plain:
        server = Server(plain, Path(name))
        url = with_async_driver(make_database(plain, "many"))
        asyncio.run(_prepare(url, args))
        found = {
            engine: asyncio.run(poll(server, url, engine, 1 + number * count, args))
            for number, engine in enumerate(("local", "procrastinate"))
        }
    cost = [found[engine].daemon_cpu + found[engine].postgresql_cpu for engine in found]
    print_figure(
        "cores of coordination at 300 polls a second", [300 * (cost[1] - cost[0]) / count],
        of=f"{args.sources} sources at {args.sites} sites, beside the local engine", unit="cores",
    )  # fmt: skip


async def _prepare(url: str, args: argparse.Namespace) -> None:
    await migrate.upgrade(url)
    async with Database(url) as database:
        begun = perf_counter()
        await fill(database, args.sources, args.sites)
        print_json(sources=args.sources, sites=args.sites, filled_in_s=perf_counter() - begun, pid=os.getpid())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=1_000_000)
    parser.add_argument("--sites", type=int, default=300_000)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    run(lambda: main(arguments))
