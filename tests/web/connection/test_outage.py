"""Whose fault it is: one server that is dead, or all of our network."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from ipaddress import IPv4Network

import dns.rcode
import pytest

from ingestd.errors import Offline, TimedOut, Unanswered, Unreachable
from ingestd.web.connection import outage, resolver
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.breakers import ALL_SITES, SITE_FAILURES
from ingestd.web.politeness.pacing import Pacing
from tests.support.newsroom import Newsroom
from tests.web.nameserver import Nameserver, serving


@pytest.fixture
async def nameserver() -> AsyncIterator[Nameserver]:
    async with serving() as nameserver:
        yield nameserver


@pytest.fixture
async def fetcher(nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fetcher]:
    """Asks the name server of the test; waits 0.3 s for a connection, and for a name."""
    monkeypatch.setattr(resolver, "LIFETIME", 0.3)
    monkeypatch.setattr(outage, "_ANSWER", 0.3)
    async with Fetcher(
        user_agent="test",
        timeout=0.6,
        allow_networks=[IPv4Network("127.0.0.0/8")],
        nameservers=[nameserver.address],
        pacing=Pacing(delay=0),
    ) as fetcher:
        yield fetcher


@pytest.fixture
def dead() -> Iterator[str]:
    """HOST:PORT where nothing comes back: its queue is full, and the system drops who knocks."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.2", 0))
        listener.listen(0)
        for _ in range(3):
            visitor = sockets.enter_context(socket.socket())
            visitor.setblocking(False)
            visitor.connect_ex(listener.getsockname())
        yield "{}:{}".format(*listener.getsockname())


def breaks(nameserver: Nameserver, answer: dns.rcode.Rcode | None) -> None:
    """Let the name server have one answer to everything, as a forwarder has that reaches nobody."""
    nameserver.names = {".": [answer], "gazette.example": [answer]}


@pytest.mark.parametrize("answer", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, None], ids=["SERVFAIL", "REFUSED", "silent"])
async def test_a_name_server_that_knows_nothing_any_more_is_ours(
    nameserver: Nameserver, fetcher: Fetcher, answer: dns.rcode.Rcode | None
) -> None:
    breaks(nameserver, answer)

    with pytest.raises(Offline):
        await fetcher.get("http://gazette.example/")


@pytest.mark.parametrize("answer", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, None], ids=["SERVFAIL", "REFUSED", "silent"])
async def test_one_name_that_is_broken_is_its_own(
    nameserver: Nameserver, fetcher: Fetcher, answer: dns.rcode.Rcode | None
) -> None:
    nameserver.names["gazette.example"] = [answer]

    with pytest.raises(Unanswered):
        await fetcher.get("http://gazette.example/")


async def test_one_host_that_is_dead_counts_against_itself(fetcher: Fetcher, dead: str) -> None:
    for _ in range(SITE_FAILURES):
        with pytest.raises(Unanswered, match="no connection"):
            await fetcher.get(f"http://{dead}/")

    assert fetcher.breakers.open_sites() == ["127.0.0.2"]
    assert not fetcher.breakers.offline


async def test_where_neither_host_nor_name_server_answers_it_is_us(
    nameserver: Nameserver, fetcher: Fetcher, dead: str
) -> None:
    breaks(nameserver, None)

    with pytest.raises(Offline):
        await fetcher.get(f"http://{dead}/")


async def test_one_answer_in_the_meantime_means_that_it_is_the_host(
    newsroom: Newsroom, nameserver: Nameserver, fetcher: Fetcher, dead: str
) -> None:
    breaks(nameserver, None)
    url = newsroom.publish("/feed", body=b"x")

    failed, reply = await asyncio.gather(fetcher.get(f"http://{dead}/"), fetcher.get(url), return_exceptions=True)

    assert isinstance(failed, Unanswered)
    assert not isinstance(reply, BaseException)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_stalls_once_it_is_connected_is_there(
    nameserver: Nameserver, fetcher: Fetcher, scheme: str
) -> None:
    breaks(nameserver, None)
    # The system takes the connection, and that is all.
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimedOut):
        await fetcher.get(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")


async def test_sites_that_refuse_us_hold_up_nobody_else(
    newsroom: Newsroom, nameserver: Nameserver, fetcher: Fetcher
) -> None:
    """A closed port, no TLS, a name that is no more: each shows that the network works."""
    urls = ["http://127.0.0.1:1/", newsroom.url(host="127.0.0.2").replace("http:", "https:")]
    urls += [f"http://{number}.example/" for number in range(ALL_SITES)]
    for url in urls:
        with pytest.raises(Unreachable) as caught:
            await fetcher.get(url)
        assert not isinstance(caught.value, Unanswered | Offline)

    assert not fetcher.breakers.offline
