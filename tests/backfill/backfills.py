"""Backfills as the command runs them, and documents for them to read."""

from datetime import UTC, datetime
from typing import Any

from ingestd.backfill.job import Backfill
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.runtime import Runtime
from ingestd.store.operations import overview
from ingestd.store.polls import sources
from ingestd.store.work import backfills


def page(headline: str, number: int = 0) -> bytes:
    """Return an article page; each headline and number gives a different text."""
    text = (
        f"<p>{headline}: the harbour master of island {number} said on Monday that the ferry had been counted, "
        f"painted and counted again, and that the number {number} had come out each time, as everyone hoped.</p>"
        f"<p>Nobody on quay {number} could say who had asked for it, but {number} people came to watch.</p>"
    )
    head = f"<!DOCTYPE html><html lang=en><head><title>{headline}</title></head>"
    return f"{head}<body><article><h1>{headline}</h1>{text}</article></body></html>".encode()


def atom(*links: str, older: str | None = None, rel: str = "prev-archive") -> bytes:
    entries = "".join(
        f"<entry><id>tag:{link}</id><title>Story</title><link href='{link}'/><updated>2026-01-31T12:00:00Z</updated>"
        f"</entry>"
        for link in links
    )
    before = f"<link rel='{rel}' href='{older}'/>" if older else ""
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><id>tag:feed</id><title>F</title>{before}{entries}</feed>".encode()
    )


async def begin(runtime: Runtime, kind: str, argument: str, options: dict[str, Any], source_id: int) -> int:
    """Create a backfill that this run has claimed, and register that, or a heartbeat would give it back."""
    async with runtime.database.write() as connection:
        number = await backfills.create(
            connection, kind=kind, argument=argument, options=options, source_id=source_id, cursor={},
            run_id=runtime.run_id, now=datetime.now(UTC),
        )  # fmt: skip
        runtime.claims.add([("backfills", number, 0)])
    return number


async def open_backfill(runtime: Runtime, number: int, *, max_documents: int = 100) -> Backfill:
    async with runtime.database.read() as connection:
        row, counts = await backfills.find(connection, number), await backfills.count_entries(connection, number)
    reader = DocumentReader(
        fetcher=runtime.fetcher,
        pool=runtime.pool,
        archive=runtime.archive,
        retries=runtime.retries,
        timing=runtime.ingest.timing,
        max_body=2**20,
    )
    return Backfill(
        row, counts, ingest=runtime.ingest, reader=reader, limit=4, per_site=4,
        max_documents=max_documents,
    )  # fmt: skip


async def listed_source(runtime: Runtime, url: str) -> int:
    async with runtime.database.write() as connection:
        return await sources.add_list(connection, url, now=datetime.now(UTC))


async def run(runtime: Runtime, kind: str, argument: str, source_id: int, **options: Any) -> tuple[Backfill, str]:
    backfill = await open_backfill(runtime, await begin(runtime, kind, argument, options, source_id))
    return backfill, await backfill.run()


async def summary(runtime: Runtime) -> dict[str, int]:
    async with runtime.database.read() as connection:
        return await overview.summary(connection)
