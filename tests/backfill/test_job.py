"""Complete backfills, on both databases, over real sockets and in real worker processes."""

import asyncio
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from structlog.testing import capture_logs

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.operations import failures
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.work import backfills
from tests.backfill.backfills import atom, begin, listed_source, open_backfill, page, run, summary
from tests.support.agency import ninjs, records_in, revisions_in
from tests.support.desk import poll_all
from tests.support.newsroom import Newsroom


async def add(runtime: Runtime, url: str) -> int:
    async with runtime.database.write() as connection:
        return (await sources.add(connection, url, now=datetime.now(UTC)))[0]


def publish(newsroom: Newsroom, *numbers: int) -> list[str]:
    return [newsroom.publish(f"/{n}", body=page("Ferry", n), content_type="text/html") for n in numbers]


async def test_an_archive_is_read_to_its_end_once(newsroom: Newsroom, runtime: Runtime) -> None:
    new, old, oldest = publish(newsroom, 1, 2, 3)
    last = newsroom.publish("/archive/1", body=atom(oldest, older=newsroom.url("/feed")))  # a loop
    middle = newsroom.publish("/archive/2", body=atom(old, older=last))
    feed = newsroom.publish("/feed", body=atom(new, older=middle), ETag='"1"')
    source_id = await add(runtime, feed)

    first, state = await run(runtime, "archive", feed, source_id)
    second, _ = await run(runtime, "archive", feed, source_id)

    assert (state, first.listed.documents, first.listed.added, first.processed) == ("done", 3, 3, 3)
    assert (second.listed.added, second.listed.known, second.processed) == (0, 3, 0)
    assert (await summary(runtime))["records"] == 3
    async with runtime.database.read() as connection:
        source = await sources.find(connection, str(source_id))
    assert (source.etag, source.last_polled_at) == (None, None)  # a backfill does not change the state of the source


async def test_pages_of_a_feed_are_followed_by_next(newsroom: Newsroom, runtime: Runtime) -> None:
    new, old = publish(newsroom, 1, 2)
    empty = newsroom.publish("/feed?page=3", body=atom(older=newsroom.url("/never"), rel="next"))
    newsroom.publish("/feed", body=atom(new, older=newsroom.url("/second"), rel="next"))
    newsroom.publish("/second", body=atom(old, older=empty, rel="next"))
    feed = newsroom.url("/feed")

    backfill, state = await run(runtime, "archive", feed, await add(runtime, feed))

    assert (state, backfill.processed) == ("done", 2)
    assert not [request for request in newsroom.requests if request.path == "/never"]


async def test_a_failed_archive_is_resumed_where_it_stopped(newsroom: Newsroom, runtime: Runtime) -> None:
    new, old = publish(newsroom, 1, 2)
    middle = newsroom.publish("/archive/1", status=500)
    feed = newsroom.publish("/feed", body=atom(new, older=middle))
    backfill, state = await run(runtime, "archive", feed, await add(runtime, feed))
    assert (state, backfill.processed) == ("failed", 1)
    assert backfill.error
    assert "HTTP 500" in backfill.error
    newsroom.publish("/archive/1", body=atom(old))
    asked = len(newsroom.requests)

    again = await open_backfill(runtime, backfill.id)
    state = await again.run()

    assert (state, again.listed.documents, again.processed) == ("done", 2, 2)
    assert [request.path for request in newsroom.requests[asked:]] == ["/archive/1", "/2"]


async def test_a_sitemap_index_lists_the_pages_of_the_requested_span(newsroom: Newsroom, runtime: Runtime) -> None:
    inside, older, newer, undated = publish(newsroom, 1, 2, 3, 4)
    places = [(inside, "2024-05-01"), (older, "2023-01-01"), (newer, "2024-07-01"), (undated, None)]
    items = "".join(f"<url><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>" for url, day in places)
    names = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
    leaf = newsroom.publish("/2024.xml.gz", body=gzip.compress(f"<urlset {names}>{items}</urlset>".encode()))
    past = f"<sitemap><loc>{newsroom.url('/2022.xml')}</loc><lastmod>2022-12-31</lastmod></sitemap>"
    children = f"<sitemap><loc>{leaf}</loc></sitemap>{past}"
    root = newsroom.publish("/sitemap.xml", body=f"<sitemapindex {names}>{children}</sitemapindex>".encode())

    backfill, state = await run(
        runtime, "sitemap", root, await listed_source(runtime, root),
        since="2024-01-01T00:00:00Z", until="2024-06-01T00:00:00Z",
    )  # fmt: skip

    assert (state, backfill.processed) == ("done", 1)
    assert backfill.listed.left_out == {"older": 1, "newer": 1, "undated": 1}
    assert [request.path for request in newsroom.requests] == ["/robots.txt", "/sitemap.xml", "/2024.xml.gz", "/1"]


async def test_lines_that_are_not_urls_are_left_out(newsroom: Newsroom, runtime: Runtime, tmp_path: Path) -> None:
    one, two = publish(newsroom, 1, 2)
    file = tmp_path / "urls.txt"
    file.write_text(f"# mine\n{one}\n\nnot a URL\n{two}\n{one}#again\n")

    backfill, state = await run(runtime, "urls", str(file), await listed_source(runtime, "backfill:urls"))

    assert (state, backfill.processed, backfill.listed.left_out) == ("done", 2, {"no URL": 1})


async def test_saved_feeds_and_pages_are_recognised_by_content(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    [live] = publish(newsroom, 1)
    folder = tmp_path / "saved"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "feed.txt").write_bytes(atom(live))
    (folder / "a" / "b c.html.gz").write_bytes(gzip.compress(page("Ferry", 2)))
    (folder / "page").write_bytes(page("Ferry", 3))
    (folder / "notes.json").write_text('{"a": 1}')
    (folder / "same").write_bytes(page("Ferry", 3))
    source_id = await listed_source(runtime, "backfill:files")

    backfill, state = await run(runtime, "files", str(folder), source_id)
    again, _ = await run(runtime, "files", str(folder), source_id)

    assert (state, backfill.processed, backfill.listed.left_out) == ("done", 3, {"no feed or page": 1})
    assert (again.listed.added, (await summary(runtime))["records"]) == (0, 3)


async def test_base_gives_the_pages_of_a_directory_their_urls(runtime: Runtime, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b c.html").write_bytes(page("Ferry", 2))

    await run(runtime, "files", str(folder), await listed_source(runtime, "backfill:files"), base="http://news.test/x")

    async with runtime.database.read() as connection:
        urls = (await connection.execute(select(tables.carriers.c.url))).scalars().all()
        uris = (await connection.execute(select(tables.records.c.uri))).scalars().all()
    assert urls == uris == ["http://news.test/x/a/b%20c.html"]


async def test_a_saved_feed_cannot_read_files_outside_the_directory(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_bytes(page("Secret", 9))
    folder = tmp_path / "saved"
    folder.mkdir()
    up = f"{folder.as_uri()}/../secret.html"
    (folder / "feed.xml").write_bytes(atom(up, (tmp_path / "secret.html").as_uri()))

    backfill, _ = await run(runtime, "files", str(folder), await listed_source(runtime, "backfill:files"))

    assert backfill.processed == 0
    assert (await summary(runtime))["records"] == 0


async def test_a_stopped_backfill_resumes_with_its_listed_entries(newsroom: Newsroom, runtime: Runtime) -> None:
    hold = asyncio.Event()
    links = publish(newsroom, 1, 2)
    slow = newsroom.publish("/slow", body=page("Ferry", 3), content_type="text/html", when=hold)
    feed = newsroom.publish("/feed", body=atom(slow, *links))
    source_id = await add(runtime, feed)
    backfill = await open_backfill(runtime, await begin(runtime, "archive", feed, {}, source_id))
    work = asyncio.create_task(backfill.run())
    while not [request for request in newsroom.requests if request.path == "/slow"]:
        await newsroom.asked.wait()
        newsroom.asked.clear()

    backfill.stop()
    hold.set()
    state = await work
    again = await open_backfill(runtime, backfill.id)

    assert state == "running"
    assert (await again.run(), again.processed) == ("done", 3)


async def test_a_cancelled_backfill_leaves_no_entry_that_a_poll_would_take_for_known(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    hold = asyncio.Event()
    slow = newsroom.publish("/slow", body=page("Ferry", 3), content_type="text/html", when=hold)
    links = publish(newsroom, *range(10, 40))
    feed = newsroom.publish("/feed", body=atom(slow, *links, older=newsroom.url("/gone")))
    newsroom.publish("/gone", status=404)
    source_id = await add(runtime, feed)
    for number in range(10, 40):
        newsroom.publish(f"/{number}", body=page("Ferry", number), content_type="text/html", when=hold)
    backfill = await open_backfill(runtime, await begin(runtime, "archive", feed, {}, source_id))
    work = asyncio.create_task(backfill.run())
    while not [request for request in newsroom.requests if request.path == "/slow"]:
        await newsroom.asked.wait()
        newsroom.asked.clear()

    async with runtime.database.write() as connection:
        await backfills.cancel(connection, backfill.id, now=datetime.now(UTC))
    dropped = await backfills.drop_pending(runtime.database, backfill.id)
    hold.set()
    state = await work

    assert state == "cancelled"
    assert dropped > 0
    assert (await summary(runtime))["pending"] == 0
    newsroom.publish("/feed", body=atom(slow, *links))
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).run_until_idle()
    assert (await summary(runtime))["records"] == 31


async def test_the_daemon_takes_over_entries_of_a_dead_backfill_that_its_feed_lists(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    [link] = publish(newsroom, 1)
    feed = newsroom.publish("/feed", body=atom(link))
    source_id = await add(runtime, feed)
    newsroom.publish("/1", status=500)
    number = await begin(runtime, "archive", feed, {}, source_id)
    backfill = await open_backfill(runtime, number)
    backfill.stop()  # it lists nothing; the entry is inserted as a killed backfill would leave it
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).engine.run_until_idle(["polls"])
    async with runtime.database.write() as connection:
        await connection.execute(tables.entries.update().values(backfill_id=number))
        await connection.execute(tables.sources.update().values(due_at=datetime.now(UTC), body_hash=None))
    publish(newsroom, 1)

    await Service(runtime, max_polls=4, max_pages=4, per_site=4).run_until_idle()

    assert (await summary(runtime))["records"] == 1


async def test_the_next_backfill_takes_over_the_entries_of_a_dead_one(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    links = publish(newsroom, 1, 2)
    (tmp_path / "one").write_text("\n".join(links))
    source_id = await listed_source(runtime, "backfill:urls")
    dead = await begin(runtime, "urls", str(tmp_path / "one"), {}, source_id)
    backfill = await open_backfill(runtime, dead)
    work = asyncio.create_task(backfill.run())
    await newsroom.asked.wait()
    backfill.stop()
    await work
    async with runtime.database.write() as connection:
        await connection.execute(tables.backfills.update().values(run_id=None))
        await connection.execute(tables.entries.update().values(run_id=None))

    await run(runtime, "urls", str(tmp_path / "one"), source_id)

    assert (await summary(runtime))["records"] == 2
    async with runtime.database.read() as connection:
        assert await backfills.next_due(connection, dead) is None


async def test_wire_files_are_saved_with_all_their_versions(tmp_path: Path, runtime: Runtime) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()
    for number in (2, 1, 3):
        (folder / f"{number}.json").write_text(json.dumps(ninjs(version=number)))
    source_id = await listed_source(runtime, "backfill:files")

    first, state = await run(runtime, "files", str(folder), source_id)
    second, _ = await run(runtime, "files", str(folder), source_id)

    assert (state, first.listed.added, first.processed) == ("done", 1, 1)
    assert (second.listed.added, (await summary(runtime))["pending"]) == (0, 0)
    assert await revisions_in(runtime) == [(1, "new", "usable"), (2, "text", "usable"), (3, "text", "usable")]
    assert [record.revision for record in await records_in(runtime)] == [3]


async def test_the_daemon_processes_entries_that_changed_after_a_backfill(newsroom: Newsroom, runtime: Runtime) -> None:
    [link] = publish(newsroom, 1)
    feed = newsroom.publish("/feed", body=atom(link))
    source_id = await add(runtime, feed)
    await run(runtime, "archive", feed, source_id)
    newsroom.publish("/1", body=page("Ferry", 1).replace(b"on Monday", b"on Tuesday"), content_type="text/html")
    newsroom.publish("/feed", body=atom(link).replace(b"T12:00", b"T13:00"))

    figures = await poll_all(runtime)

    assert (figures["pending"], figures["revisions"]) == (0, 2)


async def test_what_a_server_refuses_fails_at_once_and_holds_nothing(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    runtime.ingest.timing = replace(runtime.ingest.timing, retry_delay=3600.0, attempts=5)
    [good] = publish(newsroom, 1)
    missing, gone = newsroom.publish("/missing", status=404), newsroom.publish("/gone", status=410)
    (tmp_path / "urls").write_text(f"{missing}\n{gone}\n{good}\n")

    async with asyncio.timeout(60):
        backfill, state = await run(runtime, "urls", f"{tmp_path}/urls", await listed_source(runtime, "backfill:urls"))

    assert (state, backfill.processed, backfill.quarantined) == ("done", 1, 2)
    async with runtime.database.read() as connection:
        reasons = {row["url"]: row["message"] for row in await failures.list_quarantined(connection)}
    assert reasons == {missing: "HTTP 404", gone: "HTTP 410"}


async def test_a_url_that_is_no_sitemap_fails_at_once(newsroom: Newsroom, runtime: Runtime) -> None:
    runtime.ingest.timing = replace(runtime.ingest.timing, retry_delay=3600.0, attempts=5)
    url = newsroom.publish("/sitemap.xml", body=b"<html><body>Not found</body></html>", content_type="text/html")

    async with asyncio.timeout(60):
        backfill, state = await run(runtime, "sitemap", url, await listed_source(runtime, url))

    assert state == "failed"
    assert backfill.error


async def test_a_backfill_says_what_it_waits_for(newsroom: Newsroom, runtime: Runtime, tmp_path: Path) -> None:
    runtime.ingest.timing = replace(runtime.ingest.timing, retry_delay=3600.0, attempts=5)
    busy = newsroom.publish("/busy", status=500)
    (tmp_path / "urls").write_text(f"{busy}\n{publish(newsroom, 1)[0]}\n")
    number = await begin(runtime, "urls", f"{tmp_path}/urls", {}, await listed_source(runtime, "backfill:urls"))
    backfill = await open_backfill(runtime, number)

    with capture_logs() as logs:
        running = asyncio.create_task(backfill.run())
        async with asyncio.timeout(60):
            while not any(line["event"] == "waiting to retry" for line in logs):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        backfill.stop()
        await running

    [line] = [line for line in logs if line["event"] == "waiting to retry"]
    assert (line["entries"], line["first"], backfill.processed) == (1, busy, 1)


async def test_a_cancelled_run_leaves_its_pages_under_way_pending(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    slow = newsroom.publish("/slow", body=page("Slow"), stalled=True)
    (tmp_path / "urls").write_text(f"{slow}\n")
    number = await begin(runtime, "urls", f"{tmp_path}/urls", {}, await listed_source(runtime, "backfill:urls"))
    backfill = await open_backfill(runtime, number)
    running = asyncio.create_task(backfill.run())
    async with asyncio.timeout(60):
        while not newsroom.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    backfill.cancel()

    async with asyncio.timeout(60):
        assert await running == "running"
    async with runtime.database.read() as connection:
        assert await backfills.count_entries(connection, number) == {"pending": 1}


async def test_a_backfill_of_a_source_that_is_removed_ends_and_can_be_resumed(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    runtime.ingest.timing = replace(runtime.ingest.timing, retry_delay=3600.0, attempts=5)
    busy = newsroom.publish("/busy", status=500)
    (tmp_path / "urls").write_text(f"{busy}\n")
    source_id = await listed_source(runtime, "backfill:urls")
    number = await begin(runtime, "urls", f"{tmp_path}/urls", {}, source_id)
    backfill = await open_backfill(runtime, number)
    running = asyncio.create_task(backfill.run())
    async with asyncio.timeout(60):
        while not newsroom.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async with runtime.database.write() as connection:
        await sources.set_state(connection, source_id, "removed", now=datetime.now(UTC))

    async with asyncio.timeout(60):
        assert await running == "running"
