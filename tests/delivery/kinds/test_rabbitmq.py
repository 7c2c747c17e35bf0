"""Consumers of the kind `rabbitmq`, on a real server (`make test-brokers`)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.delivery.kinds.contract import KindContract
from tests.support.brokers.debian import needs
from tests.support.brokers.rabbitmq import BINARY, RabbitmqServer

pytestmark = needs(BINARY)


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[RabbitmqServer]:
    server = RabbitmqServer(tmp_path)
    await server.start()
    await server.proxy.start()
    yield server
    await server.proxy.close()
    await server.kill()


class TestRabbitmq(KindContract):
    """The contract of all kinds."""
