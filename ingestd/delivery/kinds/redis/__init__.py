"""Consumers of the kind `redis`: messages become entries of a Redis stream, with the numbers of their events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.brokers.connection import missing
from ingestd.delivery.brokers.settings import SECRETS
from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.delivery.kinds.redis.settings import RedisSettings


@asynccontextmanager
async def open_redis(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that connects when it sends; raises ConfigError when the library is not installed."""
    try:
        from ingestd.delivery.kinds.redis.sender import RedisSender
    except ModuleNotFoundError as error:
        raise missing("redis", "redis") from error
    sender = RedisSender(opening.settings, opening.operator.ca_file)
    try:
        yield sender
    finally:
        await sender.close()


# Ordered: Redis refuses an entry whose identifier is not above that of the last one.
KIND = Kind(name="redis", settings=RedisSettings, open=open_redis, ordered=True, secrets=SECRETS)
