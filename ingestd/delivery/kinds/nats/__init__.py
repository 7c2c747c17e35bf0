"""Consumers of the kind `nats`: messages are published to a stream of NATS JetStream."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.brokers.connection import missing
from ingestd.delivery.brokers.settings import SECRETS
from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.delivery.kinds.nats.settings import NatsSettings


@asynccontextmanager
async def open_nats(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that connects when it sends; raises ConfigError when the library is not installed."""
    try:
        from ingestd.delivery.kinds.nats.sender import NatsSender
    except ModuleNotFoundError as error:
        raise missing("nats", "nats-py") from error
    sender = NatsSender(opening.settings, opening.operator.ca_file)
    async with sender.connection:
        yield sender


KIND = Kind(name="nats", settings=NatsSettings, open=open_nats, secrets=SECRETS | {"token"})
