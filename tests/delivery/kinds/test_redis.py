"""Consumers of the kind `redis`, on a real server (`make test-brokers`)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestd.errors import EndpointDown, EndpointGone, MessageRefused
from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import KindContract, make_message, make_messages, opened, render
from tests.support.brokers.debian import needs
from tests.support.brokers.redis import BINARY, RedisServer

pytestmark = needs(BINARY)


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[RedisServer]:
    server = RedisServer(tmp_path)
    await server.start()
    await server.proxy.start()
    yield server
    await server.proxy.close()
    await server.kill()


class TestRedis(KindContract):
    """The contract of all kinds."""


async def test_a_stream_of_another_epoch_disables_the_consumer(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        await sender.send(render(make_message(7, record=1)))
        with pytest.raises(EndpointGone, match="entries of another epoch"):
            await sender.send(render(make_message(7, record=1, epoch="2f8a1b1e-8c55-4d0c-a6f2-64ef2c3c5a10")))

    assert len(await endpoint.received()) == 1


async def test_a_stream_of_another_program_disables_the_consumer(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with endpoint.client() as client:
        await client.xadd("news", {"headline": "Of somebody else"})

    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        with pytest.raises(EndpointGone, match="another program"):
            await sender.send(render(make_message(1, record=1)))


async def test_a_key_that_is_no_stream_disables_the_consumer(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with endpoint.client() as client:
        await client.set("news", "a text")

    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        with pytest.raises(EndpointGone, match="the key 'news' is not a stream"):
            await sender.send(render(make_message(1, record=1)))


async def test_a_message_between_two_entries_is_refused(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        await sender.send(render(make_message(1, record=1)))
        await sender.send(render(make_message(3, record=1)))
        with pytest.raises(MessageRefused, match="has later entries and not this one"):
            await sender.send(render(make_message(2, record=2)))
        assert (await sender.send(render(make_message(3, record=1)))).excerpt == "3-0 duplicate"


async def test_a_stream_keeps_about_as_many_entries_as_it_may(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, {**endpoint.settings, "max_length": 100}, fetcher) as sender:
        for message in make_messages(500, records=50):
            await sender.send(render(message))

    received = await endpoint.received()
    # Redis drops whole nodes, of 100 entries by default.
    assert len(received) in range(100, 200)
    assert received[-1].seq == 500


async def test_a_user_without_rights_is_told_so(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with endpoint.client() as client:
        await client.acl_setuser("desk", enabled=True, passwords=["+letmein"], commands=["+ping"], keys=["*"])

    async with opened(endpoint.kind, {**endpoint.settings, "user": "desk"}, fetcher) as sender:
        with pytest.raises(EndpointDown, match="the user may not write to the stream"):
            await sender.send(render(make_message(1, record=1)))


async def test_a_server_without_memory_is_down(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with endpoint.client() as client:
        await client.config_set("maxmemory", "1")

    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        with pytest.raises(EndpointDown, match="maxmemory"):
            await sender.send(render(make_message(1, record=1)))


async def test_a_test_message_adds_no_entry(endpoint: RedisServer, fetcher: Fetcher) -> None:
    async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
        await sender.send(render(make_message(1, record=1)))
        await sender.send(render(make_message(0, record=0)))

    assert [message.seq for message in await endpoint.received()] == [1]
