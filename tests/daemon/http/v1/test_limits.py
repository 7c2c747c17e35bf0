"""Limits on the requests of a caller: their rate, and how many at once."""

from contextlib import ExitStack

import aiohttp
import pytest

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.http.v1.limits import Allowance, Limits
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.service import Service
from ingestd.settings import Listen

TOKEN = "a token that is long enough"


def test_a_burst_is_followed_by_the_rate() -> None:
    limits = Limits(Allowance(rate=2, burst=3))
    for _ in range(3):
        limits.take("a", 100.0)

    with pytest.raises(Problem) as refused:
        limits.take("a", 100.0)
    limits.take("b", 100.0)
    limits.take("a", 100.5)
    with pytest.raises(Problem):
        limits.take("a", 100.75)
    for _ in range(3):
        limits.take("a", 1000.0)

    assert (refused.value.status, refused.value.retry_after) == (429, 0.5)
    with pytest.raises(Problem):
        limits.take("a", 1000.0)


def test_requests_at_once_are_counted_until_they_end() -> None:
    limits = Limits(Allowance(concurrency=2))
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(limits.at_work("a"))
        with pytest.raises(Problem), limits.at_work("a"):
            pass
        with limits.at_work("b"):
            pass

    with pytest.raises(ValueError, match="it failed"), limits.at_work("a"):
        raise ValueError("it failed")
    with limits.at_work("a"), limits.at_work("a"):
        pass


async def test_too_many_requests_are_429_with_the_time_to_wait(service: Service) -> None:
    access = Access.with_token(TOKEN, allowance=Allowance(rate=0.01, burst=2))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    found = []
    async with (
        serve(Health(service), Listen(host="127.0.0.1", port=0), access) as base,
        aiohttp.ClientSession(base, headers=headers) as client,
    ):
        for path in ("/v1/events", "/v1/events?after=x", "/v1/events", "/openapi.json", "/livez"):
            async with client.get(path) as reply:
                found.append(reply.status)
                if reply.status == 429:
                    problem, wait = await reply.json(), reply.headers["Retry-After"]

    assert found == [200, 400, 429, 200, 200]
    assert problem["type"] == "urn:ingestd:problem:too-many-requests"
    assert 90 <= int(wait) <= 100
