"""Run the other programs: a line of JSON on stdin is a round, and a line on stdout its figures.

peer_programs.py reader|scrapy BASE FOLDER

Both commit as durably as ingestd does: with SQLite's write-ahead log and `synchronous = FULL`.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any

BATCH = 20  # pages a transaction


def measured(work: Callable[[], None]) -> dict[str, float]:
    """Do the work; returns seconds, and seconds of CPU of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


class ReaderProgram:
    """The package `reader`: fetches, parses and stores every entry with its content."""

    def __init__(self, base: str, folder: str) -> None:
        from reader import make_reader  # noqa: PLC0415 - only this program needs it

        self._base = base
        self._reader = make_reader(f"{folder}/reader.db")
        database = self._reader._storage.get_db()
        self._pragmas = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert self._pragmas == ["wal", 2], f"reader commits differently: {self._pragmas}"
        self._added = 0

    def __call__(self, *, feeds: int) -> dict[str, Any]:
        """Update all feeds, those added first that are new."""
        for number in range(self._added, feeds):
            self._reader.add_feed(f"{self._base}/feed/{number}")
        self._added = max(self._added, feeds)
        times = measured(lambda: self._reader.update_feeds(workers=2, scheduled=False))
        failed = [feed.url for feed in self._reader.get_feeds() if feed.last_exception]
        assert not failed, f"reader could not update {len(failed)} feeds: {failed[:3]}"
        return {**times, "entries": self._reader.get_entry_counts().total}


class ScrapyProgram:
    """Scrapy with trafilatura and SQLite: feeds, their pages as robots.txt allows it, the article of each."""

    def __init__(self, base: str, folder: str) -> None:
        self._base, self._path = base, f"{folder}/scrapy.db"

    def __call__(self, *, feeds: int) -> dict[str, Any]:  # noqa: C901 - a spider and a pipeline, both of few lines
        import feedparser  # noqa: PLC0415
        import scrapy  # noqa: PLC0415
        import trafilatura  # noqa: PLC0415
        from scrapy.crawler import CrawlerProcess  # noqa: PLC0415

        base = self._base
        database = sqlite3.connect(self._path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE articles (url TEXT PRIMARY KEY, title TEXT, date TEXT, text TEXT, raw BLOB)")

        class NewsSpider(scrapy.Spider):
            name = "news"

            async def start(self) -> Any:
                for number in range(feeds):
                    yield scrapy.Request(f"{base}/feed/{number}", callback=self.parse_feed)

            def parse_feed(self, response: Any) -> Any:
                for entry in feedparser.parse(response.body).entries:
                    yield scrapy.Request(entry.link, callback=self.parse_page)

            def parse_page(self, response: Any) -> Any:
                found = trafilatura.bare_extraction(response.body, url=response.url, with_metadata=True)
                article = (found.title, found.date, found.text) if found else (None, None, None)
                yield {"row": (response.url, *article, response.body)}

        class Store:
            def open_spider(self, _spider: Any = None) -> None:
                self.rows: list[Any] = []

            def process_item(self, item: Any, _spider: Any = None) -> Any:
                self.rows.append(item["row"])
                if len(self.rows) >= BATCH:
                    self._save()
                return item

            def close_spider(self, _spider: Any = None) -> None:
                self._save()

            def _save(self) -> None:
                database.executemany("INSERT OR REPLACE INTO articles VALUES (?, ?, ?, ?, ?)", self.rows)
                database.commit()
                self.rows.clear()

        def work() -> None:
            process = CrawlerProcess({
                "LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
                "DOWNLOAD_DELAY": 0, "ROBOTSTXT_OBEY": True, "TELNETCONSOLE_ENABLED": False,
                "ITEM_PIPELINES": {Store: 1},
            })  # fmt: skip
            process.crawl(NewsSpider)
            process.start()

        times = measured(work)
        rows, texts = database.execute("SELECT count(*), count(text) FROM articles").fetchone()
        return {**times, "rows": rows, "texts": texts}


def main(name: str, base: str, folder: str) -> None:
    program = {"reader": ReaderProgram, "scrapy": ScrapyProgram}[name](base, folder)
    for line in sys.stdin:
        print(json.dumps(program(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
