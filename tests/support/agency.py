"""Wire items of an invented agency in ninjs and NewsML-G2, and helpers that push them and read what was stored."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from sqlalchemy import select, update

from ingestd.model.event import Event
from ingestd.model.reply import Reply
from ingestd.pipeline.read import listed_entries
from ingestd.pipeline.runtime import Runtime
from ingestd.store.database import Database
from ingestd.store.events.event_log import read_after
from ingestd.store.polls import polls, sources
from ingestd.store.schema import tables
from ingestd.times import iso
from ingestd.workers.jobs import parse_feed
from tests.support.desk import claim_source

#: When the first version of every item is created.
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ninjs(guid: str = "urn:newsml:harbour.example:1", version: int | None = 1, **fields: Any) -> dict[str, Any]:
    """Return a version of an item in ninjs; version 1 is created at noon, each further one an hour later."""
    created = fields.pop("created", NOON + timedelta(hours=(version or 1) - 1))
    number = {} if version is None else {"version": str(version)}
    time = {"versioncreated": iso(created)} if created else {}
    body = {"body_text": f"The mayor opens version {version} of the ferry."} if "body_text" not in fields else {}
    return {"uri": guid, "type": "text", "headline": "Mayor opens ferry"} | number | time | body | fields


def g2(guid: str, version: int, headline: str, text: str, *, created: datetime = NOON, **fields: str) -> bytes:
    """Return a version of an item in NewsML-G2; `fields` may have `status`, `embargoed`, `signal` and `note`."""
    meta = f"<versionCreated>{iso(created)}</versionCreated><itemClass qcode='ninat:text'/>"
    meta += f"<pubStatus qcode='stat:{fields.get('status', 'usable')}'/>"
    meta += f"<embargoed>{fields['embargoed']}</embargoed>" if "embargoed" in fields else ""
    meta += f"<signal qcode='{fields['signal']}'/>" if "signal" in fields else ""
    meta += f"<edNote>{escape(fields['note'])}</edNote>" if "note" in fields else ""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part)
    html = f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{paragraphs}</body></html>"
    return (
        f"<newsItem xmlns='http://iptc.org/std/nar/2006-10-01/' guid='{guid}' version='{version}' xml:lang='en'>"
        f"<itemMeta>{meta}</itemMeta><contentMeta><headline>{escape(headline)}</headline></contentMeta>"
        f"<contentSet><inlineXML contenttype='application/xhtml+xml'>{html}</inlineXML></contentSet></newsItem>"
    ).encode()


async def add_inbox(runtime: Runtime, name: str = "wire") -> int:
    async with runtime.database.write() as connection:
        return (await sources.add(connection, f"inbox:{name}", now=datetime.now(UTC)))[0]


async def send(runtime: Runtime, source_id: int, *documents: bytes | dict[str, Any] | list[dict[str, Any]]) -> None:
    """Push documents to a source, one after the other."""
    for document in documents:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        source = await claim_source(runtime, source_id)
        reply = Reply(url=source.url, final_url=source.url, status=200, body=body)
        await runtime.ingest.poller.push(source, reply)


async def keep_versions(database: Database, source_id: int, at: datetime, *versions: dict[str, Any]) -> None:
    """Store versions as if they had been listed at a time, without a poll; each in a transaction of its own."""
    for version in versions:
        parsed = parse_feed(json.dumps(version).encode(), "https://harbour.example/", None)
        async with database.write() as connection:
            await polls.add_entries(connection, source_id, listed_entries(parsed), now=at)


async def events_of(runtime: Runtime) -> list[Event]:
    async with runtime.database.read() as connection:
        return list((await read_after(connection, 0)).events)


async def revisions_in(runtime: Runtime) -> list[tuple[Any, ...]]:
    """Return number, kind of change and status of every revision."""
    c = tables.revisions.c
    async with runtime.database.read() as connection:
        rows = await connection.execute(select(c.revision, c.change, c.pubstatus).order_by(c.record_id, c.revision))
        return [tuple(row) for row in rows]


async def records_in(runtime: Runtime) -> list[Any]:
    async with runtime.database.read() as connection:
        return list((await connection.execute(select(tables.records).order_by(tables.records.c.id))).all())


async def let_embargoes_end(runtime: Runtime, by: timedelta) -> None:
    """Move the end of every embargo back, as if that much time had passed."""
    c = tables.records.c
    async with runtime.database.write() as connection:
        for row in (await connection.execute(select(c.id, c.release_at).where(c.release_at.is_not(None)))).all():
            earlier = update(tables.records).where(c.id == row.id).values(release_at=row.release_at - by)
            await connection.execute(earlier)


def kinds(events: Iterable[Event]) -> list[str]:
    return [event.kind for event in events]
