import asyncio
import threading
from collections.abc import Iterator

import pytest

from ingestd.delivery.kinds.webhook.signature import make_secret
from tests.support.webhook_receiver import WebhookReceiver


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """An endpoint in a thread of its own, as commands run event loops of theirs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    receiver = WebhookReceiver([make_secret()])
    asyncio.run_coroutine_threadsafe(receiver.__aenter__(), loop).result(30)
    yield receiver
    asyncio.run_coroutine_threadsafe(receiver.close(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()
