"""Servers that send little content in many bytes: what they can send is counted at their end, on raw sockets."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest

from ingestd.errors import TimedOut, TooLarge
from ingestd.web.connection.aiohttp_hooks import Attempt, begin_attempt, fetch_error
from ingestd.web.connection.dial import tls_context
from ingestd.web.connection.wire_limit import CountingSocket
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing

MIB = 2**20
MAX_BODY = MIB
#: Twice max_body and one MiB, and what the buffers of the system hold at both ends of the connection.
LIMIT, BUFFERS = 3 * MIB, 6 * MIB

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

FLOODS = {
    "extensions of chunks": (CHUNKED, b"1;" + b"x" * 2000 + b"\r\na\r\n"),
    "chunks of one byte": (CHUNKED, b"1\r\na\r\n" * 300),
    "interim responses": (b"", (b"HTTP/1.1 103 Early Hints\r\nLink: </" + b"x" * 500 + b">\r\n\r\n") * 4),
}


class Flood:
    """Server that answers with a head and then sends one piece again and again; counts what it has sent."""

    def __init__(self, head: bytes, piece: bytes) -> None:
        self._head, self._piece = head, piece
        self.sent = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while path := (await reader.readuntil(b"\r\n\r\n")).split()[1]:
                if path == b"/small":
                    writer.write(OK + b"Content-Length: 700000\r\n\r\n" + b"a" * 700_000)
                    continue
                writer.write(self._head)
                while self.sent < 100 * MIB:
                    writer.write(self._piece)
                    await writer.drain()
                    await asyncio.sleep(0)  # a lost connection stops it only after a turn of the loop
                    self.sent += len(self._piece)
                return
        writer.close()


@asynccontextmanager
async def serving(flood: Flood, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    server = await asyncio.start_server(flood.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def fetching(tls: ssl.SSLContext | None = None) -> AsyncIterator[Fetcher]:
    pacing = Pacing(concurrency=4, delay=0.0)
    async with Fetcher(
        user_agent="ingestd", timeout=120.0, max_body=MAX_BODY, pacing=pacing, tls=tls,
        allow_networks=[ip_network("127.0.0.0/8")],
    ) as fetcher:  # fmt: skip
        yield fetcher


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_around_a_small_body_ends_at_a_multiple_of_max_body(name: str, tmp_path: Path) -> None:
    flood = Flood(*FLOODS[name])

    async with serving(flood) as url, fetching() as fetcher:
        with pytest.raises(TooLarge, match=f"more than {LIMIT} bytes arrived"):
            await fetcher.get(f"{url}/flood")

    assert flood.sent < LIMIT + BUFFERS


async def test_each_request_on_a_kept_connection_has_a_limit_of_its_own(tmp_path: Path) -> None:
    flood = Flood(*FLOODS["extensions of chunks"])

    async with serving(flood) as url, fetching() as fetcher:
        for _ in range(8):
            assert len((await fetcher.get(f"{url}/small")).body) == 700_000
        with pytest.raises(TooLarge, match="bytes arrived"):
            await fetcher.get(f"{url}/flood")

    assert flood.sent < 2 * (LIMIT + BUFFERS)  # a lost kept connection is tried once more, on a new one


async def test_a_flood_through_tls_ends_as_well(tmp_path: Path) -> None:
    flood = Flood(*FLOODS["extensions of chunks"])
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    await asyncio.to_thread(
        subprocess.run,
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(certificate, key)

    async with serving(flood, server_tls) as url, fetching(tls_context(certificate)) as fetcher:
        with pytest.raises(TooLarge, match=f"more than {LIMIT} bytes arrived"):
            await fetcher.get(f"{url}/flood")

    assert flood.sent < LIMIT + BUFFERS


@pytest.fixture
def lost() -> Attempt:
    """A request that got two bytes and whose connection is closed."""
    attempt = begin_attempt(0)
    ours, theirs = socket.socketpair()
    with theirs, CountingSocket(fileno=ours.detach()) as wire:
        attempt.sockets.append(wire)
        attempt.wire = wire
        theirs.send(b"xx")
        wire.begin(2)
        wire.recv(2)
    return attempt


ERRORS = [TimeoutError(), aiohttp.ServerTimeoutError(), aiohttp.ClientPayloadError(), aiohttp.ServerDisconnectedError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_flood_is_too_large_even_if_the_deadline_passes_meanwhile(
    lost: Attempt, error: TimeoutError | aiohttp.ClientError
) -> None:
    assert lost.wire
    lost.wire.exceeded = True

    found = fetch_error("https://wire.example/", error, lost, seconds=30, may_quote=True)

    assert isinstance(found, TooLarge)


@pytest.mark.parametrize("error", ERRORS[:2], ids=lambda error: type(error).__name__)
def test_a_server_that_has_answered_is_not_called_silent_once_its_connection_is_lost(
    lost: Attempt, error: TimeoutError | aiohttp.ClientError
) -> None:
    found = fetch_error("https://wire.example/", error, lost, seconds=30, may_quote=True)

    assert type(found) is TimedOut
    assert "no complete response within 30 s" in str(found)
