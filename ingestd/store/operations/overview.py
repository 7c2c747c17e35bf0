"""Figures for health, metrics, the status page and summaries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Text, and_, case, cast, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.condition import condition_of
from ingestd.policy.polling.document_warnings import LEFT_OUT
from ingestd.store.consumers import figures
from ingestd.store.consumers.figures import ConsumerFigures
from ingestd.store.nodes.listing import Node, list_nodes
from ingestd.store.operations.durability import unsafe_settings
from ingestd.store.polls.source_warnings import warnings_from_json
from ingestd.store.schema.source_tables import FAILING, HAVE_PROBLEM, UNLISTED
from ingestd.store.schema.tables import carriers, entries, failures, gaps, polls, records, revisions, runs, sources
from ingestd.store.statements import one_of
from ingestd.times import iso
from ingestd.urls import without_userinfo

#: A source is overdue when it was due this long ago (seconds).  The sources of one site wait for each other and for
#: its delay, so a minute means nothing.
OVERDUE = 300.0

#: States of a source, and those that are shown even if no source is in them.
_STATES, _SHOWN = ("active", "paused", "gone", "removed"), ("active", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFigures:
    """The figures that health is judged by."""

    #: Number of sources by state; "active" and "paused" are always present.
    sources: Mapping[str, int]
    #: Active, unclaimed sources that were due before the time `late`, an argument of `health_figures`.
    overdue: int
    #: Active sources whose last poll failed.
    failing: int
    #: Active sources that published less than expected.
    quiet: int
    #: Active sources with warnings about their documents; and of these, where entries or items are left out.
    warned: int
    incomplete: int
    #: The oldest of the active sources' last successful polls; None: no poll has succeeded.
    oldest_success: datetime | None
    #: The longest interval set for an active source, in seconds; 0: none is set.
    longest_interval: float
    #: Open gaps.
    gaps: int
    #: Records that are killed by words alone, about which nobody has decided yet.
    unconfirmed_kills: int
    #: Due entries that are unclaimed, without those of backfills, and when the first became due; None: queue is empty.
    queue: int
    queue_since: datetime | None
    #: Daemons at work on this database.
    daemons: int
    #: Claims, without those of backfills, whose work was due before `late_claims` or, for revisits, `late_revisits`.
    late_claims: int
    #: Settings of PostgreSQL with which a crash loses commits.
    unsafe_settings: tuple[str, ...] = ()
    consumers: tuple[ConsumerFigures, ...] = ()
    nodes: tuple[Node, ...] = ()


async def health_figures(
    connection: AsyncConnection, *, now: datetime, late: datetime, late_claims: datetime, late_revisits: datetime
) -> HealthFigures:
    """Return the figures that health is judged by; the last three times say what is late."""
    due = and_(entries.c.state == "pending", entries.c.run_id.is_(None), entries.c.due_at <= now)
    entry_row = (
        await connection.execute(
            select(func.count().label("queue"), func.min(entries.c.due_at).label("queue_since")).where(
                due,
                entries.c.backfill_id.is_(None),
                entries.c.source_id.not_in(select(sources.c.id).where(sources.c.state == "removed").scalar_subquery()),
            )
        )
    ).one()
    open_gaps = select(func.count()).where(gaps.c.state == "open")
    to_confirm = select(func.count()).where(records.c.unconfirmed_kill_at.is_not(None))
    claims = await _count_late_claims(connection, late=late_claims, late_revisits=late_revisits)
    return HealthFigures(
        overdue=await _count_overdue(connection, late), gaps=(await connection.execute(open_gaps)).scalar_one(),
        unconfirmed_kills=(await connection.execute(to_confirm)).scalar_one(), daemons=await count_daemons(connection),
        late_claims=claims, unsafe_settings=tuple(await unsafe_settings(connection)),
        consumers=await figures.read(connection), nodes=tuple(await list_nodes(connection)),
        **await _source_figures(connection), **entry_row._mapping,
    )  # fmt: skip


async def schema_version(connection: AsyncConnection) -> str | None:
    """Return the version of the schema, None if the database has none."""
    version = await connection.execute(text("SELECT version_num FROM alembic_version"))
    return version.scalar_one_or_none()


async def _source_figures(connection: AsyncConnection) -> dict[str, Any]:
    """Return what one pass over all sources counts, a second a million."""
    c, is_active = sources.c, sources.c.state == "active"

    def count(condition: ColumnElement[bool]) -> Any:
        return func.count(case((and_(is_active, condition), 1)))

    # Not grouped by state: SQLite would sort all rows for that.
    query = select(
        *(func.count(case((c.state == state, 1))).label(state) for state in _STATES),
        count(c.failures > 0).label("failing"),
        count(c.quiet_since.is_not(None)).label("quiet"),
        count(c.warnings.is_not(None)).label("warned"),
        count(cast(c.warnings, Text).like(f"%{LEFT_OUT}%")).label("incomplete"),
        func.min(case((is_active, c.last_success_at))).label("oldest_success"),
        func.coalesce(func.max(case((is_active, c.interval))), 0.0).label("longest_interval"),
    ).where(c.kind == "feed")
    found = dict((await connection.execute(query)).mappings().one())
    by_state = {state: found.pop(state) for state in _STATES}
    return {**found, "sources": {state: number for state, number in by_state.items() if number or state in _SHOWN}}


async def _count_overdue(connection: AsyncConnection, late: datetime) -> int:
    # Only with columns of the index `sources_due`, whose rows alone are read then; active sources are feeds.
    overdue = and_(sources.c.state == "active", sources.c.run_id.is_(None), sources.c.due_at < late)
    return int((await connection.execute(select(func.count()).where(overdue))).scalar_one())


async def _count_late_claims(connection: AsyncConnection, *, late: datetime, late_revisits: datetime) -> int:
    is_late = or_(
        and_(entries.c.state == "pending", entries.c.due_at < late),
        and_(entries.c.state == "done", entries.c.revisit_at < late_revisits),
    )
    # The entries of a backfill are all due at its start.
    of_entries = and_(entries.c.run_id.is_not(None), entries.c.backfill_id.is_(None), is_late)
    of_sources = and_(sources.c.run_id.is_not(None), sources.c.due_at < late)
    counts = [select(func.count()).where(claimed).scalar_subquery() for claimed in (of_sources, of_entries)]
    return int((await connection.execute(select(counts[0] + counts[1]))).scalar_one())


async def count_daemons(connection: AsyncConnection) -> int:
    """Return the number of daemons at work on this database."""
    return int((await connection.execute(select(func.count()).where(runs.c.role == "daemon"))).scalar_one())


async def summary(connection: AsyncConnection) -> dict[str, int]:
    """Return the number of rows of each kind.

    Sources, polls (of these 304s and failures), entries (of these pending and quarantined), records, revisions
    (without reprocessed ones), duplicates (carriers beyond the first of each record) and failures.
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
    counted = {
        name: int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
        for name, table in (
            ("records", records), ("carriers", carriers), ("failures", failures),
        )
    }  # fmt: skip
    news = select(func.count()).where(revisions.c.change != "reprocessed")
    # By difference: both numbers are counted by indexes, which are much smaller than the table.
    unlisted = select(func.count()).select_from(sources).where(UNLISTED).scalar_subquery()
    listed = select(func.count() - unlisted).select_from(sources)
    return {
        "sources": int((await connection.execute(listed)).scalar_one()),
        **polled._mapping,
        **await count_entries(connection),
        "records": counted["records"],
        "revisions": int((await connection.execute(news)).scalar_one()),
        "duplicates": counted["carriers"] - counted["records"],
        "failures": counted["failures"],
    }


async def count_entries(connection: AsyncConnection) -> dict[str, int]:
    """Return the number of entries, and of these pending and quarantined ones."""
    c = entries.c
    # Each by an index, which is much smaller than the table; pending ones that are claimed have one of their own.
    conditions = (
        true(),
        and_(c.state == "pending", c.run_id.is_(None)),
        and_(c.state == "pending", c.run_id.is_not(None)),
        c.state == "quarantined",
    )
    counts = [select(func.count()).select_from(entries).where(one).scalar_subquery() for one in conditions]
    number, waiting, claimed, quarantined = (await connection.execute(select(*counts))).one()
    return {"entries": number, "pending": waiting + claimed, "quarantined": quarantined}


async def last_polls(connection: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Return the latest polls of all sources, newest first, each with its source's title and URL."""
    query = (
        select(polls, sources.c.title.label("source_title"), sources.c.url.label("source_url"))
        .join(sources, sources.c.id == polls.c.source_id)
        .order_by(polls.c.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def sources_by_failures(connection: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Return the first of the sources that are not removed, those with most failures in a row first."""
    failing = select(sources).where(FAILING).order_by(sources.c.failures.desc(), sources.c.id)
    rows = (await connection.execute(failing.limit(limit))).mappings().all()
    others = select(sources).where(sources.c.state != "removed", sources.c.kind == "feed", sources.c.failures == 0)
    more = await connection.execute(others.order_by(sources.c.id).limit(limit - len(rows)))
    return [dict(row) for row in (*rows, *more.mappings())]


async def last_records(connection: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Return the records saved or revised last, newest first, without their text.

    Each has its status, how its current revision changed it, its headline, its number of carriers, and the URL, source
    title and source URL of its first entry.  Withheld and killed ones are without headline and URLs.
    """

    def shown(column: Column[Any]) -> Any:
        return case((records.c.pubstatus == "usable", column)).label(column.name)

    carried = select(func.count()).where(carriers.c.record_id == records.c.id).scalar_subquery()
    current = and_(revisions.c.record_id == records.c.id, revisions.c.revision == records.c.revision)
    query = (
        select(
            shown(records.c.uri), records.c.revision, records.c.updated_at, records.c.pubstatus, revisions.c.change,
            shown(revisions.c.headline), shown(entries.c.url),
            carried.label("carriers"), sources.c.title.label("source_title"), sources.c.url.label("source_url"),
        )
        .join(revisions, current)
        .join(entries, entries.c.id == records.c.origin_entry_id)
        .join(sources, sources.c.id == entries.c.source_id)
        .order_by(records.c.updated_at.desc(), records.c.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def sources_with_problems(
    connection: AsyncConnection, *, late: datetime, source_ids: Collection[int] | None = None, after: int = 0,
    limit: int = 1000,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return summaries of the sources whose condition is not ok, that were due before `late`, or that moved.

    With `source_ids`, only of these sources.

    Moved are those with another source's address.  By id, at most `limit`, from the first one above `after` on.
    """
    late_ones = (sources.c.state == "active") & (sources.c.due_at < late)
    # The sums keep the databases from reading all sources in the order of their numbers.
    number = sources.c.id + 0
    found: set[int] = set()
    for wanted, by in (
        (and_(HAVE_PROBLEM, sources.c.id > after), sources.c.id),
        (and_(late_ones, sources.c.run_id.is_(None), number > after), number),
        (and_(late_ones, sources.c.run_id.is_not(None), number > after), number),
    ):
        query = select(sources.c.id).where(wanted, true() if source_ids is None else one_of(sources.c.id, source_ids))
        found.update((await connection.execute(query.order_by(by).limit(limit))).scalars())
    rows = select(sources).where(sources.c.id.in_(sorted(found)[:limit])).order_by(sources.c.id)
    return [source_summary(row) for row in await connection.execute(rows)]


#: The columns that a summary of a source is made of.
SUMMARISED = tuple(sources.c[name] for name in (
    "id", "url", "title", "state", "condition", "quiet_since", "last_error", "same_as", "failures", "last_success_at",
    "due_at", "warnings",
))  # fmt: skip


def source_summary(row: Row[Any]) -> dict[str, Any]:
    """Return a row of `sources` for display: its condition, the reason, and the next poll."""
    return summary_of_values(*(getattr(row, column.name) for column in SUMMARISED))


def summary_of_values(  # noqa: PLR0917 - in the order of SUMMARISED: a row gives values ten times faster than names
    number: int, url: str, title: str | None, state: str, last: str, quiet_since: datetime | None, reason: str | None,
    same_as: int | None, failures: int, last_success_at: datetime | None, due_at: datetime | None, warnings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the values of SUMMARISED, in their order, for display."""
    condition = condition_of(state=state, last=last, quiet=quiet_since is not None)
    if condition == "quiet":
        reason = f"nothing new since {iso(quiet_since)}: less than expected for these hours of the week"
    if condition == "ok" and same_as is not None:
        reason = f"moved to the address of source {same_as}"
    return {
        "id": number,
        "url": without_userinfo(url),
        "title": title,
        "condition": condition,
        "reason": reason,
        "failures": failures,
        "last_success_at": iso(last_success_at),
        "next_attempt_at": iso(due_at) if state == "active" else None,
        "warnings": [one.text for one in warnings_from_json(warnings)],
    }
