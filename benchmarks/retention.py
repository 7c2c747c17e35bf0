"""Measure how long deletions hold the write lock: `python -m benchmarks.retention [--polls N] [--records N]`.

Fills a database with old polls and old records, each with its entry, revision, terms, text, carrier, event and raw
bytes.  Then everything old is deleted, while a new record is saved every 50 ms, as the daemon would.  Prints for each
table how long its transactions held the lock, and the ratio to the save of one record in the same run, median to median
and 99th percentile to 99th percentile.  `--url` takes a database that is filled already, or fills an empty one.
"""

import argparse
import asyncio
import math
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.policy.articles.index_entry import IndexEntry, index_entry
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.records import search_index
from ingestd.store.records.content import pack
from ingestd.store.records.outcomes import Saved
from ingestd.store.records.save import save_outcomes
from ingestd.store.retention import batches, prune
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import migrate, tables
from ingestd.store.statements import insert_all
from ingestd.store.work import entries

NOW = datetime(2026, 12, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=200)
DAY = 86_400.0
LIMITS = Limits(
    polls=30 * DAY, failures=30 * DAY, entries=90 * DAY, feed_documents=7 * DAY, pages=90 * DAY, events=90 * DAY,
    records=100 * DAY,
)  # fmt: skip
WORDS = ["".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=6)) for n in range(20_000)]
SOURCES, TEXTS, ROWS = 100, 500, 2000

what: ContextVar[str] = ContextVar("what", default="other")


class TimedDatabase(Database):
    """A database that notes how long its transactions hold the write lock, by what they do."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.held: dict[str, list[float]] = defaultdict(list)
        self.waited: dict[str, list[float]] = defaultdict(list)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        asked = monotonic()
        async with super().write() as connection:
            started = monotonic()
            yield connection
        self.held[what.get()].append(monotonic() - started)
        self.waited[what.get()].append(started - asked)


def article(number: int) -> Article:
    chance = random.Random(number)
    body = " ".join(chance.choices(WORDS, k=300))
    return Article(headline=f"Story {number}", body_text=body, body_html=f"<p>{body}</p>")


async def fill(database: Database, poll_count: int, record_count: int) -> None:
    async with database.write() as connection:
        for number in range(SOURCES):
            await sources.add(connection, f"https://{number}.example/feed", now=OLD)
    for start in range(0, poll_count, ROWS):
        rows = [
            {"source_id": n % SOURCES + 1, "at": OLD + timedelta(seconds=n), "seconds": 0.2, "outcome": "known",
             "status": 200, "size": 40_000, "listed": 20, "known": 20, "overlap": 20, "added": 0, "changed": 0}
            for n in range(start, start + ROWS)
        ]  # fmt: skip
        async with database.write() as connection:
            await insert_all(connection, tables.polls, rows)
    samples = [sample(article(number)) for number in range(TEXTS)]
    for start in range(0, record_count, ROWS):
        async with database.write() as connection:
            await fill_records(connection, range(start + 1, start + ROWS + 1), samples)


def sample(one: Article) -> tuple[dict[str, Any], IndexEntry]:
    values = {
        "body_text": one.body_text, "body_html": one.body_html, "description_text": None, "associations": [],
        "agencies": [], "provenance": {"headline": "page", "body_text": "page"},
    }  # fmt: skip
    return pack(values), index_entry(one.headline, one.body_text)


async def fill_records(
    connection: AsyncConnection, ids: range, samples: Sequence[tuple[dict[str, Any], IndexEntry]]
) -> None:
    def digest(number: int) -> str:
        return sha256(f"{number}".encode()).hexdigest()

    at = {n: OLD + timedelta(seconds=n) for n in ids}
    source = {n: n % SOURCES + 1 for n in ids}
    rows: dict[str, list[dict[str, Any]]] = {
        "entries": [
            {"id": n, "source_id": source[n], "guid": f"https://x.example/{n}", "id_origin": "source",
             "url": f"https://x.example/{n}", "site": "x.example", "fingerprint": digest(n), "state": "done",
             "announced": {"guid": f"https://x.example/{n}", "headline": "Story", "description_text": "word " * 60},
             "attempts": 0, "due_at": at[n], "first_seen_at": at[n], "last_seen_at": at[n], "record_id": n}
            for n in ids
        ],
        "records": [
            {"id": n, "guid": f"urn:uuid:{n}", "uri": f"https://x.example/{n}", "origin_entry_id": n,
             "pubstatus": "usable", "revision": 1, "rules": "0", "created_at": at[n], "updated_at": at[n]}
            for n in ids
        ],
        "revisions": [
            {**samples[n % TEXTS][0], "id": n, "record_id": n, "revision": 1, "change": "new",
             "headline": f"Story {n % TEXTS}", "authors": [], "content_hash": digest(n), "extractor": "x",
             "fragment": False, "entry_id": n, "raw": digest(n), "seen_at": at[n], "page_url": "https://x.example/"}
            for n in ids
        ],
        "texts": [{"content_hash": digest(n), "record_id": n} for n in ids],
        "carriers": [
            {"record_id": n, "entry_id": n, "source_id": source[n], "url": f"https://x.example/{n}", "seen_at": at[n]}
            for n in ids
        ],
        "events": [
            {"seq": n, "record_id": n, "revision": 1, "kind": "new", "entry_id": n, "at": at[n]} for n in ids
        ],
        "decisions": [
            {"at": at[n], "entry_id": n, "stage": "identity", "verdict": "new", "reason": f"record {n}: no record "
             f"has its address or its text; text sha256 {digest(n)}"} for n in ids
        ],
        "raws": [
            {"sha256": digest(n), "size": 90_000, "stored_size": 20_000, "seen_at": at[n], "kind": "page"} for n in ids
        ],
    }  # fmt: skip
    for name, some in rows.items():
        await insert_all(connection, tables.metadata.tables[name], some)
    # The headline that the index was made with has to be the stored one: SQLite is told it again by the deletion.
    await search_index.add(connection, {n: samples[n % TEXTS][1] for n in ids})


async def save_one(database: Database, number: int) -> None:
    link = f"https://new.example/{number}"
    async with database.write() as connection:
        listed = ListedEntry(entry=Entry(guid=link, link=link), fingerprint="f")
        await polls.add_entries(connection, 1, [listed], now=NOW)
        [work] = await entries.claim_due(connection, "bench", now=NOW, limit=1)
    one = article(1_000_000 + number)
    digest = sha256(one.body_text.encode()).hexdigest()
    saved = Saved(
        work=work, at=NOW, article=one, content_hash=digest, whole_hash=digest, url=link, fragment=False,
        page_url=link, content_type="text/html", extractor="x", rules="0", site="", block_hashes=(),
    )  # fmt: skip
    what.set("save")
    async with database.write() as connection:
        await save_outcomes(connection, [saved])
    what.set("other")


async def save_until(database: Database, done: asyncio.Event) -> None:
    number = 0
    while not done.is_set():
        number += 1
        await save_one(database, number)
        await asyncio.sleep(0.05)


async def measure(url: str, poll_count: int, record_count: int, seconds: float) -> None:
    await migrate.upgrade(url)
    async with TimedDatabase(with_async_driver(url)) as database:
        async with database.read() as connection:
            is_empty = (await connection.execute(select(tables.polls.c.id).limit(1))).first() is None
        if is_empty:
            started = monotonic()
            await fill(database, poll_count, record_count)
            sys.stdout.write(f"filled in {monotonic() - started:.0f} s\n")
            if url.startswith("postgresql"):
                await database.run_alone("VACUUM ANALYZE")
        before = await counts(database)
        database.held.clear()
        done = asyncio.Event()
        saving = asyncio.create_task(save_until(database, done))

        async def delete_bodies(_: object) -> None:
            """Delete nothing: there is no archive."""

        started = monotonic()
        for deletion in prune.deletions(LIMITS, now=NOW, delete_bodies=delete_bodies):
            what.set(deletion.table)
            end = monotonic() + seconds
            await batches.run(database, deletion, stopping=lambda end=end: monotonic() > end)  # type: ignore[misc]
        took = monotonic() - started
        done.set()
        await saving
        await show(database, before, await counts(database), took, is_whole=seconds == math.inf)


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        found = {}
        for name in ("polls", "records", "revisions", "entries", "events", "raws"):
            query = select(func.count()).select_from(tables.metadata.tables[name])
            found[name] = int((await connection.execute(query)).scalar_one())
        found["terms"] = await terms_left(connection)
    return found


async def terms_left(connection: AsyncConnection) -> int:
    of = "record_search_docsize" if connection.dialect.name == "sqlite" else "record_search"
    return int((await connection.execute(text(f"SELECT count(*) FROM {of}"))).scalar_one())


async def show(
    database: TimedDatabase, before: dict[str, int], after: dict[str, int], took: float, *, is_whole: bool
) -> None:
    saves = database.held["save"]
    sys.stdout.write(f"{len(saves)} saves of a record meanwhile; deleted in {took:.0f} s\n\n")
    sys.stdout.write(
        "| transaction | number | p50 ms | p90 | p99 | p99.9 | max | over 50 ms | p50 / save | p99 / save |\n"
    )
    sys.stdout.write("|---|---|---|---|---|---|---|---|---|---|\n")
    for name, held in database.held.items():
        some = [f"{1000 * at(held, share):.1f}" for share in (0.5, 0.9, 0.99, 0.999, 1)]
        ratios = [f"{at(held, share) / at(saves, share):.2f}" for share in (0.5, 0.99)]
        slow = sum(one > batches.MAX_HELD for one in held)
        sys.stdout.write(f"| {name} | {len(held):,} | {' | '.join(some)} | {slow} | {' | '.join(ratios)} |\n")
    waited = database.waited["save"]
    sys.stdout.write(f"\nsaves waited p50 {1000 * at(waited, 0.5):.1f} ms, p99 {1000 * at(waited, 0.99):.1f}\n")
    sys.stdout.write(", ".join(f"{name} {before[name]:,} → {after[name]:,}" for name in before) + "\n")
    if not is_whole:
        return
    assert after["polls"] == 0
    for name in ("records", "revisions", "entries", "terms"):
        assert after[name] <= len(saves) + 3, (name, after[name])


def at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--polls", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=math.inf, help="the most for one table")
    parser.add_argument("--url")
    parser.add_argument("--fill", action="store_true", help="only fill the database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder)}/retention.db"
        if options.fill:
            asyncio.run(only_fill(url, options.polls, options.records))
        else:
            asyncio.run(measure(url, options.polls, options.records, options.seconds))


async def only_fill(url: str, poll_count: int, record_count: int) -> None:
    await migrate.upgrade(url)
    async with Database(with_async_driver(url)) as database:
        await fill(database, poll_count, record_count)


if __name__ == "__main__":
    main()
