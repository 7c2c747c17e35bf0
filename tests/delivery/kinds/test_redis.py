"""Consumers of the kind `redis`, on a real server (`make test-brokers`)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingestd.delivery.kinds.redis import KIND
from ingestd.errors import EndpointDown, EndpointGone, MessageRefused
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import KindContract, make_message, make_messages, opened, render
from tests.support.brokers.debian import needs
from tests.support.brokers.process import running
from tests.support.brokers.redis import BINARY, RedisServer
from tests.support.drop_folders import make_certificate

pytestmark = needs(BINARY)


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with running(RedisServer(tmp_path)) as server:
        yield server


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
        await sender.send(replace(render(make_message(0, record=0)), is_example=True))

    assert [message.seq for message in await endpoint.received()] == [1]


async def test_a_message_is_sent_over_tls_to_a_trusted_server_only(tmp_path: Path, fetcher: Fetcher) -> None:
    certificate = make_certificate(tmp_path)
    message = render(make_message(1, record=1))
    async with running(RedisServer(tmp_path, certificate=certificate)) as server:
        async with opened(server.kind, server.settings, fetcher) as sender:
            with pytest.raises(EndpointDown, match="certificate verify failed"):
                await sender.send(message)
        async with opened(server.kind, server.settings, fetcher, Settings(ca_file=certificate)) as sender:
            assert (await sender.send(message)).excerpt == "1-0"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://:secret@127.0.0.1:6379", "should have no login"),
        ("redis://127.0.0.1:6379/news", "with the number of the database"),
        ("redis://127.0.0.1:6379?password=secret", "without a query"),
        ("redis://127.0.0.1:99999", "Port out of range"),
        ("redis://", "should be redis://HOST:PORT or rediss://HOST:PORT"),
    ],
    ids=["login", "database", "query", "port", "host"],
)
def test_wrong_settings_are_refused_without_a_secret(url: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        KIND.settings.model_validate({"url": url})

    assert "secret" not in str(caught.value)
