"""Tokens of the database: roles, expiry, revocation, sessions, and what happens to requests without one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import event, select

from ingestd.daemon.health import Health
from ingestd.daemon.http import known_tokens
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.known_tokens import KnownTokens
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.model.token import Role
from ingestd.settings import Listen
from ingestd.store import tokens
from ingestd.store.schema import tables
from tests.support.outcomes import keep_texts

API_TOKEN = "a token that is long enough"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def client_of(service: Service, token: str | None = API_TOKEN) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    address = serve(Health(service), Listen(host="127.0.0.1", port=0), Access.with_token(token))
    async with address as base, aiohttp.ClientSession(base, cookie_jar=jar) as client:
        yield client


async def add(service: Service, name: str, role: Role = "read", **values: Any) -> str:
    async with service.runtime.database.write() as connection:
        return (await tokens.add(connection, name, role=role, **{"now": datetime.now(UTC), **values}))[1]


async def status(client: aiohttp.ClientSession, path: str, token: str | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.get(path, headers=headers) as reply:
        await reply.read()
        return reply.status


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens are read again for each request."""
    monkeypatch.setattr(known_tokens, "_FRESH", -1.0)


async def test_a_token_opens_v1_until_it_expires_or_is_revoked(service: Service, at_once: None) -> None:
    secret = await add(service, "reader")
    expired = await add(service, "old", now=LONG_AGO, expires_at=LONG_AGO + timedelta(days=1))
    async with client_of(service) as client:
        valid = await status(client, "/v1/events", secret)
        others = [await status(client, "/v1/events", one) for one in (expired, secret + "x", "ingestd_", None)]
        async with service.runtime.database.write() as connection:
            await tokens.revoke(connection, "reader")
        revoked = await status(client, "/v1/events", secret)

    assert (valid, others, revoked) == (200, [401] * 4, 401)


async def test_only_admin_reads_what_is_withheld(service: Service) -> None:
    secrets = {role: await add(service, role, role) for role in ("read", "operate", "admin")}  # type: ignore[arg-type]
    async with client_of(service, None) as client:
        found = {
            role: await status(client, "/v1/events?include_withheld=true", secret) for role, secret in secrets.items()
        }

    assert found == {"read": 403, "operate": 403, "admin": 200}


async def test_the_first_token_ends_the_access_of_this_host_without_one(service: Service, at_once: None) -> None:
    async with client_of(service, None) as client:
        before = await status(client, "/v1/events")
        secret = await add(service, "reader", now=LONG_AGO, expires_at=LONG_AGO + timedelta(days=1))
        after = [await status(client, "/v1/events"), await status(client, "/v1/events", secret)]

    assert (before, after) == (200, [401, 401])


async def test_a_revoked_token_does_not_become_a_request_of_this_host(service: Service, at_once: None) -> None:
    secret = await add(service, "reader")
    async with service.runtime.database.write() as connection:
        await tokens.revoke(connection, "reader")
    async with client_of(service, None) as client:
        assert await status(client, "/v1/events", secret) == 401
        assert await status(client, "/v1/events") == 200


async def test_the_page_opens_to_operators_without_a_filter(service: Service, at_once: None) -> None:
    expected = {"reader": (401, 200), "operator": (200, 200), "filtered": (401, 401)}
    secrets = {
        "reader": await add(service, "reader"),
        "operator": await add(service, "operator", "operate"),
        "filtered": await add(service, "filtered", "admin", filter="language:de"),
    }
    async with client_of(service) as client:
        found = {
            name: (await status(client, "/", one), await status(client, "/metrics", one))
            for name, one in secrets.items()
        }
        logged_in = {name: await log_in(client, one) for name, one in secrets.items()}

    assert found == expected
    assert logged_in == {"reader": 403, "operator": 303, "filtered": 403}


async def log_in(client: aiohttp.ClientSession, token: str) -> int:
    headers = {"Origin": str(client._base_url).rstrip("/")}
    async with client.post("/login", data={"token": token}, headers=headers, allow_redirects=False) as reply:
        return reply.status


async def test_a_session_ends_with_the_token_that_it_was_begun_with(service: Service, at_once: None) -> None:
    secret = await add(service, "operator", "operate")
    async with client_of(service) as client:
        assert await log_in(client, secret) == 303
        during = [await status(client, path) for path in ("/", "/v1/events", "/v1/events?include_withheld=true")]
        async with service.runtime.database.write() as connection:
            await tokens.revoke(connection, "operator")
            await tokens.add(connection, "operator", role="operate", now=datetime.now(UTC))
        after = [await status(client, path) for path in ("/", "/v1/events")]

    assert during == [200, 200, 403]
    assert after == [401, 401]


async def test_many_requests_read_the_tokens_once_and_note_the_use_once(service: Service) -> None:
    database = service.runtime.database
    secret = await add(service, "reader")
    known, statements = KnownTokens(database), list[str]()

    def count(_c: Any, _cursor: Any, statement: str, *_rest: object) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    for engine in {database._reader.sync_engine, database._writer.sync_engine}:
        event.listen(engine, "before_cursor_execute", count)
    for _ in range(50):
        assert await known.find(secret)
    await known.close()
    async with database.read() as connection:
        used_at = (await connection.execute(select(tables.tokens.c.used_at))).scalar_one()

    assert statements.count("UPDATE") == 1
    assert statements.count("SELECT") == 2  # the tokens, and the one of this test
    assert (used_at.minute, used_at.second) == (0, 0)


async def test_a_filter_hides_events_and_sources_and_closes_what_it_is_not_applied_to(service: Service) -> None:
    await keep_texts(service.runtime.database, "https://one.example/feed", "Ferry", "Umbrella")
    await keep_texts(service.runtime.database, "https://two.example/feed", "Otter")
    secret = await add(service, "customer", "admin", filter="site:two.example")
    headers = {"Authorization": f"Bearer {secret}"}
    async with client_of(service) as client:
        async with client.get("/v1/events", headers=headers) as reply:
            batch = await reply.json()
        async with client.get("/v1/sources", headers=headers) as reply:
            listed = await reply.json()
        paths = ("/v1/backfills", "/v1/consumers", "/v1/events?include_withheld=true")
        closed = [await status(client, path, secret) for path in paths]

    assert [one["headline"] for one in batch["events"]] == ["Otter"]
    assert (batch["after"], batch["newest"]) == (3, 3)
    assert [one["url"] for one in listed] == ["https://two.example/feed"]
    assert closed == [403] * 3
