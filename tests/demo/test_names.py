import socket
from collections.abc import AsyncIterator

import pytest

from ingestd.demo.names import NameServer
from ingestd.web.connection.resolver import NameserverResolver


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    server = NameServer()
    await server.open()
    yield server
    await server.close()


async def test_names_below_localhost_are_the_loopback(server: NameServer) -> None:
    [found] = await NameserverResolver([server.address]).resolve("meridianpress.localhost")

    assert (found["host"], found["family"]) == ("127.0.0.1", socket.AF_INET)


async def test_other_names_do_not_exist(server: NameServer) -> None:
    with pytest.raises(OSError, match="no such name"):
        await NameserverResolver([server.address]).resolve("meridianpress.example")
