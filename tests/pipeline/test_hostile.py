"""Hostile servers: each causes one failure of its own and does not affect other sources."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select, update

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.records.content import content_of
from ingestd.store.schema import tables
from tests.support.desk import STORY, add, feed, open_desk, page
from tests.support.hostile import Hostile
from tests.support.loop_clock import LoopClock, until
from tests.support.newsroom import Newsroom

T = TypeVar("T")

#: Seconds for a request, on a busy machine too.
TIMEOUT = 60.0

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
READ = {"same-guids": 1000, "absurd-dates": 8, "links": 11, "deep": 0, "too-many-entries": 10_000}


STALLING = {name for name, errors in FAILS.items() if errors == STALL}


@dataclass
class Siege:
    hostile: Hostile
    runtime: Runtime
    newsroom: Newsroom
    names: dict[int, str]
    clock: LoopClock

    async def outlast(self, work: asyncio.Task[T]) -> T:
        """Put the clock forward once all servers that stall were asked, and return the result of the work."""
        await until(lambda: set(self.hostile.asked) >= STALLING)
        self.clock.skip(TIMEOUT)
        return await work

    async def rows(self, table: Any) -> list[Any]:
        async with self.runtime.database.read() as connection:
            return list((await connection.execute(select(table))).all())


@pytest.fixture
async def siege(database_url: str, tmp_path: Path, newsroom: Newsroom, loop_clock: LoopClock) -> AsyncIterator[Siege]:
    (tmp_path / "secret").write_text(SECRET)
    limits = {"fetch_timeout": TIMEOUT, "extract_timeout": 60.0, "extractors": 2, "attempts": 1}
    desk = open_desk(database_url, tmp_path, **limits)
    async with Hostile(str(tmp_path / "secret")) as hostile, desk as runtime:
        names = {await add(runtime, url): name for name, url in hostile.urls.items()}
        yield Siege(hostile, runtime, newsroom, names, loop_clock)


async def poll(siege: Siege, names: set[str], *others: int) -> None:
    """Poll these hostile feeds and other sources, all at the same time."""
    runtime = siege.runtime
    ids = [*(number for number, name in siege.names.items() if name in names), *others]
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(state="paused"))
        chosen = update(tables.sources).where(tables.sources.c.id.in_(ids))
        await connection.execute(chosen.values(state="active", due_at=datetime.now(UTC)))
    await Service(runtime, max_polls=64, max_pages=8, per_site=4).engine.run_until_idle(["polls"])


async def test_hostile_feeds_fail_alone_and_leave_no_harmful_entry(siege: Siege) -> None:
    siege.newsroom.publish("/story", body=page("Story", STORY), content_type="text/html")
    good = await add(siege.runtime, siege.newsroom.publish("/feed", body=feed(siege.newsroom.url("/story"))))

    async def polls_of_good() -> list[str]:
        return [row.outcome for row in await siege.rows(tables.polls) if row.source_id == good]

    await poll(siege, set(siege.hostile.urls) - STALLING, good)
    stalled = asyncio.create_task(poll(siege, STALLING, good))
    async with asyncio.timeout(TIMEOUT):
        while await polls_of_good() != ["new", "unchanged"]:  # noqa: ASYNC110 - nothing tells when it is
            await asyncio.sleep(0.05)
    assert not stalled.done()
    await siege.outlast(stalled)

    rows = await siege.rows(tables.polls)
    polls = {siege.names.get(row.source_id, "good"): row for row in reversed(rows)}
    failed = {name: row.error for name, row in polls.items() if row.outcome == "failed"}
    assert polls.keys() == {*siege.names.values(), "good"}
    assert failed.keys() == FAILS.keys()
    assert {name: error for name, error in failed.items() if error not in FAILS[name]} == {}
    assert {name: row.listed for name, row in polls.items() if name not in failed} == {
        name: READ.get(name, 1) for name in polls if name not in failed
    }
    sources = {row.id: row for row in await siege.rows(tables.sources)}
    assert (sources[good].condition, {row.run_id for row in sources.values()}) == ("ok", {None})
    for entry in await siege.rows(tables.entries):
        check_harmless(entry)
    assert "external.dtd" not in siege.hostile.asked


def check_harmless(entry: Any) -> None:
    latest = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    announced = entry.announced
    assert SECRET not in str(announced)
    for text in (entry.guid, entry.url or "", announced.get("headline") or ""):
        assert not _CONTROLS.search(text), (entry.guid, text)
    assert not (entry.url or "").lower().lstrip().startswith(("javascript:", "data:", "vbscript:"))
    assert (announced.get("published") or "") < latest


async def read_pages(siege: Siege, names: set[str]) -> str:
    """Poll a feed of these hostile pages and a good one, read them all, and return the good one's URL."""
    story = siege.newsroom.publish(f"/story-{len(names)}", body=page("Story", STORY), content_type="text/html")
    links = [*(siege.hostile.urls[name] for name in sorted(names)), story]
    source = await add(siege.runtime, siege.newsroom.publish(f"/feed-{len(names)}", body=feed(*links)))
    await poll(siege, set(), source)
    await Service(siege.runtime, max_polls=4, max_pages=64, per_site=4).run_until_idle()
    return story


async def test_hostile_pages_fail_alone(siege: Siege) -> None:
    stories = (
        await read_pages(siege, set(siege.hostile.urls) - STALLING),
        await siege.outlast(asyncio.create_task(read_pages(siege, STALLING))),
    )

    entries = {row.url: row for row in await siege.rows(tables.entries)}
    pending = {url for url, row in entries.items() if row.state == "pending"}
    # A page that stalls is put off at most; nothing is left in somebody's hands.
    assert (pending, {row.run_id for row in entries.values()}) == (set(), {None})
    assert entries.keys() == {*siege.hostile.urls.values(), *stories}
    assert {entries[story].state for story in stories} == {"done"}
    records = await siege.rows(tables.revisions)
    texts = [content_of(row)["body_text"] for row in records]
    assert all(SECRET not in text for text in texts)
    assert any(STORY in text for text in texts)
