"""Parts of end-to-end tests: pages and feeds to publish, a runtime, and polls of everything that is due."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Row, update

from ingestd.daemon.service import Service
from ingestd.model.source import Source
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings
from ingestd.store.operations import overview
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.work.own_claims import claim_of

STORY = (
    "The ferry between the two islands will run again from Monday, the harbour master said, after a winter in which "
    "its engine was taken apart twice and put together three times by people who had read about it."
)
OTHER = (
    "A library that lends out umbrellas has had more of them returned than it ever owned, and is now looking for "
    "somewhere to keep the rest, its director told the council at a meeting held, as it happened, in the rain."
)


def page(headline: str, *paragraphs: str) -> bytes:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    head = f"<html lang=en><head><title>{headline}</title></head>"
    return f"{head}<body><article><h1>{headline}</h1>{text}</article></body></html>".encode()


def feed(*links: str, stamp: str = "2026-01-31T12:00:00Z") -> bytes:
    entries = "".join(
        f"<entry><id>tag:{link}</id><title>Story</title><link href='{link}'/><updated>{stamp}</updated></entry>"
        for link in links
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>tag:feed</id>{entries}</feed>".encode()


def feed_of(stories: Mapping[str, int]) -> bytes:
    """Return a feed of stories, given as guid → version; the headline of each says both."""
    listed = "".join(
        f"<entry><id>{guid}</id><title>{guid} version {version}</title>"
        f"<link href='https://{guid}.example/'/><updated>2026-01-31T12:00:00Z</updated></entry>"
        for guid, version in stories.items()
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>tag:feed</id>{listed}</feed>".encode()


async def add(runtime: Runtime, url: str) -> int:
    async with runtime.database.write() as connection:
        return (await sources.add(connection, url, now=datetime.now(UTC)))[0]


async def poll_all(runtime: Runtime) -> dict[str, int]:
    """Make every source due, poll all of them and process their entries; return the counts of the database."""
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=datetime.now(UTC)))
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).run_until_idle()
    async with runtime.database.read() as connection:
        return await overview.summary(connection)


@asynccontextmanager
async def open_desk(database_url: str, folder: Path, *, role: str = "test", **changes: Any) -> AsyncIterator[Runtime]:
    """Open the runtime of a daemon that may connect to the loopback and has no delays."""
    values: dict[str, Any] = {
        "state_dir": folder,
        "database_url": SecretStr(database_url),
        "allow_networks": (IPv4Network("127.0.0.0/8"),),
        "host_delay": 0,
        "retry_delay": 0,
        "attempts": 2,
        "interval": 900.0,
        "extractors": 1,
    }
    async with open_runtime(Settings(**(values | changes)), role=role) as runtime:
        yield runtime


async def source_row(runtime: Runtime, source_id: int) -> Row[Any]:
    async with runtime.database.read() as connection:
        return await sources.find(connection, str(source_id))


async def claim_source(runtime: Runtime, source_id: int) -> Source:
    """Claim a source for this run, and register that, or a heartbeat on a busy machine would give it back."""
    async with runtime.database.write() as connection:
        [source] = await sources.claim(connection, runtime.run_id, [source_id])
        runtime.claims.add([claim_of(source)])  # before the commit: a heartbeat may come in between
    return source
