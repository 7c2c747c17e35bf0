"""Extracted pages are stored together, and none waits where no other is on its way."""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import update

from ingestd.archive import packs
from ingestd.daemon.service import Service
from ingestd.pipeline import ingest
from ingestd.pipeline.groups import Groups
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from tests.support.desk import OTHER, STORY, add, feed, page, poll_all
from tests.support.newsroom import Newsroom

FOR_EVER = 3600.0


async def join(groups: Groups, until: asyncio.Event | None = None, error: Exception | None = None) -> None:
    async with groups.joined():
        if until:
            await until.wait()
        if error:
            raise error


async def turns() -> None:
    """Let every task run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_task_alone_goes_on_at_once() -> None:
    await join(Groups(size=16, longest_wait=FOR_EVER))


async def test_a_task_waits_for_those_on_their_way() -> None:
    groups, may_end = Groups(size=16, longest_wait=FOR_EVER), asyncio.Event()
    last = asyncio.create_task(join(groups, may_end))
    await turns()
    first = asyncio.create_task(join(groups))
    await turns()
    assert not first.done()

    may_end.set()

    await asyncio.gather(first, last)


async def test_a_full_group_waits_for_no_other() -> None:
    groups = Groups(size=2, longest_wait=FOR_EVER)
    never = asyncio.create_task(join(groups, asyncio.Event()))
    await turns()

    await asyncio.gather(join(groups), join(groups))

    assert not never.done()
    never.cancel()


async def test_no_task_waits_longer_than_it_may() -> None:
    groups = Groups(size=16, longest_wait=0.0)
    never = asyncio.create_task(join(groups, asyncio.Event()))
    await turns()

    await join(groups)

    assert not never.done()
    never.cancel()


@pytest.mark.parametrize("ends", ["raises", "is cancelled"])
async def test_nobody_waits_for_a_task_that_failed(ends: str) -> None:
    groups, may_end = Groups(size=16, longest_wait=FOR_EVER), asyncio.Event()
    failing = asyncio.create_task(join(groups, may_end, ValueError()))
    await turns()
    first = asyncio.create_task(join(groups))
    await turns()

    if ends == "raises":
        may_end.set()
    else:
        failing.cancel()

    await first
    await asyncio.wait([failing])
    assert failing.cancelled() or isinstance(failing.exception(), ValueError)


async def test_a_cancelled_task_keeps_no_other() -> None:
    groups, may_end = Groups(size=16, longest_wait=FOR_EVER), asyncio.Event()
    last = asyncio.create_task(join(groups, may_end))
    await turns()
    first, second = asyncio.create_task(join(groups)), asyncio.create_task(join(groups))
    await turns()

    first.cancel()
    may_end.set()

    await asyncio.gather(second, last)
    assert first.cancelled()


async def test_pages_that_are_extracted_together_are_stored_together(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.ingest, "_groups", Groups(size=8, longest_wait=FOR_EVER))
    links = [
        newsroom.publish(
            f"/{n}", body=page(f"Ferry {n} runs again", f"{STORY} It is ferry {n}."), content_type="text/html"
        )
        for n in range(8)
    ]
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*links)))
    service = Service(runtime, max_polls=1, max_pages=8, per_site=8)
    await service.engine.run_until_idle(["polls"])
    fetched, original = asyncio.Barrier(len(links)), ingest.fetch_page

    async def fetch_page(*args: Any, **options: Any) -> Any:
        found = await original(*args, **options)
        await fetched.wait()
        return found

    saved, archived, save, store = [], [], runtime.ingest._save_commits._save, runtime.archive._stored  # type: ignore[attr-defined]

    async def count_saved(connection: Any, outcomes: Any) -> Any:
        saved.append(len(outcomes))
        return await save(connection, outcomes)

    def count_stored(puts: Any, is_followed: Any) -> Any:
        archived.append(sum(put.kind == "page" for put in puts))
        return store(puts, is_followed)

    monkeypatch.setattr(ingest, "fetch_page", fetch_page)
    monkeypatch.setattr(runtime.ingest._save_commits, "_save", count_saved)
    monkeypatch.setattr(runtime.archive, "_stored", count_stored)

    await service.engine.run_until_idle(["pages"])

    assert (saved, [count for count in archived if count]) == ([8], [8])


async def test_a_new_page_waits_for_no_revisit(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.ingest, "_groups", Groups(size=16, longest_wait=FOR_EVER))
    old = newsroom.publish("/old", body=page("Ferry runs again", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(old, stamp=datetime.now(UTC).isoformat())))
    await poll_all(runtime)
    newsroom.publish("/old", body=page("Ferry runs again", STORY, OTHER), content_type="text/html")
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(revisit_at=datetime.now(UTC)))
    begun, may_end, original = asyncio.Event(), asyncio.Event(), ingest.read_new_page

    async def read_new_page(pool: Any, fetched: Any, **options: Any) -> Any:
        if not options["is_indexed"]:
            begun.set()
            await may_end.wait()
        return await original(pool, fetched, **options)

    monkeypatch.setattr(ingest, "read_new_page", read_new_page)
    revisiting = asyncio.create_task(
        Service(runtime, max_polls=1, max_pages=4, per_site=1).engine.run_until_idle(["revisits"])
    )
    await begun.wait()
    new = newsroom.publish("/new", body=page("Too many umbrellas", OTHER), content_type="text/html")
    newsroom.publish("/feed.xml", body=feed(old, new))

    counts = await poll_all(runtime)

    assert counts["records"] == 2
    assert not revisiting.done()
    may_end.set()
    await revisiting


async def test_pages_are_compressed_where_they_are_extracted(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: list[tuple[bytes, bytes | None]] = []
    original = packs.make_record

    def make_record(content: bytes, name: bytes, frame: bytes | None = None) -> bytes:
        records.append((content, frame))
        return original(content, name, frame)

    monkeypatch.setattr(packs, "make_record", make_record)
    body = page("Ferry runs again", STORY)
    link = newsroom.publish("/1", body=body, content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link)))

    await poll_all(runtime)

    [frame] = [frame for content, frame in records if content == body]
    assert frame is not None
    assert await runtime.archive.get(sha256(body).hexdigest()) == body
