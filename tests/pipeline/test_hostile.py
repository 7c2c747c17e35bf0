"""What hostile servers cost: a row for the one who did it, and nothing for anybody else."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from tests.support.desk import STORY, add, feed, open_desk, page
from tests.support.hostile import Hostile
from tests.support.newsroom import Newsroom

TIMEOUT = 5.0

#: What terminals obey, and what no database takes.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
SECRET = "this is in no feed"

BOMB = {"TooLarge", "TimedOut"}
STALL = {"TimedOut"}
BROKEN = {"BrokenReply"}
NO_FEED = {"UnknownFormat", "ParseError"}

#: What the source's error row may say.
FAILS = {
    "gzip-bomb": BOMB, "br-bomb": BOMB, "zstd-bomb": BOMB, "deflate-bomb": BOMB, "double-gzip-bomb": NO_FEED,
    "gzip-in-a-file-bomb": NO_FEED, "endless": BOMB, "endless-chunks": BOMB, "a-hundred-megabytes": BOMB,
    "truncated-gzip": BROKEN, "less-than-promised": BROKEN, "many-headers": BROKEN, "long-header": BROKEN,
    "broken-chunks": BROKEN, "negative-length": BROKEN, "two-lengths": BROKEN, "not-http": BROKEN,
    "slow-head": STALL, "slow-body": STALL, "no-answer": STALL, "interim-for-ever": STALL,
    "quadratic-bomb": NO_FEED, "deep-json": NO_FEED, "huge-number": NO_FEED, "html-that-is-no-feed": NO_FEED,
    "nothing": NO_FEED,
}  # fmt: skip

#: What can be read all the same, and how many entries it has.
READ = {"same-guids": 1000, "absurd-dates": 8, "links": 11, "deep": 0, "a-million-entries": 10_000}


@dataclass
class Siege:
    hostile: Hostile
    runtime: Runtime
    newsroom: Newsroom
    names: dict[int, str]

    async def rows(self, table: Any) -> list[Any]:
        async with self.runtime.database.read() as connection:
            return list((await connection.execute(select(table))).all())


@pytest.fixture
async def siege(database_url: str, tmp_path: Path, newsroom: Newsroom) -> AsyncIterator[Siege]:
    (tmp_path / "secret").write_text(SECRET)
    desk = open_desk(database_url, tmp_path, fetch_timeout=TIMEOUT, extract_timeout=60.0, extractors=2, attempts=1)
    async with Hostile(str(tmp_path / "secret")) as hostile, desk as runtime:
        yield Siege(hostile, runtime, newsroom, {await add(runtime, url): name for name, url in hostile.urls.items()})


async def test_every_hostile_feed_costs_itself_a_row_and_nobody_else_anything(siege: Siege) -> None:
    siege.newsroom.publish("/story", body=page("Story", STORY), content_type="text/html")
    good = await add(siege.runtime, siege.newsroom.publish("/feed", body=feed(siege.newsroom.url("/story"))))

    await Service(siege.runtime, max_polls=64, max_pages=8, per_site=4).polls.run_dry()

    polls = {siege.names.get(row.source_id, "good"): row for row in await siege.rows(tables.polls)}
    failed = {name: row.error for name, row in polls.items() if row.outcome == "failed"}
    assert polls.keys() == {*siege.names.values(), "good"}
    assert failed.keys() == FAILS.keys()
    assert {name: error for name, error in failed.items() if error not in FAILS[name]} == {}
    assert {name: row.listed for name, row in polls.items() if name not in failed} == {
        name: READ.get(name, 1) for name in polls if name not in failed
    }
    assert {
        name for name, row in polls.items() if name in FAILS and FAILS[name] == STALL and row.seconds > TIMEOUT + 5
    } == set()
    sources = {row.id: row for row in await siege.rows(tables.sources)}
    assert (sources[good].condition, {row.run_id for row in sources.values()}) == ("ok", {None})


async def test_what_is_kept_of_hostile_feeds_does_no_harm(siege: Siege) -> None:
    await Service(siege.runtime, max_polls=64, max_pages=8, per_site=4).polls.run_dry()

    entries = await siege.rows(tables.entries)
    latest = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for entry in entries:
        told = entry.announced
        assert SECRET not in str(told)
        for text in (entry.guid, entry.url or "", told.get("headline") or ""):
            assert not _CONTROLS.search(text), (entry.guid, text)
        assert not (entry.url or "").lower().lstrip().startswith(("javascript:", "data:", "vbscript:"))
        assert (told.get("published") or "") < latest
    assert "external.dtd" not in siege.hostile.asked


async def test_hostile_pages_cost_their_entry_an_attempt_and_nobody_else_anything(siege: Siege) -> None:
    siege.newsroom.publish("/story", body=page("Story", STORY), content_type="text/html")
    async with siege.runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(state="paused"))
    links = [*siege.hostile.urls.values(), siege.newsroom.url("/story")]
    await add(siege.runtime, siege.newsroom.publish("/feed", body=feed(*links)))

    service = Service(siege.runtime, max_polls=4, max_pages=64, per_site=4)
    await service.run_dry()

    entries = {row.url: row for row in await siege.rows(tables.entries)}
    pending = {url for url, row in entries.items() if row.state == "pending"}
    # A page that stalls is put off at most; nothing is left in somebody's hands.
    assert (pending, {row.run_id for row in entries.values()}) == (set(), {None})
    assert entries[siege.newsroom.url("/story")].state == "done"
    records = await siege.rows(tables.revisions)
    assert all(SECRET not in row.body_text for row in records)
    assert any(STORY in row.body_text for row in records)
