import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from ingestd.daemon.checks import DATABASE_CHECKS, Figures
from ingestd.daemon.chores import heartbeat
from ingestd.daemon.health import Health
from ingestd.daemon.service import Service
from ingestd.errors import StoreError, WorkerDied
from tests.daemon.services import WAIT, Hung, add_entry, add_source, be_patient, hang

AN_HOUR_AGO = timedelta(hours=1)


@pytest.fixture
def health(service: Service) -> Health:
    return Health(service)


async def statuses(health: Health) -> dict[str, str]:
    return {check.name: check.verdict.status for check in (await health.report()).checks}


async def values(health: Health) -> dict[str, float | None]:
    return {check.name: check.value for check in (await health.report()).checks}


async def test_a_new_daemon_without_sources_passes(health: Health) -> None:
    report = await health.report()

    assert report.status == "pass"
    assert [check.name for check in report.checks] == [
        "database:responseTime",
        "sources:overdue",
        "sources:failing",
        "sources:quiet",
        "sources:warnings",
        "sources:openGaps",
        "records:unconfirmedKills",
        "sources:oldestSuccess",
        "entries:queueAge",
        "entries:queueSize",
        "claims:pastDue",
        "database:daemons",
        "database:durability",
        "nodes:atWork",
        "nodes:lost",
        "consumers:stopped",
        "consumers:failing",
        "consumers:deadMessages",
        "database:writes",
        "archive:writes",
        "commits:waiting",
        "stories:waiting",
        "stories:passed",
        "scheduler:lag",
        "network:sitesLeftAlone",
        "network:sharedBudgets",
        "extractors:deaths",
        "extractors:timeouts",
        "extractors:stalls",
        "uptime",
    ]
    assert await health.unready_reason() is None


async def test_an_unpolled_source_is_overdue_and_a_paused_one_is_not(service: Service, health: Health) -> None:
    long_ago = datetime.now(UTC) - AN_HOUR_AGO
    await add_source(service, "https://wire.example/feed", due=long_ago)
    await add_source(service, "https://paper.example/feed", due=long_ago, state="paused")
    await add_source(service, "https://other.example/feed")

    report = await health.report()

    [overdue] = [check for check in report.checks if check.name == "sources:overdue"]
    assert (overdue.value, overdue.verdict.status) == (1, "warn")
    assert report.status == "warn"


async def test_waiting_entries_are_a_queue_with_an_age(service: Service, health: Health) -> None:
    source_id = await add_source(service, "https://wire.example/feed")
    await add_entry(service, source_id, "https://wire.example/1", due=datetime.now(UTC) - AN_HOUR_AGO)
    await add_entry(service, source_id, "https://wire.example/2", due=datetime.now(UTC) + AN_HOUR_AGO)

    found = await values(health)

    assert found["entries:queueSize"] == 1
    assert found["entries:queueAge"] == pytest.approx(3600, abs=60)
    assert (await statuses(health))["entries:queueAge"] == "warn"


async def test_a_worker_that_died_is_a_warning(service: Service, health: Health) -> None:
    with pytest.raises(WorkerDied):
        await service.runtime.pool.run("os:_exit", 3)

    assert (await values(health))["extractors:deaths"] == 1
    assert (await statuses(health))["extractors:deaths"] == "warn"


async def test_a_hanging_database_is_a_failure_and_is_queried_once(
    service: Service, health: Health, hung: Hung
) -> None:
    before = await health.report()
    health.pulse.last = health.figures.last = None
    hang(service, hung)

    reports = [await health.report() for _ in range(2)]

    assert WAIT < 1  # health has one second for its whole response
    assert before.status == "pass"
    assert hung.connections == 1
    for report in reports:
        assert report.status == "fail"
        failed = [check for check in report.checks if check.verdict.status == "fail"]
        kinds = {check.name.partition(":")[0] for check in failed}
        assert kinds == {"database", "sources", "records", "entries", "consumers", "claims", "nodes"}
        assert {check.verdict.output for check in failed} == {"the database did not answer within 0.8 s"}
        assert {check.value for check in failed} == {None}
    assert await health.unready_reason() == "the database did not answer within 0.8 s"
    await health.close()


async def test_counts_that_are_old_are_no_reason_to_pass(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)
    counted = [name for name, *_ in DATABASE_CHECKS]
    before = await statuses(health)
    monkeypatch.setattr("ingestd.daemon.health.OLD_COUNTS", 0.0)

    after = {check.name: check.verdict for check in (await health.report()).checks}

    assert {before[name] for name in counted} == {"pass"}
    for name in counted:
        assert after[name].status == "warn"
        assert re.fullmatch(r"counted \d+ minutes ago: the database is too slow; see its log", after[name].output or "")
    assert after["extractors:deaths"].status == "pass"


async def test_figures_that_were_asked_for_are_counted_again_without_probes(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_patient(monkeypatch)
    monkeypatch.setattr("ingestd.daemon.health._SAMPLE_INTERVAL", 0.0)
    monkeypatch.setattr("ingestd.daemon.health._MAX_COUNTING", 1.0)
    counted: asyncio.Queue[None] = asyncio.Queue()
    query = health.figures._query

    async def counting() -> Figures:
        counted.put_nowait(None)
        return await query()

    health.figures._query = counting
    await health.report()
    await counted.get()
    health.figures.last = None  # nobody has asked yet
    watching = asyncio.create_task(health.watch())
    for _ in range(3):
        await asyncio.sleep(0)
    assert counted.empty()

    await health.figures.result(max_age=0.0)
    await counted.get()
    await counted.get()

    watching.cancel()
    await asyncio.wait([watching])
    await health.close()


async def test_a_bug_in_counting_is_logged_and_the_counters_are_sampled_all_the_same(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_patient(monkeypatch)
    monkeypatch.setattr("ingestd.daemon.health._SAMPLE_INTERVAL", 0.0)
    monkeypatch.setattr("ingestd.daemon.health._MAX_COUNTING", 1.0)
    await health.report()
    assert health.figures.last
    health.figures.last = replace(health.figures.last, monotonic_at=-inf)
    broken, again = asyncio.Event(), asyncio.Event()

    async def query() -> Figures:
        if not broken.is_set():
            broken.set()
            raise ZeroDivisionError
        again.set()
        return await asyncio.Future()

    health.figures._query = query
    with capture_logs() as logs:
        watching, waiting = asyncio.create_task(health.watch()), asyncio.create_task(again.wait())
        await asyncio.wait([watching, waiting], return_when=asyncio.FIRST_COMPLETED)
        is_watching = not watching.done()
        watching.cancel()
        waiting.cancel()
        await asyncio.wait([watching, waiting])

    assert is_watching
    assert [line["event"] for line in logs] == ["bug"]
    await health.close()


async def test_texts_that_were_passed_are_sampled_without_probes(
    service: Service, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.daemon.health._SAMPLE_INTERVAL", 0.0)
    sampled = asyncio.Event()

    def note(count: int, *, now: float) -> int:
        sampled.set()
        return count

    monkeypatch.setattr(health._passed, "growth", note)
    watching = asyncio.create_task(health.watch())
    async with asyncio.timeout(60):
        await sampled.wait()

    watching.cancel()
    await asyncio.wait([watching])
    await health.close()


async def test_the_last_figures_are_shown_with_their_time(service: Service, health: Health, hung: Hung) -> None:
    source_id = await add_source(service, "https://wire.example/feed")
    await add_entry(service, source_id, "https://wire.example/1", due=datetime.now(UTC))
    answer = await health.figures.result(max_age=0.0)
    hang(service, hung)
    with pytest.raises(Exception, match="did not answer"):
        await health.figures.result(max_age=0.0)

    report = await health.report()

    [queue] = [check for check in report.checks if check.name == "entries:queueSize"]
    assert (queue.value, queue.at, queue.verdict.status) == (1, answer.value.at, "fail")
    await health.close()


async def test_a_database_that_answers_again_passes(
    service: Service, health: Health, hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = service.runtime
    hang(service, hung)
    assert (await health.report()).status == "fail"

    hung.hang_up()
    service.runtime = own
    be_patient(monkeypatch)
    await health.close()

    assert (await health.report()).status != "fail"  # a busy machine may be warned of
    assert await health.unready_reason() is None


async def test_a_stopping_daemon_is_unready_without_a_query(service: Service, health: Health, hung: Hung) -> None:
    hang(service, hung)

    service.stop()

    assert await health.unready_reason() == "stopping"
    assert hung.connections == 0


async def test_a_scheduler_that_does_not_tick_makes_the_daemon_unready(service: Service, health: Health) -> None:
    service.service_state.last_tick = monotonic() - 3600

    assert re.fullmatch(r"the scheduler is (3599|3[67]\d\d) s late", await health.unready_reason() or "")
    assert (await statuses(health))["scheduler:lag"] == "fail"

    service.tick()

    assert await health.unready_reason() is None


async def test_another_schema_makes_the_daemon_unready(service: Service, health: Health) -> None:
    async with service.runtime.database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert (
        await health.unready_reason()
        == "the database schema does not match this version of ingestd; see `ingestd db current`"
    )
    assert (await statuses(health))["database:responseTime"] == "fail"


async def test_a_report_names_no_source_and_no_secret(service: Service, health: Health) -> None:
    await add_source(
        service, "https://wire:secret@wire.example/feed", title="The Wire", due=datetime.now(UTC) - AN_HOUR_AGO
    )

    report = json.dumps((await health.report()).as_json())

    assert "overdue" in report
    for secret in ("secret", "wire.example", "The Wire"):
        assert secret not in report


async def test_a_read_only_database_fails_even_while_nothing_is_due(
    service: Service, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.daemon.health.UNWRITABLE", 0.0)
    full = "CREATE TRIGGER full BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'the disk of the desk is full'); END"
    async with service.runtime.database.write() as connection:
        await connection.execute(text(full))

    with pytest.raises(StoreError, match="is full"):
        await heartbeat(service)
    await service.run_until_idle()  # claims, finds nothing, and so writes nothing

    assert await health.unready_reason() == "the database refuses writes; see the log"
    async with service.runtime.database.write() as connection:
        await connection.execute(text("DROP TRIGGER full"))
    await heartbeat(service)
    assert await health.unready_reason() is None
