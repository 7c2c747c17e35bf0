"""Find the sites at which something is due now, and the entries that are due there, for a queue of turns at sites.

PostgreSQL only: it reads the queue of Procrastinate, of which a site has at most one job.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.work import entries
from ingestd.store.work.due import Chosen, find_of_site

#: Rows that are read from the head of each queue: more only where the first ones are of few sites that may be asked.
_HEADS = (1000, 5000)

# A bitmap scan, which PostgreSQL prefers, reads all that is due and sorts it: 140 ms where 50,000 sources are.
_IN_INDEX_ORDER = text("SET LOCAL enable_bitmapscan = off")

# A source of an entry is looked at only where one is removed at all: what it left pending is never worked on.
_DUE = text(
    """
    SELECT due.site, due.waiting, due.is_own FROM (
        SELECT site, min(due) AS due, count(*) AS waiting, bool_or(is_own) AS is_own FROM (
            (SELECT site, due_at AS due, node IS NOT NULL AS is_own FROM sources
             WHERE state = 'active' AND run_id IS NULL AND due_at <= :now
                AND (node IS NULL OR node = CAST(:node AS text)) ORDER BY due_at LIMIT :head)
            UNION ALL
            (SELECT coalesce(site, ''), due_at, false FROM entries
             WHERE state = 'pending' AND run_id IS NULL AND backfill_id IS NULL AND due_at <= :now
                AND source_id NOT IN (SELECT id FROM sources WHERE state = 'removed')
             ORDER BY backfill_id, due_at LIMIT :head)
            UNION ALL
            (SELECT site, revisit_at, false FROM entries
             WHERE :with_revisits AND site IS NOT NULL
                AND state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL AND revisit_at <= :now
             ORDER BY revisit_at LIMIT :head)
        ) AS work GROUP BY site
    ) AS due
    LEFT JOIN manners ON manners.site = due.site
    WHERE (manners.site IS NULL OR (
            manners.next_at <= clock_timestamp()
            AND (manners.held_until IS NULL OR manners.held_until <= clock_timestamp())
            AND (manners.failing_until IS NULL OR manners.failing_until <= clock_timestamp())
        ))
        AND NOT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = due.site AND status = 'todo')
        AND NOT EXISTS (SELECT FROM procrastinate_jobs WHERE lock = due.site AND status = 'doing')
        AND due.site <> ALL(CAST(:without AS text[]))
    ORDER BY due.due LIMIT :most
    """
)

_DUE_KINDS = text(
    """
    SELECT EXISTS (
        SELECT FROM sources WHERE state = 'active' AND run_id IS NULL AND site = :site AND due_at <= :now
    ) AS polls, EXISTS (
        SELECT FROM entries
        WHERE state = 'pending' AND run_id IS NULL AND backfill_id IS NULL AND site = :site AND due_at <= :now
    ) AS pages, :with_revisits AND EXISTS (
        SELECT FROM entries
        WHERE state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL AND site = :site AND revisit_at <= :now
    ) AS revisits
    """
)

_FREE_QUEUES = text(
    """
    DELETE FROM procrastinate_jobs WHERE status = 'todo' AND starts_with(queue_name, :prefix) AND NOT EXISTS (
        SELECT FROM nodes JOIN runs ON runs.id = nodes.run_id
        WHERE nodes.state = 'active' AND procrastinate_jobs.queue_name = :prefix || nodes.name
    )
    """
)

# Entries without a page ask no site: several turns may work on them.  Those that are queued or under way are left out.
_FREE_SHARES = text(
    """
    SELECT share FROM unnest(CAST(:shares AS text[])) AS wanted (share)
    WHERE NOT EXISTS (SELECT FROM procrastinate_jobs WHERE lock = share AND status IN ('todo', 'doing'))
    """
)

#: Turns that work at once on the entries without a page, and entries for which another one is worth it.
_SHARES, _PER_SHARE = 16, 25

#: Begins the names of those turns; no site has it.
SHARE = "~"

# What waits is due at the times at which it can be asked for; otherwise the head of the queue would be full of it.
_PUT_OFF_ENTRIES = text(
    """
    UPDATE entries SET due_at = CAST(:now AS timestamptz) + make_interval(secs => :seconds + waiting.place * :step)
    FROM (
        SELECT id, row_number() OVER (ORDER BY due_at, id) - 1 AS place FROM (
            SELECT id, due_at FROM entries
            WHERE state = 'pending' AND run_id IS NULL AND backfill_id IS NULL AND site = :site AND due_at <= :now
            ORDER BY backfill_id, site, due_at LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS locked
    ) AS waiting
    WHERE entries.id = waiting.id
    """
)
_PUT_OFF_SOURCES = text(
    """
    UPDATE sources SET due_at = CAST(:now AS timestamptz) + make_interval(secs => :seconds)
    WHERE site = :site AND state = 'active' AND run_id IS NULL AND due_at <= :now
    """
)

#: Entries of a site that are put off at once.
_MOST = 1000


async def put_off(connection: AsyncConnection, site: str, *, now: datetime, seconds: float, step: float) -> None:
    """Make what is due at a site due again in some seconds; its pages one after the other, `step` seconds apart."""
    values = {"site": site, "now": now, "seconds": seconds}
    await connection.execute(_PUT_OFF_SOURCES, values)
    await connection.execute(_PUT_OFF_ENTRIES, values | {"step": step, "most": _MOST})


async def due_sites(
    connection: AsyncConnection,
    *,
    now: datetime,
    limit: int,
    with_revisits: bool = True,
    node: str | None = None,
    without: Collection[str] = (),
) -> dict[str, bool]:
    """Return sites that have due work, may be asked now and have no job in the queue, the longest due first.

    Only with sources that `node` may poll, as `node_sources.polled_by` says, and without the sites in `without`.  The
    value says whether a due source there belongs to the node, so that no other can take the turn.  Names that begin
    with SHARE stand for shares of the entries that have no page.
    """
    values = {"now": now, "most": limit, "with_revisits": with_revisits, "node": node, "without": [*without]}
    await connection.execute(_IN_INDEX_ORDER)
    for head in _HEADS:
        rows = (await connection.execute(_DUE, values | {"head": head})).all()
        if len(rows) >= limit // 4:
            break
    sites: dict[str, bool] = {}
    for row in rows:
        if row.site:
            sites[row.site] = row.is_own
        else:
            names = [f"{SHARE}{number}" for number in range(min(_SHARES, 1 + row.waiting // _PER_SHARE))]
            free = (await connection.execute(_FREE_SHARES, {"shares": names})).scalars()
            sites |= dict.fromkeys(free, False)
    return sites


@dataclass(frozen=True, slots=True, kw_only=True)
class DueKinds:
    """The kinds of work that are due at a site."""

    polls: bool
    pages: bool
    revisits: bool


async def due_kinds(connection: AsyncConnection, site: str, *, now: datetime, with_revisits: bool) -> DueKinds:
    """Return which kinds of work are due at a site: one statement, where each kind would need several to find none."""
    values = {"site": site, "now": now, "with_revisits": with_revisits}
    row = (await connection.execute(_DUE_KINDS, values)).one()
    return DueKinds(polls=row.polls, pages=row.pages, revisits=row.revisits)


async def free_queues_of_nodes(connection: AsyncConnection, prefix: str) -> int:
    """Delete turns that wait in the queues of nodes which take none; `prefix` begins the names of those queues."""
    return (await connection.execute(_FREE_QUEUES, {"prefix": prefix})).rowcount


async def find_due_of_site(connection: AsyncConnection, site: str | None, *, now: datetime, limit: int) -> list[int]:
    """Return the ids of a site's due pending entries for `claim`, the longest due first; None: those without a page.

    Entries of backfills and of removed sources are left out; of those of one address, one is found at a time.  Whether
    that is at work already, `claim` sees: a site is in one hand, so that few are.
    """
    chosen = Chosen((), by_address=True)
    return await find_of_site(connection, entries.pending(None), chosen, site, now=now, limit=limit)
