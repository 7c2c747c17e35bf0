"""The kind `webhook`: messages are posted to a URL, signed as Standard Webhooks 1.0 says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from ingestd.delivery.kinds.kind import Kind
from ingestd.delivery.kinds.webhook.sender import CONCURRENCY, open_sender
from ingestd.delivery.kinds.webhook.settings import WebhookSettings
from ingestd.delivery.kinds.webhook.signature import with_secret

KIND = Kind(
    name="webhook",
    settings=WebhookSettings,
    open=open_sender,
    concurrency=CONCURRENCY,
    defaults=with_secret,
    secrets=frozenset({"secret", "previous_secret"}),
)
