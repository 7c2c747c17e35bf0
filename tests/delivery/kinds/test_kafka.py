"""Consumers of the kind `kafka`, on a cluster that librdkafka imitates."""

from collections.abc import AsyncIterator

import pytest

from tests.delivery.kinds.contract import KindContract
from tests.support.brokers.kafka import KafkaCluster


@pytest.fixture
async def endpoint() -> AsyncIterator[KafkaCluster]:
    cluster = KafkaCluster()
    yield cluster
    cluster.close()


class TestKafka(KindContract):
    """The contract of all kinds."""
