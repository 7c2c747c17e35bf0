"""Explain an article by its URL or guid: where it was seen, and every decision about it with its reason."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.model.story_words import reasons
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.store.consumers.sight import Sight
from ingestd.store.operations import decisions
from ingestd.store.stories import listing
from ingestd.store.work import site_waits
from ingestd.times import iso
from ingestd.urls import normalise, without_userinfo


async def _normalised(connection: AsyncConnection, name: str) -> str:
    try:
        return normalise(name)
    except ValueError as error:
        if await decisions.entries_at(connection, [name]):
            return name
        raise UsageError(f"{error}; it is not the guid of an entry either") from error


async def why(
    connection: AsyncConnection, url: str, *, include_withheld: bool = False, sight: Sight | None = None
) -> dict[str, Any]:
    """Return the entries of a URL, each with its source, state and history of decisions, oldest first.

    Entries are found by the URL as given and as normalised, by their guid, and by their record's canonical URL.
    Those of a withheld or killed record are without URLs and reasons, which may quote it, unless `include_withheld`.
    With `sight`, those of sources and records that are seen, without stories, whose evidence tells of other records.
    Raises UsageError if it is neither a URL nor the guid of any entry.
    """
    normalised = await _normalised(connection, url)
    rows = await decisions.entries_at(connection, sorted({url, normalised}))
    if sight is not None:
        seen = await sight.sources(connection, {row["source_id"] for row in rows})
        records = await sight.records(connection, {row["record_id"] for row in rows} - {None})
        rows = [row for row in rows if row["source_id"] in seen and row["record_id"] in {None, *records}]
    entries = [await _explained(connection, row, story=sight is None) for row in rows]
    if not include_withheld:
        entries = [
            entry if may_be_shown(row["pubstatus"] or "usable") else _redacted(entry)
            for entry, row in zip(entries, rows, strict=True)
        ]
    return {"url": without_userinfo(url), "normalised": normalised, "entries": entries}


async def _explained(connection: AsyncConnection, row: dict[str, Any], *, story: bool) -> dict[str, Any]:
    return {
        "entry": row["id"],
        "source": row["source_id"],
        "source_url": without_userinfo(row["source_url"]),
        "guid": row["guid"],
        "url": row["url"],
        "first_seen_at": iso(row["first_seen_at"]),
        "last_seen_at": iso(row["last_seen_at"]),
        "state": row["state"],
        "attempts": row["attempts"],
        "next_attempt_at": iso(row["due_at"]) if row["state"] == "pending" else None,
        "site_wait": await _site_wait(connection, row) if story else None,
        "visits": row["visits"],
        "visited_at": iso(row["visited_at"]),
        "next_visit_at": iso(row["revisit_at"]) if row["state"] == "done" and row["revisits"] else None,
        "gone": row["gone"],
        "gone_since": iso(row["gone_since"]),
        "record": row["record_guid"],
        "record_uri": row["uri"],
        "story": await _story(connection, row["record_id"]) if story else None,
        "history": [{**step, "at": iso(step["at"])} for step in await decisions.history(connection, row["id"])],
    }


async def _site_wait(connection: AsyncConnection, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return why the site of a pending entry is left alone, as machines share it; None: it is not."""
    if row["state"] != "pending" or not row["site"]:
        return None
    wait = await site_waits.of_site(connection, row["site"], now=datetime.now(UTC))
    if wait is None:
        return None
    return {
        "site": row["site"],
        "held_until": iso(wait.held_until),
        "failing_until": iso(wait.failing_until),
        "failures": wait.failures,
        "network": wait.network,
        "requests_a_second": wait.rate,
    }


async def _story(connection: AsyncConnection, record_id: int | None) -> dict[str, Any] | None:
    """Return how the record came to its story, whose text it has by which evidence, and what it changed."""
    found = await listing.of_records(connection, [record_id]) if record_id is not None else []
    if not found:
        return None
    one = next(one for one in found[0].copies if one.record_id == record_id)
    return {"story": found[0].id, "records": len(found[0].copies), "reasons": list(reasons(one))}


def _redacted(entry: dict[str, Any]) -> dict[str, Any]:
    # Reasons of the stage "identity" are ingestd's own words; others quote URLs, servers and feeds.
    history = [step if step["stage"] == "identity" else {**step, "reason": "(withheld)"} for step in entry["history"]]
    return {**entry, "url": None, "record_uri": None, "history": history}
