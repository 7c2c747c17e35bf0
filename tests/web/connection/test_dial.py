"""Connections for what is not HTTP: past the guard, to the first address that answers."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, Forbidden, Unanswered, Unreachable
from ingestd.web.connection.dial import dial, tls_of
from ingestd.web.connection.guard import Guard
from ingestd.web.connection.resolver import NameserverResolver
from tests.web.nameserver import Nameserver, serving

OPEN = Guard([ip_network("127.0.0.0/8")])
URL = "ftp://wire.example/"


@pytest.fixture
async def nameserver() -> AsyncIterator[Nameserver]:
    async with serving() as nameserver:
        yield nameserver


@contextmanager
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "::1", "wire.example", "169.254.169.254"])
async def test_the_guard_is_asked_before_a_socket_is_opened(host: str, nameserver: Nameserver) -> None:
    nameserver.names["wire.example"] = [["127.0.0.1"]]
    with listening() as port, pytest.raises(Forbidden, match="allow_networks may allow it"):
        await dial(NameserverResolver([nameserver.address]), Guard(), host, port, url=URL)


async def test_the_next_address_is_tried_where_one_fails(nameserver: Nameserver) -> None:
    nameserver.names["wire.example"] = [["10.1.2.3", "127.9.9.9", "127.0.0.1"]]
    resolver = NameserverResolver([nameserver.address])
    with listening() as port, await dial(resolver, OPEN, "wire.example", port, url=URL) as opened:
        assert opened.getpeername() == ("127.0.0.1", port)
        assert opened.getblocking() is False


async def test_what_was_tried_says_more_than_what_was_not(nameserver: Nameserver) -> None:
    nameserver.names["wire.example"] = [["127.9.9.9", "10.1.2.3"]]
    with listening() as port, pytest.raises(Unreachable, match="Connection refused"):
        await dial(NameserverResolver([nameserver.address]), OPEN, "wire.example", port, url=URL)


async def test_a_name_that_nobody_has_is_told(nameserver: Nameserver) -> None:
    with pytest.raises(Unreachable, match="no address for this name: no such name"):
        await dial(NameserverResolver([nameserver.address]), OPEN, "none.example", 21, url=URL)


async def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.web.connection.dial.CONNECT", 0.1)
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        for _ in range(3):  # who is not taken in keeps the others out
            visitor = sockets.enter_context(socket.socket())
            visitor.setblocking(False)
            visitor.connect_ex(listener.getsockname())

        with pytest.raises(Unanswered, match="the server does not answer"):
            await dial(NameserverResolver([]), OPEN, *listener.getsockname(), url=URL)


@pytest.mark.parametrize(("text", "said"), [(None, "cannot read"), ("no certificate", "no certificates in")])
def test_authorities_that_cannot_be_read_are_told(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    if text:
        file.write_text(text)

    with pytest.raises(ConfigError, match=f"ca_file: {said}"):
        tls_of(file)
