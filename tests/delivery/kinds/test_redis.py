"""Consumers of the kind `redis`, on a real server (`make test-brokers`)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.delivery.kinds.contract import KindContract
from tests.support.brokers.debian import needs
from tests.support.brokers.redis import BINARY, RedisServer

pytestmark = needs(BINARY)


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[RedisServer]:
    server = RedisServer(tmp_path)
    await server.start()
    await server.proxy.start()
    yield server
    await server.proxy.close()
    await server.kill()


class TestRedis(KindContract):
    """The contract of all kinds."""
