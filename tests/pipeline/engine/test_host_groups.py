"""Sites that a provider limits together: real requests of machines that share one database."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from time import monotonic

import pytest
from aiohttp import web
from sqlalchemy import func, select, update

from ingestd.demo.names import NameServer
from ingestd.errors import Held, Throttled
from ingestd.pipeline.engine.row_turns import RowTurns, open_row_turns
from ingestd.pipeline.engine.shared_budgets import shared_budgets
from ingestd.policy.host_budgets import EXPIRY, HostBudget
from ingestd.store.database import Database
from ingestd.store.schema.tables import host_groups as groups_table
from ingestd.store.schema.tables import manners as manners_table
from ingestd.store.work import host_groups, runs
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.conftest import LendDatabase

NETWORK, SITES = "127.0.0.0/24", 20


class Provider:
    """An address with many sites, which accepts `limit` requests in any second from a client, whichever it asks."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: When each request arrived, and whether it was accepted.
        self.arrivals: list[tuple[float, bool]] = []
        self._accepted: deque[float] = deque()
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.01)

    async def __aenter__(self) -> "Provider":
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, _request: web.BaseRequest) -> web.Response:
        now = monotonic()
        while self._accepted and now - self._accepted[0] > 1.0:
            self._accepted.popleft()
        is_accepted = len(self._accepted) < self.limit
        self.arrivals.append((now, is_accepted))
        if not is_accepted:
            return web.Response(status=429, headers={"Retry-After": "1"})
        self._accepted.append(now)
        return web.Response(text="<rss/>", content_type="application/rss+xml")

    def refused(self, since: float = 0.0) -> int:
        return sum(not is_accepted for at, is_accepted in self.arrivals if at >= since)


@pytest.fixture
async def database(lend_database: LendDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    with lend_database("postgresql", tmp_path) as url:
        async with Database(url) as database:
            yield database


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def open_machine(
    database: Database, stack: AsyncExitStack, names: NameServer
) -> tuple[Fetcher, Pacing, RowTurns]:
    async with database.write() as connection:
        run_id = await runs.start(connection, role="daemon", now=datetime.now(UTC))
    turns = await stack.enter_async_context(open_row_turns(database, run_id))
    pacing = Pacing(delay=0.2, shared=turns)
    await stack.enter_async_context(shared_budgets(database, pacing.groups))
    fetcher = await stack.enter_async_context(
        Fetcher(
            user_agent="ingestd/test (+tests@example.org)",
            allow_networks=[IPv4Network("127.0.0.0/8")],
            nameservers=[names.address],
            pacing=pacing,
        )
    )
    return fetcher, pacing, turns


async def ask(fetcher: Fetcher, url: str, until: float) -> None:
    """Ask a site as often as its pacing lets it."""
    while monotonic() < until:
        try:
            await fetcher.get(url)
        except (Throttled, Held) as error:
            seconds = error.seconds if isinstance(error, Held) else (error.retry_after or 1.0)
            await asyncio.sleep(min(seconds, max(0.0, until - monotonic())))


async def test_machines_share_what_a_provider_accepts(
    database: Database, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty sites at one address want a hundred requests a second, of which the provider accepts twelve."""
    for module in ("ingestd.policy.host_budgets", "ingestd.web.politeness.host_groups"):
        monkeypatch.setattr(f"{module}.WINDOW", 5.0)
    monkeypatch.setattr("ingestd.policy.host_budgets.SETTLE", 1.0)
    monkeypatch.setattr("ingestd.policy.host_budgets.RECOVERY", 20.0)
    monkeypatch.setattr("ingestd.pipeline.engine.shared_budgets.REFRESH", 0.3)
    names = NameServer()
    await names.open()
    stack.push_async_callback(names.close)
    provider = await stack.enter_async_context(Provider(limit=12))
    machines = [await open_machine(database, stack, names) for _ in range(2)]
    began = monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(SITES):
            url = f"http://site{number}.localhost:{provider.port}/"
            tasks.create_task(ask(machines[number % 2][0], url, began + 8.0))

    budgets = [pacing.groups.budgets().get(NETWORK) for _, pacing, _ in machines]
    later = [at for at, _ in provider.arrivals if at >= began + 4.0]
    print(len(provider.arrivals), provider.refused(), len(later), provider.refused(began + 4.0), budgets)
    assert all(budgets)
    assert [pacing.groups.processes for _, pacing, _ in machines] == [2, 2]
    # Without a budget a quarter of the answers and more are refusals.
    assert provider.refused(began + 4.0) <= len(later) / 8
    assert len(later) > 8  # nor does it come to a standstill

    provider.limit = 1000
    grown = [budget.rate for budget in budgets if budget]
    await asyncio.sleep(0.5)
    assert all(
        pacing.groups.budgets()[NETWORK].rate > rate for (_, pacing, _), rate in zip(machines, grown, strict=True)
    )


async def test_a_machine_knows_the_address_of_a_site_that_another_has_asked(
    database: Database, stack: AsyncExitStack
) -> None:
    names = NameServer()
    await names.open()
    stack.push_async_callback(names.close)
    provider = await stack.enter_async_context(Provider(limit=1000))
    (first, _, turns), (_, pacing, _) = [await open_machine(database, stack, names) for _ in range(2)]
    await first.get(f"http://site.localhost:{provider.port}/")
    turns.give_back("site.localhost", 0.0)
    await turns.store()
    assert pacing.groups.network_of("site.localhost") is None

    async with pacing.turn("site.localhost"):
        assert pacing.groups.network_of("site.localhost") == NETWORK

    async with database.read() as connection:
        count = select(func.count()).where(manners_table.c.network == NETWORK)
        assert (await connection.execute(count)).scalar_one() == 1


async def test_a_burst_that_two_machines_see_halves_the_budget_once(database: Database) -> None:
    async def burst(rate: float) -> HostBudget:
        async with database.write() as connection:
            await host_groups.record_burst(connection, NETWORK, rate)
            return (await host_groups.budgets(connection))[NETWORK]

    async def wait(seconds: float) -> None:
        async with database.write() as connection:
            earlier = groups_table.c.burst_at - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
            await connection.execute(update(groups_table).values(burst_at=earlier))

    assert (await burst(20.0)).base == 10.0
    assert (await burst(40.0)).base == 10.0
    await wait(60.0)
    assert (await burst(40.0)).base == pytest.approx(5.5, abs=0.1)
    await wait(EXPIRY)
    async with database.write() as connection:
        assert not await host_groups.budgets(connection)
    assert (await burst(8.0)).base == 4.0
    await wait(EXPIRY)
    async with database.write() as connection:
        await host_groups.delete_ended(connection)
        assert not (await connection.execute(select(groups_table))).all()
