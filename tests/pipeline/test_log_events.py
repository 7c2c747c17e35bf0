"""Log lines of polls say whether and when their source is polled again."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from sqlalchemy import update
from structlog.testing import capture_logs

from ingestd.daemon.service import Service
from ingestd.errors import StoreUnavailable
from ingestd.pipeline import log_events
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.times import iso
from tests.support.desk import add, source_row
from tests.support.newsroom import Answer, Newsroom


@pytest.fixture(autouse=True)
def fresh_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that another test has used keeps its processors, and would not be captured."""
    structlog.reset_defaults()
    monkeypatch.setattr(log_events, "log", structlog.get_logger())


async def failed_polls(runtime: Runtime) -> list[dict[str, Any]]:
    """Poll every active source; return the lines that say that a poll failed."""
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=datetime.now(UTC)))
    with capture_logs() as logs:
        await Service(runtime, max_polls=4, max_pages=4, per_site=4).engine.run_until_idle(["polls"])
    return [dict(line) for line in logs if line["event"] == "poll failed"]


@pytest.mark.parametrize("status", [404, 410, 500, 503])
async def test_a_failed_poll_is_logged_with_the_time_of_the_next(
    newsroom: Newsroom, runtime: Runtime, status: int
) -> None:
    source = await add(runtime, newsroom.publish("/feed", status=status))

    [line] = await failed_polls(runtime)

    assert line["next"] == iso((await source_row(runtime, source)).due_at)
    assert "state" not in line


async def test_the_poll_that_makes_a_source_gone_is_logged_without_a_next(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/feed", status=410))
    await failed_polls(runtime)

    [line] = await failed_polls(runtime)

    assert (line["error"], line["next"], line["state"]) == ("Gone", None, "gone")
    assert await failed_polls(runtime) == []


@pytest.mark.parametrize("state", ["paused", "removed"])
@pytest.mark.parametrize("answer", [{"status": 410}, {"status": 500}, {"status": 401}, {"body": b"no feed"}])
async def test_a_source_that_is_stopped_during_its_poll_has_no_next(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, state: str, answer: dict[str, Any]
) -> None:
    source = await add(runtime, newsroom.publish("/feed", answers=[Answer(**answer)]))
    fetch: Callable[..., Any] = runtime.fetcher.get

    async def stop_and_fetch(*arguments: Any, **options: Any) -> Any:
        async with runtime.database.write() as connection:
            await sources.set_state(connection, source, state, now=datetime.now(UTC))
        return await fetch(*arguments, **options)

    monkeypatch.setattr(runtime.fetcher, "get", stop_and_fetch)

    [line] = await failed_polls(runtime)

    assert (line["next"], line["state"]) == (None, state)


async def test_a_database_that_fails_after_a_poll_costs_no_log_line(
    newsroom: Newsroom, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(runtime, newsroom.publish("/feed", status=500))

    async def fail(*_: object) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(sources, "next_attempt", fail)

    [line] = await failed_polls(runtime)

    assert line["next"] is not None
