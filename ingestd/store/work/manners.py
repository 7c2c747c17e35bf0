"""When each site may be asked again: rows that all machines on one PostgreSQL database share.

A run has a site from the commit before its first request there until it gives the site back, or until it is dead; no
other run asks the site meanwhile.  Times are of the database's clock, since those of the machines may differ.

Each permission has a number, and a run gives back the number that it has: one that is stored late, or whose commit
was thought lost, cannot take the site from a request that began meanwhile.  All statements lock rows in the order of
their sites.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The consecutive failures of a site, and what its breaker has come to."""

    count: int = 0
    #: Seconds for which the breaker opened last; 0: it is closed.
    wait: float = 0.0
    #: Seconds until the site may be probed.
    left: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A run's wish to ask a site, and the seconds that it leaves between two requests there."""

    site: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer: whether the run has the site now, and what it has to know about it."""

    is_granted: bool
    #: The number of the permission.
    number: int = 0
    #: Seconds for which the site has asked to be left alone, or is left alone because it keeps failing.
    held_for: float = 0.0
    #: Seconds until the site may be asked, unless another run keeps it for longer.
    wait: float = 0.0
    #: The longest Crawl-delay that any run has read there, in seconds, and the origin that asks for it.
    delay: float = 0.0
    delay_origin: str | None = None
    failures: Failures = Failures()
    #: Where the site was last reached.
    network: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a run leaves to the next about a site; None: nothing new."""

    site: str
    #: Seconds for which the site has asked to be left alone; 0: it has not.
    held_for: float = 0.0
    #: The longest delay, its origin, and the origin whose delay has changed.
    delay: float | None = None
    delay_origin: str | None = None
    changed_origin: str | None = None
    #: Stored only if the run has the site still.
    failures: Failures | None = None
    #: The number of the permission that is given back; 0: none is.
    given_back: int = 0
    #: Seconds for which nobody asks a site that is given back.
    wait: float = 0.0
    #: Where the site was last reached.
    network: str | None = None


#: The row changes only if the run may ask now, so that the rows it returns are the sites granted.  The run's own row is
#: locked: whoever deletes it, because the run seems dead, waits, and then gives this site back as well (`release`).
_TAKE = text(
    """
    WITH me AS (SELECT id FROM runs WHERE id = :run FOR KEY SHARE)
    INSERT INTO manners AS m (site, run_id, next_at, pace, takes)
    SELECT site, me.id, clock_timestamp() + make_interval(secs => pace), pace, 1
    FROM unnest(CAST(:sites AS text[]), CAST(:paces AS float8[])) AS wished (site, pace), me ORDER BY site
    ON CONFLICT (site) DO UPDATE SET
        run_id = excluded.run_id,
        next_at = greatest(excluded.next_at, clock_timestamp() + make_interval(secs => m.delay)),
        pace = excluded.pace,
        takes = m.takes + 1
    WHERE (m.held_until IS NULL OR m.held_until <= clock_timestamp())
        AND (m.failing_until IS NULL OR m.failing_until <= clock_timestamp())
        AND (m.run_id = excluded.run_id OR m.run_id IS NULL AND m.next_at <= clock_timestamp())
    RETURNING site, takes, delay, delay_origin, failures, failing_wait, network
    """
)

_STATE = text(
    """
    SELECT site, delay, delay_origin, failures, failing_wait, network,
        greatest(0, extract(epoch FROM held_until - clock_timestamp()))::float8 AS held_for,
        greatest(0, extract(epoch FROM failing_until - clock_timestamp()))::float8 AS failing_for,
        greatest(0, extract(epoch FROM next_at - clock_timestamp()))::float8 AS wait
    FROM manners WHERE site = ANY(CAST(:sites AS text[]))
    """
)

#: `known` is joined a second time for what has no column; the site is given back if `takes` is still the run's.
_STORE = text(
    """
    WITH known AS (
        SELECT * FROM unnest(
            CAST(:sites AS text[]), CAST(:numbers AS int[]), CAST(:waits AS float8[]), CAST(:holds AS float8[]),
            CAST(:delays AS float8[]), CAST(:delay_origins AS text[]), CAST(:changed_origins AS text[]),
            CAST(:failures AS int[]), CAST(:failing_waits AS float8[]), CAST(:failing_lefts AS float8[]),
            CAST(:networks AS text[])
        ) AS known (
            site, number, wait, hold, delay, delay_origin, changed_origin, failures, failing_wait, failing_left, network
        )
    )
    INSERT INTO manners AS m (site, next_at, delay, delay_origin, network, held_until)
    SELECT site, clock_timestamp(), coalesce(delay, 0), delay_origin, network,
        CASE WHEN hold > 0 THEN clock_timestamp() + make_interval(secs => hold) END
    FROM known ORDER BY site
    ON CONFLICT (site) DO UPDATE SET (
        held_until, delay, delay_origin, failures, failing_wait, failing_until, next_at, run_id, network
    ) = (
        SELECT greatest(m.held_until, excluded.held_until),
            CASE WHEN is_delay_new THEN k.delay ELSE m.delay END,
            CASE WHEN is_delay_new THEN k.delay_origin ELSE m.delay_origin END,
            CASE WHEN is_own THEN k.failures ELSE m.failures END,
            CASE WHEN is_own THEN k.failing_wait ELSE m.failing_wait END,
            CASE WHEN NOT is_own THEN m.failing_until
                WHEN k.failing_left > 0 THEN clock_timestamp() + make_interval(secs => k.failing_left) END,
            CASE WHEN is_given_back THEN greatest(m.next_at, clock_timestamp() + make_interval(secs => k.wait))
                ELSE m.next_at END,
            CASE WHEN is_given_back THEN NULL ELSE m.run_id END,
            coalesce(k.network, m.network)
        FROM (
            SELECT known.*,
                known.delay IS NOT NULL AND (
                    known.delay >= m.delay OR m.delay_origin IS NULL OR m.delay_origin = known.changed_origin
                ) AS is_delay_new,
                known.failures IS NOT NULL AND m.run_id IS NOT DISTINCT FROM :run AS is_own,
                m.run_id IS NOT DISTINCT FROM :run AND m.takes = known.number AS is_given_back
            FROM known WHERE known.site = m.site
        ) AS k
    )
    """
)

_OF_RUN = text("SELECT site, takes FROM manners WHERE run_id = :run")

#: A request of the run may have begun until now.
_RELEASE = text(
    """
    WITH held AS (
        SELECT site FROM manners WHERE run_id = ANY(CAST(:runs AS text[])) ORDER BY site FOR UPDATE
    )
    UPDATE manners SET run_id = NULL,
        next_at = greatest(next_at, clock_timestamp() + make_interval(secs => greatest(delay, pace)))
    FROM held WHERE manners.site = held.site
    """
)


async def take(connection: AsyncConnection, run_id: str, wishes: Sequence[Taking]) -> list[Taken]:
    """Take sites for a run, each until it is given back; returns an answer for each wish, in their order.

    A run that is not registered is granted nothing.  The site's next time is committed with the caller's transaction,
    so it must end before the request begins.
    """
    paces: dict[str, float] = {}
    for wish in wishes:
        paces[wish.site] = max(wish.delay, paces.get(wish.site, 0.0))
    values = {"run": run_id, "sites": [*paces], "paces": [*paces.values()]}
    answers = {
        row.site: Taken(
            is_granted=True,
            number=row.takes,
            delay=row.delay,
            delay_origin=row.delay_origin,
            failures=Failures(count=row.failures, wait=row.failing_wait),
            network=row.network,
        )
        for row in await connection.execute(_TAKE, values)
    }
    if refused := [site for site in paces if site not in answers]:
        for row in await connection.execute(_STATE, {"sites": refused}):
            held_for = max(row.held_for or 0.0, row.failing_for or 0.0)
            answers[row.site] = Taken(
                is_granted=False,
                held_for=held_for,
                wait=max(row.wait, held_for),
                delay=row.delay,
                delay_origin=row.delay_origin,
                failures=Failures(count=row.failures, wait=row.failing_wait, left=row.failing_for or 0.0),
                network=row.network,
            )
    # A row that was deleted in between: the next try inserts it.
    return [answers.get(wish.site, Taken(is_granted=False)) for wish in wishes]


async def store(connection: AsyncConnection, run_id: str, news: Collection[News]) -> None:
    """Store what a run has learned about sites, each once, and give sites back; a hold that lasts longer stays."""
    if not news:
        return
    failures = [one.failures for one in news]
    values = {
        "run": run_id,
        "sites": [one.site for one in news],
        "numbers": [one.given_back for one in news],
        "waits": [one.wait for one in news],
        "holds": [one.held_for for one in news],
        "delays": [one.delay for one in news],
        "delay_origins": [one.delay_origin for one in news],
        "changed_origins": [one.changed_origin for one in news],
        "failures": [one and one.count for one in failures],
        "failing_waits": [one and one.wait for one in failures],
        "failing_lefts": [one and one.left for one in failures],
        "networks": [one.network for one in news],
    }
    await connection.execute(_STORE, values)


async def of_run(connection: AsyncConnection, run_id: str) -> dict[str, int]:
    """Return the sites that a run has, each with the number of its permission."""
    return {row.site: row.takes for row in await connection.execute(_OF_RUN, {"run": run_id})}


async def release(connection: AsyncConnection, run_ids: Collection[str]) -> None:
    """Give all sites of ended or dead runs back; each is left alone for its delay from now on."""
    if connection.dialect.name == "postgresql" and run_ids:  # elsewhere there is one process, and no row
        await connection.execute(_RELEASE, {"runs": [*run_ids]})
