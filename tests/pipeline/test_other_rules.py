"""Records that the rules of another host or release extracted: their pages are no news until they change."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ingestd.daemon.service import Service
from ingestd.model.article import Article
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from tests.support.archived import damage_document
from tests.support.desk import OTHER, STORY, add, feed, page, poll_all
from tests.support.newsroom import Newsroom
from tests.support.older import change, make_by_older_rules, with_prompt

Alter = Callable[[Article], Article]

EDITED = STORY.replace("Monday", "Tuesday")


async def publish_and_save(newsroom: Newsroom, runtime: Runtime, body: bytes, alter: Alter = with_prompt) -> str:
    """Publish a page and save it by older rules; return its URL."""
    link = newsroom.publish("/a", body=body, content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link)))
    await make_by_older_rules(runtime, alter)
    return link


async def revisit(runtime: Runtime) -> None:
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(revisit_at=datetime.now(UTC)))
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).engine.run_until_idle(["revisits"])


async def events(runtime: Runtime) -> list[tuple[int, str]]:
    async with runtime.database.read() as connection:
        rows = await connection.execute(select(tables.events).order_by(tables.events.c.seq))
        return [(row.record_id, row.kind) for row in rows]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        pytest.param(page("Ferry runs again", "Advertisement", STORY), [], id="other furniture"),
        pytest.param(page("Ferry runs again", EDITED), ["revised"], id="text edited"),
        pytest.param(page("Ferry is back", STORY), ["revised"], id="headline edited"),
    ],
)
async def test_a_revisit_is_news_only_if_the_page_changed(
    newsroom: Newsroom, runtime: Runtime, body: bytes, kinds: list[str]
) -> None:
    await publish_and_save(newsroom, runtime, page("Ferry runs again", STORY))
    newsroom.publish("/a", body=body, content_type="text/html")

    await revisit(runtime)

    assert [kind for _, kind in await events(runtime)] == ["new", *kinds]


async def test_a_headline_that_other_rules_choose_is_no_news(newsroom: Newsroom, runtime: Runtime) -> None:
    older = "Ferry runs again | The Island Paper"
    await publish_and_save(
        newsroom, runtime, page("Ferry runs again", STORY), lambda article: change(article, headline=older)
    )
    newsroom.publish("/a", body=page("Ferry runs again", "Advertisement", STORY), content_type="text/html")

    await revisit(runtime)

    assert await events(runtime) == [(1, "new")]


@pytest.mark.parametrize(("text", "kinds"), [(STORY, []), (EDITED, ["revised"])], ids=["same page", "edited"])
async def test_an_entry_that_is_announced_again_is_news_only_if_its_page_changed(
    newsroom: Newsroom, runtime: Runtime, text: str, kinds: list[str]
) -> None:
    link = await publish_and_save(newsroom, runtime, page("Ferry runs again", STORY))
    newsroom.publish("/a", body=page("Ferry runs again", text), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(link, stamp="2026-01-31T13:00:00Z"))

    await poll_all(runtime)

    assert [request.path for request in newsroom.requests].count("/a") == 2
    assert [kind for _, kind in await events(runtime)] == ["new", *kinds]


async def test_another_page_of_the_same_address_carries_the_record(newsroom: Newsroom, runtime: Runtime) -> None:
    canonical = f"<link rel=canonical href='{newsroom.url('/story')}'></head>".encode()
    body = page("Ferry runs again", STORY).replace(b"</head>", canonical)
    await publish_and_save(newsroom, runtime, body)
    mobile = newsroom.publish("/mobile", body=body + b"<!-- mobile -->", content_type="text/html")
    await add(runtime, newsroom.publish("/mobile.xml", body=feed(mobile)))

    await poll_all(runtime)

    assert await events(runtime) == [(1, "new"), (1, "carried")]


async def test_a_carrier_does_not_become_a_record_of_its_own(newsroom: Newsroom, runtime: Runtime) -> None:
    pages = page("Ferry runs again", STORY)
    links = [newsroom.publish(path, body=pages, content_type="text/html") for path in ("/a", "/b")]
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*links)))
    await make_by_older_rules(runtime)
    newsroom.publish("/b", body=page("Ferry runs again", "Advertisement", STORY), content_type="text/html")

    await revisit(runtime)

    assert await events(runtime) == [(1, "new"), (1, "carried")]


async def test_without_the_raw_bytes_a_text_that_differs_is_a_revision(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    await publish_and_save(newsroom, runtime, page("Ferry runs again", STORY))
    async with runtime.database.read() as connection:
        raw = (await connection.execute(select(tables.revisions.c.raw))).scalar_one()
    damage_document(tmp_path / "archive", raw, lambda _: None)
    newsroom.publish("/a", body=page("Ferry runs again", EDITED, OTHER), content_type="text/html")

    await revisit(runtime)

    assert [kind for _, kind in await events(runtime)] == ["new", "revised"]
