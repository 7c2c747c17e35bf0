"""When each site may be asked again: rows that all machines on one PostgreSQL database share.

A run has a site from the commit before its first request there until it gives the site back, or until it is dead; no
other run asks the site meanwhile.  Times are of the database's clock, since those of the machines may differ.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A run's wish to ask a site, and the seconds that it leaves between two requests there."""

    site: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer: whether the run has the site now, and what it has to know about it."""

    is_granted: bool
    #: Seconds for which the site has asked to be left alone.
    held_for: float = 0.0
    #: Seconds until the site may be asked, unless another run keeps it for longer.
    wait: float = 0.0
    #: The longest Crawl-delay that any run has read there, in seconds.
    delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a run has learned about a site and leaves to the next."""

    site: str
    delay: float = 0.0
    #: Seconds for which the site has asked to be left alone; 0: it has not.
    held_for: float = 0.0


#: The row changes only if the run may ask now, so that the rows it returns are the sites granted.
_TAKE = text(
    """
    INSERT INTO manners AS m (site, run_id, next_at)
    SELECT site, :run, clock_timestamp() + make_interval(secs => delay)
    FROM unnest(CAST(:sites AS text[]), CAST(:delays AS float8[])) AS wished (site, delay) ORDER BY site
    ON CONFLICT (site) DO UPDATE SET
        run_id = excluded.run_id,
        next_at = greatest(excluded.next_at, clock_timestamp() + make_interval(secs => m.delay))
    WHERE (m.held_until IS NULL OR m.held_until <= clock_timestamp())
        AND (
            m.run_id = excluded.run_id
            OR m.next_at <= clock_timestamp()
            AND (m.run_id IS NULL OR NOT EXISTS (SELECT FROM runs WHERE runs.id = m.run_id))
        )
    RETURNING site, delay
    """
)

_STATE = text(
    """
    SELECT site, delay,
        coalesce(extract(epoch FROM held_until - clock_timestamp()), 0)::float8 AS held_for,
        extract(epoch FROM next_at - clock_timestamp())::float8 AS wait
    FROM manners WHERE site = ANY(CAST(:sites AS text[]))
    """
)

_LEARN = text(
    """
    INSERT INTO manners AS m (site, next_at, delay, held_until)
    SELECT site, clock_timestamp(), delay,
        CASE WHEN held > 0 THEN clock_timestamp() + make_interval(secs => held) END
    FROM unnest(CAST(:sites AS text[]), CAST(:delays AS float8[]), CAST(:holds AS float8[]))
        AS learned (site, delay, held) ORDER BY site
    ON CONFLICT (site) DO UPDATE SET
        delay = excluded.delay, held_until = greatest(m.held_until, excluded.held_until)
    """
)

_GIVE_BACK = text(
    """
    UPDATE manners SET run_id = NULL, next_at = greatest(next_at, clock_timestamp() + make_interval(secs => given.wait))
    FROM unnest(CAST(:sites AS text[]), CAST(:waits AS float8[])) AS given (site, wait)
    WHERE manners.site = given.site AND manners.run_id = :run
    """
)

_GIVE_ALL_BACK = text(
    """
    UPDATE manners SET run_id = NULL,
        next_at = greatest(next_at, clock_timestamp() + make_interval(secs => greatest(delay, CAST(:delay AS float8))))
    WHERE run_id = :run
    """
)


async def take(connection: AsyncConnection, run_id: str, wishes: Sequence[Taking]) -> list[Taken]:
    """Take sites for a run, each until `give_back`; returns an answer for each wish, in their order.

    The site's next time is committed with the caller's transaction, so it must end before the request begins.
    """
    delays: dict[str, float] = {}
    for wish in wishes:
        delays[wish.site] = max(wish.delay, delays.get(wish.site, 0.0))
    values = {"run": run_id, "sites": [*delays], "delays": [*delays.values()]}
    granted = {row.site: Taken(is_granted=True, delay=row.delay) for row in await connection.execute(_TAKE, values)}
    refused = [site for site in delays if site not in granted]
    rows = await connection.execute(_STATE, {"sites": refused}) if refused else ()
    answers = granted | {
        row.site: Taken(
            is_granted=False, held_for=max(0.0, row.held_for), wait=max(0.0, row.wait, row.held_for), delay=row.delay
        )
        for row in rows
    }
    # A row that was deleted in between: the next try inserts it.
    return [answers.get(wish.site, Taken(is_granted=False)) for wish in wishes]


async def learn(connection: AsyncConnection, known: Collection[Learned]) -> None:
    """Store what a run has learned about sites; a hold that lasts longer stays."""
    by_site = {one.site: one for one in known}
    values = {
        "sites": [*by_site],
        "delays": [one.delay for one in by_site.values()],
        "holds": [one.held_for for one in by_site.values()],
    }
    if by_site:
        await connection.execute(_LEARN, values)


async def give_back(connection: AsyncConnection, run_id: str, waits: dict[str, float]) -> None:
    """Give sites back that a run has; no run asks them for as many more seconds as `waits` says."""
    if waits:
        values = {"run": run_id, "sites": sorted(waits), "waits": [waits[site] for site in sorted(waits)]}
        await connection.execute(_GIVE_BACK, values)


async def give_all_back(connection: AsyncConnection, run_id: str, delay: float) -> None:
    """Give all sites of a run back; each keeps its own delay from now on, or `delay` seconds if that is longer."""
    await connection.execute(_GIVE_ALL_BACK, {"run": run_id, "delay": delay})
