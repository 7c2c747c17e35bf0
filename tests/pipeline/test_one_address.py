"""Whole texts at one address: entries that a document lists side by side are different articles; on both databases."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.pipeline.runtime import Runtime
from ingestd.store.records import records
from ingestd.store.schema import tables
from tests.support.desk import OTHER, STORY, add, poll_all
from tests.support.newsroom import Newsroom


def text_of(name: str) -> str:
    """Return a text that differs from another one's by its first sentence."""
    return f"Bulletin {name} has its own news. {STORY} {OTHER} {STORY[:80]}"


def bulletin(*listed: tuple[str, str, str]) -> bytes:
    """Return a feed of whole texts, given as (guid, link, name of the text)."""
    items = "".join(
        f"<item><title>Bulletin {name}</title><link>{link}</link><guid isPermaLink='false'>{guid}</guid>"
        f"<content:encoded><![CDATA[<p>{text_of(name)}</p>]]></content:encoded></item>"
        for guid, link, name in listed
    )
    head = "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Notes</title>"
    return f"{head}{items}</channel></rss>".encode()


async def texts(runtime: Runtime) -> dict[str, str | None]:
    """Return the first sentence of each record's current text → its address."""
    async with runtime.database.read() as connection:
        found = await records.newest(connection, limit=99)
    return {record.article.body_text.partition(".")[0]: record.article.uri for record in found}


async def kinds(runtime: Runtime) -> list[str]:
    async with runtime.database.read() as connection:
        query = select(tables.events.c.kind).order_by(tables.events.c.seq)
        return list((await connection.execute(query)).scalars())


def named(*names: str) -> set[str]:
    return {f"Bulletin {name} has its own news" for name in names}


@pytest.mark.parametrize(
    "links",
    [
        pytest.param({"a": "/", "b": "/", "c": "/"}, id="one-link"),
        pytest.param({"a": "/notes#a", "b": "/notes#b", "c": "/notes#c"}, id="fragments"),
        pytest.param({"a": "/notes", "b": "/notes#b", "c": "/notes#c"}, id="fragment-and-none"),
        pytest.param({"a": "/notes?utm_source=a", "b": "/notes?utm_source=b", "c": "/notes"}, id="tracking"),
        pytest.param({"a": "/notes#x", "b": "/notes#x", "c": "/notes#x"}, id="one-fragment"),
    ],
)
async def test_whole_texts_of_one_document_are_different_articles(
    newsroom: Newsroom, runtime: Runtime, links: Mapping[str, str]
) -> None:
    listed = [(f"guid-{name}", newsroom.url(link), name) for name, link in links.items()]
    await add(runtime, newsroom.publish("/feed.xml", body=bulletin(*listed)))

    await poll_all(runtime)
    assert set(await texts(runtime)) == named("a", "b", "c")
    assert await kinds(runtime) == ["new"] * 3

    newsroom.publish("/feed.xml", body=bulletin(("guid-d", newsroom.url(links["c"]), "d"), *listed))
    await poll_all(runtime)
    assert set(await texts(runtime)) == named("a", "b", "c", "d")
    assert await kinds(runtime) == ["new"] * 4

    # An edit of one is a revision of its own record.
    edited = [("guid-a", newsroom.url(links["a"]), "edited"), *listed[1:]]
    newsroom.publish("/feed.xml", body=bulletin(*edited))
    await poll_all(runtime)
    assert set(await texts(runtime)) == named("edited", "b", "c", "d")
    assert await kinds(runtime) == ["new"] * 4 + ["revised"]


async def test_one_text_under_two_guids_is_one_record(newsroom: Newsroom, runtime: Runtime) -> None:
    listed = [(guid, newsroom.url("/notes"), "a") for guid in ("one", "two")]
    await add(runtime, newsroom.publish("/feed.xml", body=bulletin(*listed)))

    await poll_all(runtime)

    assert set(await texts(runtime)) == named("a")
    assert await kinds(runtime) == ["new", "carried"]


async def test_a_new_guid_for_an_address_that_is_listed_once_is_no_other_article(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    """Some publishers give an entry another guid with each edit; the document lists the article once."""
    await add(runtime, newsroom.publish("/feed.xml", body=bulletin(("v1", newsroom.url("/story"), "a"))))
    await poll_all(runtime)
    newsroom.publish("/feed.xml", body=bulletin(("v2", newsroom.url("/story"), "edited")))
    await poll_all(runtime)

    assert len(await texts(runtime)) == 1
    assert await kinds(runtime) == ["new", "carried"]


async def test_another_feeds_text_at_the_address_is_carried(newsroom: Newsroom, runtime: Runtime) -> None:
    for number, name in enumerate("ab"):
        body = bulletin((f"guid-{name}", newsroom.url("/story"), name))
        await add(runtime, newsroom.publish(f"/feed{number}.xml", body=body))
    await poll_all(runtime)

    assert len(await texts(runtime)) == 1
    assert await kinds(runtime) == ["new", "carried"]


async def test_addresses_of_fragments_tell_records_apart(newsroom: Newsroom, runtime: Runtime) -> None:
    listed: list[tuple[str, str, str]] = [(name, newsroom.url(f"/notes#{name}"), name) for name in "ab"]
    await add(runtime, newsroom.publish("/feed.xml", body=bulletin(*listed)))
    await poll_all(runtime)

    addresses: dict[str, Any] = await texts(runtime)
    assert sorted(map(str, addresses.values())) in (
        [newsroom.url("/notes"), newsroom.url("/notes#a")],
        [newsroom.url("/notes"), newsroom.url("/notes#b")],
    )
