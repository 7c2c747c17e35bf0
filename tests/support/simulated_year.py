"""Days of a few publishers, passed by the daemon's own code on a virtual clock.

The publishers are on the loopback, each at an address of its own, so that each is a site.  Their pages are as long as
short news.  Every tenth story is rewritten after half a day, every 25th has no page (404), and the page of every 50th
is gone (410) after ten hours.  Now and then a publisher publishes twice what its feed lists at once, so that entries
are missed between two polls.

Nothing of ingestd is replaced but the time it is told: the dispatchers of the service poll, fetch, extract and revisit,
the archive writes its packs, and the chores delete once a day what the real ones delete every ten minutes.
"""

import random
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import text

from benchmarks.virtual_clock import VirtualClock
from ingestd.daemon import chores
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.polls import sources
from ingestd.store.records import search_parts
from ingestd.store.retention import prune, usage

START = datetime(2025, 1, 6, tzinfo=UTC)
#: Polls of a source in a day, and entries that its feed lists.
POLLS_A_DAY, WINDOW = 4, 12

_DAY = timedelta(days=1)
_VACUUMED_EVERY = 4  # days
_WORDS = ["".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=6)) for n in range(5000)]


class Publisher:
    """A feed and its pages, as they are at any time."""

    def __init__(self, number: int, base: str, *, days: int, a_day: int, burst_every: int) -> None:
        self._number = number
        self._base = base
        regular = [START + count * _DAY / a_day for count in range(-WINDOW, days * a_day)]
        bursts = [START + day * _DAY for day in range(burst_every // 2, days, burst_every) for _ in range(2 * WINDOW)]
        #: When each story was published.
        self._times = sorted([*regular, *bursts])

    def feed(self, now: datetime) -> bytes:
        """Return the feed as it is now."""
        count = bisect_right(self._times, now)
        entries = ""
        for story in range(count - 1, max(-1, count - 1 - WINDOW), -1):
            chance = random.Random(f"{self._number} {story}")
            changed = self._rewritten(story, now) or self._times[story]
            entries += (
                f"<entry><id>tag:{self._number}:{story}</id><title>{_sentence(chance, 7)}</title>"
                f"<link href='{self._base}/story-{story}'/><published>{self._times[story].isoformat()}</published>"
                f"<updated>{changed.isoformat()}</updated><summary>{_sentence(chance, 40)}</summary></entry>"
            )
        return (
            f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper {self._number}</title><id>tag:{self._number}</id>"
            f"{entries}</feed>"
        ).encode()

    def page(self, story: int, now: datetime) -> tuple[int, bytes]:
        """Return the status and the body of a story's page as it is now."""
        if story % 25 == 5:
            return 404, b"<h1>Not found</h1>"
        if story % 50 == 7 and now >= self._times[story] + timedelta(hours=10):
            return 410, b"<h1>Gone</h1>"
        return 200, self._page(story, self._rewritten(story, now))

    def _rewritten(self, story: int, now: datetime) -> datetime | None:
        at = self._times[story] + timedelta(hours=12)
        return at if story % 10 == 3 and now >= at else None

    @lru_cache(maxsize=200)  # noqa: B019 - a publisher lives as long as the run
    def _page(self, story: int, rewritten: datetime | None) -> bytes:
        chance = random.Random(f"{self._number} {story}")
        headline = _sentence(chance, 7)
        chance = random.Random(f"{self._number} {story} {rewritten}")
        paragraphs = "".join(f"<p>{_sentence(chance, 50)}</p>" for _ in range(6))
        return (
            f"<html lang=en><head><title>{headline}</title><meta property='article:published_time' "
            f"content='{self._times[story].isoformat()}'></head><body><nav><a href='/'>Paper {self._number}</a></nav>"
            f"<article><h1>{headline}</h1>{paragraphs}</article><footer>Paper {self._number}</footer></body></html>"
        ).encode()


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What is kept at the end of a day: rows and bytes by table.

    "revisions" are without their full-text index, which is "search index"; "archive" has documents and bytes, and
    "file" the bytes that the database has of the disk.
    """

    day: int
    rows: Mapping[str, int]
    bytes: Mapping[str, int]


async def simulate(
    database_url: str,
    folder: Path,
    *,
    publishers: int,
    days: int,
    every: int,
    a_day: int = 3,
    burst_every: int = 30,
    **changes: object,
) -> AsyncIterator[Sizes]:
    """Pass some days of publishers that publish `a_day` stories a day; yields what is kept after each `every` of them.

    `burst_every` is in days; `changes` are settings other than the defaults.
    """
    values: dict[str, Any] = {
        "state_dir": folder,
        "database_url": SecretStr(database_url),
        "allow_networks": (IPv4Network("127.0.0.0/8"),),
        "host_delay": 0,
        "extractors": 2,
    }
    settings = Settings(**(values | changes))
    with VirtualClock(START, monotonic_in=prune.__name__) as clock:
        made = partial(Publisher, days=days, a_day=a_day, burst_every=burst_every)
        async with _published(made, publishers, clock) as urls, open_runtime(settings, role="test") as runtime:
            service = Service(runtime, max_polls=16, max_pages=8, per_site=2)
            search_upkeep = SearchUpkeep(runtime.database, look_every=0)
            async with runtime.database.write() as connection:
                for url in urls:
                    # Due again at the next turn: the wait is up to a tenth longer.
                    await sources.add(connection, url, now=START, interval=20 * 3600 / POLLS_A_DAY)
            for day in range(days):
                for turn in range(POLLS_A_DAY):
                    clock.set(START + day * _DAY + turn * _DAY / POLLS_A_DAY)
                    await service.run_until_idle()
                    await service.engine.run_until_idle(["revisits"])
                    await service.repair.run()
                clock.set(START + (day + 1) * _DAY - timedelta(seconds=1))
                await chores.prune(service, settings)
                await chores.sweep_archive(service, settings.archive_max)
                await search_upkeep.run()
                if runtime.database.dialect == "postgresql" and (day + 1) % _VACUUMED_EVERY == 0:
                    # In place of autovacuum, which seldom has a turn in the seconds that a month takes.
                    await runtime.database.run_alone("VACUUM")
                if (day + 1) % every == 0:
                    yield await _sizes(runtime, day + 1, clock.now)


async def _sizes(runtime: Runtime, day: int, now: datetime) -> Sizes:
    async with runtime.database.read() as connection:
        tables = await usage.table_usage(connection, now=now)
        queries = _POSTGRESQL if runtime.database.dialect == "postgresql" else _SQLITE
        numbers = [int((await connection.execute(text(query))).scalar_one()) for query in queries]
    indexed, index_size, file_size = numbers
    archive = await runtime.archive.usage()
    rows = {one.table: one.rows for one in tables}
    sizes = {one.table: one.bytes for one in tables}
    sizes["revisions"] -= index_size
    return Sizes(
        day=day,
        rows=rows | {"search index": indexed, "archive": sum(one.documents for one in archive)},
        bytes=sizes | {"search index": index_size, "archive": sum(one.size for one in archive), "file": file_size},
    )


#: Revisions in the full-text index, its bytes, and those of the database.
_SQLITE = (
    "SELECT count(*) FROM record_search_docsize",
    "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name LIKE 'record_search%'",
    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
)
_POSTGRESQL = (
    "SELECT count(*) FROM record_search_phrases",
    "SELECT " + " + ".join(f"pg_total_relation_size('{name}')" for name in search_parts.TABLES),
    "SELECT pg_database_size(current_database())",
)


def growth(sizes: Sequence[Sizes], *, since: int) -> dict[str, tuple[int, int]]:
    """Return by how many rows and bytes each table grew between two halves of the days from `since` on.

    The largest size in each half counts.
    """
    later = [one for one in sizes if one.day >= since]
    first, second = later[: len(later) // 2], later[len(later) // 2 :]

    def largest(some: Sequence[Sizes], table: str) -> tuple[int, int]:
        return max(one.rows.get(table, 0) for one in some), max(one.bytes[table] for one in some)

    return {
        table: (
            largest(second, table)[0] - largest(first, table)[0],
            largest(second, table)[1] - largest(first, table)[1],
        )
        for table in sizes[-1].bytes
    }


@asynccontextmanager
async def _published(
    make: Callable[[int, str], Publisher], count: int, clock: VirtualClock
) -> AsyncIterator[list[str]]:
    """Publish what some publishers have; yields the URLs of their feeds."""
    publishers: dict[str, Publisher] = {}

    async def answer(request: web.BaseRequest) -> web.Response:
        publisher = publishers[request.host.partition(":")[0]]
        if request.path == "/feed":
            status, body, kind = 200, publisher.feed(clock.now), "application/atom+xml"
        elif request.path.startswith("/story-"):
            status, body = publisher.page(int(request.path.removeprefix("/story-")), clock.now)
            kind = "text/html"
        else:
            return web.Response(status=404)
        etag = f'"{hash(body)}"'
        if status == 200 and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(status=status, body=body, content_type=kind, headers={"ETag": etag})

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.01)
    await runner.setup()
    try:
        port, urls = 0, []
        for number in range(1, count + 1):
            host = f"127.0.0.{number}"
            await web.TCPSite(runner, host, port).start()
            port = runner.addresses[0][1]
            publishers[host] = make(number, f"http://{host}:{port}")
            urls.append(f"http://{host}:{port}/feed")
        yield urls
    finally:
        await runner.cleanup()
