"""An outage of the database is one line at its start, sparse reminders, and one line at its end."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.util import greenlet_spawn
from structlog.testing import capture_logs

from ingestd.daemon.chores import heartbeat
from ingestd.daemon.service import Service
from ingestd.errors import StoreConflict, StoreUnavailable
from ingestd.store import outages
from ingestd.store.outages import OutageLog
from tests.support.desk import open_desk


def events(logs: list[MutableMapping[str, Any]]) -> list[str]:
    return [line["event"] for line in logs if line["log_level"] != "debug"]


def test_reminders_become_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(outages, "monotonic", lambda: now)
    log = OutageLog()

    with capture_logs() as logs:
        for second in range(7300):
            now = float(second)
            log.failed(StoreUnavailable("the server is away"), writing=True)
        log.succeeded(writing=False)  # a read says nothing about writes
        log.succeeded(writing=True)
        log.succeeded(writing=True)

    assert [(line["event"], line.get("seconds")) for line in logs] == [
        ("database unavailable", None),
        *(("database still unavailable", seconds) for seconds in (60, 300, 1800, 3600, 5400, 7200)),
        ("database available again", 7299),
    ]


def test_a_conflict_is_no_outage() -> None:
    with capture_logs() as logs:
        OutageLog().failed(StoreConflict("deadlock"), writing=True)

    assert logs == []


async def test_a_daemon_logs_a_refused_write_once_whatever_fails(database_url: str, tmp_path: Path) -> None:
    async with open_desk(database_url, tmp_path) as runtime:
        service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
        sqlite = runtime.database.dialect == "sqlite"
        stop, go_on = ("PRAGMA query_only = 1", "PRAGMA query_only = 0") if sqlite else (
            "SET SESSION default_transaction_read_only = on", "SET SESSION default_transaction_read_only = off"
        )  # fmt: skip

        async def switch(statement: str) -> None:
            engine = runtime.database._writer
            connections = [await engine.raw_connection() for _ in range(1 if sqlite else 8)]
            for connection in connections:
                await connection.driver_connection.execute(statement)  # type: ignore[union-attr]
                if not sqlite:
                    await connection.driver_connection.commit()  # type: ignore[union-attr]
                await greenlet_spawn(connection.close)

        with capture_logs() as logs:
            await switch(stop)
            for _ in range(5):
                service.tick()
                await service.polls.run_until_idle()
                await service.pages.run_until_idle()
                with pytest.raises(StoreUnavailable):
                    await heartbeat(service)
            async with runtime.database.read() as connection:
                await connection.execute(text("SELECT 1"))
            await switch(go_on)
            await heartbeat(service)

    assert events(logs) == ["database unavailable", "database available again"]
