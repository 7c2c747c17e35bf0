"""Nodes of two releases on one database: neither takes the other's rules for news."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from ingestd.daemon.service import Service
from ingestd.likeness.content_hash import content_hash
from ingestd.pipeline.runtime import Runtime
from ingestd.store.nodes.listing import list_nodes
from ingestd.store.schema import tables
from ingestd.workers.extractor import Extractor
from ingestd.workers.results import ExtractedArticle, IndexedArticle
from tests.support.desk import STORY, add, feed, open_desk, page
from tests.support.newsroom import Newsroom
from tests.support.older import OLDER, with_prompt


def as_older(extracted: ExtractedArticle) -> ExtractedArticle:
    """Return an article as the rules of the older release extract it, which take a prompt for text."""
    article = with_prompt(extracted.article)
    digest = content_hash(article.body_text, headline=article.headline)
    extractor = Extractor(name=OLDER["extractor"], rules=OLDER["rules"])
    return replace(extracted, article=article, content_hash=digest, whole_hash=digest, extractor=extractor)


def make_older(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the workers of a runtime extract as the older release does."""
    run = runtime.pool.run

    async def older_run(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        found = await run(function, *args, **kwargs)
        if isinstance(found, ExtractedArticle):
            return as_older(found)
        return replace(found, extracted=as_older(found.extracted)) if isinstance(found, IndexedArticle) else found

    monkeypatch.setattr(runtime.pool, "run", older_run)


@pytest.fixture
async def nodes(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Runtime, Runtime]]:
    """An older node and a newer one, with one archive."""
    async with AsyncExitStack() as stack:
        older, newer = [
            await stack.enter_async_context(
                open_desk(database_url, tmp_path / name, role="daemon", node=name, archive=tmp_path / "archive")
            )
            for name in ("older", "newer")
        ]
        make_older(older, monkeypatch)
        yield older, newer


async def work(runtime: Runtime) -> None:
    """Poll all sources and visit all pages."""
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=now))
        await connection.execute(update(tables.entries).where(tables.entries.c.state == "done").values(revisit_at=now))
    service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
    await service.engine.run_until_idle(["polls", "pages"])
    await service.engine.run_until_idle(["revisits"])


async def events(runtime: Runtime) -> list[str]:
    async with runtime.database.read() as connection:
        return list((await connection.execute(select(tables.events.c.kind).order_by(tables.events.c.seq))).scalars())


async def test_nodes_of_two_releases_make_no_false_revisions(
    newsroom: Newsroom, nodes: tuple[Runtime, Runtime]
) -> None:
    older, newer = nodes
    links = [newsroom.url(f"/{name}") for name in "abc"]
    for name in "abc":
        newsroom.publish(f"/{name}", body=page(f"Ferry {name}", f"{name} {STORY}"), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(*links[:2]))
    await add(older, newsroom.url("/feed.xml"))
    await work(older)
    newsroom.publish("/feed.xml", body=feed(*links))
    await work(newer)
    for day, runtime in enumerate((older, newer, older, newer), 1):
        # Listed anew, and its furniture changes: each page is read again.
        for name in "abc":
            body = page(f"Ferry {name}", f"{name} {STORY}") + b"<!-- %d -->" % day
            newsroom.publish(f"/{name}", body=body, content_type="text/html")
        newsroom.publish("/feed.xml", body=feed(*links, stamp=f"2026-02-0{day}T12:00:00Z"))
        await work(runtime)

    assert await events(newer) == ["new"] * 3

    newsroom.publish("/a", body=page("Ferry a", f"a {STORY} It sails on Sundays as well."), content_type="text/html")
    await work(newer)
    await work(older)

    assert await events(newer) == [*["new"] * 3, "revised"]


async def test_each_node_says_which_data_it_writes(nodes: tuple[Runtime, Runtime]) -> None:
    async with nodes[0].database.read() as connection:
        found = await list_nodes(connection)

    assert [node.name for node in found] == ["newer", "older"]
    assert all(node.data_version and len(node.rules) == 12 for node in found)
