"""A purge leaves no byte of a story's content in any file of the data folder, on both databases."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
import zstandard
from sqlalchemy import make_url, select, text, update

from ingestd.archive import packs
from ingestd.archive.directory import DirectoryArchive
from ingestd.erasure.job import Purged, erase_returned, purge_records
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer
from ingestd.pipeline.runtime import Runtime
from ingestd.pipeline.subjects import of_item
from ingestd.store.records import free_space
from ingestd.store.schema import tables
from tests.archive.test_directory import make_older, pack_files
from tests.support.agency import add_inbox, ninjs, send
from tests.support.desk import OTHER, STORY, add, open_desk, page, poll_all
from tests.support.newsroom import Answer as Reply
from tests.support.newsroom import Newsroom

#: Only the story that is purged has this word; its index terms are in lower case.
MARK = "Quastenflosser"
SECRET = f"The {MARK} was seen again. {STORY}"
REVISED = f"The {MARK} was seen a second time. {STORY}"
LONG = " ".join(f"The keeper of the harbour counted {number} boats that morning." for number in range(30))
ITEM, OTHER_ITEM = "urn:newsml:a.example:1", "urn:newsml:a.example:2"


def feed(link: str, title: str, *, content: str = "", guid: str = "", others: int = 1) -> bytes:
    """Return a feed of one story, and of others that have no page."""
    full = f"<content type='html'>&lt;p&gt;{content}&lt;/p&gt;</content>" if content else ""
    entries = f"<entry><id>{guid or link}</id><title>{title}</title><link href='{link}'/>{full}</entry>"
    entries += "".join(
        f"<entry><id>tag:{number}</id><title>Harvest {number}</title>"
        f"<content type='html'>&lt;p&gt;{number} {OTHER} {LONG}&lt;/p&gt;</content></entry>"
        for number in range(others)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>tag:f</id>{entries}</feed>".encode()


async def make_visits_due(runtime: Runtime) -> None:
    async with runtime.database.write() as connection:
        soon = update(tables.entries).where(tables.entries.c.state == "done")
        await connection.execute(soon.values(revisit_at=datetime.now(UTC)))


async def fill(newsroom: Newsroom, runtime: Runtime, root: Path) -> set[int]:
    """Store a story in every way in which it gets into the archive and the database; return its records.

    Pages of two revisions, the page of a carrier at another address, an entry's own text, feeds that announce it with
    other words, versions of a wire item, a page whose commit failed, a copy of an earlier day, a record without a row.
    """
    link = newsroom.publish("/1", answers=[
        Reply(body=page(f"{MARK} seen", SECRET), content_type="text/html"),
        Reply(body=page(f"{MARK} seen twice", REVISED), content_type="text/html"),
        Reply(status=404, content_type="text/html", body=f"no {MARK} here".encode()),
    ])  # fmt: skip
    carrier = newsroom.publish("/2", body=page(f"{MARK} seen", SECRET) + b"<!-- 2 -->", content_type="text/html")
    first, second, third = (newsroom.url(f"/{name}.xml") for name in ("first", "second", "third"))
    newsroom.publish("/first.xml", answers=[
        Reply(body=feed(link, f"{MARK} seen")), Reply(body=feed(link, f"{MARK} seen twice", others=2)),
        Reply(body=feed(link, f"{MARK} seen twice", others=3)),
    ])  # fmt: skip
    newsroom.publish("/second.xml", body=feed(carrier, f"Did they see a {MARK}"))
    newsroom.publish("/third.xml", answers=[
        Reply(body=feed(newsroom.url("/3"), f"{MARK} in full", content=f"{MARK} {STORY} {LONG}")),
        Reply(body=feed(newsroom.url("/3"), "Nothing to see", content=f"{MARK} moved. {STORY} {LONG}")),
    ])  # fmt: skip
    for url in (first, second, third):
        await add(runtime, url)
        await poll_all(runtime)
    await make_visits_due(runtime)
    await poll_all(runtime)
    await make_visits_due(runtime)
    await poll_all(runtime)
    inbox = await add_inbox(runtime)
    await send(runtime, inbox, *[
        ninjs(ITEM, version, headline=f"{MARK} {version}", body_text=f"{MARK} {version} {STORY}", slugline=MARK)
        for version in (1, 2)
    ])  # fmt: skip
    await send(runtime, inbox, ninjs(ITEM, 2, headline=f"{MARK} 2", body_text=f"{MARK} 2 {STORY}", slugline=MARK, x=1))
    await send(runtime, inbox, ninjs(OTHER_ITEM, 1, headline="Harvest fair", body_text=OTHER))
    answer = Answer(url=link, final_url=link, status=200, headers=(("X-Title", MARK),), fetched_at=datetime.now(UTC))
    await runtime.archive.put(f"<p>{MARK}, of which no row is left".encode(), "page", answer)
    make_older(root, 2)
    again = DirectoryArchive(root)
    await again.put(page(f"{MARK} seen", SECRET), "page")
    [newest, *_] = sorted(pack_files(root, "page"), key=lambda file: -file.stat().st_mtime)
    with packs.locked(newest):
        content = f"{MARK}: killed before its row".encode()
        packs.append(newest, [packs.make_record(content, sha256(content).digest())])
    async with runtime.database.read() as connection:
        c = tables.entries.c
        own = c.url.in_([link, carrier, newsroom.url("/3")]) | (c.guid == ITEM)
        return set((await connection.execute(select(c.record_id).where(own))).scalars()) - {None}


def contents(file: Path) -> Iterator[bytes]:
    """Yield the content of every record in a pack whose bytes are still there, with or without a row."""
    data = file.read_bytes()
    position = data.find(b"IPK1")
    while position >= 0:
        with_rest = zstandard.ZstdDecompressor().decompressobj()
        try:
            yield with_rest.decompress(data[position + 52 :])
        except zstandard.ZstdError:
            yield data[position:]
        position = data.find(b"IPK1", position + 1)


def in_archive(root: Path) -> list[bytes]:
    """Return the contents in the archive, uncompressed, that have the mark."""
    found = [
        one for file in pack_files(root) for one in contents(file) if MARK.lower() in one.decode("latin-1").lower()
    ]
    raw = [file for file in root.rglob("*") if file.is_file() and MARK.lower().encode() in file.read_bytes().lower()]
    assert not raw or found
    return found


async def stored_contents(runtime: Runtime, records: set[int]) -> list[bytes]:
    """Return pieces from the middle of the compressed contents of some records' revisions."""
    async with runtime.database.read() as connection:
        r = tables.revisions.c
        rows = (await connection.execute(select(r.content).where(r.record_id.in_(records)))).scalars()
        return [content[len(content) // 2 :][:24] for content in rows if content and len(content) > 60]


async def database_files(runtime: Runtime, folder: Path) -> Iterable[Path]:
    if runtime.database.dialect == "sqlite":
        return folder.glob("ingestd.db*")  # noqa: ASYNC240 - a test may block
    await runtime.database.run_alone("CHECKPOINT")
    async with runtime.database.read() as connection:
        data = (await connection.execute(text("SHOW data_directory"))).scalar_one()
        number = text("SELECT oid FROM pg_database WHERE datname = current_database()")
        base = Path(data, "base", str((await connection.execute(number)).scalar_one()))
        return base.iterdir()  # noqa: ASYNC240 - a test may block


async def in_database(runtime: Runtime, folder: Path, pieces: list[bytes]) -> list[str]:
    """Return what of the mark and of compressed contents is in the files of the database."""
    wanted = [MARK.encode(), MARK.lower().encode(), MARK[3:].lower().encode(), *pieces]
    files = {file.name: file.read_bytes() for file in await database_files(runtime, folder) if file.is_file()}
    return [f"{name}: {one!r}" for name, data in files.items() for one in wanted if one in data]


async def purge(runtime: Runtime, records: set[int], **options: bool) -> Purged:
    return await purge_records(
        runtime.database, runtime.archive, actor="clerk", reason="court order 7", record_ids=records, **options
    )


@pytest.mark.parametrize("rewrite", [True, False], ids=["rewrite", "overwrite"])
async def test_nothing_of_a_purged_story_is_left_in_any_file(
    newsroom: Newsroom, database_url: str, tmp_path: Path, rewrite: bool
) -> None:
    root = tmp_path / "archive"
    async with open_desk(database_url, tmp_path) as runtime:
        records = await fill(newsroom, runtime, root)
        pieces = await stored_contents(runtime, records)
        assert len(records) == 3
        assert len(pieces) >= 5
        assert len(in_archive(root)) >= 12
        assert len(await in_database(runtime, tmp_path, pieces)) > len(pieces)

        done = await purge(runtime, records, rewrite=rewrite)

        assert done.records == 3
        assert in_archive(root) == []
        if rewrite or runtime.database.dialect == "sqlite":
            assert await in_database(runtime, tmp_path, pieces) == []
        async with runtime.database.read() as connection:
            query = select(tables.events.c.record_id).where(tables.events.c.kind == "purged")
            assert set((await connection.execute(query)).scalars()) == records
            [row] = (await connection.execute(select(tables.purges))).all()
        assert (row.documents, row.shared) == (done.documents, done.shared)


async def test_a_rewrite_waits_for_transactions_that_still_see_what_is_erased(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    root = tmp_path / "archive"
    async with open_desk(database_url, tmp_path) as runtime:
        records = await fill(newsroom, runtime, root)
        pieces = await stored_contents(runtime, records)

        async def look() -> None:
            async with runtime.database.snapshot() as connection:
                await connection.execute(select(tables.records.c.id))
                looking.set()
                await asyncio.sleep(2)

        looking = asyncio.Event()
        task = asyncio.create_task(look())
        await looking.wait()
        await purge(runtime, records, rewrite=True)
        await task

        assert await in_database(runtime, tmp_path, pieces) == []


async def test_a_rewrite_waits_for_a_writer_between_two_statements(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    """Such a writer has no snapshot, but its transaction number keeps what was deleted after it began."""
    async with open_desk(database_url, tmp_path) as runtime:
        records = await fill(newsroom, runtime, tmp_path / "archive")
        pieces = await stored_contents(runtime, records)

        async def write() -> None:
            async with runtime.database.write() as connection:
                await connection.execute(update(tables.runs).values(role=tables.runs.c.role))
                written.set()
                await asyncio.sleep(2)

        written = asyncio.Event()
        task = asyncio.create_task(write())
        await written.wait()
        await purge(runtime, records, rewrite=True)
        await task

        assert await in_database(runtime, tmp_path, pieces) == []


async def test_a_rewrite_waits_for_a_writer_in_another_database(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    """Snapshots reach back to the oldest writer of the server, and that of the rewrite itself does, too."""
    async with open_desk(database_url, tmp_path) as runtime:
        if runtime.database.dialect != "postgresql":
            return  # a SQLite file has no neighbours
        records = await fill(newsroom, runtime, tmp_path / "archive")
        pieces = await stored_contents(runtime, records)
        server = make_url(database_url).set(database="postgres").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(server) as neighbour:
            await neighbour.execute("SELECT pg_current_xact_id()")
            purged = asyncio.create_task(purge(runtime, records, rewrite=True))
            await asyncio.wait([purged], timeout=2)
            await neighbour.rollback()
            await purged

        assert await in_database(runtime, tmp_path, pieces) == []


@pytest.mark.parametrize("rewrite", [False, True], ids=["vacuum", "rewrite"])
async def test_a_transaction_that_lasts_too_long_is_told(
    newsroom: Newsroom, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewrite: bool
) -> None:
    async with open_desk(database_url, tmp_path) as runtime:
        records = await fill(newsroom, runtime, tmp_path / "archive")
        is_shared = runtime.database.dialect == "postgresql"
        async with runtime.database.snapshot() as connection:
            await connection.execute(select(tables.sites.c.site))
            monkeypatch.setattr(free_space, "_MAX_SNAPSHOT_WAIT", 0.2)
            first = await purge(runtime, records, rewrite=rewrite) if is_shared else None  # SQLite would wait for it
        monkeypatch.undo()
        again = await purge(runtime, records, rewrite=rewrite)

        assert (first is None) or first.kept_in_files
        assert not again.kept_in_files


async def test_documents_of_other_stories_stay_and_shared_ones_are_counted(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    async with open_desk(database_url, tmp_path) as runtime:
        records = await fill(newsroom, runtime, tmp_path / "archive")
        inbox = await add_inbox(runtime)
        both = [ninjs(ITEM, 3, headline=f"{MARK} 3"), ninjs("urn:newsml:a.example:3", 1, headline="Low tide")]
        await send(runtime, inbox, both)

        planned = await purge(runtime, records, dry_run=True)
        before = len(in_archive(tmp_path / "archive"))
        done = await purge(runtime, records)

        assert planned == done
        assert before > 0
        async with runtime.database.read() as connection:
            r = tables.revisions.c
            others = select(r.headline, r.raw).where(r.record_id.not_in(records), r.raw.is_not(None))
            kept = {row.headline: row.raw for row in await connection.execute(others)}
        with pytest.raises(ArchiveError, match="missing"):
            await runtime.archive.get(kept["Low tide"])
        assert b"Harvest fair" in await runtime.archive.get(kept["Harvest fair"])
        assert b"counted 1 boats" in await runtime.archive.get(kept["Harvest 0"])
        # The wire document with two items, and five feeds that brought other entries.
        assert done.shared == 6


@pytest.mark.parametrize("where", ["purge.purge", "free_space.erase_free_space"])
async def test_a_purge_that_was_killed_is_finished_by_the_next_one(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    records = await fill(newsroom, runtime, tmp_path / "archive")
    pieces = await stored_contents(runtime, records)

    async def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"ingestd.store.records.{where}", killed)
        with pytest.raises(KeyboardInterrupt):
            await purge(runtime, records)
    await purge(runtime, records, rewrite=True)

    assert in_archive(tmp_path / "archive") == []
    assert await in_database(runtime, tmp_path, pieces) == []


async def test_documents_without_subjects_are_found_by_their_rows(
    newsroom: Newsroom, runtime: Runtime, tmp_path: Path
) -> None:
    """Archives of earlier versions have no subjects; then every document of the source counts."""
    root = tmp_path / "archive"
    inbox = await add_inbox(runtime)
    await send(runtime, inbox, ninjs(ITEM, 1, headline=f"{MARK} 1"), ninjs(OTHER_ITEM, 1, headline="Harvest fair"))
    await send(runtime, inbox, ninjs(ITEM, 1, headline=f"{MARK} 1", x=1))
    with closing(sqlite3.connect(root / "index.sqlite")) as connection, connection:
        connection.execute("DROP TABLE subjects")

    await purge(runtime, {1})

    assert in_archive(root) == []


async def test_what_a_source_sends_again_is_erased_too(newsroom: Newsroom, database_url: str, tmp_path: Path) -> None:
    """The item through its source and another one, its page through another feed, while the daemon is at work."""
    root = tmp_path / "archive"
    async with open_desk(database_url, tmp_path) as runtime:
        records = await fill(newsroom, runtime, root)
        await purge(runtime, records)
        other = await add_inbox(runtime, "other")
        wire = await add_inbox(runtime)
        for number, source_id in ((3, wire), (4, other), (5, other), (6, wire)):
            again = ninjs(ITEM, number, headline=f"{MARK} {number}", body_text=f"{MARK} {STORY}")
            await send(runtime, source_id, again)
        await runtime.archive.put(f"{MARK}, fetched before the purge".encode(), "page", subjects=[of_item(other, ITEM)])
        assert len(in_archive(root)) == 5

        assert await erase_returned(runtime.database, runtime.archive) == 5

        assert in_archive(root) == []
        await purge_records(runtime.database, runtime.archive, actor="clerk", reason=None, rewrite=True)
        assert await in_database(runtime, tmp_path, []) == []
        assert await erase_returned(runtime.database, runtime.archive) == 0
