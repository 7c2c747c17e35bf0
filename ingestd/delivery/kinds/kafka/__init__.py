"""Consumers of the kind `kafka`: messages are written to a topic by an idempotent producer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.brokers.connection import missing
from ingestd.delivery.brokers.settings import SECRETS
from ingestd.delivery.kinds.kafka.settings import KafkaSettings
from ingestd.delivery.kinds.kind import Kind, Opening, Sender


@asynccontextmanager
async def open_kafka(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that connects when it sends; raises ConfigError when the library is not installed."""
    try:
        from ingestd.delivery.kinds.kafka.sender import KafkaSender
    except ModuleNotFoundError as error:
        raise missing("kafka", "aiokafka") from error
    sender = KafkaSender(opening.settings, opening.operator.ca_file)
    async with sender.connection:
        yield sender


KIND = Kind(name="kafka", settings=KafkaSettings, open=open_kafka, concurrency=64, secrets=SECRETS)
