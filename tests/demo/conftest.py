"""A newsroom of the demo whose time is set by the test."""

from collections.abc import AsyncIterator

import pytest

from ingestd.demo.newsroom import Newsroom
from tests.demo.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def newsroom(clock: Clock) -> AsyncIterator[Newsroom]:
    async with Newsroom(clock=clock) as newsroom:
        yield newsroom
