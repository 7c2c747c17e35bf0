"""One GET an address, whichever sources list it; on both databases, over real sockets."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.operations import failures
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.work import entries
from tests.support.desk import OTHER, STORY, add, feed, page, poll_all
from tests.support.newsroom import Answer, Newsroom

SECTIONS = 10


def now() -> datetime:
    return datetime.now(UTC)


def gets(newsroom: Newsroom, path: str = "/story") -> int:
    return sum(request.path.partition("?")[0] == path for request in newsroom.requests)


async def list_story(newsroom: Newsroom, runtime: Runtime, count: int, **changes: Any) -> str:
    """Publish feeds that all list one story, and add them as sources; return the story's URL."""
    story = newsroom.url("/story")
    for number in range(count):
        await add(runtime, publish_feed(newsroom, number, story, **changes))
    return story


def publish_feed(newsroom: Newsroom, number: int, story: str, **changes: Any) -> str:
    body = feed(story, **changes).replace(b"tag:", f"tag:{number}:".encode())
    return newsroom.publish(f"/feed{number}.xml", body=body)


async def rows(runtime: Runtime, table: Any) -> list[Row[Any]]:
    async with runtime.database.read() as connection:
        return list((await connection.execute(select(table).order_by(*table.primary_key))).all())


async def revisit_all(runtime: Runtime) -> None:
    async with runtime.database.write() as connection:
        scheduled = tables.entries.c.revisit_at.is_not(None)
        await connection.execute(update(tables.entries).where(scheduled).values(revisit_at=now()))
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).engine.run_until_idle(["revisits"])


async def test_a_story_in_ten_section_feeds_costs_one_request(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await list_story(newsroom, runtime, SECTIONS, stamp=now().isoformat())

    await poll_all(runtime)

    assert gets(newsroom) == 1
    assert len(await rows(runtime, tables.records)) == 1
    assert {row.source_id for row in await rows(runtime, tables.carriers)} == set(range(1, SECTIONS + 1))
    assert Counter(row.kind for row in await rows(runtime, tables.events)) == {"new": 1, "carried": SECTIONS - 1}
    entries = await rows(runtime, tables.entries)
    assert {(row.state, row.record_id, row.run_id) for row in entries} == {("done", 1, None)}
    assert sum(row.revisit_at is not None for row in entries) == 1

    await revisit_all(runtime)
    assert gets(newsroom) == 2


async def test_an_address_that_is_listed_later_is_not_fetched_again(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    story = await list_story(newsroom, runtime, 1)
    await poll_all(runtime)

    await add(runtime, publish_feed(newsroom, 7, story))
    await poll_all(runtime)

    assert gets(newsroom) == 1
    assert [(row.record_id, row.entry_id, row.source_id) for row in await rows(runtime, tables.carriers)] == [
        (1, 1, 1), (1, 2, 2),
    ]  # fmt: skip
    [decision] = [row for row in await rows(runtime, tables.decisions) if row.entry_id == 2]
    assert decision.verdict == "carried"
    assert decision.reason.startswith("record 1: entry 1 has fetched this address at ")


async def test_an_address_that_was_fetched_long_ago_is_fetched_again(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    story = await list_story(newsroom, runtime, 1)
    await poll_all(runtime)
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(visited_at=now() - timedelta(days=8)))

    await add(runtime, publish_feed(newsroom, 7, story))
    await poll_all(runtime)

    assert gets(newsroom) == 2


async def test_a_change_in_all_feeds_is_fetched_once(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    story = await list_story(newsroom, runtime, 3)
    await poll_all(runtime)
    newsroom.publish("/story", body=page("Ferry", STORY, OTHER), content_type="text/html")
    for number in range(3):
        publish_feed(newsroom, number, story, stamp="2026-01-31T13:00:00Z")

    await poll_all(runtime)

    assert gets(newsroom) == 2
    assert [row.change for row in await rows(runtime, tables.revisions)] == ["new", "text"]
    assert Counter(row.kind for row in await rows(runtime, tables.events)) == {"new": 1, "carried": 2, "revised": 1}


async def test_a_failing_page_is_attempted_once_for_all_entries(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", status=500)
    await list_story(newsroom, runtime, 3)

    await poll_all(runtime)
    await poll_all(runtime)

    assert gets(newsroom) == runtime.ingest.timing.attempts == 2
    assert [row.state for row in await rows(runtime, tables.entries)] == ["quarantined"] * 3


async def test_a_page_that_recovers_is_carried_by_all(newsroom: Newsroom, runtime: Runtime) -> None:
    good = Answer(body=page("Ferry", STORY), content_type="text/html")
    newsroom.publish("/story", answers=[Answer(status=503), good])
    await list_story(newsroom, runtime, 3)

    await poll_all(runtime)
    await poll_all(runtime)

    assert gets(newsroom) == 2
    assert [row.record_id for row in await rows(runtime, tables.entries)] == [1, 1, 1]


async def test_whichever_entry_of_an_address_is_found_its_first_is_claimed(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    """Of entries that are due at the same time, PostgreSQL finds them in any order."""
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await list_story(newsroom, runtime, 3)
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).engine.run_until_idle(["polls"])
    first, _, last = sorted(row.id for row in await rows(runtime, tables.entries))
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(due_at=now()))
        claimed = await entries.claim(connection, runtime.run_id, [last], now=now(), limit=3)
        again = await entries.claim(connection, runtime.run_id, [last], now=now(), limit=3)
        await entries.postpone(connection, *claimed, until=now())

    assert [work.id for work in claimed] == [first]
    assert again == []


@pytest.mark.parametrize("state", ["removed", "paused"])
async def test_the_schedule_passes_on_when_its_source_ends(newsroom: Newsroom, runtime: Runtime, state: str) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await list_story(newsroom, runtime, 2, stamp=now().isoformat())
    await poll_all(runtime)
    holder = next(row for row in await rows(runtime, tables.entries) if row.revisit_at)
    async with runtime.database.write() as connection:
        await sources.set_state(connection, holder.source_id, state, now=now())

    await revisit_all(runtime)
    await revisit_all(runtime)

    assert gets(newsroom) >= 2
    [heir] = [row for row in await rows(runtime, tables.entries) if row.revisit_at]
    assert heir.source_id != holder.source_id
    assert heir.visits >= 1


async def test_two_schedules_of_one_address_become_one(newsroom: Newsroom, runtime: Runtime) -> None:
    """As in a database from before addresses were shared."""
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await list_story(newsroom, runtime, 3, stamp=now().isoformat())
    await poll_all(runtime)
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(revisit_at=now(), visited_at=now()))

    await revisit_all(runtime)

    assert gets(newsroom) == 2
    assert sum(row.revisit_at is not None for row in await rows(runtime, tables.entries)) == 1


async def test_entries_with_their_full_text_share_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    story = newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    texts = {1: f"{STORY} {STORY}", 2: f"{OTHER} {OTHER}"}
    for number, text in texts.items():
        content = f"<content type='html'>&lt;p&gt;{text}&lt;/p&gt;&lt;p&gt;{text}&lt;/p&gt;</content></entry>"
        body = feed(story).replace(b"</entry>", content.encode()).replace(b"tag:", f"tag:{number}:".encode())
        await add(runtime, newsroom.publish(f"/full{number}.xml", body=body))
    await add(runtime, publish_feed(newsroom, 3, story))

    await poll_all(runtime)

    assert gets(newsroom) == 1  # for the third alone
    assert {row.state for row in await rows(runtime, tables.entries)} == {"done"}


async def test_addresses_that_differ_are_fetched_each(newsroom: Newsroom, runtime: Runtime) -> None:
    links = [newsroom.publish(f"/{n}", body=page(f"Ferry {n}", STORY), content_type="text/html") for n in range(4)]
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*links)))

    await poll_all(runtime)

    assert [gets(newsroom, f"/{n}") for n in range(4)] == [1] * 4


#: Links of one page in the feeds of a paper's sections: what no server sees, or what counts clicks, differs.
SPELLINGS = {
    "campaign": ("/story?utm_source=front", "/story?utm_source=world", "/story?utm_medium=feed&utm_source=sport"),
    "no-campaign": ("/story", "/story?utm_source=world", "/story?fbclid=IwAR1"),
    "parameters": ("/story?id=7", "/story?id=7&utm_campaign=x", "/story?xtor=RSS-1&id=7"),
    "fragment": ("/story#comments", "/story", "/story#xtor=RSS-4"),
    "escapes": ("/story?q=%7eferry", "/story?q=~ferry", "/story?q=%7Eferry"),
    "host": ("//LOCALHOST{port}/story", "//localhost{port}/story", "//localhost.{port}/story"),
    "fragment-and-campaign": ("/story?utm_term=a#top", "/story?#end", "/story?gclsrc=aw.ds"),
    "mail": ("/story?mc_cid=1&mc_eid=2", "/story?mc_cid=3", "/story?ns_mchannel=rss"),
    "broadcaster": ("/story?at_medium=RSS", "/story?at_campaign=KARANGA", "/story?ncid=feed"),
}


def spelled(newsroom: Newsroom, link: str) -> str:
    port = newsroom.url("/").rstrip("/").rpartition(":")[2]
    return f"http:{link.format(port=f':{port}')}" if link.startswith("//") else newsroom.url(link)


async def list_spellings(newsroom: Newsroom, runtime: Runtime, links: Sequence[str], **changes: Any) -> None:
    for number, link in enumerate(links):
        publish_feed(newsroom, number, spelled(newsroom, link).replace("&", "&amp;"), **changes)
        await add(runtime, newsroom.url(f"/feed{number}.xml"))


@pytest.mark.parametrize("links", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_spellings_of_one_address_share_one_request_and_one_schedule(
    newsroom: Newsroom, runtime: Runtime, links: Sequence[str]
) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html", ETag='"one"')
    await list_spellings(newsroom, runtime, links, stamp=now().isoformat())

    await poll_all(runtime)

    assert gets(newsroom) == 1
    assert {row.entry_id for row in await rows(runtime, tables.carriers)} == {1, 2, 3}
    entries = await rows(runtime, tables.entries)
    assert {(row.state, row.record_id) for row in entries} == {("done", 1)}
    assert sum(row.revisit_at is not None for row in entries) == 1
    assert sum(row.etag is not None for row in entries) == 1

    await revisit_all(runtime)

    assert gets(newsroom) == 2
    assert sum(row.revisit_at is not None for row in await rows(runtime, tables.entries)) == 1


async def test_a_spelling_that_is_listed_later_is_not_fetched(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await list_spellings(newsroom, runtime, ["/story?utm_source=front"])
    await poll_all(runtime)

    await add(runtime, publish_feed(newsroom, 7, newsroom.url("/story?utm_source=late#top")))
    await poll_all(runtime)

    assert gets(newsroom) == 1
    assert [row.kind for row in await rows(runtime, tables.events)] == ["new", "carried"]


async def test_a_change_that_all_sections_announce_is_fetched_once(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    links = SPELLINGS["campaign"]
    await list_spellings(newsroom, runtime, links)
    await poll_all(runtime)
    newsroom.publish("/story", body=page("Ferry", STORY, OTHER), content_type="text/html")
    # Dated after the visit, so that only the announcement itself can say that they are one change.
    stamp = (now() + timedelta(hours=1)).isoformat()
    await list_spellings(newsroom, runtime, links, stamp=stamp)

    await poll_all(runtime)

    assert gets(newsroom) == 2
    assert [row.change for row in await rows(runtime, tables.revisions)] == ["new", "text"]


async def test_a_page_that_fails_is_attempted_once_for_all_spellings(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/story", status=500)
    await list_spellings(newsroom, runtime, SPELLINGS["campaign"])

    await poll_all(runtime)
    await poll_all(runtime)

    assert gets(newsroom) == 2
    assert [row.state for row in await rows(runtime, tables.entries)] == ["quarantined"] * 3
    async with runtime.database.write() as connection:
        assert await failures.retry_quarantined(connection, [2], now=now()) == 3


@pytest.mark.parametrize(
    "links",
    [
        ("/story?id=1", "/story?id=2"),
        ("/story?a=1&b=2", "/story?b=2&a=1"),
        ("/story", "/Story"),
        ("/story", "/story/"),
        ("/story", "//reader:secret@localhost{port}/story"),
        ("//a:x@localhost{port}/story", "//b:y@localhost{port}/story"),
        ("//a:x@localhost{port}/story?utm_source=f", "//b:y@localhost{port}/story?utm_source=f"),
        ("//localhost{port}/story", "//127.0.0.1{port}/story"),
    ],
)
async def test_other_pages_and_other_logins_are_fetched_each(
    newsroom: Newsroom, runtime: Runtime, links: Sequence[str]
) -> None:
    for path in ("/story", "/Story", "/story/"):
        newsroom.publish(path, body=page("Ferry", STORY), content_type="text/html")
    await list_spellings(newsroom, runtime, links)

    await poll_all(runtime)

    assert sum(gets(newsroom, path) for path in ("/story", "/Story", "/story/")) == 2


async def test_entries_of_earlier_versions_come_to_share_a_schedule(newsroom: Newsroom, runtime: Runtime) -> None:
    """Their addresses are not stored until a revisit is due; one whose link is in normal form is found before that."""
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    await list_spellings(newsroom, runtime, SPELLINGS["no-campaign"], stamp=now().isoformat())
    await poll_all(runtime)
    async with runtime.database.write() as connection:
        old = {"address": None, "revisit_at": now(), "visited_at": now()}
        await connection.execute(update(tables.entries).values(old))

    await add(runtime, publish_feed(newsroom, 7, newsroom.url("/story?utm_source=new")))
    await poll_all(runtime)
    assert gets(newsroom) == 1

    await revisit_all(runtime)

    assert gets(newsroom) == 2
    entries = await rows(runtime, tables.entries)
    assert {row.address for row in entries} == {newsroom.url("/story")}
    assert sum(row.revisit_at is not None for row in entries) == 1
