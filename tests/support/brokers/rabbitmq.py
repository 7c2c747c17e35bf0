"""RabbitMQ, the server of Debian's package rabbitmq-server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aio_pika

from ingestd.delivery.kinds.rabbitmq import KIND
from tests.delivery.kinds.contract import Received
from tests.support.brokers.process import ServerProcess
from tests.support.brokers.proxy import Proxy, free_port

#: Not the one in /usr/sbin, which changes to the user of the service.
BINARY = "/usr/lib/rabbitmq/bin/rabbitmq-server"
MAX_MESSAGE_SIZE = 65_536
QUEUE = "news"


class RabbitmqServer:
    """A server with one durable queue, behind a proxy; its port mapper (epmd) is a process of its own, too."""

    kind = KIND
    oversized = MAX_MESSAGE_SIZE + 1
    keeps_doubles = True

    def __init__(self, folder: Path, *, certificate: Path | None = None) -> None:
        self.port = free_port()
        self.proxy = Proxy(self.port)
        self.mute, self.cut = self.proxy.mute, self.proxy.cut
        #: For TLS, where that is asked for.
        self.tls_port = free_port()
        lines = [f"max_message_size = {MAX_MESSAGE_SIZE}", f"listeners.tcp.default = 127.0.0.1:{self.port}"]
        if certificate:
            lines += [f"listeners.ssl.default = 127.0.0.1:{self.tls_port}"]
            lines += [f"ssl_options.{name} = {certificate}" for name in ("cacertfile", "certfile", "keyfile")]
        (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (folder / "plugins").write_text("[].\n")
        mapper = free_port()
        environment = {
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        self._mapper = ServerProcess(["/usr/bin/epmd", "-d"], b"epmd running", folder, environment)
        self._process = ServerProcess([BINARY], b"Starting broker... completed", folder, environment)
        self._has_queue = False

    @property
    def settings(self) -> dict[str, Any]:
        return {"url": f"amqp://127.0.0.1:{self.proxy.port}"}

    @property
    def wrong_login(self) -> dict[str, Any]:
        return {**self.settings, "user": "guest", "password": "let me in"}

    async def connect(self) -> aio_pika.abc.AbstractConnection:
        return await aio_pika.connect(port=self.port)

    async def start(self) -> None:
        await self._mapper.start()
        await self._process.start()
        if not self._has_queue:
            async with await self.connect() as connection, connection.channel() as channel:
                queue = await channel.declare_queue(QUEUE, durable=True)
                await queue.bind("amq.topic", "ingestd.*")
            self._has_queue = True

    async def kill(self) -> None:
        await self._process.kill()
        await self._mapper.kill()

    async def follow(self, add: Callable[[str, bytes], None]) -> None:
        """Take messages off the queue and call `add` with each and its identifier, until this is cancelled."""
        async with await self.connect() as connection, connection.channel() as channel:
            await channel.set_qos(prefetch_count=100)
            queue = await channel.declare_queue(QUEUE, passive=True)
            async with queue.iterator() as messages:
                async for message in messages:
                    add(message.message_id or "", message.body)
                    await message.ack()

    async def received(self) -> list[Received]:
        async with await self.connect() as connection, connection.channel() as channel:
            queue = await channel.declare_queue(QUEUE, passive=True)
            found = []
            # They are not acknowledged: when the channel closes, the queue has them again, in their places.
            while message := await queue.get(fail=False):
                assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
                found.append(Received.of(message.body, message.message_id or ""))
            return found
