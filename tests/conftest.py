"""What tests share: the newsroom, and a fetcher that may visit it."""

from collections.abc import AsyncIterator
from ipaddress import IPv4Network

import pytest

from ingestd.web.fetcher import Fetcher
from ingestd.web.turns import Turns
from tests.newsroom import Newsroom


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    async with Newsroom() as newsroom:
        yield newsroom


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher that may connect to the loopback and waits between requests for nothing."""
    async with Fetcher(
        user_agent="ingestd/test (+tests@example.org)",
        allow_networks=[IPv4Network("127.0.0.0/8")],
        turns=Turns(delay=0),
    ) as fetcher:
        yield fetcher
