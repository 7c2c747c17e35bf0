"""The example that `consumers test` sends: each kind says truly what was done with it."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestd.delivery import trial
from ingestd.delivery.kinds.webhook.signature import make_secret
from ingestd.errors import UsageError
from ingestd.model.consumer import Consumer
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def consumer(kind: str, settings: dict[str, Any], form: str = "full") -> Consumer:
    return Consumer(id=1, name="desk", kind=kind, form=form, epoch="e", settings=settings, created_at=NOW)


def only_file(folder: Path) -> tuple[str, bytes]:
    [file] = folder.iterdir()
    return file.name, file.read_bytes()


@pytest.mark.parametrize("form", ["ninjs", "nitf", "newsml-g2", "message"])
async def test_a_folder_gets_a_file(tmp_path: Path, fetcher: Fetcher, form: str) -> None:
    one = consumer("files", {"folder": str(tmp_path), "format": form})

    tested = await trial.send_test(one, Settings(), fetcher, NOW)

    name, body = only_file(tmp_path)
    assert (tested.delivered, tested.excerpt) == (True, f"wrote {name}")
    assert name.startswith("000000000000-test-")
    assert b"Test message from ingestd" in body


async def test_a_feed_without_a_hub_sends_nothing(fetcher: Fetcher) -> None:
    with pytest.raises(UsageError, match=r"feed desk has no hub.* /feeds/desk\.atom"):
        await trial.send_test(consumer("feed", {}, "thin"), Settings(), fetcher, NOW)


@pytest.mark.parametrize("kind", ["pull", "sse"])
async def test_a_kind_that_asks_itself_is_sent_nothing(fetcher: Fetcher, kind: str) -> None:
    with pytest.raises(UsageError, match=f"nothing is sent to consumer desk: readers of the kind {kind} ask"):
        await trial.send_test(consumer(kind, {}), Settings(), fetcher, NOW)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("webhook", {"url": "http://{}/in/a-secret-path", "secret": make_secret()}),
        ("nats", {"servers": "nats://{}"}),
        ("kafka", {"servers": "{}"}),
        ("rabbitmq", {"url": "amqp://{}"}),
        ("redis", {"url": "redis://{}"}),
    ],
)
async def test_a_dead_endpoint_is_named(fetcher: Fetcher, kind: str, settings: dict[str, Any]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nobody listens
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        one = consumer(kind, {name: value.format(address) for name, value in settings.items()})

        tested = await trial.send_test(one, Settings(allow_networks=["127.0.0.0/8"]), fetcher, NOW)

    assert not tested.delivered
    assert tested.error
    assert address in tested.error
    assert tested.error.endswith("Connection refused")
    assert "secret-path" not in tested.error
