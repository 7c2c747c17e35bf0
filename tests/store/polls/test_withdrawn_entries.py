"""Entries that leave their feed, on both databases: withdrawn ones are evidence, ones beyond the window are not."""

import pytest

from ingestd.pipeline.runtime import Runtime
from ingestd.store.records import records
from ingestd.store.records.search import search
from tests.support.desk import OTHER, STORY, add, poll_all
from tests.support.newsroom import Newsroom

TOMBSTONE = (
    "<at:deleted-entry xmlns:at='http://purl.org/atompub/tombstones/1.0' ref='tag:2' when='2026-01-31T12:00:00Z'>"
    "<at:comment>Published by mistake</at:comment></at:deleted-entry>"
)


def stories(*numbers: int, also: str = "") -> bytes:
    """Return a feed of numbered stories with full text, in this order; `also` is further markup of the feed."""
    entries = "".join(
        f"<entry><id>tag:{n}</id><title>Story {n}</title><updated>2026-01-31T12:00:00Z</updated>"
        f"<content type='html'>&lt;p&gt;Number {n}. {STORY}&lt;/p&gt;&lt;p&gt;{OTHER}&lt;/p&gt;</content></entry>"
        for n in numbers
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><id>tag:feed</id>{entries}{also}</feed>".encode()


async def evidence_kinds(runtime: Runtime) -> dict[str, list[str]]:
    """Return the kinds of evidence of each story that has any, by headline."""
    async with runtime.database.read() as connection:
        found = await records.newest(connection, limit=100)
    return {str(one.article.headline): [seen.kind for seen in one.evidence] for one in found if one.evidence}


async def poll_windows(newsroom: Newsroom, runtime: Runtime, *windows: bytes) -> None:
    for window in windows:
        newsroom.publish("/feed.xml", body=window)
        await poll_all(runtime)


async def test_a_deleted_entry_is_evidence_once_and_no_kill(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.url("/feed.xml"))

    await poll_windows(newsroom, runtime, stories(2, 1), stories(1, also=TOMBSTONE), stories(3, 1, also=TOMBSTONE))

    assert await evidence_kinds(runtime) == {"Story 2": ["deleted-entry"]}
    async with runtime.database.read() as connection:
        [record] = await search(connection, "Story 2", limit=1)
    assert (record.pubstatus, record.gone_since) == ("usable", None)
    words = "the feed says it was deleted at 2026-01-31T12:00:00Z: Published by mistake"
    assert record.evidence[0].words == words


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        pytest.param([(6, 4, 3, 2, 1), (7, 6, 4, 3, 2, 1), (8, 7, 6, 4, 3, 2, 1)], {"Story 5": ["absent"]}, id="three"),
        pytest.param([(6, 4, 3, 2, 1), (7, 6, 4, 3, 2, 1)], {}, id="two"),
        pytest.param(
            [(6, 4, 3, 2, 1), (7, 6, 5, 4, 3, 2, 1), (8, 7, 6, 4, 3, 2, 1), (9, 8, 7, 6, 4, 3, 2, 1)], {}, id="between"
        ),
        pytest.param([(6, 4, 3, 2, 1)] * 5, {}, id="the same document is read once"),
        pytest.param([(7, 6, 5, 4, 1), (8, 7, 6, 5, 1), (9, 8, 7, 6, 1), (10, 9, 8, 7, 1)], {}, id="rolled over"),
        pytest.param([(n, 6, 4, 3, 2, 1) for n in range(7, 12)], {"Story 5": ["absent"]}, id="only once, however long"),
    ],
)
async def test_an_entry_missing_from_three_windows_with_older_entries_is_evidence(
    newsroom: Newsroom, runtime: Runtime, windows: list[tuple[int, ...]], expected: dict[str, list[str]]
) -> None:
    await add(runtime, newsroom.url("/feed.xml"))
    await poll_windows(
        newsroom, runtime, stories(3, 2, 1), stories(4, 3, 2, 1), stories(5, 4, 3, 2, 1), stories(6, 5, 4, 3, 2, 1)
    )

    await poll_windows(newsroom, runtime, *(stories(*numbers) for numbers in windows))

    assert await evidence_kinds(runtime) == expected
