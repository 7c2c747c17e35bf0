"""Consumers of the kind `rabbitmq`: messages are published to an exchange, with confirms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.brokers.connection import missing
from ingestd.delivery.brokers.settings import SECRETS
from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.delivery.kinds.rabbitmq.settings import RabbitmqSettings


@asynccontextmanager
async def open_rabbitmq(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that connects when it sends; raises ConfigError when the library is not installed."""
    try:
        from ingestd.delivery.kinds.rabbitmq.sender import RabbitmqSender
    except ModuleNotFoundError as error:
        raise missing("rabbitmq", "aio-pika") from error
    sender = RabbitmqSender(opening.settings, opening.operator.ca_file)
    async with sender.connection:
        yield sender


KIND = Kind(name="rabbitmq", settings=RabbitmqSettings, open=open_rabbitmq, secrets=SECRETS)
