"""The kind `webhook`: messages are posted to a URL, signed as Standard Webhooks 1.0 says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.delivery.kinds.webhook.settings import WebhookSettings
from ingestd.delivery.kinds.webhook.signature import with_secret
from ingestd.settings import Settings
from ingestd.web.connection.guard import Guard
from ingestd.web.target import Target

#: Messages that are sent to one endpoint at the same time, each over a connection of its own.
CONCURRENCY = 16


@asynccontextmanager
async def open_webhook(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender with connections of its own to the endpoint, which stay open between messages."""
    from ingestd.delivery.kinds.webhook.sender import open_sender

    async with open_sender(opening, CONCURRENCY) as sender:
        yield sender


def _refusal(settings: WebhookSettings, _form: str, operator: Settings) -> str | None:
    host = Target.parse(settings.url).url.host or ""
    reason = Guard(operator.allow_networks).blocked_host(host)
    return f"setting 'url': {reason}" if reason else None


KIND = Kind(
    name="webhook",
    settings=WebhookSettings,
    open=open_webhook,
    concurrency=CONCURRENCY,
    refusal=_refusal,
    defaults=with_secret,
    secrets=frozenset({"secret", "previous_secret"}),
)
