"""Tokens of the API: only hashes are kept, and names are unique."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ingestd.errors import NotFound, UsageError
from ingestd.settings.values import with_async_driver
from ingestd.store import tokens
from ingestd.store.database import Database
from ingestd.store.schema import tables

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def test_a_secret_is_shown_once_and_only_its_hash_is_kept(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            token, secret = await tokens.add(
                connection, "reader", role="read", filter="language:de", expires_at=NOON + timedelta(days=1), now=NOON
            )
        async with database.read() as connection:
            [row] = (await connection.execute(select(tables.tokens))).all()
            assert await tokens.list_all(connection) == [token]

    assert secret.startswith("ingestd_")
    assert len(secret) == len("ingestd_") + 43  # 256 bits in base 64
    assert secret not in str(row)
    assert (token.sha256, token.role, token.filter) == (tokens.hash_of(secret), "read", "language:de")
    assert [token.is_valid(NOON + timedelta(days=days)) for days in (0, 1)] == [True, False]


async def test_a_name_is_used_once_and_again_after_it_was_revoked(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        first, _ = await tokens.add(connection, "reader", role="read", now=NOON)
        with pytest.raises(UsageError, match="there is a token reader already"):
            await tokens.add(connection, "reader", role="admin", now=NOON)
        await tokens.revoke(connection, "reader")
        second, _ = await tokens.add(connection, "reader", role="read", now=NOON)
        with pytest.raises(NotFound, match="no token other"):
            await tokens.revoke(connection, "other")

    assert first.sha256 != second.sha256


@pytest.mark.parametrize("name", ["", "Reader", "api_token", "-x", "a" * 65, "a\nb", "a\0"])
async def test_a_name_that_is_none_is_refused(database_url: str, name: str) -> None:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        with pytest.raises(UsageError, match="is no name of a token"):
            await tokens.add(connection, name, role="read", now=NOON)


async def test_the_last_use_never_goes_back(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        token, _ = await tokens.add(connection, "reader", role="read", now=NOON)
        for hours in (1, 3, 2):
            await tokens.mark_used(connection, token.id, NOON + timedelta(hours=hours))
        [found] = await tokens.list_all(connection)

    assert found.used_at == NOON + timedelta(hours=3)
