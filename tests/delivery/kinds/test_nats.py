"""Consumers of the kind `nats`, on a real server."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ingestd.delivery.kinds.nats import KIND
from ingestd.errors import EndpointDown, MessageRefused
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import KindContract, make_message, opened, render
from tests.support.brokers.nats import NatsServer
from tests.support.brokers.process import running
from tests.support.drop_folders import make_certificate


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with running(NatsServer(tmp_path)) as server:
        yield server


class TestNats(KindContract):
    """The contract of all kinds."""


async def test_a_stream_that_is_missing_is_named(endpoint: NatsServer, fetcher: Fetcher) -> None:
    settings = {**endpoint.settings, "stream": None, "create_stream": False, "subject": "wire.{source}.{record}"}

    async with opened(endpoint.kind, settings, fetcher) as sender:
        with pytest.raises(EndpointDown, match=r"no stream takes the subject wire\.3\.1 at present"):
            await sender.send(render(make_message(1, record=1)))


async def test_a_stream_that_is_not_the_expected_one_gets_nothing(endpoint: NatsServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        await sender.send(render(make_message(1, record=1)))

    other = {**endpoint.settings, "stream": "OTHER", "create_stream": False}
    async with opened(endpoint.kind, other, fetcher) as sender:
        with pytest.raises(EndpointDown, match="expected stream does not match"):
            await sender.send(render(make_message(2, record=1)))

    assert [message.seq for message in await endpoint.received()] == [1]


async def test_a_message_larger_than_the_stream_takes_is_refused(endpoint: NatsServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        await sender.send(render(make_message(1, record=1)))
        await endpoint.limit_messages(4096)
        with pytest.raises(MessageRefused, match="message size exceeds maximum allowed"):
            await sender.send(render(make_message(2, record=2), size=5000))


async def test_the_kind_is_in_the_subject(endpoint: NatsServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        receipt = await sender.send(render(make_message(1, record=1)))
        again = await sender.send(render(make_message(1, record=1)))

    assert receipt.excerpt == "NEWS 1"
    assert again.excerpt == "NEWS 1 duplicate"


async def test_a_message_is_sent_over_tls_to_a_trusted_server_only(tmp_path: Path, fetcher: Fetcher) -> None:
    certificate = make_certificate(tmp_path)
    async with running(NatsServer(tmp_path, certificate=certificate)) as server:
        async with opened(server.kind, server.settings, fetcher) as sender:
            with pytest.raises(EndpointDown, match="certificate verify failed"):
                await sender.send(render(make_message(1, record=1)))
        async with opened(server.kind, server.settings, fetcher, Settings(ca_file=certificate)) as sender:
            assert (await sender.send(render(make_message(1, record=1)))).excerpt == "NEWS 1"


async def test_tls_that_is_asked_for_and_not_offered_sends_no_password(endpoint: NatsServer, fetcher: Fetcher) -> None:
    settings = {**endpoint.settings, "servers": endpoint.settings["servers"].replace("nats:", "tls:")}

    async with opened(endpoint.kind, settings, fetcher) as sender:
        with pytest.raises(EndpointDown, match="offers no TLS"):
            await sender.send(render(make_message(1, record=1)))

    assert b"letmein" not in endpoint.proxy.requests
    assert b"CONNECT" not in endpoint.proxy.requests


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"servers": "nats://desk:secret@127.0.0.1:4222"}, "should have no login"),
        ({"servers": "http://127.0.0.1:4222"}, "should be nats://HOST:PORT or tls://HOST:PORT"),
        ({"servers": "nats://127.0.0.1:4222/path"}, "without a path or query"),
        ({"servers": ""}, "at least 1 item"),
        ({"create_stream": True}, "needs the name of the stream"),
        ({"token": "secret", "user": "desk"}, "a token or a user"),
        ({"subject": "ingestd.{headline}"}, "unknown placeholder"),
        ({"subject": "ingestd.>"}, "no wildcard"),
        ({"subject": "ingestd..new"}, "words separated by dots"),
        ({"subject": "ingestd.{kind!r}"}, "unknown placeholder"),
        ({"subject": "ingestd.{"}, "is not a template"),
    ],
    ids=["login", "scheme", "path", "no server", "unnamed stream", "two logins", "field", "wildcard", "empty word",
         "conversion", "brace"],
)  # fmt: skip
def test_wrong_settings_are_refused_without_a_secret(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        KIND.settings.model_validate({"servers": "nats://127.0.0.1:4222", **wrong})

    assert "secret" not in str(caught.value)
