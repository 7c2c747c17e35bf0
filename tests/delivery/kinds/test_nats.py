"""Consumers of the kind `nats`, on a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.delivery.kinds.contract import KindContract
from tests.support.brokers.nats import NatsServer


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(tmp_path)
    await server.start()
    await server.proxy.start()
    yield server
    await server.proxy.close()
    await server.kill()


class TestNats(KindContract):
    """The contract of all kinds."""
