"""Simulate a year of retention: `python -m benchmarks.year [--records 30d] [--sources 25] [--url URL]`.

5,000 sources polled every 30 minutes are scaled down: 25 sources (1/200) polled 4 times a day (1/12), each poll a
changed document with one new entry.  The clock is virtual.  Polls and records go through the daemon's own code
(`polls.save`, `entries.claim_due`, `save_outcomes`), then its retention runs once a simulated day.  The text of an
article is 2 kB of random words, its raw page counts 20 kB and a feed document 10 kB in the archive.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic

from ingestd.archive.protocol import StoredBody
from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.model.source import Source
from ingestd.pipeline.retention import limits_of
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.store.records.outcomes import Saved
from ingestd.store.records.save import save_outcomes
from ingestd.store.retention import prune, usage
from ingestd.store.schema import migrate
from ingestd.store.work import entries
from ingestd.store.work.entries import ClaimedEntry

START = datetime(2026, 1, 1, tzinfo=UTC)
POLLS_A_DAY, WINDOW = 4, 20
WORDS = ["".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=6)) for n in range(5000)]
SHOWN = ("polls", "decisions", "entries", "raws", "events", "records", "revisions", "carriers", "texts")


class Archive:
    """Counts the bodies that an archive would hold."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}

    def put(self, name: str, size: int) -> StoredBody:
        digest = sha256(name.encode()).hexdigest()
        self.sizes[digest] = size
        return StoredBody(sha256=digest, size=4 * size, stored_size=size)

    async def delete(self, sha256s: Sequence[str]) -> None:
        for one in sha256s:
            self.sizes.pop(one, None)


def listed(source: Source, number: int) -> ListedEntry:
    chance = random.Random(number)
    link = f"{source.url}/{number}"
    entry = Entry(
        guid=link, link=link, headline=f"Story {number}", description_text=" ".join(chance.choices(WORDS, k=60))
    )
    return ListedEntry(entry=entry, fingerprint=sha256(link.encode()).hexdigest())


def poll_of(source: Source, count: int, at: datetime, archive: Archive) -> PollResult:
    window = [listed(source, number) for number in range(max(0, count - WINDOW), count + 1)]
    return PollResult(
        source=source, run_id="year", at=at, seconds=0.2, outcome="new", due_at=at, status=200, size=40_000,
        listed=len(window), known=len(window) - 1, overlap=len(window) - 1, new=(window[-1],),
        seen_again=tuple(one.entry.guid for one in window[:-1]), raw=archive.put(f"feed {source.id} {at}", 10_000),
        keeps_claim=True,
    )  # fmt: skip


def saved(work: ClaimedEntry, at: datetime, archive: Archive) -> Saved:
    chance = random.Random(work.id)
    body = " ".join(chance.choices(WORDS, k=300))
    digest = sha256(body.encode()).hexdigest()
    return Saved(
        work=work, at=at, content_hash=digest, whole_hash=digest, url=work.entry.link, fragment=False,
        article=Article(headline=work.entry.headline, body_text=body, body_html=f"<p>{body}</p>", uri=work.entry.link),
        page_url=work.entry.link or "", content_type="text/html", extractor="year", rules="0", site="", block_hashes=(),
        raw=archive.put(f"page {work.id}", 20_000),
    )  # fmt: skip


async def year(url: str, settings: Settings, count: int, days: int) -> None:
    await migrate.upgrade(url)
    archive, counts, slowest, slow = Archive(), [0] * count, 0.0, 0
    async with Database(with_async_driver(url)) as database:
        async with database.write() as connection:
            for number in range(count):
                await sources.add(connection, f"https://{number}.example/feed", now=START)
            found = await sources.claim_due(connection, "year", now=START + timedelta(1), limit=count)
        async with database.read() as connection:
            limits = limits_of(settings, keeps_all=await prune.keeps_all(connection))
        await show(database, archive, START, 0)
        for day in range(1, days + 1):
            for turn in range(POLLS_A_DAY):
                at = START + timedelta(days=day, hours=turn * 24 / POLLS_A_DAY)
                async with database.write() as connection:
                    await polls.save(connection, [poll_of(one, counts[n], at, archive) for n, one in enumerate(found)])
                counts = [number + 1 for number in counts]
                found = [replace(one, last_read_at=at, last_success_at=at) for one in found]
                async with database.write() as connection:
                    works = await entries.claim_due(connection, "year", now=at, limit=10 * count)
                    await save_outcomes(connection, [saved(work, at, archive) for work in works])
            now = START + timedelta(days=day + 1)
            for one in await prune.prune(database, limits, now=now, delete_bodies=archive.delete):
                slowest, slow = max(slowest, one.longest), slow + one.slow
            if day % 30 == 0:
                await show(database, archive, now, day)
    sys.stdout.write(f"longest deletion {slowest * 1000:.0f} ms, {slow} over 50 ms\n")


async def show(database: Database, archive: Archive, now: datetime, day: int) -> None:
    if not day:
        sys.stdout.write("| day | " + " | ".join(SHOWN) + " | database in use | archive |\n")
        sys.stdout.write("|---" * (len(SHOWN) + 3) + "|\n")
        return
    async with database.read() as connection:
        tables = {one.table: one for one in await usage.table_usage(connection, now=now)}
    total = sum(one.bytes for one in tables.values()) / 2**20
    cells = [f"{tables[name].rows:,} ({tables[name].bytes / 2**20:.1f})" for name in SHOWN]
    kept = sum(archive.sizes.values()) / 2**20
    sys.stdout.write(f"| {day} | " + " | ".join(cells) + f" | {total:.1f} | {kept:.0f} |\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", default="forever")
    parser.add_argument("--sources", type=int, default=25)
    parser.add_argument("--days", type=int, default=360)
    parser.add_argument("--url")
    options = parser.parse_args()
    settings = Settings(keep_records=options.records)
    started = monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder)}/year.db"
        asyncio.run(year(url, settings, options.sources, options.days))
    sys.stdout.write(f"rows (MiB) a table; {monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
