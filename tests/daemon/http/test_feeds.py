"""/feeds: what is published again, to whom, and what happens to it after a kill."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import feedparser
import pytest
from sqlalchemy import update

from ingestd.formats import parse
from ingestd.model.article import Article
from ingestd.model.feed import Feed
from ingestd.renderers.feeds import FEED_RENDERERS
from ingestd.store import tokens
from ingestd.store.consumers import consumers
from ingestd.store.records import operator_decisions
from ingestd.store.schema.tables import events
from tests.daemon.http.v1.api import TOKEN, Api
from tests.daemon.http.v1.conftest import api
from tests.support.outcomes import NOON, claimed, claimed_again, keep, keep_texts, saved

__all__ = ["api"]  # the fixture

SOURCE = "https://one.example/feed"


async def add_feed(api: Api, name: str = "desk", filter: str = "", **settings: Any) -> None:  # noqa: A002 - as in consumers
    async with api.database.write() as connection:
        await consumers.add(connection, name=name, kind="feed", filter=filter, settings=settings, now=datetime.now(UTC))


async def kill(api: Api, record_id: int) -> None:
    async with api.database.write() as connection:
        await operator_decisions.kill(connection, record_id, actor="test", reason=None, now=NOON + timedelta(days=1))


async def revise(api: Api, *texts: str) -> None:
    """Save a record whose revisions have these texts, an hour apart."""
    [work] = await claimed(api.database, "https://revised.example/feed", 1)
    for number, text in enumerate(texts):
        if number:
            work = await claimed_again(api.database, work)
        article = Article(headline=text, body_text=text, uri="https://revised.example/ferry?id=1")
        await keep(api.database, [saved(work, article, at=NOON + timedelta(hours=number))])


async def body_at(api: Api, path: str, **more: Any) -> bytes:
    async with api.client.get(path, **more) as reply:
        assert reply.status == 200, await reply.text()
        return await reply.read()


async def feed_at(api: Api, path: str) -> Feed:
    return parse(await body_at(api, path), url=f"http://127.0.0.1{path}")


def headlines(feed: Feed) -> list[str | None]:
    return [entry.headline for entry in feed.entries]


@pytest.mark.parametrize("suffix", [renderer.name for renderer in FEED_RENDERERS])
async def test_the_newest_stories_are_published_in_every_format(api: Api, suffix: str) -> None:
    await keep_texts(api.database, SOURCE, "Ferry", "Umbrella", "Otter")
    await add_feed(api, size=2)

    feed = await feed_at(api, f"/feeds/desk.{suffix}")

    # The oldest is there as long as no archive document has it.
    assert headlines(feed) == ["Otter", "Umbrella", "Ferry"]
    assert feed.entries[0].body_html == "<p>Otter</p>"


async def test_new_stories_and_corrections_come_first(api: Api) -> None:
    await revise(api, "Ferry sinks")
    await add_feed(api)
    assert headlines(await feed_at(api, "/feeds/desk.atom")) == ["Ferry sinks"]

    await keep_texts(api.database, SOURCE, "Otter", "Umbrella")

    assert headlines(await feed_at(api, "/feeds/desk.atom")) == ["Umbrella", "Otter", "Ferry sinks"]


async def test_a_feed_has_each_story_once_at_its_newest_version(api: Api) -> None:
    await revise(api, "Ferry sinks", "Ferry afloat")
    await add_feed(api)

    assert headlines(await feed_at(api, "/feeds/desk.atom")) == ["Ferry afloat"]


async def test_a_killed_story_is_a_tombstone_at_once(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry", "Umbrella")
    await add_feed(api)
    before = await feed_at(api, "/feeds/desk.atom")
    etags = [(await api.client.get(f"/feeds/desk.{one.name}")).headers["ETag"] for one in FEED_RENDERERS]

    await kill(api, 2)

    after = await feed_at(api, "/feeds/desk.atom")
    assert headlines(after) == ["Ferry"]
    assert [one.guid for one in after.deleted] == [before.entries[0].guid]
    for renderer, etag in zip(FEED_RENDERERS, etags, strict=True):
        body = await body_at(api, f"/feeds/desk.{renderer.name}", headers={"If-None-Match": etag})
        assert b"Umbrella" not in body


async def test_a_filter_chooses(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry")
    await keep_texts(api.database, "https://two.example/feed", "Umbrella")
    await add_feed(api, filter="site:two.example")

    assert headlines(await feed_at(api, "/feeds/desk.atom")) == ["Umbrella"]


async def test_what_did_not_change_is_not_sent_again(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry")
    await add_feed(api)
    async with api.client.get("/feeds/desk.rss") as first:
        headers = first.headers
    asked = {"If-None-Match": headers["ETag"]}

    async with api.client.get("/feeds/desk.rss", headers=asked) as same:
        assert (same.status, same.headers["ETag"], await same.read()) == (304, headers["ETag"], b"")
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Last-Modified"].endswith(" GMT")

    await keep_texts(api.database, "https://two.example/feed", "Umbrella")
    async with api.client.get("/feeds/desk.rss", headers=asked) as changed:
        assert changed.status == 200


async def test_an_unchanged_feed_is_read_and_rendered_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await keep_texts(api.database, SOURCE, "Ferry")
    await add_feed(api)
    rendered: list[object] = []
    monkeypatch.setattr("ingestd.delivery.feeds.feeds._render", _counting(rendered))

    await asyncio.gather(*(body_at(api, "/feeds/desk.atom") for _ in range(10)))

    assert len(rendered) == 1


def _counting(calls: list[object]) -> Any:
    from ingestd.delivery.feeds.feeds import _render  # noqa: PLC0415 - before it is replaced

    def render(*arguments: Any) -> Any:
        calls.append(arguments)
        return _render(*arguments)

    return render


async def test_a_feed_needs_a_token_unless_it_is_public(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry")
    await add_feed(api)
    await add_feed(api, name="all", public=True)
    base = str(api.client._base_url)
    login = b64encode(f"reader:{TOKEN}".encode()).decode()

    async with aiohttp.ClientSession(base) as anybody:
        for path in ("/feeds/desk.atom", "/feeds/nothing.atom"):
            async with anybody.get(path) as reply:
                assert reply.status == 401
                assert reply.headers["WWW-Authenticate"].startswith("Basic ")
        for given in (f"Basic {b64encode(b'reader:wrong').decode()}", "Basic !", "Bearer wrong"):
            async with anybody.get("/feeds/desk.atom", headers={"Authorization": given}) as reply:
                assert reply.status == 401
        async with anybody.get("/feeds/desk.atom", headers={"Authorization": f"Basic {login}"}) as reply:
            assert reply.status == 200
        async with anybody.get("/feeds/all.atom") as reply:
            assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/feeds/nothing.atom", 404),
        ("/feeds/hook.atom", 404),
        ("/feeds/desk.pdf", 404),
        ("/feeds/desk/1-2.atom", 404),
        ("/feeds/desk/00000000-1.atom", 404),
        ("/feeds/desk/x.rss", 404),
    ],
)
async def test_what_is_no_document_is_not_found(api: Api, path: str, status: int) -> None:
    await add_feed(api)
    async with api.database.write() as connection:
        await consumers.add(connection, name="hook", kind="webhook", now=datetime.now(UTC))

    async with api.client.get(path) as reply:
        assert reply.status == status


async def test_a_paused_feed_says_so(api: Api) -> None:
    await add_feed(api)
    async with api.database.write() as connection:
        await consumers.set_state(connection, "desk", "paused")

    async with api.client.get("/feeds/desk.atom") as reply:
        assert (reply.status, "paused" in await reply.text()) == (503, True)


async def walk(api: Api, path: str) -> list[tuple[str, Feed]]:
    """Return the documents from a feed back to the beginning of its archive, with their paths."""
    found = []
    next_path: str | None = path
    while next_path:
        feed = await feed_at(api, next_path)
        found.append((next_path, feed))
        next_path = feed.prev_archive and "/feeds/" + feed.prev_archive.partition("/feeds/")[2]
    return found


async def test_the_archive_has_every_story_and_stays_as_it_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("index", "documents"):
        monkeypatch.setattr(f"ingestd.delivery.feeds.{module}.RANGE", 4)
    await add_feed(api, size=2)
    await keep_texts(api.database, SOURCE, *(f"Story {n}" for n in range(10)))

    documents = await walk(api, "/feeds/desk.atom")

    assert [headlines(feed) for _, feed in documents] == [
        ["Story 9", "Story 8"],
        ["Story 7", "Story 6", "Story 5", "Story 4"],
        ["Story 3", "Story 2", "Story 1", "Story 0"],
    ]
    path = documents[2][0]
    before = await body_at(api, path)
    await keep_texts(api.database, "https://two.example/feed", *(f"Other {n}" for n in range(5)))
    last = await walk(api, "/feeds/desk.atom")
    assert len(last) == 4
    assert await body_at(api, path) == before

    await kill(api, 2)
    after = await feed_at(api, path)
    assert headlines(after) == ["Story 3", "Story 2", "Story 0"]
    assert len(after.deleted) == 1
    assert b"Story 1<" not in await body_at(api, path)


async def test_a_sparse_feed_skips_documents_without_entries(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("index", "documents"):
        monkeypatch.setattr(f"ingestd.delivery.feeds.{module}.RANGE", 4)
    await keep_texts(api.database, "https://two.example/feed", "Umbrella")
    await keep_texts(api.database, SOURCE, *(f"Story {n}" for n in range(20)))
    await add_feed(api, filter="site:two.example", size=1)

    documents = await walk(api, "/feeds/desk.atom")

    assert [headlines(feed) for _, feed in documents] == [["Umbrella"], ["Umbrella"]]


async def test_a_story_that_was_never_published_leaves_no_tombstone(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry")
    await add_feed(api)
    async with api.database.write() as connection:
        await operator_decisions.kill(connection, 1, actor="test", reason=None, now=NOON + timedelta(days=1))
        # As if it had arrived withheld.
        await connection.execute(update(events).where(events.c.seq == 1).values(kind="withheld"))

    assert (await feed_at(api, "/feeds/desk.atom")).deleted == ()


async def test_other_readers_find_the_feed_well_formed(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry <b>&amp; \u202e hostile", "]]>")
    await add_feed(api, title="Desk & <sea>")

    for suffix in ("atom", "rss"):
        parsed = feedparser.parse(await body_at(api, f"/feeds/desk.{suffix}"))
        assert (parsed.bozo, len(parsed.entries), parsed.feed.title) == (False, 2, "Desk & <sea>")


async def test_a_token_with_a_filter_shows_what_matches_both(api: Api) -> None:
    await keep_texts(api.database, SOURCE, "Ferry")
    await keep_texts(api.database, "https://two.example/feed", "Umbrella")
    await add_feed(api, retries=["5s"])
    async with api.database.write() as connection:
        _, secret = await tokens.add(
            connection, "customer", role="read", filter="site:two.example", now=datetime.now(UTC)
        )

    path, headers = "/feeds/desk.atom", {"Authorization": f"Bearer {secret}"}
    seen = parse(await body_at(api, path, headers=headers), url="http://127.0.0.1/feed")

    assert headlines(seen) == ["Umbrella"]
    assert headlines(await feed_at(api, path)) == ["Umbrella", "Ferry"]
