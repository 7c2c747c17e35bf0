"""The kind `webhook`: messages are posted to a URL, signed as Standard Webhooks 1.0 says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.delivery.kinds.webhook.settings import WebhookSettings
from ingestd.delivery.kinds.webhook.signature import with_secret

#: Messages that are sent to one endpoint at the same time, each over a connection of its own.
CONCURRENCY = 16


@asynccontextmanager
async def open_webhook(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender with connections of its own to the endpoint, which stay open between messages."""
    from ingestd.delivery.kinds.webhook.sender import open_sender

    async with open_sender(opening, CONCURRENCY) as sender:
        yield sender


KIND = Kind(
    name="webhook",
    settings=WebhookSettings,
    open=open_webhook,
    concurrency=CONCURRENCY,
    defaults=with_secret,
    secrets=frozenset({"secret", "previous_secret"}),
)
