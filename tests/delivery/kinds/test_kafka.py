"""Consumers of the kind `kafka`, on a cluster that librdkafka imitates."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError, NotLeaderForPartitionError, UnknownTopicOrPartitionError
from pydantic import ValidationError

from ingestd.delivery.kinds.kafka import KIND
from ingestd.errors import EndpointDown, MessageRefused
from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import KindContract, make_message, opened, render
from tests.support.brokers.kafka import KafkaCluster
from tests.support.drop_folders import make_certificate


@pytest.fixture
async def endpoint() -> AsyncIterator[KafkaCluster]:
    cluster = KafkaCluster()
    yield cluster
    cluster.close()


class TestKafka(KindContract):
    """The contract of all kinds."""


async def test_a_topic_that_is_missing_is_named(fetcher: Fetcher, endpoint: KafkaCluster) -> None:
    settings = {**endpoint.settings, "timeout": 1}
    endpoint.hide_topic(UnknownTopicOrPartitionError.errno)

    async with opened(endpoint.kind, settings, fetcher) as sender:
        with pytest.raises(EndpointDown, match="no topic news; create it"):
            await sender.send(render(make_message(1, record=1)))


async def test_a_message_larger_than_the_topic_takes_is_refused(endpoint: KafkaCluster, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        endpoint.fail_next_write(MessageSizeTooLargeError.errno)
        with pytest.raises(MessageRefused, match=r"larger than max_request or than the topic's max\.message\.bytes"):
            await sender.send(render(make_message(1, record=1)))
        await sender.send(render(make_message(2, record=1)))

    assert [message.seq for message in await endpoint.received()] == [2]


async def test_a_broker_that_is_no_leader_any_more_is_asked_again(endpoint: KafkaCluster, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        endpoint.fail_next_write(NotLeaderForPartitionError.errno)
        await sender.send(render(make_message(1, record=1)))

    assert [message.seq for message in await endpoint.received()] == [1]


def producers() -> int:
    """Return how many producers have a task that sends."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return names.count("Sender._sender_routine")


async def test_what_was_not_acknowledged_in_time_is_not_sent_later(endpoint: KafkaCluster, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, {**endpoint.settings, "timeout": 1}, fetcher) as sender:
        await sender.send(render(make_message(1, record=1)))
        await endpoint.kill()
        with pytest.raises(EndpointDown, match="no acknowledgement within 1 s"):
            await sender.send(render(make_message(2, record=1)))
        assert producers() == 0
        await endpoint.start()
        await sender.send(render(make_message(3, record=1)))
        assert producers() == 1
    assert producers() == 0

    assert [message.seq for message in await endpoint.received()] == [1, 3]


async def test_a_login_that_the_broker_does_not_know_leaves_the_endpoint_down(
    endpoint: KafkaCluster, fetcher: Fetcher
) -> None:
    settings = {**endpoint.settings, "user": "desk", "password": "secret", "timeout": 2}

    async with opened(endpoint.kind, settings, fetcher) as sender:
        with pytest.raises(EndpointDown, match="cannot connect to 127") as caught:
            await sender.send(render(make_message(1, record=1)))

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"servers": "desk:secret@127.0.0.1:9092"}, "should be HOST:PORT"),
        ({"servers": "127.0.0.1"}, "should be HOST:PORT"),
        ({"topic": "news wire"}, "should match pattern"),
        ({"mechanism": "GSSAPI"}, "PLAIN"),
    ],
    ids=["login", "port", "topic", "mechanism"],
)
def test_wrong_settings_are_refused_without_a_secret(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        KIND.settings.model_validate({"servers": "127.0.0.1:9092", **wrong})

    assert "secret" not in str(caught.value)


async def test_a_server_whose_certificate_is_not_trusted_gets_nothing(tmp_path: Path, fetcher: Fetcher) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    got = bytearray()

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.read())
        writer.close()

    async with await asyncio.start_server(read, "127.0.0.1", 0, ssl=context) as server:
        settings = {"servers": f"127.0.0.1:{server.sockets[0].getsockname()[1]}", "tls": True, "user": "desk"}
        async with opened(KIND, settings, fetcher) as sender:
            with pytest.raises(EndpointDown, match="certificate verify failed"):
                await sender.send(render(make_message(1, record=1)))

    assert got == b""
