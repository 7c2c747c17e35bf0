import asyncio
import socket
from collections.abc import AsyncIterator
from ipaddress import IPv4Network

import dns.rcode
import pytest

from ingestd.errors import Forbidden, Unreachable
from ingestd.web.connection import resolver
from ingestd.web.connection.resolver import (
    MAX_ADDRESSES,
    NameserverResolver,
    SystemResolver,
    open_resolver,
    parse_nameserver,
)
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.support.newsroom import Newsroom
from tests.web.nameserver import Nameserver, serving


@pytest.fixture
async def nameserver() -> AsyncIterator[Nameserver]:
    async with serving() as nameserver:
        yield nameserver


def fetcher_asking(nameserver: Nameserver) -> Fetcher:
    return Fetcher(
        user_agent="test",
        allow_networks=[IPv4Network("127.0.0.1/32")],
        nameservers=[nameserver.address],
        pacing=Pacing(delay=0),
    )


async def test_names_are_resolved_with_the_name_servers_that_are_set(
    newsroom: Newsroom, nameserver: Nameserver
) -> None:
    nameserver.names["gazette.example"] = [["127.0.0.1"]]
    newsroom.publish("/feed.xml", body=b"news")

    async with fetcher_asking(nameserver) as fetcher:
        reply = await fetcher.get(newsroom.url("/feed.xml", host="gazette.example"))

    assert reply.body == b"news"
    assert newsroom.requests[0].headers["Host"] == f"gazette.example:{newsroom.port}"


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "127.0.0.2"])
async def test_a_name_with_a_private_address_is_forbidden(nameserver: Nameserver, address: str) -> None:
    nameserver.names["gazette.example"] = [[address]]

    async with fetcher_asking(nameserver) as fetcher:
        with pytest.raises(Forbidden, match=f"{address} is a private address"):
            await fetcher.get("http://gazette.example/")


async def test_a_name_with_many_private_addresses_is_forbidden(nameserver: Nameserver) -> None:
    nameserver.names["gazette.example"] = [[f"10.0.0.{number}" for number in range(1, 20)]]

    async with fetcher_asking(nameserver) as fetcher:
        with pytest.raises(Forbidden):
            await fetcher.get("http://gazette.example/")


async def test_only_the_allowed_addresses_of_a_name_are_tried(newsroom: Newsroom, nameserver: Nameserver) -> None:
    nameserver.names["gazette.example"] = [["10.0.0.1", "127.0.0.1"]]
    newsroom.publish("/feed.xml", body=b"news")

    async with fetcher_asking(nameserver) as fetcher:
        assert (await fetcher.get(newsroom.url("/feed.xml", host="gazette.example"))).body == b"news"


async def test_dns_rebinding_does_not_reach_a_private_address(newsroom: Newsroom, nameserver: Nameserver) -> None:
    """The address that was checked is the one connected to: a connection resolves its name once."""
    nameserver.names["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    newsroom.publish("/feed.xml", body=b"news")
    url = newsroom.url("/feed.xml", host="rebind.example")

    async with fetcher_asking(nameserver) as fetcher:
        await fetcher.get(url)
        assert nameserver.queries == ["rebind.example"]
    async with fetcher_asking(nameserver) as fetcher:
        with pytest.raises(Forbidden, match=r"127\.0\.0\.2"):
            await fetcher.get(url)

    assert len(newsroom.requests) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(dns.rcode.NXDOMAIN, "no such name", id="NXDOMAIN"),
        pytest.param(dns.rcode.SERVFAIL, "no name server could answer", id="SERVFAIL"),
        pytest.param(dns.rcode.REFUSED, "no name server could answer", id="REFUSED"),
        pytest.param([], "the name has no address", id="no address"),
        pytest.param(None, "no name server answered in time", id="silence"),
    ],
)
async def test_a_name_without_an_address_is_unreachable(
    nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch, answer: dns.rcode.Rcode | None, reason: str
) -> None:
    monkeypatch.setattr(resolver, "LIFETIME", 60.0 if answer is not None else 0.3)
    nameserver.names["gazette.example"] = [answer]

    async with fetcher_asking(nameserver) as fetcher:
        with pytest.raises(Unreachable, match=reason):
            await fetcher.get("http://gazette.example/")


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "2130706433.", "." * 300])
async def test_an_invalid_name_has_no_address(nameserver: Nameserver, host: str) -> None:
    for one in (NameserverResolver([nameserver.address]), SystemResolver()):
        with pytest.raises(OSError, match=r"(?i)name"):
            await one.resolve(host, 80)
        await one.close()


async def test_the_number_of_addresses_is_limited(nameserver: Nameserver) -> None:
    nameserver.names["many.example"] = [[f"127.0.0.{number}" for number in range(1, 25)]]

    assert len(await NameserverResolver([nameserver.address]).resolve("many.example")) == MAX_ADDRESSES


async def test_the_system_resolves_names_if_no_name_server_is_set() -> None:
    system = open_resolver(())

    found = await system.resolve("localhost", 80, socket.AF_INET)
    await system.close()

    assert [(result["host"], result["port"]) for result in found] == [("127.0.0.1", 80)]


async def test_many_names_are_resolved_concurrently() -> None:
    system = open_resolver(())

    found = await asyncio.gather(*(system.resolve("127.0.0.1", port) for port in range(100)))
    await system.close()

    assert [result["port"] for (result,) in found] == [*range(100)]


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("9.9.9.9", "9.9.9.9", 53),
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("[::1]:5353", "::1", 5353),
        ("[::1]", "::1", 53),
        ("2620:fe::fe", "2620:fe::fe", 53),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(text: str, address: str, port: int) -> None:
    server = parse_nameserver(text)

    assert (server.address, server.port) == (address, port)


@pytest.mark.parametrize("text", ["", "dns.example", "9.9.9.9:x", "9.9.9.9:99999", "https://9.9.9.9/", "[::1", "1.1"])
def test_any_other_text_is_not_a_name_server(text: str) -> None:
    with pytest.raises(ValueError, match="is not a name server"):
        parse_nameserver(text)
