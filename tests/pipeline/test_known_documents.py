"""Polls of documents whose items are known, on both databases."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from ingestd.workers.results import ParsedFeed
from tests.pipeline.test_pagination import poll
from tests.support.desk import add
from tests.support.newsroom import Newsroom


def item(guid: int, text: str = "") -> str:
    date = "<pubDate>Sat, 31 Jan 2026 12:00:00 GMT</pubDate>"
    return f"<item><guid>{guid}</guid><title>Story {guid} {text}</title><link>/{guid}</link>{date}</item>"


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>F</title>{''.join(items)}</channel></rss>".encode()


class Parsed:
    """Counts the entries that workers have parsed."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run = runtime.pool.run
        self.counts: list[int] = []
        monkeypatch.setattr(runtime.pool, "run", self._count)

    async def _count(self, *arguments: Any) -> Any:
        found = await self._run(*arguments)
        if isinstance(found, ParsedFeed):
            self.counts.append(len(found.feed.entries))
        return found


@pytest.fixture
def parsed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Parsed:
    return Parsed(runtime, monkeypatch)


async def headlines(runtime: Runtime) -> list[str]:
    async with runtime.database.read() as connection:
        rows = await connection.execute(select(tables.entries.c.announced).order_by(tables.entries.c.id))
        return [row.announced["headline"] for row in rows]


async def polled(runtime: Runtime, newsroom: Newsroom, source: int, *items: str) -> Sequence[object]:
    """Poll a document; returns the numbers of entries: listed, known, new, changed."""
    newsroom.publish("/feed", body=rss(*items))
    done = await poll(runtime, source)
    return done.listed, done.known, len(done.new), len(done.changed)


async def test_only_items_that_are_not_known_are_parsed(runtime: Runtime, newsroom: Newsroom, parsed: Parsed) -> None:
    source = await add(runtime, newsroom.url("/feed"))

    assert await polled(runtime, newsroom, source, item(2), item(1)) == (2, 0, 2, 0)
    assert await polled(runtime, newsroom, source, item(3), item(2), item(1)) == (3, 2, 1, 0)
    assert await polled(runtime, newsroom, source, item(4), item(3, "corrected"), item(2)) == (3, 2, 1, 1)
    assert await polled(runtime, newsroom, source, item(4), item(2)) == (2, 2, 0, 0)

    assert parsed.counts == [2, 1, 2, 0]
    assert await headlines(runtime) == ["Story 2", "Story 1", "Story 3 corrected", "Story 4"]


async def test_an_entry_that_was_changed_or_deleted_since_is_parsed_again(
    runtime: Runtime, newsroom: Newsroom, parsed: Parsed
) -> None:
    source = await add(runtime, newsroom.url("/feed"))
    await polled(runtime, newsroom, source, item(3), item(2), item(1))
    e = tables.entries
    async with runtime.database.write() as connection:
        await connection.execute(update(e).where(e.c.guid == "2").values(fingerprint="of a push"))
        await connection.execute(delete(e).where(e.c.guid == "1"))

    assert await polled(runtime, newsroom, source, item(3), item(2), item(1)[:-7] + " </item>") == (3, 2, 1, 1)

    assert parsed.counts == [3, 2]


async def test_another_item_with_the_guid_of_a_known_one_is_judged_with_it(
    runtime: Runtime, newsroom: Newsroom, parsed: Parsed
) -> None:
    source = await add(runtime, newsroom.url("/feed"))
    await polled(runtime, newsroom, source, item(2), item(1))

    newsroom.publish("/feed", body=rss(item(2), item(1), item(1, "too")))
    done = await poll(runtime, source)

    assert parsed.counts == [2, 1, 3]
    assert [warning.partition(":")[0] for warning in done.document_warnings] == [
        "guids shared by different entries, not used"
    ]


async def test_entries_of_skipped_items_are_in_the_window(runtime: Runtime, newsroom: Newsroom) -> None:
    source = await add(runtime, newsroom.url("/feed"))
    await polled(runtime, newsroom, source, item(1))
    await polled(runtime, newsroom, source, item(2), item(1))
    done = await poll_again(runtime, newsroom, source)

    assert (done.overlap, done.may_have_lost, sorted(done.seen_again)) == (2, False, ["1", "2"])


async def poll_again(runtime: Runtime, newsroom: Newsroom, source: int) -> Any:
    newsroom.publish("/feed", body=rss(item(3), item(2), item(1)))
    return await poll(runtime, source)
