"""Telling a dead server from a local outage."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv4Network

import dns.rcode
import pytest

from ingestd.errors import Offline, TimedOut, Unanswered, Unreachable
from ingestd.web.connection import outage, resolver
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.breakers import MAX_SILENT_SITES, SITE_FAILURES
from ingestd.web.politeness.pacing import Pacing
from tests.support.loop_clock import LoopClock
from tests.support.newsroom import Newsroom
from tests.web.nameserver import Nameserver, serving

BreakNameserver = Callable[[dns.rcode.Rcode | None], None]


@pytest.fixture
async def nameserver() -> AsyncIterator[Nameserver]:
    async with serving() as nameserver:
        yield nameserver


@pytest.fixture
async def fetcher(nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fetcher]:
    """A fetcher that uses the test's name server, and waits a minute for whoever may answer."""
    monkeypatch.setattr(resolver, "LIFETIME", 60.0)
    monkeypatch.setattr(outage, "_PROBE_TIMEOUT", 60.0)
    async with fetcher_asking(nameserver, timeout=120.0) as fetcher:
        yield fetcher


@pytest.fixture
async def hasty(nameserver: Nameserver, fetcher: Fetcher) -> AsyncIterator[Fetcher]:
    """A fetcher that waits 0.3 s for a connection, for hosts that are dead, and a minute for a name server."""
    async with fetcher_asking(nameserver, timeout=0.6) as hasty:
        yield hasty


def fetcher_asking(nameserver: Nameserver, *, timeout: float) -> Fetcher:
    return Fetcher(
        user_agent="test",
        timeout=timeout,
        allow_networks=[IPv4Network("127.0.0.0/8")],
        nameservers=[nameserver.address],
        pacing=Pacing(delay=0),
    )


@pytest.fixture
def dead() -> Iterator[str]:
    """HOST:PORT that never responds: its backlog is full, so the system drops new connections."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.2", 0))
        listener.listen(0)
        for _ in range(3):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield "{}:{}".format(*listener.getsockname())


@pytest.fixture
def break_nameserver(nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch) -> BreakNameserver:
    """Make the name server give one answer to every query, like a forwarder without upstream servers."""

    def break_it(answer: dns.rcode.Rcode | None) -> None:
        nameserver.names = {".": [answer], "gazette.example": [answer]}
        if answer is None:
            monkeypatch.setattr(resolver, "LIFETIME", 0.3)
            monkeypatch.setattr(outage, "_PROBE_TIMEOUT", 0.3)

    return break_it


@pytest.mark.parametrize("answer", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, None], ids=["SERVFAIL", "REFUSED", "silent"])
async def test_a_name_server_that_fails_every_query_is_a_local_failure(
    break_nameserver: BreakNameserver, fetcher: Fetcher, answer: dns.rcode.Rcode | None
) -> None:
    break_nameserver(answer)

    with pytest.raises(Offline):
        await fetcher.get("http://gazette.example/")


@pytest.mark.parametrize("answer", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, None], ids=["SERVFAIL", "REFUSED", "silent"])
async def test_one_name_that_fails_is_a_failure_of_that_site(
    nameserver: Nameserver, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, answer: dns.rcode.Rcode | None
) -> None:
    nameserver.names["gazette.example"] = [answer]
    if answer is None:
        monkeypatch.setattr(resolver, "LIFETIME", 0.3)

    with pytest.raises(Unanswered):
        await fetcher.get("http://gazette.example/")


async def test_a_dead_host_opens_only_its_own_breaker(hasty: Fetcher, dead: str) -> None:
    for _ in range(SITE_FAILURES):
        with pytest.raises(Unanswered, match="no connection"):
            await hasty.get(f"http://{dead}/")

    assert hasty.breakers.open_sites() == ["127.0.0.2"]
    assert not hasty.breakers.offline


async def test_silence_of_host_and_name_server_is_a_local_failure(
    break_nameserver: BreakNameserver, hasty: Fetcher, dead: str
) -> None:
    break_nameserver(None)

    with pytest.raises(Offline):
        await hasty.get(f"http://{dead}/")


async def test_an_answer_from_another_site_shows_that_the_host_is_dead(
    newsroom: Newsroom, break_nameserver: BreakNameserver, fetcher: Fetcher, dead: str, loop_clock: LoopClock
) -> None:
    break_nameserver(None)
    url = newsroom.publish("/feed", body=b"x")

    failing = asyncio.create_task(fetcher.get(f"http://{dead}/"))
    await asyncio.sleep(0)
    await fetcher.get(url)
    loop_clock.skip(60)

    with pytest.raises(Unanswered):
        await failing


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_stalls_after_connecting_is_a_timeout_not_an_outage(
    break_nameserver: BreakNameserver, fetcher: Fetcher, scheme: str, loop_clock: LoopClock
) -> None:
    break_nameserver(None)
    # The connection is accepted, and nothing else happens.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        request = asyncio.create_task(fetcher.get(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/"))
        connection, _ = await asyncio.get_running_loop().sock_accept(silent)
        with connection:
            assert await asyncio.get_running_loop().sock_recv(connection, 1)
            loop_clock.skip(120)
            with pytest.raises(TimedOut):
                await request


async def test_sites_that_refuse_the_connection_do_not_open_the_network_breaker(
    newsroom: Newsroom, fetcher: Fetcher
) -> None:
    """A closed port, no TLS, an unknown name: each shows that the network works."""
    urls = ["http://127.0.0.1:1/", newsroom.url(host="127.0.0.2").replace("http:", "https:")]
    urls += [f"http://{number}.example/" for number in range(MAX_SILENT_SITES)]
    for url in urls:
        with pytest.raises(Unreachable) as caught:
            await fetcher.get(url)
        assert not isinstance(caught.value, Unanswered | Offline)

    assert not fetcher.breakers.offline
