"""Share the budgets of sites that throttle together among the machines on one PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from ingestd.errors import StoreError
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.work import host_groups
from ingestd.web.politeness.host_groups import Burst, HostGroups

log = structlog.get_logger(__name__)

#: Seconds between two reads of the budgets; a burst of refusals is stored at once.
REFRESH = 5.0


@asynccontextmanager
async def shared_budgets(database: Database, groups: HostGroups) -> AsyncIterator[None]:
    """Store the bursts that a process sees, and have it keep to the budgets of all."""
    bursts: dict[str, float] = {}
    has_burst = asyncio.Event()

    def note(burst: Burst) -> None:
        log.warning("sites at one address throttle together", network=burst.network, rate=round(burst.rate, 2))
        bursts[burst.network] = burst.rate
        has_burst.set()

    async def keep_up() -> None:
        while True:
            try:
                await _exchange(database, groups, bursts)
            except StoreError as error:
                log_failure(log, "budgets of addresses not exchanged", error)
                await asyncio.sleep(REFRESH)
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH):
                    await has_burst.wait()
            has_burst.clear()

    groups.on_burst = note
    keeping_up = asyncio.create_task(keep_up(), name="budgets of addresses")
    try:
        yield
    finally:
        keeping_up.cancel()
        await asyncio.wait([keeping_up])


async def _exchange(database: Database, groups: HostGroups, bursts: dict[str, float]) -> None:
    stored = dict(bursts)
    if stored:
        async with database.write() as connection:
            await host_groups.delete_ended(connection)
            for network in sorted(stored):
                await host_groups.record_burst(connection, network, stored[network] * groups.processes)
        for network, rate in stored.items():
            if bursts.get(network) == rate:
                del bursts[network]
    async with database.read() as connection:
        processes = await host_groups.processes(connection)
        groups.update(await host_groups.budgets(connection), processes=processes)
