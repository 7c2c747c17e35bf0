"""Servers that answer 304 although they have new entries, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from tests.pipeline.test_pagination import poll
from tests.pipeline.test_poll import stories
from tests.support.desk import add, source_row
from tests.support.newsroom import Newsroom

DAY = timedelta(days=1)


def asked_in_full(newsroom: Newsroom) -> list[bool]:
    """Return of each request since the last call whether it was unconditional."""
    found = ["If-None-Match" not in request.headers for request in newsroom.requests]
    newsroom.requests.clear()
    return found


async def let_pass(runtime: Runtime, source: int, time: timedelta) -> None:
    """Move the times of a source back, as if that much time had passed without any poll but the last."""
    c = tables.sources.c
    row = await source_row(runtime, source)
    values = {
        name: getattr(row, name) - time
        for name in ("full_answer_at", "last_read_at", "last_new_at", "watched_since")
        if getattr(row, name)
    }
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).where(c.id == source).values(values))


@pytest.fixture
async def stuck(newsroom: Newsroom, runtime: Runtime) -> int:
    """A source whose server answers 304 to whoever sends the ETag of its first document, which it always sends."""
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 10), ETag='"1"', conditional=True))
    await poll(runtime, source)
    newsroom.publish("/feed", body=stories(3, 12), ETag='"1"', conditional=True)
    newsroom.requests.clear()
    return source


async def test_a_server_that_always_says_304_is_asked_in_full_after_a_silence(
    newsroom: Newsroom, runtime: Runtime, stuck: int
) -> None:
    assert (await poll(runtime, stuck)).outcome == "not_modified"
    await let_pass(runtime, stuck, DAY)

    with capture_logs() as logs:
        done = await poll(runtime, stuck)
        again = await poll(runtime, stuck)

    assert asked_in_full(newsroom) == [False, True, True]
    assert (done.outcome, len(done.new), again.outcome) == ("new", 2, "unchanged")
    said = [entry for entry in logs if "answered 304 although" in entry["event"]]
    assert [(entry["log_level"], entry["source"]) for entry in said] == [("warning", newsroom.url("/feed"))]
    row = await source_row(runtime, stuck)
    assert timedelta(days=29) < row.distrusted_until - datetime.now(UTC) < timedelta(days=31)


async def test_validators_that_proved_wrong_get_another_chance_after_a_month(
    newsroom: Newsroom, runtime: Runtime, stuck: int
) -> None:
    await let_pass(runtime, stuck, DAY)
    await poll(runtime, stuck)
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(distrusted_until=datetime.now(UTC)))

    await poll(runtime, stuck)

    assert asked_in_full(newsroom) == [True, False]


async def test_a_source_that_has_nothing_new_is_asked_in_full_once_in_a_while(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 10), ETag='"1"', conditional=True))
    await poll(runtime, source)
    await let_pass(runtime, source, DAY)

    outcomes = [(await poll(runtime, source)).outcome for _ in range(3)]

    assert outcomes == ["unchanged", "not_modified", "not_modified"]
    assert asked_in_full(newsroom) == [True, True, False, False]
    assert (await source_row(runtime, source)).distrusted_until is None


async def test_true_validators_stay_trusted(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 10), ETag='"1"', conditional=True))
    await poll(runtime, source)
    await let_pass(runtime, source, DAY)
    newsroom.publish("/feed", body=stories(3, 12), ETag='"2"', conditional=True)

    await poll(runtime, source)
    await poll(runtime, source)

    assert asked_in_full(newsroom) == [True, True, False]


async def test_the_gap_of_false_304s_begins_at_the_last_whole_answer(
    newsroom: Newsroom, runtime: Runtime, stuck: int
) -> None:
    await poll(runtime, stuck)
    await let_pass(runtime, stuck, DAY)
    before = await source_row(runtime, stuck)
    newsroom.publish("/feed", body=stories(31, 40), ETag='"1"', conditional=True)

    await poll(runtime, stuck)

    async with runtime.database.read() as connection:
        [gap] = (await connection.execute(select(tables.gaps))).all()
    assert gap.from_at == before.full_answer_at < before.last_success_at


async def test_a_server_without_validators_is_asked_as_before(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add(runtime, newsroom.publish("/feed", body=stories(1, 10)))
    await poll(runtime, source)
    await let_pass(runtime, source, DAY)

    assert (await poll(runtime, source)).outcome == "unchanged"
    assert len(newsroom.requests) == 2
