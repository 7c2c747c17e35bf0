"""Time the pages of the API on a database with many records.

python benchmarks/api_pages.py [--database sqlite|postgresql] [--records N] [--requests N]

Fills a new database with invented rows as `large_database.py` does, serves the API on it and prints, for each request,
the median and the 95th percentile of its time, the CPU time of client and daemon (ms), and the large tables that its
statements read in order, by the database's EXPLAIN.  Pages of 100 begin in the middle of the list: one record in 10,000
is killed, in Welsh, of AP and of the site rare.example, and none is in the language xx.
"""

import argparse
import asyncio
import tempfile
from argparse import Namespace
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

import aiohttp
from common import print_json
from large_database import NOW, Filler, Watch, fill
from sqlalchemy import text

from ingestd.daemon.health import Health
from ingestd.daemon.http.server import serve
from ingestd.daemon.http.v1.paging import encode
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import open_runtime
from ingestd.settings import Listen, Settings
from tests.support.databases import make_database, postgresql

PATHS = (
    "/v1/records",
    "/v1/records?form=thin",
    "/v1/records?limit=500",
    "/v1/records?source=7",
    "/v1/records?site=site7.example",
    "/v1/records?site=nowhere.example",
    "/v1/records?status=canceled",
    "/v1/records?since=1000&until=1200",
    "/v1/records?since=1000",
    "/v1/records?language=xx",
    "/v1/records?agency=AP",
    "/v1/records?filter=site:site7.example",
    "/v1/records?story=9",
    "/v1/records/7",
    "/v1/records/7/revisions",
    "/v1/records/7/diff",
    "/v1/records/7/carriers",
    "/v1/stories/8",
    "/v1/coverage",
    "/v1/coverage?limit=100&after=1000",
    "/v1/sources",
    "/v1/sources?limit=100",
    "/v1/sources?site=site7.example",
    "/v1/sources?only=quiet",
    "/v1/sources?problems=true",
    "/v1/sources/7",
    "/v1/gaps",
    "/v1/gaps?state=accepted",
    "/v1/gaps?source=7",
    "/v1/failures",
    "/v1/failures?quarantined=true",
    "/v1/backfills",
    "/v1/events?after=1000",
)


#: Pages of 100 from the middle of a list, by what narrows it.
FROM_THE_MIDDLE = (
    "/v1/records?form=thin",
    "/v1/records?status=all",
    "/v1/records?status=canceled",
    "/v1/records?source=7",
    "/v1/records?site=site7.example",
    "/v1/records?site=rare.example",
    "/v1/records?site=nowhere.example",
    "/v1/records?language=cy",
    "/v1/records?language=xx",
    "/v1/records?since=2020-01-01",
    "/v1/records?since=1000",
    "/v1/records?since=1000&until=9000",
    "/v1/records?story=9",
    "/v1/records?agency=AP",
    "/v1/records?filter=site:rare.example",
    "/v1/records?filter=language:cy",
    "/v1/records?filter=nothing",
    "/v1/records?site=site7.example&language=cy&status=canceled",
    "/v1/stories?since=2020-01-01",
    "/v1/stories?since=2020-01-01&agency=AP",
    "/v1/stories?since=2020-01-01&min_publishers=3",
)


def paths(records: int) -> list[str]:
    def middle(path: str) -> str:
        at, row = NOW - timedelta(seconds=7_776_000), records // (4 if "stories" in path else 2)
        cursor = encode((at.replace(microsecond=0) + timedelta(seconds=row), row))
        return f"{path}&limit=100&cursor={cursor}"

    return [*PATHS, *map(middle, FROM_THE_MIDDLE)]


async def run(url: str, folder: Path, sizes: Namespace) -> None:
    settings = Settings(state_dir=folder / "state", database_url=url, extractors=1)
    async with open_runtime(settings, role="daemon") as runtime:
        await fill(runtime.database, sizes)
        async with runtime.database.write() as connection:
            filler = Filler(connection)
            old = filler.at("-7776000 + i")
            await filler.insert(
                "stories", sizes.records // 2, id="i", created_at=old, last_at=old, round_up="false", pinned="false",
                indexed="true",
            )  # fmt: skip
            await filler.insert(
                "copies", sizes.records, record_id="i", story_id="(i + 1) / 2", revision="1",
                publisher="'site' || i || '.example'", seen_at=old, tokens="100", how="'new'", pinned="false",
            )  # fmt: skip
            rare = "% 10000 = 7"
            for statement in (
                f"UPDATE records SET pubstatus = 'canceled' WHERE id {rare}",
                f"UPDATE revisions SET language = 'cy' WHERE id {rare}",
                f"UPDATE copies SET origin_agency = 'AP' WHERE record_id {rare}",
                f"UPDATE entries SET site = 'rare.example' WHERE id {rare}",
            ):
                await connection.execute(text(statement))
            if runtime.database.dialect == "postgresql":
                await connection.execute(text("ANALYZE"))
        watch = Watch(runtime.database)
        service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
        async with (
            serve(Health(service), Listen(host="127.0.0.1", port=0)) as base,
            aiohttp.ClientSession(base) as client,
        ):
            for path in paths(sizes.records):
                times, watch.statements, size = [], {}, 0
                cpu = process_time()
                for _ in range(sizes.requests):
                    started = perf_counter()
                    async with client.get(path) as reply:
                        body = await reply.read()
                        size = len(body)
                        assert reply.status == 200, (path, body)
                    times.append((perf_counter() - started) * 1000)
                p95 = quantiles(times, n=20)[-1]
                print_json(
                    path=path,
                    median_ms=round(median(times), 1),
                    p95_ms=round(p95, 1),
                    cpu_ms=round((process_time() - cpu) * 1000 / sizes.requests, 1),
                    bytes=size,
                    in_order=await watch.full_scans(),
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=20)
    given = parser.parse_args()
    n = given.records
    sizes = Namespace(
        entries=n * 6 // 5,
        records=n,
        polls=n,
        due=1000,
        sources=5_000,
        shared=10,
        cancelled=10,
        requests=given.requests,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.database == "sqlite":
            asyncio.run(run(f"sqlite:///{folder}/ingestd.db", folder, sizes))
        else:
            with postgresql(folder / "server") as server:
                asyncio.run(run(make_database(server, "large"), folder, sizes))


if __name__ == "__main__":
    main()
