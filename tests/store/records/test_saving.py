"""Saving many outcomes in one transaction, and those that have to be compared first."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, func, select

from ingestd.model.article import Article
from ingestd.policy.articles.index_entry import index_entry
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records.outcomes import Saved
from ingestd.store.records.save import save_outcomes
from ingestd.store.schema import tables
from tests.support.outcomes import claimed, keep, saved


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


def noted_statements(database: Database) -> list[str]:
    statements: list[str] = []
    note: Callable[..., None] = lambda *arguments: statements.append(arguments[2])  # noqa: E731
    event.listen(database._writer.sync_engine, "before_cursor_execute", note)
    return statements


async def test_many_new_records_take_as_many_statements_as_one(database: Database) -> None:
    works = await claimed(database, "https://paper.example", 22)
    outcomes = [
        replace(saved(work, f"Ferry {work.id}"), site=f"{work.id}.example", block_hashes=(1, 2)) for work in works
    ]
    statements = noted_statements(database)
    counts = []
    for some in (outcomes[:1], outcomes[1:2], outcomes[2:]):
        statements.clear()
        await keep(database, some)
        counts.append(len([one for one in statements if not one.startswith("BEGIN")]))

    assert counts[2] <= counts[1] <= counts[0]


async def records_of(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(tables.records))).scalar_one()


async def test_an_outcome_waits_for_its_comparison_with_a_record_by_other_rules(database: Database) -> None:
    one, other = await claimed(database, "https://paper.example", 2)
    uri = "https://paper.example/story"
    await keep(database, [saved(one, Article(headline="Ferry", body_text="The ferry runs.", uri=uri))])
    article = Article(headline="Ferry", body_text="The ferry runs again.", uri=uri)
    outcome = replace(saved(other, article), rules="1", is_compared=False)

    async def save(outcome: Saved) -> list[str]:
        async with database.write() as connection:
            return [*await save_outcomes(connection, [outcome])]

    assert await save(outcome) == ["uncompared"]
    async with database.read() as connection:
        row = (await connection.execute(select(tables.entries).where(tables.entries.c.id == other.id))).one()
        raised = (await connection.execute(select(func.count()).select_from(tables.events))).scalar_one()
    assert (row.run_id, row.state, row.record_id, raised) == (other.run_id, "pending", None, 1)
    assert await save(replace(outcome, is_compared=True)) == ["saved"]
    assert await records_of(database) == 1


@pytest.mark.parametrize("rules", ["0", "1"], ids=["same rules", "other rules, another address"])
async def test_an_outcome_without_such_a_record_is_saved_at_once(database: Database, rules: str) -> None:
    one, other = await claimed(database, "https://paper.example", 2)
    uri = "https://paper.example/story"
    await keep(database, [saved(one, Article(headline="Ferry", body_text="The ferry runs.", uri=uri))])
    article = Article(headline="Boat", body_text="The boat sails.", uri=uri if rules == "0" else f"{uri}/2")

    async with database.write() as connection:
        results = await save_outcomes(connection, [replace(saved(other, article), rules=rules, is_compared=False)])

    assert results == ["saved"]


async def test_an_index_entry_made_elsewhere_is_stored_like_one_made_here(database: Database) -> None:
    works = await claimed(database, "https://paper.example", 2)
    text = "The ferry runs again on Monday, on Tuesday and on Wednesday."
    made = replace(saved(works[0], text), index=index_entry(text, text))
    await keep(database, [made, replace(saved(works[1], text + " It sails."), index=None)])

    async with database.read() as connection:
        filters = (
            await connection.exec_driver_sql("SELECT phrases FROM record_search_phrases ORDER BY revision_id")
        ).all()

    assert bytes(filters[0].phrases) == index_entry(text, text).phrases
    assert bytes(filters[1].phrases) == index_entry(text + " It sails.", text + " It sails.").phrases
