"""What polls change in the rows of their sources."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ingestd.model.source import Hints, Pace, Source, Validators
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, source_updates, sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema import tables
from tests.support.outcomes import NOON
from tests.support.statements import executed

LATER = NOON + timedelta(hours=1)

#: A row as a successful poll leaves it, with every column that one can leave.
BEFORE: dict[str, Any] = {
    "title": "Paper", "home": "/", "etag": '"1"', "last_modified": "today", "body_hash": b"h" * 32,
    "last_polled_at": NOON, "last_success_at": NOON, "last_read_at": NOON, "last_new_at": NOON, "full_answer_at": NOON,
    "watched_since": NOON, "quiet_since": NOON, "hints": {"ttl": 60}, "arrivals": 2.0, "observed": 3.0, "squares": 4.0,
    "window": 20, "distrusted_until": LATER, "pushed_until": LATER,
    "warnings": [{"text": "no dates", "since": NOON.isoformat(), "at": NOON.isoformat()}],
}  # fmt: skip


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def claimed(database: Database, **before: Any) -> Source:
    async with database.write() as connection:
        await sources.add(connection, "https://paper.example/feed", now=NOON)
        if before:
            await connection.execute(update(tables.sources).values(**before))
        [source] = await sources.claim_due(connection, "run", now=LATER, limit=1)
    return source


def not_modified(source: Source, **values: Any) -> PollResult:
    result = PollResult(
        source=source, run_id="run", at=LATER, seconds=0.1, outcome="not_modified", due_at=LATER + timedelta(hours=2),
        status=304, size=0, validators=source.validators, body_hash=source.body_hash, hints=source.hints,
        pace=Pace(arrivals=1.5, hours=4.0, squares=2.5), id="result",
    )  # fmt: skip
    return replace(result, **values)


async def row_after(database: Database, result: PollResult) -> tuple[dict[str, Any], int]:
    """Save a result; returns the row of its source, and the values that the statement bound to change it."""
    async with database.write() as connection:
        with executed(connection) as statements:
            assert await polls.save(connection, [result]) == [True]
        [values] = [values for statement, values in statements if statement.startswith("UPDATE sources")]
        row = (await connection.execute(select(tables.sources))).mappings().one()
    return dict(row), len(values[0] if isinstance(values, list) else values)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(BEFORE, id="as a poll leaves it"),
        pytest.param({}, id="never polled"),
        pytest.param(
            BEFORE | {"failures": 3, "condition": "failing", "last_error": "Refused: HTTP 500"}, id="failing before"
        ),
        pytest.param(BEFORE | {"failures": 1, "condition": "gone", "last_error": "Gone: HTTP 410"}, id="gone before"),
        pytest.param(BEFORE | {"moved_to": "https://new.example/", "moved_seen": 2, "same_as": 1}, id="had moved"),
        pytest.param(BEFORE | {"cursor": "https://paper.example/feed?page=2", "cursor_kind": "newer"}, id="cursor"),
    ],
)
async def test_a_poll_that_found_nothing_changes_the_same_with_fewer_values(
    database: Database, before: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await claimed(database, **before)
    short, few = await row_after(database, not_modified(source))
    async with database.write() as connection:
        await connection.execute(update(tables.sources).values({**short, "claims": 0, "last_result": None, **before}))
        await connection.execute(update(tables.sources).values(due_at=NOON))
    again = await claimed(database)
    monkeypatch.setattr(source_updates, "_is_as_before", lambda _: False)

    whole, many = await row_after(database, not_modified(again))

    assert short == whole
    assert few <= 10 < many


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        ({"validators": Validators(etag='"2"')}, "etag", '"2"'),
        ({"hints": Hints(fresh_for=5.0)}, "hints", {"fresh_for": 5.0}),
        ({"warnings": ()}, "warnings", None),
        ({"outcome": "unchanged", "is_full_answer": True}, "full_answer_at", LATER),
        ({"moved_to": "https://new.example/", "moved_seen": 1}, "moved_to", "https://new.example/"),
        ({"keeps_claim": True}, "run_id", "run"),
    ],
    ids=["validators", "hints", "warnings", "whole answer", "redirect", "more pages"],
)
async def test_what_a_poll_without_a_document_did_find_is_saved(
    database: Database, values: dict[str, Any], column: str, expected: object
) -> None:
    source = await claimed(database, **BEFORE)

    row, _ = await row_after(database, not_modified(source, **values))

    assert row[column] == expected
    assert (row["title"], row["window"], row["last_new_at"]) == ("Paper", 20, NOON)


async def test_a_poll_does_not_bring_back_what_was_erased_meanwhile(database: Database) -> None:
    source = await claimed(database, **BEFORE)
    async with database.write() as connection:
        await connection.execute(update(tables.sources).values(warnings=None))

    row, _ = await row_after(database, not_modified(source))

    assert row["warnings"] is None
