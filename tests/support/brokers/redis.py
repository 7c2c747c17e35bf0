"""Redis, the server of Debian's package redis-server."""

from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from ingestd.delivery.kinds.redis import KIND
from tests.delivery.kinds.contract import Received
from tests.support.brokers.process import ServerProcess
from tests.support.brokers.proxy import Proxy, free_port

BINARY = "/usr/bin/redis-server"


class RedisServer:
    """A server that writes each entry to the disk before it acknowledges it, behind a proxy."""

    kind = KIND
    # 512 MB (proto-max-bulk-len).
    oversized = None
    keeps_doubles = False

    def __init__(self, folder: Path, *, certificate: Path | None = None) -> None:
        self.port = free_port()
        self.proxy = Proxy(self.port)
        self.mute, self.cut = self.proxy.mute, self.proxy.cut
        self._scheme = "rediss" if certificate else "redis"
        port = (
            f"--port 0 --tls-port {self.port} --tls-cert-file {certificate} --tls-key-file {certificate} "
            f"--tls-ca-cert-file {certificate} --tls-auth-clients no"
            if certificate
            else f"--port {self.port}"
        )
        command = (
            f"{BINARY} {port} --bind 127.0.0.1 --dir {folder} --appendonly yes --appendfsync always "
            "--requirepass letmein"
        )
        self._process = ServerProcess(command.split(), b"Ready to accept connections", folder)

    @property
    def settings(self) -> dict[str, Any]:
        return {"url": f"{self._scheme}://127.0.0.1:{self.proxy.port}/2", "password": "letmein", "stream": "news"}

    @property
    def wrong_login(self) -> dict[str, Any]:
        return {**self.settings, "password": "let me in"}

    def client(self) -> Redis:
        return Redis(port=self.port, db=2, password="letmein")

    async def start(self) -> None:
        await self._process.start()

    async def kill(self) -> None:
        await self._process.kill()

    async def messages(self, after: int = 0) -> list[tuple[str, bytes]]:
        """Return the messages about events after number `after` with their identifiers, in their order."""
        async with self.client() as client:
            entries = await client.xrange("news", min=f"({after}-0")
        return [(fields[b"id"].decode(), fields[b"body"]) for _, fields in entries]

    async def received(self) -> list[Received]:
        async with self.client() as client:
            entries = await client.xrange("news")
        assert all(
            entry == b"%d-0" % Received.of(fields[b"body"], fields[b"id"].decode()).seq for entry, fields in entries
        )
        return [Received.of(fields[b"body"], fields[b"id"].decode()) for _, fields in entries]
