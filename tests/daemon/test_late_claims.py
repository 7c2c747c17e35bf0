"""Claims that are not given back in time are counted, on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.daemon.checks import Check
from ingestd.daemon.health import Health
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.service import Service
from ingestd.store.schema.tables import entries, sources
from ingestd.store.work import backfills
from tests.daemon.services import add_entry, add_source, be_patient
from tests.support.desk import open_desk


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


async def claims_check(health: Health) -> Check:
    [check] = [check for check in (await health.report()).checks if check.name == "claims:pastDue"]
    return check


async def test_claims_long_past_their_due_time_are_counted(database_url: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    long_ago, lately = now - timedelta(minutes=16), now - timedelta(minutes=14)
    async with open_desk(database_url, tmp_path) as runtime:
        service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
        for number, due in enumerate((long_ago, lately, long_ago), 1):
            source_id = await add_source(service, f"https://wire{number}.example/feed", due=due)
            await add_entry(service, source_id, f"https://wire{number}.example/1", due=due)
        for number in range(4, 6):
            await add_entry(service, source_id, f"https://wire3.example/{number}", due=long_ago)
        async with runtime.database.write() as connection:
            run = {"run_id": runtime.run_id}
            await connection.execute(update(sources).where(sources.c.id.in_((1, 2))).values(run))
            await connection.execute(update(entries).where(entries.c.id.in_((1, 2, 4, 5))).values(run))
            # A backfill's entries are all due at its start, so their age says nothing.
            backfill = await backfills.create(
                connection,
                kind="urls",
                argument="-",
                options={},
                source_id=1,
                cursor={},
                run_id=runtime.run_id,
                now=now,
            )
            await connection.execute(update(entries).where(entries.c.id == 4).values(backfill_id=backfill))
            # A revisit waits for new entries; this one has waited for a day.
            revisit = {"state": "done", "revisit_at": now - timedelta(days=1, minutes=1)}
            await connection.execute(update(entries).where(entries.c.id == 5).values(revisit))
        health = Health(service)

        check = await claims_check(health)
        metrics, _ = await Metrics(health).render("")

    assert (check.value, check.unit, check.verdict.status) == (3, "claims", "warn")
    assert "`ingestd sources list --only overdue`" in (check.verdict.output or "")
    assert "ingestd_claims_past_due 3.0" in metrics.decode()


async def test_without_claims_it_passes(database_url: str, tmp_path: Path) -> None:
    async with open_desk(database_url, tmp_path) as runtime:
        service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
        source_id = await add_source(service, "https://wire.example/feed", due=datetime.now(UTC) - timedelta(hours=1))
        await add_entry(service, source_id, "https://wire.example/1", due=datetime.now(UTC) - timedelta(hours=1))

        check = await claims_check(Health(service))

    assert (check.value, check.verdict.status, check.verdict.output) == (0, "pass", None)
