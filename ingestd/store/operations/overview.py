"""Figures about the whole: for health, metrics, the status page and summaries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.condition import condition_of
from ingestd.store.schema.tables import carriers, entries, failures, gaps, polls, records, revisions, sources
from ingestd.times import iso
from ingestd.urls import without_userinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFigures:
    """What health is judged by."""

    #: The version of the schema, None where there is none.
    schema: str | None
    #: Sources by state; active and paused are always there.
    sources: Mapping[str, int]
    #: Active sources that are not at work and were due before `late`.
    overdue: int
    #: Active sources whose last poll failed.
    failing: int
    #: Active sources that should have published something.
    quiet: int
    #: The oldest last success of an active source, None before the first.
    oldest_success: datetime | None
    #: The longest interval that a source has of its own (seconds), 0 where none has.
    longest_interval: float
    #: Gaps that nobody has closed.
    gaps: int
    #: Entries due and not at work, and the time the oldest became due; those of backfills are left out.
    queue: int
    queue_since: datetime | None


async def health_figures(connection: AsyncConnection, *, now: datetime, late: datetime) -> HealthFigures:
    """Return what health is judged by."""
    schema = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    feed = sources.c.kind == "feed"
    states = await connection.execute(select(sources.c.state, func.count()).where(feed).group_by(sources.c.state))
    source_row = (
        await connection.execute(
            select(
                func.count(case((and_(sources.c.run_id.is_(None), sources.c.due_at < late), 1))).label("overdue"),
                func.count(case((sources.c.failures > 0, 1))).label("failing"),
                func.count(sources.c.quiet_since).label("quiet"),
                func.min(sources.c.last_success_at).label("oldest_success"),
                func.coalesce(func.max(sources.c.interval), 0.0).label("longest_interval"),
            ).where(feed, sources.c.state == "active")
        )
    ).one()
    due = and_(entries.c.state == "pending", entries.c.run_id.is_(None), entries.c.due_at <= now)
    entry_row = (
        await connection.execute(
            select(func.count().label("queue"), func.min(entries.c.due_at).label("queue_since")).where(
                due, entries.c.backfill_id.is_(None)
            )
        )
    ).one()
    missing = (await connection.execute(select(func.count()).where(gaps.c.state == "open"))).scalar_one()
    by_state = {"active": 0, "paused": 0} | {row[0]: row[1] for row in states}
    return HealthFigures(schema=schema, sources=by_state, gaps=missing, **source_row._mapping, **entry_row._mapping)


async def summary(connection: AsyncConnection) -> dict[str, int]:
    """Return counts of everything.

    Sources, polls (and of these the 304s and failures), entries (and of these the pending and quarantined),
    records, revisions (without those that are no news: reprocessed), duplicates (carriers beyond each record's
    first) and failures.
    """
    polled = (
        await connection.execute(
            select(
                func.count().label("polls"),
                func.count(case((polls.c.outcome == "not_modified", 1))).label("not_modified"),
                func.count(case((polls.c.outcome == "failed", 1))).label("failed_polls"),
            )
        )
    ).one()
    by_state = {
        row[0]: row[1]
        for row in await connection.execute(select(entries.c.state, func.count()).group_by(entries.c.state))
    }
    counted = {
        name: int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
        for name, table in (
            ("records", records), ("carriers", carriers), ("failures", failures),
        )
    }  # fmt: skip
    news = select(func.count()).where(revisions.c.change != "reprocessed")
    listed = select(func.count()).where(sources.c.state != "removed", sources.c.kind == "feed")
    return {
        "sources": int((await connection.execute(listed)).scalar_one()),
        **polled._mapping,
        "entries": sum(by_state.values()),
        "pending": by_state.get("pending", 0),
        "quarantined": by_state.get("quarantined", 0),
        "records": counted["records"],
        "revisions": int((await connection.execute(news)).scalar_one()),
        "duplicates": counted["carriers"] - counted["records"],
        "failures": counted["failures"],
    }


async def last_polls(connection: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Return the latest polls of all sources, newest first, each with its source's title and URL."""
    query = (
        select(polls, sources.c.title.label("source_title"), sources.c.url.label("source_url"))
        .join(sources, sources.c.id == polls.c.source_id)
        .order_by(polls.c.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def foremost_sources(connection: AsyncConnection, *, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Return sources that were not removed, the ones with most failures in a row first, and how many there are."""
    wanted = and_(sources.c.state != "removed", sources.c.kind == "feed")
    query = select(sources).where(wanted).order_by(sources.c.failures.desc(), sources.c.id).limit(limit)
    total = (await connection.execute(select(func.count()).select_from(sources).where(wanted))).scalar_one()
    return [dict(row) for row in (await connection.execute(query)).mappings()], int(total)


async def last_records(connection: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Return the records saved or revised last, newest first, without their text.

    Each with its headline, its number of carriers, and of its first entry the URL and the source's title and URL.
    """
    carried = select(func.count()).where(carriers.c.record_id == records.c.id).scalar_subquery()
    current = and_(revisions.c.record_id == records.c.id, revisions.c.revision == records.c.revision)
    query = (
        select(
            records.c.uri, records.c.revision, records.c.updated_at, revisions.c.headline, entries.c.url,
            carried.label("carriers"), sources.c.title.label("source_title"), sources.c.url.label("source_url"),
        )
        .join(revisions, current)
        .join(entries, entries.c.id == records.c.origin_entry_id)
        .join(sources, sources.c.id == entries.c.source_id)
        .order_by(records.c.updated_at.desc(), records.c.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def troubled_sources(connection: AsyncConnection, *, limit: int = 1000) -> list[dict[str, Any]]:
    """Return the sources that are not simply ok: their condition, the reason, and the next attempt."""
    wrong = (sources.c.condition != "ok") | (sources.c.state != "active") | sources.c.quiet_since.is_not(None)
    wanted = (sources.c.kind == "feed", sources.c.state != "removed", wrong | sources.c.same_as.is_not(None))
    rows = await connection.execute(select(sources).where(*wanted).order_by(sources.c.id).limit(limit))
    return [described(row) for row in rows]


def described(row: Row[Any]) -> dict[str, Any]:
    """Return a row of `sources` as it is told: its condition in a word, the reason, and the next attempt."""
    condition = condition_of(state=row.state, last=row.condition, quiet=row.quiet_since is not None)
    reason = row.last_error
    if condition == "quiet":
        reason = f"nothing new since {iso(row.quiet_since)}, which its own weeks make unlikely"
    if condition == "ok" and row.same_as is not None:
        reason = f"moved to the address of source {row.same_as}"
    return {
        "id": row.id,
        "url": without_userinfo(row.url),
        "title": row.title,
        "condition": condition,
        "reason": reason,
        "failures": row.failures,
        "last_success_at": iso(row.last_success_at),
        "next_attempt_at": iso(row.due_at) if row.state == "active" else None,
    }
