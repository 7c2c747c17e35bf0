import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select, update

from ingestd.daemon.checks import DEAD_SCHEDULER
from ingestd.daemon.chores import take_over, watchdog
from ingestd.daemon.service import Service
from ingestd.errors import StoreError
from ingestd.store import runs, sources, tables
from tests.daemon.services import Hung, add_source, hang

LONG_AGO = timedelta(seconds=2 * runs.GONE_AFTER)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd listens with."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield systemd


def told(systemd: socket.socket) -> bytes | None:
    try:
        return systemd.recv(1000)
    except BlockingIOError:
        return None


async def claim_and_miss_heartbeats(service: Service, run_id: str, *, host: str) -> None:
    now = datetime.now(UTC)
    missed = update(tables.runs).where(tables.runs.c.id == run_id).values(seen_at=now - LONG_AGO, host=host)
    async with service.parts.database.write() as connection:
        await sources.claim_due(connection, run_id, now=now, limit=1)
        await connection.execute(missed)


async def claims(service: Service) -> list[str | None]:
    async with service.parts.database.read() as connection:
        return list((await connection.execute(select(tables.sources.c.run_id))).scalars())


async def test_after_a_database_that_was_away_a_daemon_does_not_take_itself_for_gone(service: Service) -> None:
    await add_source(service, "https://wire.example/feed")
    await claim_and_miss_heartbeats(service, service.parts.run_id, host=socket.gethostname())

    await take_over(service)

    assert await claims(service) == [service.parts.run_id]


async def test_what_a_run_without_heartbeat_had_claimed_is_given_back(service: Service) -> None:
    await add_source(service, "https://wire.example/feed")
    async with service.parts.database.write() as connection:
        other = await runs.begin(connection, role="daemon", now=datetime.now(UTC))
    await claim_and_miss_heartbeats(service, other, host="elsewhere.example")

    await take_over(service)

    assert await claims(service) == [None]


async def test_the_watchdog_is_told_that_we_live(service: Service, systemd: socket.socket) -> None:
    service.tick()

    await watchdog(service)

    assert told(systemd) == b"WATCHDOG=1"


async def test_the_watchdog_is_told_nothing_when_the_scheduler_stands_still(
    service: Service, systemd: socket.socket
) -> None:
    service.pulse.last_tick = monotonic() - DEAD_SCHEDULER - 1

    await watchdog(service)

    assert told(systemd) is None


async def test_the_watchdog_is_told_nothing_when_the_database_does_not_answer(
    service: Service, systemd: socket.socket, hung: Hung
) -> None:
    hang(service, hung)
    telling = asyncio.create_task(watchdog(service))
    await hung.asked.wait()

    hung.hang_up()

    with pytest.raises(StoreError):
        await telling
    assert told(systemd) is None
