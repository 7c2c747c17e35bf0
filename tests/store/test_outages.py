"""An outage of the database is one line at its start, sparse reminders, and one line at its end."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
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

        async def switch(state: str) -> None:
            """Let the database refuse writes ("on") or accept them again ("off")."""
            engine = runtime.database._writer
            if sqlite:
                connection = await engine.raw_connection()
                await connection.driver_connection.execute(f"PRAGMA query_only = {state}")  # type: ignore[union-attr]
                await greenlet_spawn(connection.close)
                return
            # Of the whole database: a session that has become read-only is replaced.
            url = database_url.replace("+psycopg", "")
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute("SET default_transaction_read_only = off")
                name = make_url(database_url).database
                await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {state}')
            await engine.dispose()

        with capture_logs() as logs:
            await switch("on")
            for _ in range(5):
                service.tick()
                await service.engine.run_until_idle(["polls"])
                await service.engine.run_until_idle(["pages"])
                with pytest.raises(StoreUnavailable):
                    await heartbeat(service)
            async with runtime.database.read() as connection:
                await connection.execute(text("SELECT 1"))
            await switch("off")
            await heartbeat(service)

    assert events(logs) == ["database unavailable", "database available again"]
