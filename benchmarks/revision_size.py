"""Measure the space of a revision with its full-text index, and the times of its readers, against an older layout.

python benchmarks/revision_size.py [--database sqlite|postgresql] [--articles N] [--corpus DIR] [--rounds N]

Fills two databases with the same articles, 20 in a transaction, one in five revised once: `now` as the daemon saves
them, `before` as ingestd did at first, with text and markup uncompressed and an index of all words of all revisions
with their positions.  Prints the bytes of a revision in the table, its indexes and the full-text index, as written and
rewritten (SQLite: VACUUM; PostgreSQL: VACUUM FULL), then the median CPU and wall times of reading, now and before in
turn, and their ratios.  --corpus names a directory of saved pages (ID.html.gz and ID.json); without it the articles are
invented (`invented_articles.py`).
"""

import argparse
import asyncio
import gzip
import json
import re
import sqlite3
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

from common import print_json
from invented_articles import articles
from sqlalchemy import insert, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.articles import read
from ingestd.errors import IngestError
from ingestd.model.article import Article
from ingestd.model.page import Page
from ingestd.model.record import Record
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.records import records, unit_of_work
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.records import SELECT_RECORDS, with_carriers
from ingestd.store.records.search import search
from ingestd.store.schema import migrate, tables
from tests.support.databases import make_database, postgresql

START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH, REVISED = 20, 5

#: The index before: a trigger filled it on SQLite, a generated column on PostgreSQL.
OLD_INDEX = {
    "sqlite": """
        CREATE VIRTUAL TABLE revisions_search USING fts5(
            headline, body_text, content='revisions', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
        CREATE TRIGGER revisions_search_insert AFTER INSERT ON revisions BEGIN
            INSERT INTO revisions_search (rowid, headline, body_text) VALUES (new.id, new.headline, new.body_text);
        END""",
    "postgresql": """
        ALTER TABLE revisions ADD COLUMN search tsvector GENERATED ALWAYS AS (
            setweight(to_tsvector('simple', coalesce(headline, '')), 'A') ||
            setweight(to_tsvector('simple', left(body_text, 200000)), 'B')) STORED;
        CREATE INDEX revisions_search ON revisions USING gin (search)""",
}
SQLITE_SIZES = """
    SELECT CASE WHEN name LIKE 'record_search%' OR name LIKE 'revisions_search%' THEN 'full_text'
    WHEN name = 'revisions' THEN 'table' ELSE 'indexes' END AS part, sum(pgsize) AS size
    FROM dbstat WHERE name LIKE '%revisions%' OR name LIKE '%record_search%' GROUP BY part"""
POSTGRESQL_SIZES = """
    SELECT CASE WHEN relname LIKE 'record_search%' OR relname = 'revisions_search' THEN 'full_text'
    WHEN relkind = 'r' THEN 'table' ELSE 'indexes' END AS part,
    sum(CASE WHEN relkind = 'r' THEN pg_table_size(oid) ELSE pg_relation_size(oid) END) AS size FROM pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace
    AND (relname LIKE 'revisions%' OR relname LIKE 'record_search%') GROUP BY part"""


def corpus(folder: Path) -> list[Article]:
    """Return the articles of saved pages."""
    found = []
    for path in sorted(folder.glob("*.html.gz")):
        url = json.loads((folder / f"{path.name.removesuffix('.html.gz')}.json").read_text())["url"]
        try:
            article = read(Page(url=url, body=gzip.decompress(path.read_bytes()))).article
        except IngestError:
            continue
        found.append(replace(article, uri=article.uri or url))
    return found


class Layout:
    """A database with one layout, and its readers."""

    def __init__(self, database: Database, name: str, url: str) -> None:
        self.database = database
        self._path = url.removeprefix("sqlite:///")
        self._is_now = name == "now"
        self.name = name

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write revisions in this layout."""
        if self._is_now:
            yield
            return

        async def no_index(*_: Any) -> None:
            pass

        with (
            patch.object(unit_of_work, "pack", lambda row: {**row, "content": None}),
            patch.object(unit_of_work, "index_entry", lambda *_: None),
            patch.object(unit_of_work.search_index, "add", no_index),
            patch.object(unit_of_work.search_index, "remove", no_index),
        ):
            yield

    async def fill(self, found: Sequence[Article], *, save: bool = True) -> float:
        """Save articles and revise one in five, or add their entries only; returns the seconds it took."""
        async with self.database.write() as connection:
            if not self._is_now:
                for statement in re.split(r";\s+(?=CREATE)", OLD_INDEX[connection.dialect.name]):
                    await connection.exec_driver_sql(statement)
            source: dict[str, Any] = {"id": 1, "url": "https://x.example", "kind": "feed", "site": "x.example"}
            times = dict.fromkeys(("due_at", "created_at", "watched_since"), START)
            await connection.execute(insert(tables.sources), [{**source, **times, "state": "active", "failures": 0}])
            entry = {"source_id": 1, "id_origin": "source", "fingerprint": "f", "state": "done", "attempts": 0}
            times = dict.fromkeys(("due_at", "first_seen_at", "last_seen_at"), START)
            rows = [{**entry, **times, "announced": {}, "id": n + 1, "guid": str(n)} for n in range(len(found))]
            await connection.execute(insert(tables.entries), rows)
        begun, upkeep = perf_counter(), SearchUpkeep(self.database)
        with self._writing():
            for start in range(0, len(found) if save else 0, BATCH):
                some = dict(enumerate(found[start : start + BATCH], start=start + 1))
                await self._save(some, {n: one for n, one in some.items() if n > 20 * REVISED and n % REVISED == 0})
                if self._is_now:
                    await upkeep.run()  # as the daemon does every second
        return perf_counter() - begun

    async def _save(self, new: dict[int, Article], revised: dict[int, Article]) -> None:
        """Save new articles, and a revision of one saved earlier for each of `revised`."""
        async with self.database.write() as connection:
            work = await unit_of_work.UnitOfWork.open(connection)
            for n, article in new.items():
                at = START + timedelta(seconds=n)
                record = work.new_record(entry_id=n, at=at, uri=f"{article.uri}#{n}", revision=1)
                _add_revision(work, record, 1, article, n, at)
                work.add_carrier(record, entry_id=n, source_id=1, url=article.uri, at=at)
                work.add_event(record, 1, "new", entry_id=n, at=at)
            for n, article in revised.items():
                earlier, at = n - 10 * REVISED, START + timedelta(seconds=n)
                work.update_record(earlier, revision=2, updated_at=at)
                longer = replace(article, body_text=f"{article.body_text}\nCorrected.")
                _add_revision(work, earlier, 2, longer, earlier, at)
                work.add_event(earlier, 2, "text", entry_id=earlier, at=at)
            await work.flush(connection)

    async def sizes(self) -> dict[str, float]:
        """Return the bytes of a revision, by part."""
        query = SQLITE_SIZES if self.database.dialect == "sqlite" else POSTGRESQL_SIZES
        async with self.database.read() as connection:
            count = (await connection.execute(text("SELECT count(*) FROM revisions"))).scalar_one()
            found = {row.part: float(row.size) / count for row in await connection.execute(text(query))}
        return {"bytes_a_revision": sum(found.values()), **found}

    async def rewrite(self, how: str) -> None:
        """Execute a statement that must not be in a transaction."""
        if self.database.dialect == "sqlite":
            with closing(sqlite3.connect(self._path, isolation_level=None)) as file:
                file.execute(how)
            return
        async with self.database._writer.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql(how)

    async def search(self, connection: AsyncConnection, words: str) -> list[Record]:
        return await (search if self._is_now else search_before)(connection, words, limit=20)


def _add_revision(
    work: unit_of_work.UnitOfWork, record: int, revision: int, article: Article, entry: int, at: datetime
) -> None:
    digest = sha256(f"{record} {revision}".encode()).hexdigest()
    extraction = Extraction(
        entry_id=entry, raw=digest, fragment=False, page_url=article.uri, content_type="text/html; charset=utf-8",
        extractor="ingestd 0.5.0, trafilatura 2.3.1", rules="0123456789ab",
    )  # fmt: skip
    change = "new" if revision == 1 else "text"
    work.add_revision(record, revision, article, change=change, at=at, content_hash=digest, extraction=extraction)


async def search_before(connection: AsyncConnection, words: str, *, limit: int) -> list[Record]:
    """Search as ingestd did before: words of a prefix by the same operator of the database as now."""
    phrases = [words.strip('"')] if '"' in words else words.split()
    if connection.dialect.name == "postgresql":
        wanted = " && ".join(
            f"to_tsquery('simple', '{one[:-1]}:*')" if one.endswith("*") else f"phraseto_tsquery('simple', '{one}')"
            for one in phrases
        ).replace(":", r"\:")
        query = SELECT_RECORDS.where(text(f"revisions.search @@ ({wanted})"))
        query = query.order_by(text(f"ts_rank(revisions.search, {wanted}) DESC"))
    else:
        quoted = " ".join(f'"{one[:-1]}"*' if one.endswith("*") else f'"{one}"' for one in phrases)
        columns = literal_column("rowid").label("id"), literal_column("bm25(revisions_search, 10.0, 1.0)").label("rank")
        matching = text("revisions_search MATCH :words").bindparams(words=quoted)
        hits = select(*columns).select_from(text("revisions_search")).where(matching).subquery()
        query = SELECT_RECORDS.join(hits, hits.c.id == tables.revisions.c.id).order_by(hits.c.rank)
    query = query.where(tables.records.c.pubstatus == "usable").limit(limit)
    return await with_carriers(connection, (await connection.execute(query)).all())


def queries(found: Sequence[Article]) -> dict[str, str]:
    """Return queries whose words some of the articles have."""
    one, other = (found[len(found) // part].body_text.replace(",", "").replace(".", "").split() for part in (2, 3))
    rare = sorted((word for word in one if word.isalpha() and word.isascii()), key=len)
    return {
        "a rare word": rare[-1],
        "a frequent word": "government",
        "two words": f"{rare[-2]} {rare[-3]}",
        "a phrase": f'"{" ".join(other[20:23])}"',
        "a prefix": f"{rare[len(rare) * 2 // 3][:4]}*",
    }


def searcher(words: str) -> Callable[[AsyncConnection, Layout], Awaitable[int]]:
    """Return a reader that searches for some words."""

    async def find(connection: AsyncConnection, layout: Layout) -> int:
        return len(await layout.search(connection, words))

    return find


async def time_readers(layouts: Sequence[Layout], found: Sequence[Article], rounds: int) -> None:
    as_of = START + timedelta(seconds=len(found) // 2)
    records_found = range(1, len(found) // 2, max(1, len(found) // 40))

    async def points_in_time(connection: AsyncConnection, _: Layout) -> int:
        for number in records_found:
            await records.find(connection, str(number), as_of=as_of)
        return len(records_found)

    async def newest(connection: AsyncConnection, _: Layout) -> int:
        return len(await records.newest(connection, limit=100))

    async def listed(connection: AsyncConnection, layout: Layout) -> int:
        # Before, the table was made of whole records as well.
        read = records.newest_summaries if layout.name == "now" else records.newest
        return len(await read(connection, limit=100))

    readers: dict[str, Callable[[AsyncConnection, Layout], Awaitable[int]]] = {
        "records list, 100": listed,
        "records list --json, 100": newest,
        f"as of, {len(records_found)} records": points_in_time,
    }
    readers |= {f"search: {name}": searcher(words) for name, words in queries(found).items()}
    for name, reader in readers.items():
        times: dict[str, list[float]] = {layout.name: [] for layout in layouts}
        hits: dict[str, int] = {}
        for number in range(rounds + 1):
            for layout in layouts:
                async with layout.database.read() as connection:
                    begun = perf_counter()
                    hits[layout.name] = await reader(connection, layout)
                    if number:
                        times[layout.name].append(perf_counter() - begun)
        now, before = (statistics.median(times[name]) for name in ("now", "before"))
        print_json(reader=name, now_ms=now * 1000, before_ms=before * 1000, ratio=now / before, hits=hits)


async def run(urls: dict[str, str], found: Sequence[Article], rounds: int) -> None:
    for url in urls.values():
        await migrate.upgrade(url)
    async with (
        Database(with_async_driver(urls["now"])) as now,
        Database(with_async_driver(urls["before"])) as before,
    ):
        layouts = [Layout(now, "now", urls["now"]), Layout(before, "before", urls["before"])]
        written, rewritten = {}, {}
        for layout in layouts:
            seconds = await layout.fill(found)
            is_sqlite = layout.database.dialect == "sqlite"
            await layout.rewrite("ANALYZE" if is_sqlite else "VACUUM ANALYZE")
            written[layout.name] = await layout.sizes()
            await layout.rewrite("VACUUM" if is_sqlite else "VACUUM FULL")
            rewritten[layout.name] = await layout.sizes()
            print_json(
                layout=layout.name, filled_in_s=seconds, written=_rounded(written[layout.name]),
                rewritten=_rounded(rewritten[layout.name]),
            )  # fmt: skip
            await layout.rewrite("ANALYZE")
        for name, sizes in (("written", written), ("rewritten", rewritten)):
            print_json(size=name, ratio=sizes["now"]["bytes_a_revision"] / sizes["before"]["bytes_a_revision"])
        await time_readers(layouts, found, rounds)


def _rounded(sizes: dict[str, float]) -> dict[str, int]:
    return {part: round(size) for part, size in sizes.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    found = corpus(options.corpus)[: options.articles] if options.corpus else list(articles(options.articles))
    texts = [len(article.body_text) for article in found]
    print_json(database=options.database, articles=len(found), characters=statistics.mean(texts))
    names = ("now", "before")
    with tempfile.TemporaryDirectory() as folder:
        if options.database == "sqlite":
            asyncio.run(run({name: f"sqlite:///{folder}/{name}.db" for name in names}, found, options.rounds))
            return
        with postgresql(Path(folder)) as server:
            urls = {name: make_database(server, f"ingestd_size_{name}") for name in names}
            asyncio.run(run(urls, found, options.rounds))


if __name__ == "__main__":
    main()
