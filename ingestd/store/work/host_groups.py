"""Networks whose sites throttle together, with a budget that all machines on one database share."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.host_budgets import EXPIRY, HostBudget, first_budget

#: PostgreSQL only; times are of its clock.
_LOCKED = text(
    """
    SELECT budget, extract(epoch FROM clock_timestamp() - burst_at)::float8 AS age
    FROM host_groups WHERE network = :network FOR UPDATE
    """
)
_ALL = text(
    """
    SELECT network, budget, extract(epoch FROM clock_timestamp() - burst_at)::float8 AS age FROM host_groups
    WHERE burst_at > clock_timestamp() - make_interval(secs => :seconds) ORDER BY burst_at DESC LIMIT 1000
    """
)
_INSERT = text(
    """
    INSERT INTO host_groups (network, budget, burst_at) VALUES (:network, :budget, clock_timestamp())
    ON CONFLICT (network) DO NOTHING
    """
)
_UPDATE = text("UPDATE host_groups SET budget = :budget, burst_at = clock_timestamp() WHERE network = :network")
_DELETE = text("DELETE FROM host_groups WHERE burst_at <= clock_timestamp() - make_interval(secs => :seconds)")

#: Of all roles: whoever is registered asks sites.
_PROCESSES = text("SELECT count(*) FROM runs")


async def record_burst(connection: AsyncConnection, network: str, rate: float) -> None:
    """Halve the budget of a network after a burst of refusals, or give it half of `rate` requests a second."""
    budget = first_budget(rate)
    if (await connection.execute(_INSERT, {"network": network, "budget": budget.base})).rowcount:
        return
    row = (await connection.execute(_LOCKED, {"network": network})).one_or_none()
    if row is None:
        return  # deleted just now: the next burst inserts it
    known = HostBudget(base=row.budget, age=max(0.0, row.age))
    after = budget if known.is_over else known.after_burst()
    if after is not known:
        await connection.execute(_UPDATE, {"network": network, "budget": after.base})


async def budgets(connection: AsyncConnection) -> dict[str, HostBudget]:
    """Return the budget of each network that has one, at most a thousand, the latest burst first."""
    rows = await connection.execute(_ALL, {"seconds": EXPIRY})
    return {row.network: HostBudget(base=row.budget, age=max(0.0, row.age)) for row in rows}


async def processes(connection: AsyncConnection) -> int:
    """Return the number of processes that share the budgets."""
    return int((await connection.execute(_PROCESSES)).scalar_one())


async def delete_ended(connection: AsyncConnection) -> None:
    """Delete the budgets that have ended."""
    await connection.execute(_DELETE, {"seconds": EXPIRY})
