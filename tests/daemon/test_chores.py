import asyncio
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, time

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from ingestd.daemon import chores
from ingestd.daemon.checks import DEAD_SCHEDULER
from ingestd.daemon.chores import (
    MAX_OVERDUE,
    SPREAD,
    ClockWatch,
    QuietCheck,
    correct_due_times,
    correct_polls_ahead,
    heartbeat,
    make_pushed_sources_due,
    scheduled,
    watchdog,
)
from ingestd.daemon.service import Service
from ingestd.errors import ArchiveError, StoreError, StoreUnavailable
from ingestd.settings import Settings
from ingestd.store.polls import due_times, sources
from ingestd.store.schema import tables
from ingestd.store.statements import insert_all
from ingestd.store.work import runs
from ingestd.store.work.own_claims import claim_of
from tests.daemon.services import Hung, add_source, hang


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The notification socket of systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield systemd


def entry_row(source: int, number: int, seen: datetime) -> dict[str, object]:
    return {
        "source_id": source, "guid": str(number), "id_origin": "source", "fingerprint": "x", "announced": {},
        "state": "done", "attempts": 0, "due_at": seen, "first_seen_at": seen, "last_seen_at": seen,
    }  # fmt: skip


def received(systemd: socket.socket) -> bytes | None:
    try:
        return systemd.recv(1000)
    except BlockingIOError:
        return None


async def claim(service: Service, run_id: str) -> None:
    async with service.runtime.database.write() as connection:
        found = await sources.claim_due(connection, run_id, now=datetime.now(UTC), limit=1)
        service.runtime.claims.add(map(claim_of, found))


async def claims(service: Service) -> list[str | None]:
    async with service.runtime.database.read() as connection:
        return list((await connection.execute(select(tables.sources.c.run_id))).scalars())


async def test_after_a_database_outage_a_daemon_keeps_its_own_claims(service: Service) -> None:
    await add_source(service, "https://wire.example/feed")
    await claim(service, service.runtime.run_id)
    clock = iter(range(0, 100_000, 3600))
    service.runtime = replace(service.runtime, observer=runs.RunObserver(lambda: next(clock)))

    for _ in range(5):
        await heartbeat(service)

    assert await claims(service) == [service.runtime.run_id]


async def test_claims_of_a_run_without_heartbeat_are_released(service: Service) -> None:
    await add_source(service, "https://wire.example/feed")
    async with service.runtime.database.write() as connection:
        other = await runs.start(connection, role="daemon", now=datetime.now(UTC))
        elsewhere = update(tables.runs).where(tables.runs.c.id == other).values(place="elsewhere")
        await connection.execute(elsewhere)
    await claim(service, other)
    now = 0.0
    service.runtime = replace(service.runtime, observer=runs.RunObserver(lambda: now))

    for now in range(0, 30, 5):  # noqa: B007 - the clock reads it
        await heartbeat(service)
        assert await claims(service) == [other]
    now = 30
    await heartbeat(service)

    assert await claims(service) == [None]


async def test_the_watchdog_is_notified(service: Service, systemd: socket.socket) -> None:
    service.tick()

    await watchdog(service)

    assert received(systemd) == b"WATCHDOG=1"


async def test_the_watchdog_is_not_notified_when_the_scheduler_stops(service: Service, systemd: socket.socket) -> None:
    service.service_state.last_tick = monotonic() - DEAD_SCHEDULER - 1

    await watchdog(service)

    assert received(systemd) is None


async def test_the_watchdog_is_not_notified_when_the_database_does_not_answer(
    service: Service, systemd: socket.socket, hung: Hung
) -> None:
    hang(service, hung)
    notifying = asyncio.create_task(watchdog(service))
    await hung.asked.wait()

    hung.hang_up()

    with pytest.raises(StoreError):
        await notifying
    assert received(systemd) is None


@pytest.mark.parametrize("days", [1, -1], ids=["ahead", "back"])
def test_a_clock_jump_is_detected_once(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    clock = ClockWatch()
    assert clock.jump() == 0
    monkeypatch.setattr(ClockWatch, "_measured", staticmethod(lambda: time() - monotonic() + days * 86_400))

    assert clock.jump() == pytest.approx(days * 86_400, abs=1)
    assert clock.jump() == 0


async def test_a_clock_set_back_a_day_delays_no_source_by_a_day(service: Service) -> None:
    source = await add_source(service, "https://paper.example/feed")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with service.runtime.database.write() as connection:
        values = {"last_polled_at": tomorrow, "last_success_at": tomorrow, "due_at": tomorrow}
        await connection.execute(update(tables.sources).values(values))

    await correct_polls_ahead(service)

    async with service.runtime.database.write() as connection:
        claimed = await sources.claim_due(connection, "run", now=datetime.now(UTC), limit=9)
    assert [one.id for one in claimed] == [source]
    assert claimed[0].last_success_at is not None
    assert claimed[0].last_success_at < tomorrow


async def test_a_due_time_a_year_ahead_is_corrected(service: Service) -> None:
    year = datetime.now(UTC) + timedelta(days=365)
    source = await add_source(service, "https://paper.example/feed", due=year)

    await correct_due_times(service)

    async with service.runtime.database.write() as connection:
        claimed = await sources.claim_due(connection, "run", now=datetime.now(UTC), limit=9)
    assert [one.id for one in claimed] == [source]


async def test_overdue_sources_are_spread_after_a_clock_was_set_ahead(service: Service) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for number in range(MAX_OVERDUE + 10):
        await add_source(service, f"https://{number}.example/feed", due=yesterday)

    await correct_due_times(service)

    now = datetime.now(UTC)
    async with service.runtime.database.read() as connection:
        due = list((await connection.execute(select(tables.sources.c.due_at))).scalars())
    assert sum(one <= now for one in due) == MAX_OVERDUE
    assert max(due) <= now + timedelta(seconds=SPREAD)


async def test_overdue_sources_are_not_spread_beside_machines_that_share_the_work(service: Service) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    async with service.runtime.database.write() as connection:
        for number in range(MAX_OVERDUE + 10):
            await sources.add(connection, f"https://s{number}.example/feed", now=long_ago)
        for _ in range(2):
            await runs.start(connection, role="daemon", now=datetime.now(UTC))
    settings = service.runtime.settings.model_copy(update={"engine": "procrastinate"})
    service.runtime = replace(service.runtime, settings=settings)

    await correct_due_times(service)

    async with service.runtime.database.read() as connection:
        due = set((await connection.execute(select(tables.sources.c.due_at))).scalars())
    assert due == {long_ago}


async def test_it_is_logged_when_too_many_sources_are_overdue_to_be_spread(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_times, "MAX_SPREAD", 2)
    monkeypatch.setattr("ingestd.daemon.chores.MAX_OVERDUE", 1)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for number in range(4):
        await add_source(service, f"https://{number}.example/feed", due=yesterday + timedelta(minutes=number))

    with capture_logs() as logs:
        await correct_due_times(service)

    assert [line["event"] for line in logs] == ["too many sources are overdue to spread them"]
    assert logs[0]["more_than"] == 2
    async with service.runtime.database.write() as connection:
        claimed = await sources.claim_due(connection, "run", now=datetime.now(UTC), limit=9)
    assert [one.id for one in claimed] == [1, 2, 3, 4]  # the longest due first, and at once
    with capture_logs() as logs:
        await correct_due_times(service)
    assert logs == []


async def test_only_a_source_that_published_less_than_expected_is_quiet(
    service: Service,
) -> None:
    now = datetime.now(UTC)
    weeks = [now - timedelta(hours=hour) for hour in range(1, 24 * 7 * 4)]
    rows = []
    for name, last in (("quiet", 30), ("busy", 3)):
        source = await add_source(service, f"https://{name}.example/feed", due=now + timedelta(days=1))
        seen = [moment for moment in weeks if moment <= now - timedelta(hours=last)]
        rows += [entry_row(source, number, moment) for number, moment in enumerate(seen)]
        values = {"watched_since": weeks[-1], "last_new_at": seen[0], "condition": "ok"}
        async with service.runtime.database.write() as connection:
            await connection.execute(update(tables.sources).where(tables.sources.c.id == source).values(values))
    async with service.runtime.database.write() as connection:
        await insert_all(connection, tables.entries, rows)

    await QuietCheck(service).run()

    async with service.runtime.database.read() as connection:
        query = select(tables.sources.c.url).where(tables.sources.c.quiet_since.is_not(None))
        assert list((await connection.execute(query)).scalars()) == ["https://quiet.example/feed"]


async def test_all_sources_are_checked_for_quiet_in_batches(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "QUIET_BATCH", 2)
    now = datetime.now(UTC)
    for number in range(5):
        await add_source(service, f"https://{number}.example/feed", due=now + timedelta(days=1))
    month = now - timedelta(days=30)
    async with service.runtime.database.write() as connection:
        await connection.execute(
            update(tables.sources).values(watched_since=month, last_new_at=now - timedelta(hours=3), condition="ok")
        )
    listener = QuietCheck(service)

    heard = []
    for _ in range(4):
        await listener.run()
        heard.append(listener.last)

    assert heard == [2, 4, 0, 2]


async def test_after_a_start_sources_with_a_hub_are_polled(service: Service) -> None:
    source = await add_source(service, "https://paper.example/feed")
    later = datetime.now(UTC) + timedelta(days=1)
    async with service.runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=later, pushed_until=later))

    await make_pushed_sources_due(service)

    async with service.runtime.database.write() as connection:
        claimed = await sources.claim_due(connection, "run", now=datetime.now(UTC), limit=9)
    assert [one.id for one in claimed] == [source]


async def test_due_times_are_corrected_once_the_database_is_there_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, original = chores.ClockWatch(), service.runtime.database.write
    clock._offset -= 3600

    def fail() -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(service.runtime.database, "write", fail)
    await chores._tick(service, clock)
    assert clock.has_jumped
    monkeypatch.setattr(service.runtime.database, "write", original)
    await chores._tick(service, clock)

    assert not clock.has_jumped


async def test_the_archive_is_trimmed_to_archive_max_by_its_oldest_feeds_first(service: Service) -> None:
    archive = service.runtime.archive
    feed = await archive.put(os.urandom(700_000), "feed")
    page = await archive.put(os.urandom(700_000), "page")

    await chores.sweep_archive(service, None)
    assert len(await archive.get(feed.sha256)) == 700_000
    await chores.sweep_archive(service, 2**20)

    assert len(await archive.get(page.sha256)) == 700_000
    with pytest.raises(ArchiveError, match="missing"):
        await archive.get(feed.sha256)


async def test_chores_under_way_end_with_the_scheduler(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They are cancelled, which is no error, and use the database no longer."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def release(_service: Service) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            ended.set()

    monkeypatch.setattr(chores, "_release", release)
    async with scheduled(service, settings=Settings(state_dir=tmp_path / "state")):
        await asyncio.wait_for(begun.wait(), 60)

    assert ended.is_set()
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


async def test_a_chore_that_takes_longer_than_its_interval_runs_once_at_a_time(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    under_way, most, twice = 0, 0, asyncio.Event()

    async def release(_service: Service) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(2.5)
        under_way -= 1
        if begun.is_set():
            twice.set()
        begun.set()

    begun = asyncio.Event()

    monkeypatch.setattr(chores, "_release", release)
    async with scheduled(service, settings=Settings(state_dir=tmp_path / "state")):
        await asyncio.wait_for(twice.wait(), 60)

    assert most == 1
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


async def test_a_chore_may_begin_again_in_the_moment_it_ends() -> None:
    """After a standstill several ticks are due at once."""
    may_end = asyncio.Event()
    jobs: list[asyncio.Task[None]] = []

    async def chore() -> None:
        await may_end.wait()
        if len(jobs) == 1:  # the next job starts before the first one notices the end
            asyncio.get_running_loop().call_soon(lambda: jobs.append(asyncio.create_task(run())))
            may_end.clear()

    under_way: set[asyncio.Task[None]] = set()
    run = chores._job(chore, under_way)
    jobs.append(asyncio.create_task(run()))
    await asyncio.sleep(0)
    may_end.set()

    await jobs[0]

    assert len(jobs) == 2
    assert not jobs[1].done()
    may_end.set()
    await jobs[1]
    assert under_way == set()


async def test_a_bug_in_a_chore_is_logged_and_the_next_run_takes_place(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs, twice = 0, asyncio.Event()

    async def release(_service: Service) -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            twice.set()
        raise KeyError("a bug")

    monkeypatch.setattr(chores, "_release", release)
    async with scheduled(service, settings=Settings(state_dir=tmp_path / "state")):
        await asyncio.wait_for(twice.wait(), 60)

    assert "KeyError: 'a bug'" in caplog.text


async def test_sources_polled_by_a_fast_clock_become_due_without_a_burst(service: Service) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for number in range(chores.MAX_OVERDUE + 200):
        await add_source(service, f"https://{number}.example/feed", due=tomorrow)
    async with service.runtime.database.write() as connection:
        ahead = dict.fromkeys(("last_polled_at", "last_success_at", "due_at"), tomorrow)
        await connection.execute(update(tables.sources).values(ahead))

    await chores.correct_due_times(service)
    await chores.correct_polls_ahead(service)

    async with service.runtime.database.read() as connection:
        due = list((await connection.execute(select(tables.sources.c.due_at))).scalars())
    assert sum(one <= datetime.now(UTC) for one in due) <= chores.MAX_OVERDUE + 5
    assert max(due) < tomorrow


async def test_a_jump_of_the_clock_during_a_check_is_checked_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, begun, may_end = chores.ClockWatch(), asyncio.Event(), asyncio.Event()

    async def find(*_: object, **__: object) -> list[int]:
        begun.set()
        await may_end.wait()
        return []

    monkeypatch.setattr(chores.due_times, "polled_in_future", find)
    check = asyncio.create_task(chores._check_polls(service, clock))
    await begun.wait()
    clock.polls_unchecked = True
    may_end.set()
    await check

    assert clock.polls_unchecked
