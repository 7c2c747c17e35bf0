"""Sender for RabbitMQ, and other servers of AMQP 0-9-1 that have its publisher confirms."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, DeliveryMode
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
    InvalidFrameError,
    ProbableAuthenticationError,
    PublishError,
)
from aiormq.exceptions import ChannelAccessRefused, ConnectionNotAllowed
from pamqp.exceptions import PAMQPException

from ingestd.delivery.brokers.connection import Connection, silence, system_words
from ingestd.delivery.brokers.subjects import subject_for
from ingestd.delivery.kinds.kind import Receipt, Rendered
from ingestd.delivery.kinds.rabbitmq.settings import RabbitmqSettings
from ingestd.errors import EndpointDown, MessageRefused
from ingestd.web.connection.dial import tls_context

silence("aio_pika", "aiormq")

_PORTS = {"amqp": 5672, "amqps": 5671}

#: How RabbitMQ refuses a large message: it closes the channel, and with it what others have under way.
_TOO_LARGE = re.compile(r"message size (\d+) is larger than configured max size (\d+)")

#: What the client raises when a connection or channel fails; RuntimeError when it was closed by someone else.
_LOST = (AMQPError, PAMQPException, OSError, RuntimeError)


@dataclass(frozen=True, slots=True)
class _Link:
    connection: AbstractConnection
    channel: AbstractChannel
    exchange: AbstractExchange


class RabbitmqSender:
    """Publishes persistent messages and waits until the server has confirmed each."""

    def __init__(self, settings: RabbitmqSettings, ca_file: Path | None) -> None:
        self._settings = settings
        self._tls = tls_context(ca_file) if settings.url.startswith("amqps:") else None
        #: The caller that opens the sender closes it.
        self.connection = Connection(self._connect, self._close, settings.timeout)

    async def send(self, rendered: Rendered) -> Receipt:
        """Publish a message; return when the queues that get it have stored it."""
        link = await self.connection.get()
        try:
            return await self._publish(link.exchange, rendered)
        except PublishError as error:
            raise MessageRefused(f"{self._target(rendered)}: no queue is bound to it") from error
        except DeliveryError as error:
            raise self._down("the server did not confirm the message; a queue may be full") from error
        except TimeoutError as error:
            await self.connection.drop(link)
            raise self._down(f"no confirmation within {self._settings.timeout:g} s") from error
        except ChannelPreconditionFailed as error:
            await self.connection.drop(link)
            limit = _TOO_LARGE.search(str(error))
            # All messages that are being published on the channel get the same error.
            if limit and int(limit[1]) == len(rendered.body):
                raise MessageRefused(f"{limit[1]} bytes; the server takes {limit[2]}, its max_message_size") from error
            raise self._down(_words(error)) from error
        except ChannelNotFoundEntity as error:
            await self.connection.drop(link)
            raise self._down(f"the exchange {self._settings.exchange!r} does not exist; create it") from error
        except ChannelAccessRefused as error:
            await self.connection.drop(link)
            raise self._down(f"the user may not publish: {_words(error)}") from error
        except _LOST as error:
            await self.connection.drop(link)
            raise self._down(f"the connection was lost: {_words(error)}") from error

    async def _publish(self, exchange: AbstractExchange, rendered: Rendered) -> Receipt:
        message = rendered.message
        event = message.event
        await exchange.publish(
            aio_pika.Message(
                rendered.body,
                message_id=message.id,
                content_type=rendered.media_type,
                timestamp=event.at,
                type=event.kind,
                app_id="ingestd",
                headers={"record": event.record_id},
                delivery_mode=DeliveryMode.PERSISTENT,
            ),
            subject_for(self._settings.routing_key, event),
            mandatory=True,
            timeout=self._settings.timeout,
        )
        return Receipt()

    def _target(self, rendered: Rendered) -> str:
        key = subject_for(self._settings.routing_key, rendered.message.event)
        return f"the routing key {key} of the exchange {self._settings.exchange!r}"

    def _down(self, reason: str) -> EndpointDown:
        return EndpointDown(f"{self._settings.url}: {reason}")

    async def _connect(self) -> _Link:
        settings = self._settings
        url = urlsplit(settings.url)
        try:
            connection = await aio_pika.connect(
                host=url.hostname or "",
                port=url.port or _PORTS[url.scheme],
                virtualhost=unquote(url.path[1:]) or "/",
                login=settings.user or "guest",
                password=settings.password or "guest",
                ssl=self._tls is not None,
                ssl_context=self._tls,
                timeout=settings.timeout,
                client_properties={"connection_name": "ingestd"},
            )
        except (AuthenticationError, ProbableAuthenticationError) as error:
            raise self._down("the server refuses the login; see the settings user and password") from error
        except (ConnectionNotAllowed, InvalidFrameError) as error:
            # The client does not say why the server closed the connection where it should have opened it.
            raise self._down("the virtual host does not exist, or the user has no access to it") from error
        except _LOST as error:
            raise self._down(f"cannot connect: {_words(error)}") from error
        try:
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            exchange = (
                await channel.get_exchange(settings.exchange, ensure=False)
                if settings.exchange
                else channel.default_exchange
            )
        except _LOST as error:
            await connection.close()
            raise self._down(f"cannot connect: {_words(error)}") from error
        except BaseException:
            await connection.close()
            raise
        return _Link(connection, channel, exchange)

    async def _close(self, link: _Link) -> None:
        await link.connection.close()


def _words(error: BaseException) -> str:
    # aiormq wraps an error of the system, or of TLS, in one of its own with the same arguments.
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, OSError) and cause.errno:
        return system_words(cause)
    return str(error.args[-1]) if len(error.args) > 1 else str(error) or type(error).__name__
