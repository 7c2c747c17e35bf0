"""Why a site is left alone, as machines on one database share it (`store.work.manners`, `host_groups`)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.host_budgets import HostBudget
from ingestd.store.schema.tables import host_groups, manners


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWait:
    """What keeps requests to a site back."""

    #: The end of what it has asked for itself, and of the pause after its failures; None: neither.
    held_until: datetime | None
    failing_until: datetime | None
    failures: int
    #: The network whose sites throttle together, and the requests a second that they share; None: it has no budget.
    network: str | None
    rate: float | None


async def of_site(connection: AsyncConnection, site: str, *, now: datetime) -> SiteWait | None:
    """Return what keeps requests to a site back, None if nothing does."""
    columns = (manners.c.held_until, manners.c.failing_until, manners.c.failures)
    budgets = manners.outerjoin(host_groups, host_groups.c.network == manners.c.network)
    query = select(*columns, host_groups.c.network, host_groups.c.budget, host_groups.c.burst_at)
    row = (await connection.execute(query.select_from(budgets).where(manners.c.site == site))).one_or_none()
    if row is None:
        return None
    held_until, failing_until = (at if at and at > now else None for at in (row.held_until, row.failing_until))
    budget = None
    if row.network:
        budget = HostBudget(base=row.budget, age=max(0.0, (now - row.burst_at).total_seconds()))
    if budget and budget.is_over:
        budget = None
    if not (held_until or failing_until or budget):
        return None
    return SiteWait(
        held_until=held_until,
        failing_until=failing_until,
        failures=row.failures,
        network=row.network if budget else None,
        rate=round(budget.rate, 2) if budget else None,
    )
