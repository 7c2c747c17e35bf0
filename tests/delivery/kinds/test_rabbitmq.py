"""Consumers of the kind `rabbitmq`, on a real server (`make test-brokers`)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingestd.errors import EndpointDown, MessageRefused
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import Delivery, KindContract, make_message, make_messages, opened, render
from tests.support.brokers.debian import needs
from tests.support.brokers.process import running
from tests.support.brokers.rabbitmq import BINARY, QUEUE, RabbitmqServer
from tests.support.drop_folders import make_certificate

pytestmark = needs(BINARY)


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[RabbitmqServer]:
    async with running(RabbitmqServer(tmp_path)) as server:
        yield server


class TestRabbitmq(KindContract):
    """The contract of all kinds."""


async def test_a_message_that_no_queue_gets_is_refused(endpoint: RabbitmqServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, {**endpoint.settings, "routing_key": "wire.{source}"}, fetcher) as sender:
        with pytest.raises(MessageRefused, match=r"the routing key wire\.3 of the exchange 'amq.topic': no queue"):
            await sender.send(render(make_message(1, record=1)))

    async with opened(endpoint.kind, {**endpoint.settings, "exchange": "", "routing_key": QUEUE}, fetcher) as sender:
        await sender.send(render(make_message(2, record=1)))

    assert [message.seq for message in await endpoint.received()] == [2]


async def test_an_exchange_or_virtual_host_that_is_missing_is_named(endpoint: RabbitmqServer, fetcher: Fetcher) -> None:
    message = render(make_message(1, record=1))

    async with opened(endpoint.kind, {**endpoint.settings, "exchange": "desk"}, fetcher) as sender:
        with pytest.raises(EndpointDown, match="the exchange 'desk' does not exist; create it"):
            await sender.send(message)
    async with opened(
        endpoint.kind, {**endpoint.settings, "url": f"{endpoint.settings['url']}/desk"}, fetcher
    ) as sender:
        with pytest.raises(EndpointDown, match="/desk: the virtual host does not exist, or"):
            await sender.send(message)


async def test_a_queue_that_is_full_waits(endpoint: RabbitmqServer, fetcher: Fetcher) -> None:
    async with await endpoint.connect() as connection, connection.channel() as channel:
        limits: dict[str, Any] = {"x-max-length": 1, "x-overflow": "reject-publish"}
        await channel.declare_queue("small", durable=True, arguments=limits)

    async with opened(endpoint.kind, {**endpoint.settings, "exchange": "", "routing_key": "small"}, fetcher) as sender:
        await sender.send(render(make_message(1, record=1)))
        with pytest.raises(EndpointDown, match="a queue may be full"):
            await sender.send(render(make_message(2, record=1)))


async def test_a_large_message_does_not_cost_those_that_are_under_way(
    endpoint: RabbitmqServer, fetcher: Fetcher
) -> None:
    large, *small = make_messages(20, records=20)

    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        delivery = Delivery(sender, endpoint.kind)
        delivery.up.set()
        delivering = asyncio.create_task(delivery.deliver(small))
        with pytest.raises(MessageRefused):
            await sender.send(render(large, size=endpoint.oversized))
        await delivering

    assert {message.id for message in await endpoint.received()} == {message.id for message in small}


async def test_a_message_is_sent_over_tls_to_a_trusted_server_only(tmp_path: Path, fetcher: Fetcher) -> None:
    certificate = make_certificate(tmp_path)
    message = render(make_message(1, record=1))
    async with running(RabbitmqServer(tmp_path, certificate=certificate)) as server:
        settings = {**server.settings, "url": f"amqps://127.0.0.1:{server.tls_port}"}
        async with opened(server.kind, settings, fetcher) as sender:
            with pytest.raises(EndpointDown, match="certificate verify failed"):
                await sender.send(message)
        async with opened(server.kind, settings, fetcher, Settings(ca_file=certificate)) as sender:
            await sender.send(message)

        assert [received.seq for received in await server.received()] == [1]
