"""Statements that are executed with many rows."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Boolean, bindparam, case, func, literal_column, select, true, update

from ingestd.errors import StoreRefused
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.statements import among, execute_for_all
from tests.support.outcomes import NOON
from tests.support.statements import executed

_c = tables.sources.c
UPDATE = (
    update(tables.sources)
    .where(_c.id == bindparam("source_id"), _c.state == "active")
    .values(
        last_polled_at=bindparam("at"),
        watched_since=func.coalesce(_c.watched_since, bindparam("at")),
        hints=bindparam("hints_", type_=_c.hints.type),
        etag=case((bindparam("is_tagged", type_=Boolean()) == true(), bindparam("etag_")), else_="none"),
        body_hash=bindparam("hash_"),
        arrivals=bindparam("arrivals_"),
    )
)
ROWS: list[dict[str, Any]] = [
    {
        "source_id": 1, "at": NOON, "hints_": {"ttl": 60, "skip_hours": [1, 2]}, "is_tagged": True, "etag_": 'W/"é"',
        "hash_": b"\0" * 32, "arrivals_": 1,
    },
    {
        "source_id": 2, "at": datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=5))), "hints_": None,
        "is_tagged": False, "etag_": None, "hash_": None, "arrivals_": None,
    },
]  # fmt: skip


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            for number in (1, 2):
                await sources.add(connection, f"https://{number}.example/", now=NOON)
        yield database


async def test_rows_are_written_as_sqlalchemy_writes_them(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(UPDATE, ROWS)
        theirs = (await connection.execute(select(tables.sources).order_by(_c.id))).all()
        await connection.execute(update(tables.sources).values(hints={}, etag="", body_hash=b"", watched_since=None))

        await execute_for_all(connection, UPDATE, ROWS)

        assert (await connection.execute(select(tables.sources).order_by(_c.id))).all() == theirs


async def test_all_rows_take_one_statement(database: Database) -> None:
    async with database.write() as connection:
        with executed(connection) as statements:
            await execute_for_all(connection, UPDATE, ROWS)
            await execute_for_all(connection, UPDATE, [])

    assert len(statements) == 1


async def test_a_naive_time_is_refused(database: Database) -> None:
    rows = [{**ROWS[0], "at": datetime(2026, 11, 27)}]  # noqa: DTZ001

    with pytest.raises(StoreRefused):
        async with database.write() as connection:
            await execute_for_all(connection, UPDATE, rows)


async def test_a_statement_may_have_one_parameter(database: Database) -> None:
    statement = update(tables.sources).values(title="News").where(_c.url == bindparam("address"))
    literal = update(tables.sources).values(etag=None).where(_c.id == bindparam("source_id"))
    async with database.write() as connection:
        await execute_for_all(connection, statement, [{"address": "https://1.example/"}])
        await execute_for_all(connection, literal.values(title=literal_column("'News'")), [{"source_id": 2}])

        assert (await connection.execute(select(_c.title).order_by(_c.id))).scalars().all() == ["News", "News"]


@pytest.mark.parametrize("given", [{}, {"source_id": 1}], ids=["first", "second"])
async def test_a_row_without_a_value_is_refused(database: Database, given: dict[str, Any]) -> None:
    statement = update(tables.sources).values(etag="new").where(_c.id == bindparam("source_id"))
    rows = [given, {"source_id": 2}] if not given else [given, {}]

    with pytest.raises(StoreRefused):
        async with database.write() as connection:
            await execute_for_all(connection, statement, rows)


@pytest.mark.parametrize(
    ("numbers", "found"), [([], []), ([2, 7], [2]), ([*range(2, 100_000)], [2])], ids=["none", "some", "many"]
)
async def test_numbers_are_one_parameter_however_many(database: Database, numbers: list[int], found: list[int]) -> None:
    query = select(_c.id).where(among(_c.id, "numbers"))

    async with database.read() as connection:
        assert (await connection.execute(query, {"numbers": numbers})).scalars().all() == found


async def test_rows_with_given_numbers_are_found_by_their_index(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by the size of the table")
    query = select(_c.url).where(among(_c.id, "numbers"), _c.state == "active")

    async with database.read() as connection:
        with executed(connection) as statements:
            await connection.execute(query, {"numbers": [1]})
        [(sql, _)] = statements
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("[1]", "active"))).all()

    assert any("SEARCH sources USING INTEGER PRIMARY KEY" in row.detail for row in plan)
