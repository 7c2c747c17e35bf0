"""Connections for protocols other than HTTP: through the guard, to the first address that responds."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, Forbidden, Unanswered, Unreachable
from ingestd.web.connection.dial import dial, tls_context
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
async def test_the_guard_checks_every_address(host: str, nameserver: Nameserver) -> None:
    nameserver.names["wire.example"] = [["127.0.0.1"]]
    with listening() as port, pytest.raises(Forbidden, match="set allow_networks to allow it"):
        await dial(NameserverResolver([nameserver.address]), Guard(), host, port, url=URL)


async def test_the_next_address_is_tried_after_a_failure(nameserver: Nameserver) -> None:
    nameserver.names["wire.example"] = [["10.1.2.3", "127.9.9.9", "127.0.0.1"]]
    resolver = NameserverResolver([nameserver.address])
    with listening() as port, await dial(resolver, OPEN, "wire.example", port, url=URL) as opened:
        assert opened.getpeername() == ("127.0.0.1", port)
        assert opened.getblocking() is False


async def test_the_error_of_a_tried_address_outweighs_a_blocked_one(nameserver: Nameserver) -> None:
    nameserver.names["wire.example"] = [["127.9.9.9", "10.1.2.3"]]
    with listening() as port, pytest.raises(Unreachable, match="Connection refused"):
        await dial(NameserverResolver([nameserver.address]), OPEN, "wire.example", port, url=URL)


async def test_an_unknown_name_is_unreachable(nameserver: Nameserver) -> None:
    with pytest.raises(Unreachable, match="no address for this name: no such name"):
        await dial(NameserverResolver([nameserver.address]), OPEN, "none.example", 21, url=URL)


async def test_a_server_that_does_not_respond_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.web.connection.dial.CONNECT_TIMEOUT", 0.1)
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        for _ in range(3):  # fills the backlog
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())

        with pytest.raises(Unanswered, match="the server does not respond"):
            await dial(NameserverResolver([]), OPEN, *listener.getsockname(), url=URL)


@pytest.mark.parametrize(("text", "message"), [(None, "cannot read"), ("no certificate", "no certificates in")])
def test_a_ca_file_without_certificates_is_a_config_error(text: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    if text:
        file.write_text(text)

    with pytest.raises(ConfigError, match=f"ca_file: {message}"):
        tls_context(file)
