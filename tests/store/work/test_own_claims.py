"""Claims of this run on which nothing in its process works are given back, and no others."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from ingestd.errors import StoreUnavailable
from ingestd.model.feed import Entry
from ingestd.model.source import Source
from ingestd.pipeline.heartbeat import send_heartbeat
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.schema import tables
from ingestd.store.work import backfills, entries, own_claims, runs
from ingestd.store.work.own_claims import OwnClaims, claim_of
from tests.support.outcomes import NOON


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


@pytest.fixture
async def run_id(database: Database) -> str:
    async with database.write() as connection:
        await sources.add(connection, "https://wire.example/", now=NOON)
        return await runs.start(connection, role="daemon", now=NOON)


async def claim(database: Database, run_id: str, claims: OwnClaims | None = None) -> Source:
    with (claims or OwnClaims()).claiming() as register:
        async with database.write() as connection:
            [source] = await sources.claim_due(connection, run_id, now=NOON, limit=1)
            register([claim_of(source)])
    return source


async def beat(database: Database, run_id: str, claims: OwnClaims) -> None:
    await send_heartbeat(database, run_id, role="daemon", observer=runs.RunObserver(), claims=claims)


async def claimed_by(database: Database) -> str | None:
    async with database.read() as connection:
        return (await connection.execute(select(tables.sources.c.run_id))).scalar_one()


async def test_a_claim_whose_commit_was_not_answered_is_given_back(database: Database, run_id: str) -> None:
    claims = OwnClaims()

    with pytest.raises(StoreUnavailable), claims.claiming() as register:  # noqa: PT012
        async with database.write() as connection:
            register(map(claim_of, await sources.claim_due(connection, run_id, now=NOON, limit=1)))
        raise StoreUnavailable("the connection was lost during the commit")
    assert await claimed_by(database) == run_id

    await beat(database, run_id, claims)

    assert await claimed_by(database) is None


async def test_a_claim_on_which_something_works_stays(database: Database, run_id: str) -> None:
    claims = OwnClaims()
    source = await claim(database, run_id, claims)
    claims.add([claim_of(source)])  # a push, while a poll of its folder has the claim
    claims.remove([claim_of(source)])

    await beat(database, run_id, claims)
    assert await claimed_by(database) == run_id

    claims.remove([claim_of(source)])
    await beat(database, run_id, claims)
    assert await claimed_by(database) is None


async def test_a_claim_is_known_before_it_is_committed(database: Database, run_id: str) -> None:
    claims = OwnClaims()

    with claims.claiming() as register:
        async with database.write() as connection:
            [source] = await sources.claim_due(connection, run_id, now=NOON, limit=1)
            register([claim_of(source)])
        await beat(database, run_id, claims)  # committed, and the claimer has not gone on yet

    assert await claimed_by(database) == run_id


async def test_a_row_that_was_claimed_again_is_not_given_back(database: Database, run_id: str) -> None:
    await claim(database, run_id)
    async with database.read() as connection:
        abandoned = await own_claims.find_abandoned(connection, run_id, OwnClaims())
    async with database.write() as connection:
        await own_claims.give_back(connection, run_id, abandoned)
    await claim(database, run_id)

    async with database.write() as connection:
        assert await own_claims.give_back(connection, run_id, abandoned) == 0

    assert await claimed_by(database) == run_id


async def test_a_late_release_does_not_end_a_later_claim(database: Database, run_id: str) -> None:
    first = await claim(database, run_id)
    await beat(database, run_id, OwnClaims())
    await claim(database, run_id)

    async with database.write() as connection:
        await sources.release(connection, first, run_id)
        await sources.postpone(connection, first, run_id, until=NOON)

    assert await claimed_by(database) == run_id


async def test_entries_and_backfills_are_given_back(database: Database, run_id: str) -> None:
    found = ListedEntry(entry=Entry(guid="1", link="https://wire.example/1"), fingerprint="f")
    async with database.write() as connection:
        await polls.add_entries(connection, 1, [found], now=NOON)
        await entries.claim_due(connection, run_id, now=NOON, limit=1)
        number = await backfills.create(
            connection, kind="urls", argument="-", options={}, source_id=1, cursor={}, run_id=run_id, now=NOON
        )
    claims = OwnClaims()
    claims.add([("backfills", number, 0)])

    await beat(database, run_id, claims)

    async with database.read() as connection:
        assert (await connection.execute(select(tables.entries.c.run_id))).scalar_one() is None
        assert (await connection.execute(select(tables.backfills.c.run_id))).scalar_one() == run_id
